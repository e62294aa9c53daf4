"""The words of ``--date``: days and months of the market."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from nemflow.errors import SettingsError
from nemflow.tasks.nem.market_time import NEM_TIME, Month, today

FIRST_DAY = date(1998, 12, 7)
"""The first day of the market."""

FORMS = "write a day as 2014-01-31, a month as 2014-01, or today or yesterday"

SPAN_FORMS = "write a day as 2014-01-31, a month as 2014-01, a year as 2014, today or yesterday"

_SPAN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_AGO = re.compile(r"(\d{1,4})([mhdw])", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?", re.ASCII)


def read_days(words: Iterable[str], now: datetime, *, said: str = "--date ") -> list[date]:
    """Return the days that the words name, in their order, each once.

    Days are market days (UTC+10). Of the month that `now` lies in, days after today are left out.

    Args:
        said: what stands before a word where it was written.

    Raises:
        SettingsError: a word is no date, or names what is in the future or before the market.
    """
    return list(dict.fromkeys(day for word in words for day in _days_of(said, word, today(now))))


def read_since(word: str, now: datetime | None = None, *, option: str = "--since") -> datetime:
    """Return the moment that ``--since`` means: so long ago, or the start of a market day.

    Args:
        option: that the word was given to.

    Raises:
        SettingsError: it is neither.
    """
    moment = now or datetime.now(UTC)
    match = _AGO.fullmatch(word.strip().lower())
    if match:
        unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[match[2]]
        return moment - timedelta(**{unit: int(match[1])})
    named = {"today": today(moment), "yesterday": today(moment) - timedelta(days=1)}
    try:
        day = named.get(word.strip().lower()) or date.fromisoformat(word.strip())
        return datetime.combine(day, time(), NEM_TIME)
    except (ValueError, OverflowError):
        raise SettingsError(
            f"{option} {word}: write how long ago, as 30m, 12h, 7d or 4w, a date as 2014-01-31, "
            "today or yesterday"
        ) from None


def _days_of(said: str, word: str, current: date) -> list[date]:
    named = {"today": current, "yesterday": current - timedelta(days=1)}
    text = word.strip().lower()
    if text in named:
        return [named[text]]
    match = _DATE.fullmatch(text)
    if match is None:
        raise SettingsError(f"{said}{word}: not a date; {FORMS}")
    year, month, day = match.groups(default="01")
    try:
        named_day = date(int(year), int(month), int(day))
    except ValueError as error:
        raise SettingsError(f"{said}{word}: no such date, {error}; {FORMS}") from None
    if match[3] is None:
        return _days_of_month(Month.of(named_day), said, word, current)
    return [_within(said, word, named_day, current)]


def _days_of_month(month: Month, said: str, word: str, current: date) -> list[date]:
    known = month.first_day if month > Month.of(FIRST_DAY) else month.last_day
    _within(said, word, known, current)
    return [day for day in month.days() if FIRST_DAY <= day <= current]


class Beginning(NamedTuple):
    """The first day that there can be anything of."""

    day: date
    whose: str
    instead: str = ""  # what to take for days before


MARKET = Beginning(FIRST_DAY, "the market")


def read_span(
    start: str, end: str | None, now: datetime, beginning: Beginning = MARKET
) -> list[date]:
    """Return the days from the start that one word means to the end that the other means.

    A word is a day, a month, a year, today or yesterday. A month or year that is not over ends
    yesterday, for today is not over; so does a span whose end is not said. One that holds the first
    day that there can be anything of begins with it.

    Raises:
        SettingsError: a word is no date, the end lies before the start, or a day is in the future
            or before there can be anything.
    """
    current = today(now)
    yesterday = current - timedelta(days=1)
    first, _ = _ends_of("--start ", start, current, beginning)
    last = yesterday if end is None else _ends_of("--end ", end, current, beginning)[1]
    if first > last:
        to = f"--end {end}" if end is not None else f"yesterday, {last}"
        raise SettingsError(f"--start {start} lies after {to}")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _ends_of(said: str, word: str, current: date, beginning: Beginning) -> tuple[date, date]:
    """Return the first and last day that a word means, as far as they are over."""
    text = word.strip().lower()
    named = {"today": current, "yesterday": current - timedelta(days=1)}
    if text in named:
        return named[text], named[text]
    match = _SPAN.fullmatch(text)
    if match is None:
        raise SettingsError(f"{said}{word}: not a date; {SPAN_FORMS}")
    year, month, day = (None if part is None else int(part) for part in match.groups())
    try:
        first, end = date(year or 0, month or 1, day or 1), date(year or 0, month or 12, day or 1)
    except ValueError as error:
        raise SettingsError(f"{said}{word}: no such date, {error}; {SPAN_FORMS}") from None
    if day is not None:
        return _within(said, word, first, current, beginning), first
    last = Month.of(end).last_day
    known = max(first, beginning.day) if last >= beginning.day else first
    begun = _within(said, word, known, current, beginning)
    return begun, max(begun, min(last, current - timedelta(days=1)))


def _within(said: str, word: str, day: date, current: date, beginning: Beginning = MARKET) -> date:
    if day > current:
        raise SettingsError(
            f"{said}{word}: lies in the future; today is {current} in market time (UTC+10)"
        )
    if day < beginning.day:
        raise SettingsError(
            f"{said}{word}: lies before {beginning.whose}'s first day, {beginning.day}"
            + (f"; take {beginning.instead}" if beginning.instead else "")
        )
    return day
