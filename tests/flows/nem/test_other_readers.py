"""The clean folder opens as it is in pandas, polars and DuckDB: one line each, as the README has it."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest

from nemflow.flows.nem.compaction import compact_months
from nemflow.flows.nem.month_plan import Surroundings
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.tidy import clean_schema

README = Path(__file__).resolve().parents[3] / "README.md"
ROWS = (28 + 10) * 48 * 5
COLUMNS = [*clean_schema(NEM_PRICES).names, "year", "month"]
LAST = datetime(2014, 3, 11, tzinfo=ZoneInfo("Australia/Brisbane"))


@pytest.fixture(scope="module")
def stored(tmp_path_factory, put_clean_days):
    """February as one file, ten days of March as files of their own, and one hidden standing."""
    folder = tmp_path_factory.mktemp("data")
    paths = put_clean_days(folder, date(2014, 2, 1), date(2014, 3, 10))
    list(
        compact_months(
            Surroundings(data_dir=folder, lock_dir=None, grace_s=0, settle_s=0), "nem_prices"
        )
    )
    paths[-1].with_name(f".{paths[-1].name}.standing.json").write_text("{}")
    return folder


@pytest.fixture
def opened(stored, monkeypatch):
    """Run the README's line for a library, in the data directory; return what it gives."""
    monkeypatch.chdir(stored)
    [code] = re.findall(r"```python\n(import duckdb.*?)```", README.read_text(), flags=re.DOTALL)

    def run(library: str) -> object:
        [line] = [line for line in code.splitlines() if line.startswith(f"{library}.")]
        return eval(line, {"duckdb": duckdb, "pandas": pd, "polars": pl})

    return run


def test_pandas_opens_it(opened, price_of):
    frame = opened("pandas")
    assert list(frame.columns) == COLUMNS
    assert len(frame) == ROWS
    newest = frame.loc[frame["interval_end"].idxmax()]
    assert newest["interval_end"] == LAST
    assert newest["interval_end"].utcoffset() == timedelta(hours=10)
    in_sa = frame[(frame["region"] == "SA1") & (frame["interval_end"] == LAST)]
    assert in_sa["rrp"].tolist() == [price_of(date(2014, 3, 10), "SA1", 47)]
    assert not frame.duplicated(["interval_end", "region"]).any()


def test_polars_opens_it(opened, price_of):
    frame = opened("polars")
    assert frame.columns == COLUMNS
    assert frame.height == ROWS
    assert frame.schema["interval_end"] == pl.Datetime("us", "Australia/Brisbane")
    in_sa = frame.filter((pl.col("region") == "SA1") & (pl.col("interval_end") == LAST))
    assert in_sa["rrp"].to_list() == [price_of(date(2014, 3, 10), "SA1", 47)]
    assert frame.unique(["interval_end", "region"]).height == ROWS
    assert frame["year"].unique().to_list() == [2014]


def test_duckdb_opens_it(opened, price_of):
    rows = opened("duckdb")
    assert sorted(rows.columns) == sorted(COLUMNS)
    assert dict(zip(rows.columns, rows.types, strict=True))["interval_end"] == (
        "TIMESTAMP WITH TIME ZONE"
    )
    assert rows.aggregate("count(*), count(distinct (interval_end, region))").fetchall() == [
        (ROWS, ROWS)
    ]
    in_sa = rows.filter("region = 'SA1' and interval_end = '2014-03-11 00:00:00+10'")
    assert in_sa.project("rrp").fetchall() == [(price_of(date(2014, 3, 10), "SA1", 47),)]
    by_month = rows.aggregate("month, count(*)").order("month").fetchall()
    assert [(int(month), count) for month, count in by_month] == [(2, 6720), (3, 2400)]
