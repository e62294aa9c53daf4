"""Real AEMO files: what the synthetic ones in the other tests claim, held against the world's."""

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, read_day, read_table
from nemflow.tasks.nem.check import check_clean_day, check_raw_day
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import Month, market_day, parse_stamp
from nemflow.tasks.nem.price_demand import read_region_day
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import DISPATCHPRICE, PRICE_AND_DEMAND, STAMP, TABLES, TRADINGPRICE
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.unzip import open_published
from nemflow.tasks.nem.verify import verify_region_file, verify_table_file

_CENT = Decimal("0.01")
_EXTRACTS = [
    *(
        ("DISPATCHPRICE", month)
        for month in ("2018-05", "2020-01", "2024-07", "2024-08", "2025-01")
    ),
    *(("TRADINGPRICE", month) for month in ("2018-05", "2020-01", "2021-09", "2021-10")),
    *(("TRADINGPRICE", month) for month in ("2024-07", "2024-08", "2025-01")),
]
_extracts = pytest.mark.parametrize(("table", "month"), _EXTRACTS)

Prices = Mapping[tuple[str, str], Decimal]


def _month(text: str) -> Month:
    year, month = text.split("-")
    return Month(int(year), int(month))


@pytest.fixture
def extract(aemo_files: Path) -> Callable[[str, str], Path]:
    """Return the path of the trimmed MMSDM file of a table and month."""
    return lambda table, month: next((aemo_files / f"mmsdm_{table.lower()}" / month).glob("*.zip"))


@pytest.fixture
def price_rows(aemo_files: Path) -> Mapping[str, str]:
    """How many price rows each file holds, as counted when the files were collected."""
    with (aemo_files / "manifest.csv").open(newline="") as file:
        return {row["file"]: row["price_rows"] for row in csv.DictReader(file)}


@pytest.fixture
def prices(extract: Callable[[str, str], Path]) -> Callable[[str, str], Prices]:
    """Return the settled RRP by stamp and region."""

    def read(table: str, month: str) -> Prices:
        rows = read_table(open_published(extract(table, month)), TABLES[table]).to_pylist()
        return {
            (row[STAMP], row["REGIONID"]): Decimal(row["RRP"])
            for row in rows
            if row.get("INTERVENTION", "0") == "0"
        }

    return read


def _in_cents(price: Decimal) -> Decimal:
    # As AEMO rounds: half a cent away from zero, for negative prices too.
    return price.quantize(_CENT, ROUND_HALF_UP)


@_extracts
def test_an_extract_reads_to_exactly_its_rows(
    aemo_files: Path, extract, price_rows: Mapping[str, str], table: str, month: str
) -> None:
    path = extract(table, month)
    rows = read_table(open_published(path), TABLES[table], file=path.name)
    assert rows.num_rows == int(price_rows[str(path.relative_to(aemo_files))])
    assert set(rows["REGIONID"].to_pylist()) <= set(REGIONS)


@_extracts
def test_an_extract_reads_as_pythons_csv_reads_it(extract, table: str, month: str) -> None:
    data = open_published(extract(table, month))
    lines = list(csv.reader(data.decode().splitlines()))
    rows = read_table(data, TABLES[table])
    assert rows.column_names == lines[1][4:]
    assert [list(row.values()) for row in rows.to_pylist()] == [line[4:] for line in lines[2:-1]]


@_extracts
def test_an_extract_is_refused_for_its_footer_tells_of_more(
    extract, table: str, month: str
) -> None:
    with pytest.raises(BrokenFile, match=r"has \d+ lines where its footer counts \d+"):
        verify_table_file(extract(table, month), TABLES[table], _month(month))


@_extracts
def test_an_extract_with_its_footer_set_right_is_accepted(
    extract, make_zip, recount, table: str, month: str
) -> None:
    path = extract(table, month)
    data = open_published(path)
    whole = make_zip(recount(data), name=path.stem, member=path.stem.replace("%23", "#") + ".CSV")
    facts = verify_table_file(whole, TABLES[table], _month(month))
    assert facts.rows == read_table(data, TABLES[table]).num_rows
    assert Month.of(market_day(facts.last_stamp)) == _month(month)
    assert facts.created == creation_stamp(data)
    assert parse_stamp(facts.created) > facts.last_stamp


@_extracts
def test_the_days_of_an_extract_make_up_the_whole(extract, table: str, month: str) -> None:
    data = open_published(extract(table, month))
    days = [read_day(data, TABLES[table], day) for day in _month(month).days()]
    assert sum(day.num_rows for day in days) == read_table(data, TABLES[table]).num_rows


