"""When a day that is not final is worth another look.

Recent prices change for two business days (revisions, and prices that are set after the event;
`business_days` says which days are); then the next better source is waited for, mostly the month's
file. One that is late is looked for again after half the time that it has been waited for, at least
six hours.
"""

from datetime import date, datetime, time, timedelta

from nemflow.tasks.nem.business_days import is_business_day
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sources import Quality, Rung, Shelf, Source, Tabled, ladder

_REVISED_BY = time(6)  # the daily reports have come
_BUSINESS_DAYS = 2
_SOONEST = timedelta(hours=6)
_LATEST = timedelta(days=30)
_FINE = timedelta(minutes=15)


def next_due(
    dataset: Tabled,
    day: date,
    source: Source,
    shelf: Shelf,
    *,
    made_at: datetime,
    now: datetime,
) -> datetime | None:
    """Return when a day taken from a shelf may have something better; None if nothing is to come.

    Args:
        made_at: when the day's file was made.
        now: when it was last looked at.
    """
    rungs = ladder(dataset, day, now)
    own = next((rung for rung in rungs if (rung.source, rung.shelf) == (source, shelf)), None)
    if own is not None and own.quality is Quality.FINAL:
        return None
    better = rungs if own is None else rungs[: rungs.index(own)]
    times = [_next_look(rung, made_at, now) for rung in better if _is_better(rung, own)]
    settled = settled_at(day)
    if now < settled:
        times.append(settled)
    return min(times, default=None)


def settled_at(day: date) -> datetime:
    """Return when the prices of a day change no more: the morning after two business days.

    >>> settled_at(date(2026, 11, 20)).isoformat()  # a Friday
    '2026-11-25T06:00:00+10:00'
    >>> settled_at(date(2026, 4, 2)).isoformat()  # the Thursday before Easter
    '2026-04-09T06:00:00+10:00'
    """
    left = _BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return datetime.combine(day + timedelta(days=1), _REVISED_BY, NEM_TIME)


def _is_better(rung: Rung, own: Rung | None) -> bool:
    # The other shelf of a source has the same files, unless they count as more settled there.
    return own is None or rung.source is not own.source or rung.quality is not own.quality


def _next_look(rung: Rung, made_at: datetime, now: datetime) -> datetime:
    if now < rung.usual_at:
        return rung.usual_at + _FINE
    waited = now - max(rung.usual_at, made_at)
    return now + min(max(waited / 2, _SOONEST), _LATEST)
