"""PRICE_AND_DEMAND files: one region, one month, any line end and order."""

import random
from datetime import date

import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.market_time import Month, format_stamp, interval_ends
from nemflow.tasks.nem.price_demand import read_region_day

_DAY = date(2015, 1, 31)
_HEADER = b"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\r\n"


def _month_pairs() -> list[tuple[str, str]]:
    ends = (end for day in Month(2015, 1).days() for end in interval_ends(day, 30))
    return [(format_stamp(end), f"{number}.{number % 10}") for number, end in enumerate(ends)]


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("quoted_dates", [True, False])
def test_a_day_has_its_48_half_hours_as_text(make_demand, newline: str, quoted_dates: bool) -> None:
    path = make_demand(_month_pairs(), newline=newline, quoted_dates=quoted_dates)
    table = read_region_day(path.read_bytes(), "SA1", _DAY)
    assert table.column_names == ["REGION", "SETTLEMENTDATE", "TOTALDEMAND", "RRP", "PERIODTYPE"]
    assert (
        list(zip(table["SETTLEMENTDATE"].to_pylist(), table["RRP"].to_pylist(), strict=True))
        == (_month_pairs()[-48:])
    )


def test_unsorted_rows_stay_in_the_files_order(make_demand) -> None:
    pairs = _month_pairs()
    random.Random(1).shuffle(pairs)
    table = read_region_day(make_demand(pairs).read_bytes(), "SA1", _DAY)
    of_day = {stamp for stamp, _ in _month_pairs()[-48:]}
    assert table["SETTLEMENTDATE"].to_pylist() == [stamp for stamp, _ in pairs if stamp in of_day]


def test_stamps_without_seconds_are_read_as_the_files_of_1998_have_them(make_demand) -> None:
    pairs = [(stamp[:16], price) for stamp, price in _month_pairs()]
    assert read_region_day(make_demand(pairs).read_bytes(), "SA1", _DAY).num_rows == 48


def test_columns_are_found_by_name() -> None:
    data = b'"RRP","PERIODTYPE","REGION","SETTLEMENTDATE","TOTALDEMAND"\n1.5,TRADE,SA1,2015/01/31 00:30,9'
    row = read_region_day(data, "SA1", _DAY).to_pylist()[0]
    assert (row["RRP"], row["REGION"], row["TOTALDEMAND"]) == ("1.5", "SA1", "9")


def test_another_regions_rows_are_not_taken(make_demand) -> None:
    assert read_region_day(make_demand(_month_pairs()).read_bytes(), "VIC1", _DAY).num_rows == 0


def test_a_header_alone_is_a_file_of_no_rows() -> None:
    assert read_region_day(_HEADER, "SA1", _DAY).num_rows == 0


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BrokenFile, match=r"PRICE_AND_DEMAND in A\.csv has no column RRP"):
        read_region_day(_HEADER.replace(b"RRP", b"RRQ"), "SA1", _DAY, file="A.csv")


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"\n", b'"', b"<html>"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenFile):
        read_region_day(data, "SA1", _DAY)


def test_a_blank_line_among_the_rows_is_refused(make_demand) -> None:
    data = make_demand(_month_pairs()).read_bytes().replace(b"TRADE\r\n", b"TRADE\r\n\r\n", 1)
    with pytest.raises(BrokenFile, match="has 1489 lines but reads as 1488 rows"):
        read_region_day(data, "SA1", _DAY)


def test_a_row_cut_short_is_refused() -> None:
    with pytest.raises(BrokenFile, match="Expected 5 columns, got 2"):
        read_region_day(_HEADER + b"SA1,2015/01/31 00:30:00,9,1,TRADE\r\nSA1,2015/01", "SA1", _DAY)
