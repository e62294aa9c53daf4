"""Real files of the reports: one interval's, one trading day's, and old forms of both."""

import math
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from nemflow.errors import BrokenFile, IncompleteDay
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, read_table
from nemflow.tasks.nem.check import check_raw_day
from nemflow.tasks.nem.csv_rows import read_all
from nemflow.tasks.nem.datasets import NEM_DEMAND, NEM_PRICES, NEM_TRADING_PRICES, Dataset
from nemflow.tasks.nem.feeds import DISPATCH_REPORTS
from nemflow.tasks.nem.market_time import (
    NEM_TIME,
    Month,
    day_bounds,
    dispatch_interval,
    parse_stamp,
    trading_day,
    trading_day_bounds,
)
from nemflow.tasks.nem.price_demand import find_region_rows
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import (
    DISPATCHPRICE,
    DISPATCHREGIONSUM,
    DREGION,
    STAMP,
    TRADINGPRICE,
    Table,
)
from nemflow.tasks.nem.tidy import clean_schema, tidy
from nemflow.tasks.nem.unzip import open_published
from nemflow.tasks.nem.verify import verify_region_file
from nemflow.tasks.nem.verify_reports import verify_report

DAY = date(2019, 5, 16)


@pytest.fixture(scope="module")
def day_of_reports(aemo_files: Path) -> Callable[[Table], pa.Table]:
    """Return the rows of the 288 DispatchIS reports of one date."""
    paths = sorted((aemo_files / "dispatchis" / str(DAY)).glob("*.zip"))
    assert len(paths) == 288
    contents = [open_published(path) for path in paths]
    return lambda table: pa.concat_tables(read_table(data, table) for data in contents)


def _balance(clean: pa.Table) -> list[float]:
    """Return by how many MW demand and what meets it differ, row by row."""
    return [
        abs(
            row["demand_mw"]
            + row["dispatched_load_mw"]
            + row["net_export_mw"]
            - row["dispatched_generation_mw"]
        )
        for row in clean.to_pylist()
    ]


@pytest.mark.parametrize(
    ("dataset", "table"),
    [(NEM_PRICES, DISPATCHPRICE), (NEM_DEMAND, DISPATCHREGIONSUM)],
    ids=["prices", "demand"],
)
def test_a_date_of_dispatchis_gives_every_interval_that_its_files_end(
    day_of_reports, dataset: Dataset, table: Table
) -> None:
    clean = tidy(day_of_reports(table), dataset, table, source="x")
    first = datetime(2019, 5, 16, tzinfo=NEM_TIME)
    assert list(
        zip(clean["interval_end"].to_pylist(), clean["region"].to_pylist(), strict=True)
    ) == [
        (first + timedelta(minutes=5) * number, region)
        for number in range(288)
        for region in REGIONS
    ]
    assert clean[dataset.value].null_count == 0
    assert clean.schema.equals(clean_schema(dataset))


def test_the_files_of_a_date_lack_the_market_days_last_interval_and_nothing_else(
    day_of_reports,
) -> None:
    # They are named 00:00 to 23:55; the interval that ends the day lies in the next date's files.
    start, _ = day_bounds(DAY)
    rows = day_of_reports(DISPATCHPRICE)
    of_day = pa.array([parse_stamp(stamp) > start for stamp in rows[STAMP].to_pylist()])
    with pytest.raises(IncompleteDay) as caught:
        check_raw_day(rows.filter(of_day), NEM_PRICES, DISPATCHPRICE, DAY, regions=REGIONS)
    lacks = "; ".join(f"{region} lacks 1 of 288 intervals: 24:00" for region in REGIONS)
    assert str(caught.value) == f"DISPATCHPRICE of {DAY} is not whole: {lacks}"


def test_aemo_numbers_dispatch_intervals_by_trading_day_as_we_do(day_of_reports) -> None:
    rows = day_of_reports(DISPATCHPRICE)
    numbers = zip(rows[STAMP].to_pylist(), rows["DISPATCHINTERVAL"].to_pylist(), strict=True)
    assert all(dispatch_interval(parse_stamp(stamp)) == number for stamp, number in numbers)


