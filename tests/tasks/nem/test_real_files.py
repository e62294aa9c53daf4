"""Real AEMO files: what the synthetic ones in the other tests claim, held against the world's."""

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.aemo_csv import creation_stamp, read_day, read_table
from nemflow.tasks.nem.check import check_clean_day, check_raw_day, price_warnings
from nemflow.tasks.nem.csv_rows import read_all
from nemflow.tasks.nem.datasets import NEM_PRICES, NEM_TRADING_PRICES
from nemflow.tasks.nem.limits import ENERGY_FLOOR, limits_on
from nemflow.tasks.nem.market_time import (
    Month,
    day_bounds,
    dispatch_interval,
    market_day,
    parse_stamp,
)
from nemflow.tasks.nem.price_demand import find_region_rows, read_region_day
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


def test_price_and_demand_is_also_the_trading_price(real_csv, prices) -> None:
    data = real_csv("price_and_demand/PRICE_AND_DEMAND_202407_SA1.csv")
    trading = {
        stamp: price
        for (stamp, region), price in prices("TRADINGPRICE", "2024-07").items()
        if region == "SA1"
    }
    demand = {
        row[STAMP]: Decimal(row["RRP"])
        for day in {market_day(parse_stamp(stamp)) for stamp in trading}
        for row in read_region_day(data, "SA1", day).to_pylist()
    }
    assert {stamp: demand[stamp] for stamp in trading} == trading
    assert len(trading) == 1440


def test_the_suspended_market_of_june_2022_is_kept_as_it_was_priced(real_csv) -> None:
    data = real_csv("price_and_demand/PRICE_AND_DEMAND_202206_VIC1.csv")
    rows = read_all(find_region_rows(data))
    clean = tidy(rows, NEM_TRADING_PRICES, PRICE_AND_DEMAND, source="x")
    ends = [f"{end:%d %H:%M}" for end in clean["interval_end"].to_pylist()]
    prices = dict(zip(ends, clean["rrp"].to_pylist(), strict=True))
    assert prices["15 14:00"] == 291.48
    assert {prices[f"15 14:{minute:02}"] for minute in range(5, 35, 5)} == {198.70}
    assert {prices[f"15 14:{minute}"] for minute in range(35, 60, 5)} == {216.78}
    assert prices["23 04:05"] == -38.01
    assert clean.num_rows == 8640
    assert price_warnings(clean, NEM_TRADING_PRICES, date(2022, 6, 15)) == []


@pytest.mark.parametrize("month", ["2018-05", "2021-09", "2021-10", "2024-08"])
def test_a_periods_number_counts_from_midnight_to_the_end_of_the_interval(
    extract, month: str
) -> None:
    data = open_published(extract("TRADINGPRICE", month))
    clean = tidy(read_table(data, TRADINGPRICE), NEM_TRADING_PRICES, TRADINGPRICE, source="x")
    minutes = 30 if month < "2021-10" else 5
    assert set(clean["resolution_minutes"].to_pylist()) == {minutes}
    for row in read_table(data, TRADINGPRICE).to_pylist():
        end = parse_stamp(row[STAMP])
        number = (end - day_bounds(market_day(end))[0]) / timedelta(minutes=minutes)
        assert number == int(row["PERIODID"])


@pytest.mark.parametrize("month", ["2018-05", "2020-01", "2024-07", "2024-08", "2025-01"])
def test_aemo_numbers_dispatch_intervals_by_trading_day_as_we_do(extract, month: str) -> None:
    for row in read_table(
        open_published(extract("DISPATCHPRICE", month)), DISPATCHPRICE
    ).to_pylist():
        assert dispatch_interval(parse_stamp(row[STAMP])) == row["DISPATCHINTERVAL"]


def test_the_limits_are_those_of_aemos_own_table(real_csv) -> None:
    thresholds = replace(
        TRADINGPRICE,
        row_type="MARKET_CONFIG",
        row_subtype="MARKET_PRICE_THRESHOLDS",
        required=("EFFECTIVEDATE", "VOLL", "MARKETPRICEFLOOR", "ADMINISTERED_PRICE_THRESHOLD"),
    )
    rows = read_table(real_csv("mmsdm_other/2021-05/*THRESHOLDS*"), thresholds).to_pylist()
    assert len(rows) == 12
    for row in rows:
        limits = limits_on(parse_stamp(row["EFFECTIVEDATE"]).date())
        assert limits.price_cap == float(row["VOLL"])
        threshold = row["ADMINISTERED_PRICE_THRESHOLD"]
        assert limits.cumulative_threshold == (float(threshold) if threshold else None)
        assert float(row["MARKETPRICEFLOOR"]) == ENERGY_FLOOR