@pytest.mark.parametrize("month", ["2018-05", "2020-01"])
def test_the_half_hours_price_is_the_mean_of_its_six_pricing_runs(prices, month: str) -> None:
    dispatch, trading = prices("DISPATCHPRICE", month), prices("TRADINGPRICE", month)
    parts = defaultdict(list)
    for (stamp, region), price in dispatch.items():
        half_hour = math.ceil(parse_stamp(stamp).timestamp() / 1800)
        parts[half_hour, region].append(price)
    compared = 0
    for (stamp, region), price in trading.items():
        six = parts[parse_stamp(stamp).timestamp() // 1800, region]
        if len(six) == 6:
            assert _in_cents(sum(six) / 6) == price, (stamp, region)
            compared += 1
    assert compared == 478


@pytest.mark.parametrize("month", ["2024-07", "2024-08", "2025-01"])
def test_since_five_minute_settlement_each_trading_price_is_a_dispatch_price(
    prices, month: str
) -> None:
    dispatch, trading = prices("DISPATCHPRICE", month), prices("TRADINGPRICE", month)
    shared = dispatch.keys() & trading.keys()
    assert len(shared) == 2880
    assert all(_in_cents(dispatch[key]) == trading[key] for key in shared)


def test_price_and_demand_is_the_dispatch_price_in_cents(real_csv, prices) -> None:
    data = real_csv("price_and_demand/PRICE_AND_DEMAND_202407_SA1.csv")
    dispatch = {
        stamp: price
        for (stamp, region), price in prices("DISPATCHPRICE", "2024-07").items()
        if region == "SA1"
    }
    demand = {
        row[STAMP]: Decimal(row["RRP"])
        for day in {market_day(parse_stamp(stamp)) for stamp in dispatch}
        for row in read_region_day(data, "SA1", day).to_pylist()
    }
    assert len(dispatch) == 1440
    assert all(demand[stamp] == _in_cents(price) for stamp, price in dispatch.items())


def test_a_month_of_price_and_demand_gives_31_whole_days(real_csv) -> None:
    month = Month(2015, 1)
    files = {
        region: real_csv(f"price_and_demand/PRICE_AND_DEMAND_201501_{region}.csv")
        for region in REGIONS
    }
    for day in month.days():
        rows = pa.concat_tables(
            read_region_day(data, region, day) for region, data in files.items()
        )
        assert rows.num_rows == 48 * 5
        check_raw_day(rows, NEM_PRICES, PRICE_AND_DEMAND, day, regions=REGIONS)
        check_clean_day(tidy(rows, NEM_PRICES, PRICE_AND_DEMAND, source="x"), NEM_PRICES, day)


def test_every_price_and_demand_file_is_accepted_and_only_the_partial_is_not_complete(
    aemo_files: Path,
) -> None:
    seen = {True: 0, False: 0}
    for path in sorted(aemo_files.glob("price_and_demand*/**/*.csv")):
        _, _, name = path.stem.rpartition("_")
        digits = "".join(char for char in path.stem.rpartition("_")[0] if char.isdigit())
        facts = verify_region_file(path, name, Month(int(digits[:4]), int(digits[4:])))
        assert facts.complete == (path.parent.name != "partial"), path.name
        seen[facts.complete] += 1
    assert seen == {True: 16, False: 1}


def test_dispatchis_files_give_price_and_not_local_price(
    aemo_files: Path, price_rows: Mapping[str, str]
) -> None:
    paths = [*aemo_files.glob("dispatchis/**/*.zip"), *aemo_files.glob("dispatchis/**/*.CSV")]
    assert len(paths) > 100
    for path in paths:
        data = open_published(path)
        check_footer(data, file=path.name)
        rows = read_table(data, DISPATCHPRICE, file=path.name)
        assert rows.num_rows == int(price_rows[str(path.relative_to(aemo_files))]), path.name
        assert "RRP" in rows.column_names


def test_an_intervention_takes_the_pricing_runs_price(real_csv) -> None:
    data = real_csv("dispatchis/2019-04-30/*.CSV")
    clean = tidy(read_table(data, DISPATCHPRICE), NEM_PRICES, DISPATCHPRICE, source="x")
    prices = dict(zip(clean["region"].to_pylist(), clean["rrp"].to_pylist(), strict=True))
    assert prices["SA1"] == pytest.approx(73.57, abs=0.005)
    assert clean["intervention"].to_pylist() == [True] * 5


def test_tradingis_gives_its_price_rows(real_csv) -> None:
    data = real_csv("tradingis/2024-03-03/*.zip")
    check_footer(data)
    rows = read_table(data, TRADINGPRICE)
    assert rows.num_rows == 5
    assert "RAISE1SECRRP" in rows.column_names


def test_the_region_tables_of_daily_and_legacy_reports_read_by_name(real_csv) -> None:
    dregion = replace(DISPATCHPRICE, name="DREGION", row_type="DREGION", row_subtype="")
    # The extract's maker named the empty subtype; its rows and AEMO's own files leave it empty.
    daily = real_csv("public_daily/*.zip").replace(b"I,DREGION,Unnamed: 2,2", b"I,DREGION,,2")
    assert read_table(daily, dregion).num_rows == 576
    assert read_table(real_csv("dispatch_legacy/**/*.zip"), dregion).num_rows == 5


@pytest.mark.parametrize(
    "name", ["DAYTRACK_202407", "DAYTRACK#FILE01#202409", "ROOFTOP", "THRESHOLDS"]
)
def test_the_footer_of_an_untouched_month_counts_every_line(real_csv, name: str) -> None:
    check_footer(real_csv(f"mmsdm_other/*/*{name}*"))
