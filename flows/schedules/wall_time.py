"""Between what a clock on the wall shows and the instants of UTC.

Python compares two datetimes of one zone by their wall clocks, and finds none equal across zones in an
hour that comes twice. Everything here therefore compares, sorts and adds *instants*: datetimes in UTC.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


class Reading(NamedTuple):
    """A wall time, read in its zone.

    Attributes:
        floor: the earlier of its two readings in UTC, if it has two; no later wall time of the zone
            is an earlier instant.
        instant: what it means, in UTC.
        moment: the same in the zone, as its clocks show it.
    """

    floor: datetime
    instant: datetime
    moment: datetime


def as_aware(value: object, name: str) -> datetime:
    """Return a plain datetime with a zone; a naive one is read as UTC.

    Args:
        value: a datetime, also of a subclass, in any zone.
        name: what the value is called in the error.

    Raises:
        TypeError: that is no datetime.

    >>> as_aware(datetime(2014, 1, 1), "start_date")
    datetime.datetime(2014, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if not isinstance(value, datetime):
        raise TypeError(f"{name} must be a datetime, not {value!r}")
    zone = value.tzinfo or UTC
    pytz_name = getattr(zone, "zone", None)
    if isinstance(
        pytz_name, str
    ):  # pytz hands out single offsets, which know of no change of clocks
        zone = ZoneInfo(pytz_name)
        value = value.astimezone(UTC).astimezone(zone)
    clock = value.time()
    return datetime.combine(value.date(), clock, zone).replace(fold=value.fold)


def as_instant(value: object, name: str) -> datetime:
    """Return a datetime in UTC; a naive one is read as UTC.

    Raises:
        TypeError: that is no datetime.
    """
    return as_aware(value, name).astimezone(UTC)


def read_wall(wall: datetime) -> Reading:
    """Read an aware datetime as what the clocks of its zone show.

    One that does not exist, because clocks skip it, moves forward by what they skip; of one that comes
    twice ``fold`` says which is meant, the first by default.

    >>> skipped = datetime(2023, 10, 1, 2, 30, tzinfo=ZoneInfo("Australia/Sydney"))
    >>> f"{read_wall(skipped).moment:%H:%M}"
    '03:30'
    """
    instant = wall.astimezone(UTC)
    other = wall.replace(fold=1 - wall.fold).astimezone(UTC)
    return Reading(min(instant, other), instant, instant.astimezone(wall.tzinfo))


def at_wall(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment when the clocks of a zone first show a naive wall time."""
    return read_wall(wall.replace(tzinfo=zone, fold=0)).moment


def skipped_before(instant: datetime, zone: tzinfo) -> timedelta:
    """Return how far the clocks of a zone jumped ahead in the day that ends at an instant."""
    now = instant.astimezone(zone).utcoffset() or timedelta()
    then = shift_instant(instant, -DAY).astimezone(zone).utcoffset() or timedelta()
    return max(now - then, timedelta())


def shift_instant(instant: datetime, by: timedelta) -> datetime:
    """Add to an instant; stop where the calendar does, in the years 1 and 9999."""
    try:
        return instant + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def shift_moment(moment: datetime, by: timedelta) -> datetime:
    """Add to a moment: less than a day as elapsed time, a day or more on the wall clock.

    >>> evening = datetime(2023, 9, 30, 18, tzinfo=ZoneInfo("Australia/Sydney"))
    >>> f"{shift_moment(evening, timedelta(days=1)):%d %H:%M}"
    '01 18:00'
    >>> f"{shift_moment(evening, timedelta(hours=10)):%d %H:%M}"
    '01 05:00'
    """
    zone = moment.tzinfo or UTC
    if abs(by) < DAY:
        return (moment.astimezone(UTC) + by).astimezone(zone)
    return at_wall(moment.replace(tzinfo=None) + by, zone)
