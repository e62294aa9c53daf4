"""Market time: what lies in which day and month, and how AEMO writes it."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.market_time import (
    FIVE_MINUTE_SETTLEMENT,
    NEM_TIME,
    Month,
    day_bounds,
    dispatch_interval,
    format_stamp,
    interval_ends,
    market_day,
    month_bounds,
    parse_stamp,
    today,
    trading_day,
    trading_day_bounds,
    trading_days_of,
)

_FIRST = datetime(1998, 1, 1, tzinfo=NEM_TIME)
_INTERVALS = 33 * 366 * 288
_ends = st.integers(1, _INTERVALS).map(lambda number: _FIRST + timedelta(minutes=5 * number))
_days = st.dates(date(1998, 1, 1), date(2030, 12, 31))


@given(_ends)
def test_every_interval_end_lies_in_exactly_one_day(end: datetime) -> None:
    around = [end.date() + timedelta(days=shift) for shift in (-2, -1, 0, 1)]
    holding = [day for day in around if day_bounds(day)[0] < end <= day_bounds(day)[1]]
    assert holding == [market_day(end)]


@given(_ends)
def test_every_interval_end_lies_in_exactly_one_month(end: datetime) -> None:
    month = Month.of(end.date())
    around = [month.previous(), month, month.next()]
    holding = [one for one in around if month_bounds(one)[0] < end <= month_bounds(one)[1]]
    assert holding == [Month.of(market_day(end))]


@given(_ends)
def test_every_interval_end_lies_in_exactly_one_trading_day(end: datetime) -> None:
    around = [end.date() + timedelta(days=shift) for shift in (-2, -1, 0, 1)]
    bounds = {day: trading_day_bounds(day) for day in around}
    holding = [day for day, (start, stop) in bounds.items() if start < end <= stop]
    assert holding == [trading_day(end)]


def test_days_months_and_trading_days_of_1998_to_2030_leave_no_gap_and_do_not_overlap() -> None:
    months = [Month(year, month) for year in range(1998, 2031) for month in range(1, 13)]
    days = [day for month in months for day in month.days()]
    assert len(days) == (date(2031, 1, 1) - date(1998, 1, 1)).days
    for bounds in (
        [day_bounds(day) for day in days],
        [month_bounds(month) for month in months],
        [trading_day_bounds(day) for day in days],
    ):
        assert all(former[1] == latter[0] for former, latter in pairwise(bounds))


@given(_ends)
def test_the_day_file_of_an_interval_lies_in_the_month_file_of_that_interval(end: datetime) -> None:
    day = market_day(end)
    start, stop = month_bounds(Month.of(day))
    assert start <= day_bounds(day)[0] < end <= day_bounds(day)[1] <= stop


@given(_days)
def test_two_trading_days_hold_a_calendar_day_and_neither_does_alone(day: date) -> None:
    ends = interval_ends(day, 5)
    assert sorted({trading_day(end) for end in ends}) == list(trading_days_of(day))
    first = [end for end in ends if trading_day(end) == trading_days_of(day)[0]]
    assert (first[0], first[-1]) == (ends[0], ends[47])
    assert format_stamp(first[-1]) == f"{day:%Y/%m/%d} 04:00:00"


@given(_days)
def test_dispatch_intervals_are_numbered_001_to_288_from_04_05_on(day: date) -> None:
    start, _ = trading_day_bounds(day)
    ends = [start + timedelta(minutes=5) * number for number in range(1, 289)]
    assert [dispatch_interval(end) for end in ends] == [
        f"{day:%Y%m%d}{number:03}" for number in range(1, 289)
    ]
    assert format_stamp(ends[0])[11:] == "04:05:00"


@given(_days, st.sampled_from([(5, 288), (30, 48)]))
def test_a_day_has_288_or_48_intervals_the_last_stamped_00_00_of_the_next(
    day: date, grid: tuple[int, int]
) -> None:
    minutes, count = grid
    ends = interval_ends(day, minutes)
    assert len(ends) == len(set(ends)) == count
    assert ends[0] == day_bounds(day)[0] + timedelta(minutes=minutes)
    assert format_stamp(ends[-1]) == f"{day + timedelta(days=1):%Y/%m/%d} 00:00:00"
    assert {market_day(end) for end in ends} == {day}


@given(_days)
def test_a_month_is_its_days_and_lies_between_its_neighbours(day: date) -> None:
    month = Month.of(day)
    days = list(month.days())
    assert day in days
    assert (days[0], days[-1]) == (month.first_day, month.last_day)
    assert month.next().previous() == month
    assert month.previous() < month < month.next()
    assert month_bounds(month)[1] == month_bounds(month.next())[0]


def test_a_month_prints_as_year_and_month() -> None:
    assert str(Month(2014, 1)) == "2014-01"


def test_a_thirteenth_month_is_refused() -> None:
    with pytest.raises(ValueError, match="month must be in"):
        Month(2014, 13)


def test_only_5_and_30_minutes_make_intervals() -> None:
    with pytest.raises(ValueError, match="15 minutes"):
        interval_ends(date(2014, 1, 1), 15)


def test_today_is_the_date_in_nem_time_wherever_one_is() -> None:
    assert today(datetime(2014, 1, 1, 13, 59, tzinfo=UTC)) == date(2014, 1, 1)
    assert today(datetime(2014, 1, 1, 14, 0, tzinfo=UTC)) == date(2014, 1, 2)
    daylight = timezone(timedelta(hours=11))
    assert today(datetime(2014, 1, 2, 0, 30, tzinfo=daylight)) == date(2014, 1, 1)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        today(datetime(2014, 1, 1))


@given(_ends)
def test_a_stamp_reads_back_as_it_was_written(end: datetime) -> None:
    assert parse_stamp(format_stamp(end)) == end
    assert parse_stamp(format_stamp(end)[:-3]) == end


def test_a_stamp_is_written_in_nem_time() -> None:
    assert format_stamp(datetime(2013, 12, 31, 14, 5, tzinfo=UTC)) == "2014/01/01 00:05:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2014-01-01 00:05:00",
        "2014/1/1 00:05:00",
        "2014/01/01 0:05",
        "2014/02/30 00:05:00",
        "2014/01/01 24:00:00",
        "2014/01/01 00:05:00 ",
        "2014/01/01 00:05:0\u0660",
        "01/01/2014 00:05:00",
    ],
)
def test_another_form_of_stamp_is_refused(text: str) -> None:
    with pytest.raises(BrokenFile, match="is not a"):
        parse_stamp(text)


def test_five_minute_settlement_begins_at_midnight_of_the_first_of_october_2021() -> None:
    assert format_stamp(FIVE_MINUTE_SETTLEMENT) == "2021/10/01 00:00:00"
    assert market_day(FIVE_MINUTE_SETTLEMENT) == date(2021, 9, 30)
