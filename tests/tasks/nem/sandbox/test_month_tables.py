"""DISPATCHREGIONSUM, ROOFTOP_PV_ACTUAL, AVERAGEPRICE30: monthly tables beside the prices."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month, market_day, parse_stamp
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import market
from nemflow.tasks.nem.sandbox.files import known_table_size, table_zip, tables_of
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition, Revision
from nemflow.tasks.nem.sandbox.rooftop import AREAS, ROOFTOP_COLUMNS, rooftop_power
from nemflow.tasks.nem.sandbox.table_csv import averageprice_csv, dispatchregionsum_csv, rooftop_csv
from nemflow.tasks.nem.sandbox.zips import sized_zip

STAMP = datetime(2026, 1, 2, 3, 4, 6, tzinfo=NEM_TIME)


def _rows(csv: bytes, every: int = 1) -> list[dict[str, str]]:
    lines = [line.replace('"', "").split(",") for line in csv.decode("ascii").splitlines()]
    assert int(lines[-1][2]) == len(lines)
    header = lines[1][4:]
    assert {len(line) for line in lines[2:-1]} == {len(header) + 4}
    return [dict(zip(header, line[4:], strict=True)) for line in lines[2:-1:every]]


@pytest.fixture(scope="module")
def rooftop_2019_12() -> bytes:
    """The month of which we know a real file."""
    return rooftop_csv(Month(2019, 12))


def test_demands_are_those_of_the_market_and_of_the_physical_run() -> None:
    rows = _rows(dispatchregionsum_csv(Month(2018, 5)), every=317)
    assert {row["INTERVENTION"] for row in rows} == {"0", "1"}
    for row in rows:
        end = parse_stamp(row["SETTLEMENTDATE"])
        has_two_runs = market.intervention(end)
        is_met = Decimal(row["TOTALDEMAND"]) == market.demand(row["REGIONID"], end)
        assert is_met is (row["INTERVENTION"] == "1" or not has_two_runs)


def test_a_month_of_demands_has_a_row_for_each_interval_region_and_run() -> None:
    rows = _rows(dispatchregionsum_csv(Month(2024, 8)))
    assert Counter(row["REGIONID"] for row in rows) == dict.fromkeys(REGIONS, 31 * 288)
    assert max(row["SETTLEMENTDATE"] for row in rows) == "2024/09/01 00:00:00"


def test_rooftop_rows_have_the_real_form(aemo_files: Path, rooftop_2019_12: bytes) -> None:
    (file,) = aemo_files.glob("mmsdm_other/2019-12/*ROOFTOP*.zip")
    with zipfile.ZipFile(file) as archive:
        real = archive.read(archive.namelist()[0])
    assert rooftop_2019_12.splitlines()[1] == real.splitlines()[1]
    ours, theirs = _rows(rooftop_2019_12), _rows(real)
    for name in ("INTERVAL_DATETIME", "REGIONID", "TYPE"):
        assert Counter(row[name] for row in ours) == Counter(row[name] for row in theirs)
    assert rooftop_2019_12.count(b"\r\n") == real.count(b"\r\n")


def test_rooftop_months_go_one_day_too_far(rooftop_2019_12: bytes) -> None:
    stamps = [row["INTERVAL_DATETIME"] for row in _rows(rooftop_2019_12)]
    assert stamps == sorted(stamps)
    assert (stamps[0], stamps[-1]) == ("2019/12/01 00:30:00", "2020/01/02 00:00:00")


def test_what_was_measured_is_that_of_the_market(rooftop_2019_12: bytes) -> None:
    assert rooftop_2019_12.splitlines()[1].decode().split(",")[4:] == list(ROOFTOP_COLUMNS)
    measured = [row for row in _rows(rooftop_2019_12) if row["TYPE"] == "MEASUREMENT"]
    for row in measured[::101]:
        end = parse_stamp(row["INTERVAL_DATETIME"])
        powers = rooftop_power(row["REGIONID"], market_day(end))
        half_hour = (end.hour * 60 + end.minute) // 30 or 48
        assert Decimal(row["POWER"]) * 1000 == powers[half_hour - 1]


def test_regions_are_the_sums_of_their_parts() -> None:
    day = datetime(2025, 12, 20, tzinfo=NEM_TIME).date()
    powers = {area: rooftop_power(area, day) for area in AREAS}
    noon = {area: row[24] for area, row in powers.items()}
    assert noon["QLD1"] == noon["QLDC"] + noon["QLDN"] + noon["QLDS"] > 1_000_000
    assert noon["TAS1"] == noon["TASN"] + noon["TASS"]
    assert powers["NSW1"][0] == 0


def test_rooftops_have_tables_since_august_2016() -> None:
    assert "ROOFTOP_PV_ACTUAL" not in tables_of(Month(2016, 7))
    assert "ROOFTOP_PV_ACTUAL" in tables_of(Month(2016, 8))


def test_averages_are_the_means_of_six_dispatch_prices_in_cents() -> None:
    rows = _rows(averageprice_csv(Month(2024, 8)))
    assert Counter(row["REGIONID"] for row in rows) == dict.fromkeys(REGIONS, 31 * 48)
    assert {row["PRICE_CONFIDENCE"] for row in rows} == {"FIRM", "NOT FIRM"}
    for row in rows[::101]:
        end = parse_stamp(row["PERIODDATE"])
        assert Decimal(row["RRP"]) == market.average_price(row["REGIONID"], end)
        assert int(row["PERIODID"]) == (end.hour * 60 + end.minute) // 30 or 48


def test_averages_change_with_the_prices_that_they_are_of() -> None:
    at = datetime(2024, 9, 20, tzinfo=NEM_TIME)
    revision = Revision(day=date(2024, 8, 2), at=at, regions=("SA1",), intervals=range(6, 12))
    before, after = (
        _rows(averageprice_csv(Month(2024, 8), edition))
        for edition in (ORIGINAL, Edition((revision,)))
    )
    (row,) = (new for old, new in zip(before, after, strict=True) if old != new)
    assert (row["REGIONID"], row["PERIODDATE"]) == ("SA1", "2024/08/02 01:00:00")
    assert row["LASTCHANGED"] == "2024/09/20 00:00:00"


def test_averages_have_tables_since_august_2024() -> None:
    assert "AVERAGEPRICE30" not in tables_of(Month(2024, 7))
    assert "AVERAGEPRICE30" in tables_of(Month(2024, 8))


@pytest.mark.parametrize("table", ["DISPATCHREGIONSUM", "ROOFTOP_PV_ACTUAL"])
@pytest.mark.parametrize("month", [Month(2018, 5), Month(2025, 2)], ids=str)
def test_large_tables_have_the_size_that_was_stated(table: str, month: Month) -> None:
    _, body = table_zip(table, month)
    assert len(body) == known_table_size(table, month)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None


def test_bundles_hold_them_too(fetch: Callable[..., Any]) -> None:
    body = fetch("/Data_Archive/Wholesale_Electricity/MMSDM/2014/MMSDM_2014_01.zip").body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = (name for name in archive.namelist() if "DISPATCHREGIONSUM" in name)
        assert archive.read(name) == table_zip("DISPATCHREGIONSUM", Month(2014, 1))[1]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("size", [400, 65_700, 65_701, 65_702, 65_703, 65_704, 500_000])
def test_a_sized_zip_has_its_size_and_its_data(size: int, streamed: bool) -> None:
    data = b"some lines\r\n" * 1_000
    body = sized_zip("A.CSV", data, STAMP, size, streamed=streamed)
    assert len(body) == size
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (member,) = archive.infolist()
        assert archive.read(member) == data
    assert bool(member.flag_bits & 0x08) is streamed
    assert member.date_time == (2026, 1, 2, 3, 4, 6)


def test_a_zip_cannot_be_smaller_than_its_data() -> None:
    with pytest.raises(ValueError, match=r"A\.CSV is to have 100 bytes and has \d+"):
        sized_zip("A.CSV", b"some lines\r\n" * 1_000, STAMP, 100)
