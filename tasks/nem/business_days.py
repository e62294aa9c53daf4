"""Business days, for how long prices may still change.

The market's rules count a public holiday only where every state of the market observes one that day.
Here all of New South Wales' count (its Public Holidays Act 2010, section 4, and Monday for an Anzac
Day on a weekend, as was declared in some years): those and a few more, so a day stays due too long
rather than not long enough. Days declared for one year only are not known.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_MONDAY, _TUESDAY, _SATURDAY, _SUNDAY = 0, 1, 5, 6


def is_business_day(day: date) -> bool:
    """Tell whether `day` is neither of a weekend nor a public holiday."""
    return day.weekday() < _SATURDAY and day not in holidays_of(day.year)


@lru_cache(maxsize=8)
def holidays_of(year: int) -> frozenset[date]:
    """Return the public holidays of a year that may fall on a Monday to Friday."""
    return frozenset(day for day in _holidays(year) if day.weekday() < _SATURDAY)


def _holidays(year: int) -> Iterator[date]:
    from dateutil.easter import easter

    for month, day in ((1, 1), (1, 26), (4, 25)):
        holiday = date(year, month, day)
        yield holiday if holiday.weekday() < _SATURDAY else _next(_MONDAY, holiday)
    sunday = easter(year)
    yield sunday - 2 * _DAY
    yield sunday + _DAY
    yield _next(_MONDAY, date(year, 5, 31)) + 7 * _DAY  # King's Birthday
    yield _next(_MONDAY, date(year, 9, 30))  # Labour Day
    for holiday in (date(year, 12, 25), date(year, 12, 26)):
        yield holiday
        if holiday.weekday() >= _SATURDAY:
            yield _next(_TUESDAY if holiday.weekday() == _SUNDAY else _MONDAY, holiday)


def _next(weekday: int, after: date) -> date:
    """Return the first such day of the week after a day."""
    return after + ((weekday - after.weekday() - 1) % 7 + 1) * _DAY
