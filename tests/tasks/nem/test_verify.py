"""Whole-file acceptance: what may enter the archive, and what is said of it."""

import contextlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.market_time import (
    Month,
    format_stamp,
    interval_ends,
    month_bounds,
    parse_stamp,
)
from nemflow.tasks.nem.tables import DISPATCHPRICE
from nemflow.tasks.nem.verify import FileFacts, verify_region_file, verify_table_file

_MAY = Month(2018, 5)
_JANUARY = Month(2015, 1)
_LAST_DAY = date(2018, 5, 31)


def _pairs(month: Month = _JANUARY, minutes: int = 30) -> list[tuple[str, str]]:
    ends = (end for day in month.days() for end in interval_ends(day, minutes))
    return [(format_stamp(end), "1.5") for end in ends]


@pytest.fixture(params=["numbers alone", "all as text"])
def verify(request, make_zip, make_csv, mmsdm_form):
    """Verify rows, written as the zip of 2018-05, in either way."""
    keep = [].append if request.param == "all as text" else None
    return lambda rows: verify_table_file(
        make_zip(make_csv(mmsdm_form, rows)), DISPATCHPRICE, _MAY, keep
    )


def test_a_whole_month_is_accepted_with_its_facts(verify, day_rows) -> None:
    rows = day_rows(*_MAY.days(), regions=["SA1"])
    last = parse_stamp("2018/06/01 00:00:00")
    assert verify(rows) == FileFacts("2018/06/07 00:30:02", 31 * 288, last, complete=True)


def test_a_month_that_ends_early_is_accepted_as_not_complete(verify, day_rows) -> None:
    facts = verify(day_rows(date(2018, 5, 1), date(2018, 5, 2)))
    assert not facts.complete
    assert facts.last_stamp == parse_stamp("2018/05/03 00:00:00")


def test_a_bare_csv_is_accepted(tmp_path: Path, make_csv, mmsdm_form, day_rows) -> None:
    path = tmp_path / "PUBLIC_DVD_DISPATCHPRICE_201805010000.CSV"
    path.write_bytes(make_csv(mmsdm_form, day_rows(_LAST_DAY)))
    assert verify_table_file(path, DISPATCHPRICE, _MAY).complete


def test_intervals_repeated_from_the_months_beside_it_are_let_pass(verify, day_rows) -> None:
    before = day_rows(date(2018, 4, 30))[-5:]
    after = day_rows(date(2018, 6, 1))[:5]
    facts = verify([*before, *day_rows(_LAST_DAY), *after])
    assert facts.last_stamp == parse_stamp("2018/06/01 00:00:00")
    assert facts.rows == 288 * 5 + 10


@pytest.mark.parametrize("stray", [date(2018, 4, 29), date(2018, 6, 1), date(2017, 5, 31)])
def test_a_row_of_another_month_is_refused(verify, day_rows, stray: date) -> None:
    with pytest.raises(BrokenFile, match=r"has a row of 201\d/.*, which is not in 2018-05"):
        verify([*day_rows(_LAST_DAY), *day_rows(stray)[-5:]])


def test_a_file_wholly_of_another_month_is_refused(verify, day_rows) -> None:
    with pytest.raises(BrokenFile, match="nothing of 2018-05; it is another month's file"):
        verify(day_rows(date(2018, 7, 1)))


def test_a_file_of_nothing_but_the_edge_of_its_month_is_refused(verify, day_rows) -> None:
    with pytest.raises(BrokenFile, match="nothing of 2018-05"):
        verify(day_rows(date(2018, 4, 30))[-5:])


def test_a_table_without_rows_is_refused(verify) -> None:
    with pytest.raises(BrokenFile, match=r"DISPATCHPRICE in PUBLIC_.* has no rows"):
        verify([])


@pytest.mark.parametrize(
    "stamp", ["2018/05/32 00:05:00", "2018/05/02 25:00:00", "2018/5/2 00:05", ""]
)
def test_a_stamp_that_is_none_is_refused(verify, day_rows, stamp: str) -> None:
    rows = day_rows(_LAST_DAY)
    rows[7] = {**rows[7], "SETTLEMENTDATE": stamp}
    with pytest.raises(BrokenFile, match=f"the stamp '{stamp}' is not YYYY/MM/DD HH:MM:SS"):
        verify(rows)


@pytest.mark.parametrize("column", ["RRP", "ROP", "RAISEREGRRP", "APCFLAG", "INTERVENTION"])
@pytest.mark.parametrize("text", ["abc", "1.2.3", "nan", "inf", "1_0", "1e999", "0x1"])
def test_text_in_a_number_is_named_with_stamp_region_and_column(
    verify, day_rows, column: str, text: str
) -> None:
    rows = day_rows(_LAST_DAY)
    rows[7] = {**rows[7], column: text}
    said = f"{column} of SA1 at 2018/05/31 00:10:00 is '{text}', not a number"
    with pytest.raises(BrokenFile, match=said):
        verify(rows)


def test_an_empty_number_is_accepted(verify, day_rows) -> None:
    rows = day_rows(_LAST_DAY, RAISEREGRRP="", ROP="")
    assert verify(rows).rows == len(rows)


