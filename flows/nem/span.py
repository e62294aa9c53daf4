"""The span of time that a question is about: whole market days, or the intervals between two instants.

>>> read_span("2014-01", "2014-02-10").last
datetime.date(2014, 2, 10)
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nemflow.errors import ParameterError
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.market_time import (
    Month,
    day_bounds,
    market_day,
    today,
    utc_now,
)
from nemflow.tasks.nem.regions import REGIONS, first_interval_end
from nemflow.tasks.nem.sources import BUNDLE_FIRST_DAY, MMSDM_FIRST_DAY, Source

Moment = date | str
"""A date, an aware datetime (which is a date to Python), or one of them as text."""

FIRST_DAY = market_day(first_interval_end(REGIONS[0]))
"""The first day with prices."""

# Reports reach back a year, and months are there of every day that they hold.
_FIRST_DAYS = {
    Source.MMSDM: MMSDM_FIRST_DAY,
    Source.BUNDLE: BUNDLE_FIRST_DAY,
    Source.PRICE_AND_DEMAND: FIRST_DAY,
}

FORMS = (
    "a day (2014-01-31), a month (2014-01), a year (2014), today, yesterday, "
    "or a time with its offset (2014-01-31T10:00+10:00)"
)

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """The intervals that start at or after `since` and end at or before `until`, both aware."""

    since: datetime
    until: datetime

    @property
    def first(self) -> date:
        """The market day of the first interval."""
        return today(self.since)

    @property
    def last(self) -> date:
        """The market day of the last interval."""
        return market_day(self.until)

    def days(self, now: datetime) -> list[date]:
        """Return the market days of the span that there can be data of, in order.

        Those before the market's first day and those to come are left out.
        """
        first, last = max(self.first, FIRST_DAY), min(self.last, today(now))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def covers(self, first: date, last: date) -> bool:
        """Tell whether all intervals of these days lie in the span."""
        return self.since <= day_bounds(first)[0] and day_bounds(last)[1] <= self.until


def read_span(start: Moment, end: Moment, now: datetime | None = None) -> Span:
    """Return the span from *start* to *end*.

    A date, a month or a year means its whole market days, at the end too.

    Args:
        start: from here on.
        end: up to and with this day, month or year; or up to this instant.
        now: the present instant, for ``today`` and ``yesterday``.

    Raises:
        ParameterError: a word is no date, a time has no zone, or the end lies before the start.
    """
    current = today(now or utc_now())
    since, until = _bounds(start, "start", current)[0], _bounds(end, "end", current)[1]
    if until <= since:
        raise ParameterError(f"end {end} lies before start {start}: give the earlier one as start")
    return Span(since, until)


def first_day_of(dataset: Dataset) -> date:
    """Return the first day that any source has of a data set."""
    return min(
        max(_FIRST_DAYS[source], table.since or FIRST_DAY)
        for source, table in dataset.kept_in
        if source in _FIRST_DAYS
    )


def _bounds(moment: Moment, label: str, current: date) -> tuple[datetime, datetime]:
    """Return where a day, month or year begins and ends; of an instant twice the instant."""
    value = _read(moment, label, current) if isinstance(moment, str) else (moment, moment)
    for part in value:
        if isinstance(part, datetime) and part.tzinfo is None:
            raise ParameterError(
                f"{label} {part} has no time zone; give a date for whole market days, or a "
                'datetime with its zone, such as tzinfo=ZoneInfo("Australia/Brisbane")'
            )
        if not isinstance(part, date):
            raise ParameterError(f"{label} must be a date, text or an aware datetime, not {part!r}")
    first, last = value
    return _begin(first), last if isinstance(last, datetime) else day_bounds(last)[1]


def _begin(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else day_bounds(moment)[0]


def _read(text: str, label: str, current: date) -> tuple[date, date]:
    """Return the first and last day that a word means, or twice the instant."""
    word = text.strip().lower()
    named = {"today": current, "yesterday": current - timedelta(days=1)}
    if word in named:
        return named[word], named[word]
    try:
        if (match := _DATE.fullmatch(word)) is None:
            instant = datetime.fromisoformat(text.strip())
            return instant, instant
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return Month(year, month).first_day, Month(year, month).last_day
        return date(year, month, day), date(year, month, day)
    except ValueError as error:
        why = "" if match is None else f" ({error})"
        raise ParameterError(f"{label} {text!r} is no date{why}; write {FORMS}") from None
