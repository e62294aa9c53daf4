"""Adjustments."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.adjustments import Adjustment, add, next_weekday

FRIDAY = datetime(2014, 1, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.mark.parametrize("interval", [timedelta(hours=3), -timedelta(minutes=5), 400 * DAY])
def test_add_moves_by_an_interval(interval):
    assert add(interval)(FRIDAY) == FRIDAY + interval


def test_add_keeps_the_wall_clock_from_a_day_on():
    evening = datetime(2023, 9, 30, 18, tzinfo=SYDNEY)
    assert add(DAY)(evening).isoformat() == "2023-10-01T18:00:00+11:00"
    assert add(timedelta(hours=23))(evening).isoformat() == "2023-10-01T18:00:00+11:00"


def test_add_takes_a_timedelta():
    with pytest.raises(TypeError, match="must be a timedelta, not 3"):
        add(3)


@pytest.mark.parametrize(("days", "moved"), [(0, 0), (1, 3), (2, 3), (3, 3), (4, 4)])
def test_next_weekday_moves_the_weekend_to_monday(days, moved):
    assert next_weekday(FRIDAY + days * DAY) == FRIDAY + moved * DAY


def test_next_weekday_keeps_the_wall_clock():
    saturday = datetime(2023, 9, 30, 18, tzinfo=SYDNEY)
    assert next_weekday(saturday).isoformat() == "2023-10-02T18:00:00+11:00"


@pytest.mark.usefixtures("machine_in_sydney")
def test_a_naive_moment_is_utc():
    assert next_weekday(datetime(2014, 1, 4, 12)) == FRIDAY + 3 * DAY


def test_a_function_that_goes_further_than_it_says_is_a_definition_error():
    with pytest.raises(DefinitionError, match="further than"):
        Adjustment(lambda moment: moment + 8 * DAY)(FRIDAY)
    with pytest.raises(DefinitionError, match="further than"):
        Adjustment(lambda moment: moment - DAY, earliest=timedelta())(FRIDAY)
    assert Adjustment(lambda moment: moment + 8 * DAY, latest=8 * DAY)(FRIDAY) == FRIDAY + 8 * DAY


def test_a_function_that_returns_no_datetime_is_a_type_error():
    with pytest.raises(TypeError, match="returns must be a datetime, not None"):
        Adjustment(lambda moment: None)(FRIDAY)