def test_a_column_that_the_era_lacks_is_not_missed(
    dispatch_form, make_csv, make_zip, day_rows
) -> None:
    path = make_zip(make_csv(dispatch_form, day_rows(_LAST_DAY)))
    assert verify_table_file(path, DISPATCHPRICE, _MAY).complete


def test_a_wrong_footer_is_refused(make_csv, make_zip, mmsdm_form, day_rows) -> None:
    data = make_csv(mmsdm_form, day_rows(_LAST_DAY))
    path = make_zip(data.replace(b'REPORT",1443', b'REPORT",1444'))
    with pytest.raises(BrokenFile, match="has 1443 lines where its footer counts 1444"):
        verify_table_file(path, DISPATCHPRICE, _MAY)


def test_a_ragged_row_is_refused(table_lines, make_cid, make_zip, mmsdm_form, day_rows) -> None:
    lines = table_lines(mmsdm_form, day_rows(_LAST_DAY))
    lines[9] += ",1"
    with pytest.raises(BrokenFile, match=r"cannot be read: .*Expected 58 columns, got 59"):
        verify_table_file(make_zip(make_cid(lines)), DISPATCHPRICE, _MAY)


def test_an_html_page_is_refused_by_its_title(tmp_path: Path) -> None:
    path = tmp_path / "PRICE_AND_DEMAND_201501_SA1.csv"
    path.write_bytes(b"<!DOCTYPE html><html><head><title>Access Denied</title>")
    for verify_it in (
        lambda: verify_region_file(path, "SA1", _JANUARY),
        lambda: verify_table_file(path, DISPATCHPRICE, _MAY),
    ):
        with pytest.raises(BrokenFile, match=r"HTML page \(Access Denied\)"):
            verify_it()


def test_a_regions_month_is_accepted_with_its_facts(make_demand) -> None:
    last = parse_stamp("2015/02/01 00:00:00")
    facts = verify_region_file(make_demand(_pairs()), "SA1", _JANUARY)
    assert facts == FileFacts("", 1488, last, complete=True)


def test_a_regions_month_that_is_not_over_is_not_complete(make_demand) -> None:
    facts = verify_region_file(make_demand(_pairs()[: 48 * 17]), "SA1", _JANUARY)
    assert not facts.complete
    assert facts.last_stamp == parse_stamp("2015/01/18 00:00:00")


def test_an_unsorted_month_is_complete_by_its_last_stamp(make_demand) -> None:
    assert verify_region_file(make_demand(_pairs()[::-1]), "SA1", _JANUARY).complete


def test_another_regions_file_is_refused(make_demand) -> None:
    with pytest.raises(BrokenFile, match="REGION is 'SA1' where 'VIC1' is expected"):
        verify_region_file(make_demand(_pairs()), "VIC1", _JANUARY)


def test_another_months_file_is_refused(make_demand) -> None:
    with pytest.raises(BrokenFile, match="nothing of 2015-03"):
        verify_region_file(make_demand(_pairs()), "SA1", Month(2015, 3))


def test_a_period_that_is_no_trade_is_refused(make_demand) -> None:
    path = make_demand(_pairs())
    path.write_bytes(path.read_bytes().removesuffix(b"DE\r\n"))
    with pytest.raises(BrokenFile, match="PERIODTYPE is 'TRA' where 'TRADE' is expected"):
        verify_region_file(path, "SA1", _JANUARY)


def test_stamps_off_the_half_hours_are_refused_before_october_2021_only(make_demand) -> None:
    with pytest.raises(BrokenFile, match="does not end an interval of 30 minutes"):
        verify_region_file(make_demand(_pairs(minutes=5)), "SA1", _JANUARY)
    since = Month(2021, 10)
    assert verify_region_file(make_demand(_pairs(since, minutes=5)), "SA1", since).complete


def test_a_price_that_is_no_number_is_named(make_demand) -> None:
    pairs = [*_pairs(), ("2015/01/02 00:30:00", "n/a")]
    with pytest.raises(
        BrokenFile, match="RRP of SA1 at 2015/01/02 00:30:00 is 'n/a', not a number"
    ):
        verify_region_file(make_demand(pairs), "SA1", _JANUARY)


@given(st.binary(max_size=120), st.integers(0, 10_000), st.booleans(), st.booleans())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_file_of_the_month_or_a_broken_one(
    tmp_path, make_csv, make_demand, mmsdm_form, day_rows, noise, place, replaces, is_table
) -> None:
    path = tmp_path / "X.csv"
    if is_table:
        data = make_csv(mmsdm_form, day_rows(_LAST_DAY)[:6])
    else:
        data = make_demand(_pairs()[:9]).read_bytes()
    place %= len(data)
    path.write_bytes(data[:place] + noise + data[place + (len(noise) if replaces else 0) :])
    with contextlib.suppress(BrokenFile):
        if is_table:
            facts, month = verify_table_file(path, DISPATCHPRICE, _MAY), _MAY
        else:
            facts, month = verify_region_file(path, "SA1", _JANUARY), _JANUARY
        start, end = month_bounds(month)
        assert facts.rows > 0
        assert start < facts.last_stamp <= end
        assert facts.complete == (facts.last_stamp == end)