@pytest.mark.parametrize("when", ["2019-05-16", "2019-04-30", "2025-08-20"])
def test_demand_is_what_generation_and_imports_leave_after_loads(
    aemo_files: Path, when: str
) -> None:
    paths = sorted((aemo_files / "dispatchis" / when).iterdir())
    rows = pa.concat_tables(read_table(open_published(path), DISPATCHREGIONSUM) for path in paths)
    clean = tidy(rows, NEM_DEMAND, DISPATCHREGIONSUM, source="x")
    assert clean.num_rows == len(paths) * 5
    assert max(_balance(clean)) < 0.011


def test_an_intervention_takes_the_pricing_runs_price(real_csv) -> None:
    rows = read_table(real_csv("dispatchis/2019-04-30/*.CSV"), DISPATCHPRICE)
    assert Counter(rows["INTERVENTION"].to_pylist()) == {"0": 5, "1": 5}
    clean = tidy(rows, NEM_PRICES, DISPATCHPRICE, source="x")
    prices = dict(zip(clean["region"].to_pylist(), clean["rrp"].to_pylist(), strict=True))
    assert prices["SA1"] == pytest.approx(73.57, abs=0.005)
    assert clean["intervention"].to_pylist() == [True] * 5


def test_an_intervention_takes_the_physical_runs_quantities(real_csv) -> None:
    rows = read_table(real_csv("dispatchis/2019-04-30/*.CSV"), DISPATCHREGIONSUM)
    runs = {(row["REGIONID"], row["INTERVENTION"]): row for row in rows.to_pylist()}
    clean = tidy(rows, NEM_DEMAND, DISPATCHREGIONSUM, source="x")
    assert clean["intervention"].to_pylist() == [True] * 5
    for row in clean.to_pylist():
        physical = runs[row["region"], "1"]
        assert row["dispatched_generation_mw"] == float(physical["DISPATCHABLEGENERATION"])
    assert runs["SA1", "0"]["DISPATCHABLEGENERATION"] == "1183.43"
    assert clean.to_pylist()[2]["dispatched_generation_mw"] == 1217.46


@pytest.mark.parametrize("dataset", [NEM_PRICES, NEM_DEMAND], ids=["prices", "demand"])
def test_a_daily_report_gives_its_trading_day(real_csv, dataset: Dataset) -> None:
    clean = tidy(read_table(real_csv("public_daily/*.zip"), DREGION), dataset, DREGION, source="x")
    start, end = trading_day_bounds(date(2026, 5, 14))
    ends = clean["interval_end"].to_pylist()
    assert (ends[0], ends[-1]) == (start + timedelta(minutes=5), end)
    assert {trading_day(instant) for instant in ends} == {date(2026, 5, 14)}
    assert Counter(clean["region"].to_pylist()) == {"NSW1": 288, "SA1": 288}
    assert clean[dataset.value].null_count == 0


def test_demand_of_daily_and_legacy_reports_balances_too(real_csv) -> None:
    for pattern, count in (("public_daily/*.zip", 576), ("dispatch_legacy/**/*.zip", 5)):
        clean = tidy(read_table(real_csv(pattern), DREGION), NEM_DEMAND, DREGION, source="x")
        assert clean.num_rows == count
        assert max(_balance(clean)) < 0.011


def test_the_older_form_of_dispatchis_is_accepted_and_gives_its_prices(aemo_files: Path) -> None:
    [path] = (aemo_files / "dispatch_legacy").rglob("*.zip")
    folder = DISPATCH_REPORTS.current
    said = folder.recognize(path.name)
    assert said is not None
    facts = verify_report(path, DISPATCH_REPORTS, folder, DREGION, said.span)
    assert (facts.rows, facts.last_stamp) == (5, datetime(2024, 3, 15, 19, 45, tzinfo=NEM_TIME))
    clean = tidy(read_table(open_published(path), DREGION), NEM_PRICES, DREGION, source="x")
    assert dict(zip(clean["region"].to_pylist(), clean["rrp"].to_pylist(), strict=True)) == {
        "NSW1": 88.88002,
        "QLD1": 95.04872,
        "SA1": 99.98,
        "TAS1": 101.1,
        "VIC1": 88.9334,
    }
    assert clean["raise6sec_rrp"].to_pylist() == [0.39] * 5
    assert clean["price_status"].null_count == 5


