"""Filters."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.schedules import filters

NOON = datetime(2014, 1, 1, 12, tzinfo=UTC)  # a Wednesday
SYDNEY = ZoneInfo("Australia/Sydney")
WEEK = [datetime(2014, 1, day, tzinfo=UTC) for day in range(6, 13)]  # Monday to Sunday


def test_on_datetime_keeps_one_instant_in_whatever_zone():
    accepts = filters.on_datetime(NOON)
    assert accepts(NOON.astimezone(SYDNEY))
    assert not accepts(NOON.replace(microsecond=1))


def test_on_datetime_knows_the_two_hours_apart_that_look_the_same():
    accepts = filters.on_datetime(datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1))
    assert accepts(datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1))
    assert not accepts(datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY))


@pytest.mark.usefixtures("machine_in_sydney")
def test_between_datetimes_includes_both_ends_and_reads_naive_as_utc():
    accepts = filters.between_datetimes(datetime(2014, 1, 1, 11), NOON)
    assert accepts(NOON.replace(hour=11))
    assert accepts(NOON)
    assert not accepts(NOON.replace(microsecond=1))
    assert not accepts(NOON.replace(hour=10, minute=59))


def test_on_date_keeps_that_day_of_every_year():
    accepts = filters.on_date(1, 1)
    assert accepts(NOON)
    assert accepts(NOON.replace(year=2030))
    assert not accepts(NOON.replace(day=2))


def test_between_dates_includes_both_days():
    accepts = filters.between_dates(1, 1, 2, 28)
    assert accepts(NOON)
    assert accepts(datetime(2014, 2, 28, 23))
    assert not accepts(datetime(2014, 3, 1))


def test_between_dates_wraps_the_year_if_the_first_month_is_later():
    accepts = filters.between_dates(10, 15, 3, 31)
    assert accepts(NOON)
    assert accepts(datetime(2014, 10, 15))
    assert not accepts(datetime(2014, 10, 14))
    assert not accepts(datetime(2014, 4, 1))


def test_between_dates_does_not_wrap_within_a_month():
    accepts = filters.between_dates(6, 20, 6, 10)
    assert not any(accepts(datetime(2014, 6, day)) for day in range(1, 31))


def test_at_time_keeps_one_time_of_day_of_the_clocks_zone():
    accepts = filters.at_time(time(23))
    assert accepts(NOON.astimezone(SYDNEY))
    assert not accepts(NOON)
    assert not accepts(NOON.replace(hour=23, second=1))


def test_between_times_includes_both_ends():
    accepts = filters.between_times(time(9), time(12))
    assert accepts(NOON.replace(hour=9))
    assert accepts(NOON)
    assert not accepts(NOON.replace(second=1))


def test_between_times_wraps_midnight():
    accepts = filters.between_times(time(22), time(2))
    assert accepts(NOON.replace(hour=22))
    assert accepts(NOON.replace(hour=2))
    assert not accepts(NOON.replace(hour=2, minute=1))
    assert not accepts(NOON)


def test_weekdays_are_monday_to_friday():
    assert [filters.is_weekday(day) for day in WEEK] == [True] * 5 + [False] * 2
    assert [filters.is_weekend(day) for day in WEEK] == [False] * 5 + [True] * 2


@pytest.mark.parametrize("number", range(7))
def test_is_day_of_week_counts_from_monday(number):
    accepted = [filters.is_day_of_week(number)(day) for day in WEEK]
    assert accepted.index(True) == number
    assert accepted.count(True) == 1


def test_months_start_and_end():
    assert filters.is_month_start(NOON)
    assert not filters.is_month_start(NOON.replace(day=2))
    assert filters.is_month_end(NOON.replace(day=31))
    assert filters.is_month_end(datetime(2016, 2, 29))
    assert not filters.is_month_end(datetime(2016, 2, 28))
    assert filters.is_month_end(datetime(9999, 12, 31))


@pytest.mark.parametrize("number", [7, -1, "mon"])
def test_a_day_of_the_week_that_is_none_is_a_definition_error(number):
    with pytest.raises(DefinitionError, match="Monday"):
        filters.is_day_of_week(number)


@pytest.mark.parametrize(("month", "day"), [(0, 1), (13, 1), (1, 0), (1, 32)])
def test_a_day_of_the_year_that_is_none_is_a_definition_error(month, day):
    with pytest.raises(DefinitionError, match=f"no day {day} in month {month}"):
        filters.on_date(month, day)
    with pytest.raises(DefinitionError):
        filters.between_dates(1, 1, month, day)
    with pytest.raises(DefinitionError):
        filters.between_dates(month, day, 1, 1)


def test_a_time_of_day_must_be_a_time_without_a_zone():
    with pytest.raises(TypeError, match=r"datetime\.time"):
        filters.at_time("12:00")
    with pytest.raises(DefinitionError, match="has a zone"):
        filters.between_times(time(9), time(12, tzinfo=UTC))


def test_an_instant_must_be_a_datetime():
    with pytest.raises(TypeError, match="dt must be a datetime"):
        filters.on_datetime("2014-01-01")
    with pytest.raises(TypeError, match="end must be a datetime"):
        filters.between_datetimes(NOON, None)
