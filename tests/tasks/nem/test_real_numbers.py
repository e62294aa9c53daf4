"""Numbers that are known of real files, each held against what is read."""

import csv
import io
import math
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from nemflow.tasks.nem.aemo_csv import check_footer, read_table
from nemflow.tasks.nem.csv_rows import read_all
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME, Month, parse_stamp
from nemflow.tasks.nem.price_demand import find_region_rows
from nemflow.tasks.nem.tables import DISPATCHPRICE, TRADINGPRICE
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.unzip import open_published
from nemflow.tasks.nem.verify import verify_region_file


@pytest.mark.parametrize(
    ("pattern", "table", "forms"),
    [
        ("mmsdm_dispatchprice/2018-05/*", "PRICE", [("1", 54)]),
        ("mmsdm_dispatchprice/2020-01/*", "PRICE", [("1", 54)]),
        ("mmsdm_dispatchprice/2024-07/*", "PRICE", [("4", 54)]),
        ("mmsdm_dispatchprice/2024-08/*", "PRICE", [("5", 66)]),
        ("mmsdm_dispatchprice/2025-01/*", "PRICE", [("5", 66)]),
        ("dispatchis/2019-04-30/*", "PRICE", [("4", 56)]),
        ("dispatchis/2019-05-16/*", "PRICE", [("4", 56)]),
        ("dispatchis/2025-08-20/*", "PRICE", [("5", 66)]),
        ("dispatchis/2019-05-16/*", "REGIONSUM", [("4", 105)]),
        ("mmsdm_tradingprice/2018-05/*", "PRICE", [("2", 26)]),
        ("mmsdm_tradingprice/2021-10/*", "PRICE", [("2", 26)]),
        ("mmsdm_tradingprice/2024-07/*", "PRICE", [("2", 30)]),
        ("mmsdm_tradingprice/2024-08/*", "PRICE", [("3", 30)]),
        ("tradingis/2024-03-03/*.zip", "PRICE", [("3", 30)]),
        ("public_daily/*", "DREGION", [("2", 116), ("3", 126)]),
        ("dispatch_legacy/*/*", "DREGION", [("3", 126)]),
    ],
)
def test_a_table_has_the_version_and_as_many_columns_as_are_known(real_csv, pattern, table, forms):
    lines = csv.reader(io.StringIO(real_csv(pattern).decode()))
    headers = [line for line in lines if line[0] == "I" and table in line[1:3]]
    assert [(line[3], len(line) - 4) for line in headers] == forms


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("mmsdm_dispatchprice/2018-05/*", 71_898),  # months of interventions
        ("mmsdm_dispatchprice/2024-07/*", 31 * 288 * 5 + 3),
        ("mmsdm_tradingprice/2018-05/*", 31 * 48 * 5 + 3),
        ("mmsdm_tradingprice/2021-09/*", 30 * 48 * 5 + 3),
        ("mmsdm_tradingprice/2021-10/*", 31 * 288 * 5 + 3),
    ],
)
def test_the_footer_of_a_month_counts_its_rows_and_three_lines_more(real_csv, pattern, lines):
    assert real_csv(pattern).rstrip().endswith(f'C,"END OF REPORT",{lines}'.encode())


def test_an_archive_month_mixes_line_ends_and_has_none_at_its_end(aemo_files: Path) -> None:
    data = open_published(next((aemo_files / "mmsdm_other/2024-09").glob("*DAYTRACK*")))
    first, *rest = data.split(b"\n")
    assert not first.endswith(b"\r")
    assert all(line.endswith(b"\r") for line in rest[:-1])
    assert b"END OF REPORT" in rest[-1]
    check_footer(data)


@pytest.mark.parametrize(
    ("pattern", "region", "end", "expected"),
    [
        (
            *("mmsdm_dispatchprice/2020-01/*", "SA1", datetime(2020, 1, 30, 18, 15)),
            {"rrp": 14_700.0, "rop": 119_721.15851, "apc_flag": 4},
        ),
        (
            *("dispatchis/2025-08-20/*", "VIC1", datetime(2025, 8, 20, 18, 10)),
            {"rrp": 220.26879, "rop": 220.26879, "apc_flag": 0},
        ),
    ],
)
def test_a_known_price_is_read(real_csv, pattern, region, end, expected):
    rows = read_table(real_csv(pattern), DISPATCHPRICE)
    clean = tidy(rows, NEM_PRICES, DISPATCHPRICE, source="x").to_pylist()
    [row] = [
        row
        for row in clean
        if (row["region"], row["interval_end"]) == (region, end.replace(tzinfo=NEM_TIME))
    ]
    assert {name: row[name] for name in expected} == expected