def test_a_daily_report_with_both_versions_of_its_region_table_gives_each_row_once(
    real_csv,
) -> None:
    # The extract kept the I rows of both versions but the D rows of version 2 alone.
    data = real_csv("public_daily/*.zip")
    second = [line for line in data.splitlines(keepends=True) if line.startswith(b"D,DREGION,,2,")]
    columns = {
        line.split(b",")[3]: line for line in data.splitlines() if line.startswith(b"I,DREGION,")
    }
    added = columns[b"3"].count(b",") - columns[b"2"].count(b",")
    third = [line.replace(b",,2,", b",,3,", 1).rstrip() + b"," * added + b"\r\n" for line in second]
    marker = columns[b"3"] + b"\n" if columns[b"3"] + b"\n" in data else columns[b"3"] + b"\r\n"
    both = data.replace(marker, marker + b"".join(third))
    assert both.count(b"\nD,DREGION,") == 2 * 576
    for dataset in (NEM_PRICES, NEM_DEMAND):
        rows = read_table(both, DREGION)
        assert rows.num_rows == 576
        assert tidy(rows, dataset, DREGION, source="x").equals(
            tidy(read_table(data, DREGION), dataset, DREGION, source="x")
        )


def test_tradingis_gives_settled_prices_zipped_or_bare(real_csv) -> None:
    tables = []
    for pattern in ("tradingis/2024-03-03/*.zip", "tradingis/2024-03-03/*.CSV"):
        data = real_csv(pattern)
        check_footer(data)
        tables.append(
            tidy(read_table(data, TRADINGPRICE), NEM_TRADING_PRICES, TRADINGPRICE, source="x")
        )
    assert tables[0].equals(tables[1])
    row = tables[0].to_pylist()[2]
    assert (row["region"], row["rrp"], row["price_status"], row["invalid_flag"]) == (
        "SA1",
        -63.45,
        "FIRM",
        "0",
    )
    assert row["resolution_minutes"] == 5
    assert row["raise1sec_rrp"] is not None
    assert row["interval_end"] == datetime(2024, 3, 3, 13, 35, tzinfo=NEM_TIME)


def test_a_report_is_made_before_its_interval_ends(aemo_files: Path) -> None:
    for path in (aemo_files / "dispatchis" / str(DAY)).glob("*.zip"):
        data = open_published(path)
        [stamp] = set(read_table(data, DISPATCHPRICE)[STAMP].to_pylist())
        assert path.name.split("_")[2] == f"{parse_stamp(stamp):%Y%m%d%H%M}"
        assert parse_stamp(creation_stamp(data)) < parse_stamp(stamp)


@pytest.mark.parametrize(
    ("name", "periods"), [("GRAPH_5NSW1", {""}), ("GRAPH_30NSW1", {"TRADE", "PD"})]
)
def test_the_old_graphs_are_read_but_never_taken_for_a_month(
    real_csv, tmp_path: Path, name: str, periods: set[str]
) -> None:
    # Dispatch prices before settlement in one; in the other forecasts stand behind the prices.
    data = real_csv(f"nemweb_graphs/{name}.csv")
    rows = read_all(find_region_rows(data))
    assert set(rows["PERIODTYPE"].to_pylist()) == periods
    assert all(math.isfinite(float(text)) for text in rows["RRP"].to_pylist())
    path = tmp_path / "PRICE_AND_DEMAND_201404_NSW1.csv"
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match=r"PERIODTYPE is .* where 'TRADE' is expected"):
        verify_region_file(path, "NSW1", Month(2014, 4))
