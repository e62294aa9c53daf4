"""Wall times and instants."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from nemflow.flows.schedules.wall_time import (
    as_aware,
    as_instant,
    at_wall,
    read_wall,
    shift_instant,
    shift_moment,
    skipped_before,
)

SYDNEY = ZoneInfo("Australia/Sydney")


class OneOffset(tzinfo):
    """What pytz hangs on a datetime: one offset of a zone, with the zone's name."""

    zone = "Australia/Sydney"

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta(hours=self.hours)

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:
        return "one offset"


@pytest.mark.usefixtures("machine_in_sydney")
def test_a_naive_datetime_is_read_as_utc():
    assert as_aware(datetime(2014, 1, 1), "it") == datetime(2014, 1, 1, tzinfo=UTC)
    assert as_instant(datetime(2014, 1, 1), "it") == datetime(2014, 1, 1, tzinfo=UTC)


def test_what_is_no_datetime_is_named_in_the_error():
    with pytest.raises(TypeError, match=r"start_date must be a datetime, not datetime.date\("):
        as_aware(datetime(2014, 1, 1).date(), "start_date")


def test_a_datetime_of_a_subclass_becomes_a_plain_one_of_the_same_zone_and_fold():
    class Own(datetime):
        pass

    own = Own(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1)
    plain = as_aware(own, "it")
    assert type(plain) is datetime
    assert (plain.tzinfo, plain.fold) == (SYDNEY, 1)


@pytest.mark.parametrize(("hours", "fold"), [(11, 0), (10, 1)])
def test_a_pytz_moment_keeps_its_instant_and_gets_the_whole_zone(hours, fold):
    given = datetime(2023, 4, 2, 2, 30, tzinfo=OneOffset(hours))
    read = as_aware(given, "it")
    assert read.tzinfo == SYDNEY
    assert read.fold == fold
    assert read.astimezone(UTC) == given.astimezone(UTC)


def test_a_skipped_wall_time_moves_forward_by_what_is_skipped():
    moment = at_wall(datetime(2023, 10, 1, 2, 30), SYDNEY)
    assert moment.isoformat() == "2023-10-01T03:30:00+11:00"


def test_a_wall_time_that_comes_twice_is_the_first():
    assert at_wall(datetime(2023, 4, 2, 2, 30), SYDNEY).isoformat() == "2023-04-02T02:30:00+11:00"


def test_the_floor_of_a_skipped_wall_time_lies_before_the_gap():
    gap_ends = datetime(2023, 9, 30, 16, tzinfo=UTC)
    reading = read_wall(datetime(2023, 10, 1, 2, 30, tzinfo=SYDNEY))
    assert reading.floor < gap_ends < reading.instant


def test_an_ordinary_wall_time_is_its_own_floor():
    reading = read_wall(datetime(2023, 6, 1, 2, 30, tzinfo=SYDNEY))
    assert reading.floor == reading.instant


@pytest.mark.parametrize(
    ("instant", "hours"),
    [
        (datetime(2023, 9, 30, 16, tzinfo=UTC), 1),
        (datetime(2023, 9, 30, 15, 59, tzinfo=UTC), 0),
        (datetime(2023, 10, 2, tzinfo=UTC), 0),
        (datetime(2023, 4, 2, tzinfo=UTC), 0),
    ],
)
def test_what_clocks_skipped_is_known_for_a_day(instant, hours):
    assert skipped_before(instant, SYDNEY) == timedelta(hours=hours)


def test_instants_stop_at_the_ends_of_the_calendar():
    assert shift_instant(datetime.max.replace(tzinfo=UTC), timedelta(1)).year == 9999
    assert shift_instant(datetime.min.replace(tzinfo=UTC), -timedelta(1)).year == 1


@pytest.mark.parametrize("sign", [1, -1])
def test_a_shift_below_a_day_is_elapsed_time_and_from_a_day_on_wall_time(sign):
    moment = datetime(2023, 9, 30, 18, tzinfo=SYDNEY) + (sign < 0) * timedelta(days=1)
    by_hours = shift_moment(moment, sign * timedelta(hours=23))
    by_a_day = shift_moment(moment, sign * timedelta(days=1))
    assert by_hours.astimezone(UTC) - moment.astimezone(UTC) == sign * timedelta(hours=23)
    assert by_a_day.hour == moment.hour
    assert by_a_day.astimezone(UTC) - moment.astimezone(UTC) == sign * timedelta(hours=23)


def test_a_shift_keeps_a_fixed_zone():
    fixed = timezone(timedelta(hours=10))
    assert shift_moment(datetime(2014, 1, 1, tzinfo=fixed), timedelta(hours=1)).tzinfo is fixed