def test_of_the_two_runs_of_an_interval_the_physical_is_not_the_price(real_csv):
    rows = read_table(real_csv("dispatchis/2019-04-30/*"), DISPATCHPRICE).to_pylist()
    runs = {row["INTERVENTION"]: row["RRP"] for row in rows if row["REGIONID"] == "SA1"}
    assert {run: round(float(price), 2) for run, price in runs.items()} == {"1": 61.86, "0": 73.57}
    [price] = [
        row["rrp"]
        for row in tidy(
            read_table(real_csv("dispatchis/2019-04-30/*"), DISPATCHPRICE),
            *(NEM_PRICES, DISPATCHPRICE),
            source="x",
        ).to_pylist()
        if row["region"] == "SA1"
    ]
    assert price == float(runs["0"])


def test_with_physical_runs_half_hours_would_not_be_the_mean_of_their_intervals(real_csv):
    # The counterpart of the test that they are, with pricing runs, in all 478 cases.
    parts = defaultdict(dict)
    for row in read_table(real_csv("mmsdm_dispatchprice/2018-05/*"), DISPATCHPRICE).to_pylist():
        stamp = parse_stamp(row["SETTLEMENTDATE"]).timestamp()
        key = (math.ceil(stamp / 1800), row["REGIONID"])
        if row["INTERVENTION"] == "1" or stamp not in parts[key]:
            parts[key][stamp] = Decimal(row["RRP"])
    wrong = 0
    for row in read_table(real_csv("mmsdm_tradingprice/2018-05/*"), TRADINGPRICE).to_pylist():
        half_hour = parse_stamp(row["SETTLEMENTDATE"]).timestamp() // 1800
        six = parts[half_hour, row["REGIONID"]].values()
        if len(six) == 6:
            mean = (sum(six) / 6).quantize(Decimal("0.01"), ROUND_HALF_UP)
            wrong += mean != Decimal(row["RRP"])
    assert wrong > 100


@pytest.mark.parametrize(
    ("name", "quoted"),
    [("DATA200806_SA1", True), ("DATA201501_NSW1", True), ("PRICE_AND_DEMAND_201606_QLD1", False)],
)
def test_price_and_demand_was_quoted_up_to_may_2016(real_csv, name, quoted):
    line = real_csv(f"price_and_demand*/{name}.csv").splitlines()[1]
    assert (b'"' in line) is quoted


def test_the_older_name_of_price_and_demand_has_the_same_bytes(aemo_files: Path) -> None:
    old = aemo_files / "price_and_demand_legacy/DATA201501_NSW1.csv"
    new = aemo_files / "price_and_demand/PRICE_AND_DEMAND_201501_NSW1.csv"
    assert old.read_bytes() == new.read_bytes()


@pytest.mark.parametrize("name", ["201606_QLD1", "201704_NSW1"])
def test_a_month_that_steps_back_in_time_is_whole_all_the_same(aemo_files: Path, name: str) -> None:
    path = aemo_files / f"price_and_demand/PRICE_AND_DEMAND_{name}.csv"
    rows = read_all(find_region_rows(path.read_bytes()))
    stamps = [parse_stamp(stamp) for stamp in rows["SETTLEMENTDATE"].to_pylist()]
    back = [(earlier - later) for earlier, later in pairwise(stamps) if later < earlier]
    assert back
    assert all(0.5 <= step.total_seconds() / 3600 <= 10 for step in back)
    assert len(set(stamps)) == len(stamps) == 30 * 48
    month = Month(int(name[:4]), int(name[4:6]))
    assert verify_region_file(path, name[7:], month).complete


def test_the_month_that_was_kept_in_its_middle_ends_with_a_midnight(aemo_files: Path) -> None:
    path = aemo_files / "price_and_demand/partial/PRICE_AND_DEMAND_202602_VIC1.csv"
    facts = verify_region_file(path, "VIC1", Month(2026, 2))
    assert (facts.complete, facts.rows) == (False, 17 * 288)
    assert facts.last_stamp == datetime(2026, 2, 18, tzinfo=NEM_TIME)
