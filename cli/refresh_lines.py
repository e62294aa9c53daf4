"""What ``nemflow refresh`` says: what became of each day, and which values changed."""

from collections import Counter
from collections.abc import Iterator, Sequence

from nemflow.cli.wording import align, count_of
from nemflow.flows.nem.changes import Change
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.nem.refresh import Refreshed
from nemflow.tasks.nem.market_time import NEM_TIME

LISTED = 10
"""Up to so many changed values of a day get a line each; more are counted."""

FAILURE = (Outcome.FAILED, Outcome.OVERDUE, Outcome.CANCELLED)
"""What becomes of days that could not be looked at."""

_OUTCOMES = {Outcome.WRITTEN: "replaced", Outcome.PRESENT: "left as they are"}


def failure_lines(told: Sequence[Refreshed]) -> list[str]:
    """Return a line for each day that failed."""
    return [
        f"{day.dataset} {day.date}: {day.error or day.reason}"
        for day in told
        if day.outcome in FAILURE
    ]


def describe_refreshed(told: Sequence[Refreshed]) -> Iterator[str]:
    """Yield the lines on what became of the days, and how many values changed."""
    if not told:
        yield "nothing is due"
        return
    rows = [(f"{day.dataset} {day.date}", _words(day)) for day in told]
    for line, day in zip(align(rows), told, strict=True):
        yield line
        yield from (f"  {change}" for change in describe_changes(day.changes))
    counts = Counter(day.outcome for day in told)
    words = ", ".join(f"{counts[o]:,} {_OUTCOMES.get(o, o.words)}" for o in Outcome if o in counts)
    changed = sum(len(day.changes) for day in told)
    yield f"{count_of(len(told), 'day')}: {words}; {count_of(changed, 'value')} changed"


def _words(day: Refreshed) -> str:
    if day.outcome in FAILURE:
        return f"{day.outcome.words}: {day.error or day.reason}"
    if day.outcome is not Outcome.WRITTEN:
        words = _OUTCOMES.get(day.outcome, day.outcome.words)
        return f"{words} ({day.reason or day.why})"
    told = f"{day.quality} from {day.source}"
    if (day.source_before, day.quality_before) != (day.source, day.quality):
        told = f"{day.quality_before} from {day.source_before}, now {told}"
    return f"replaced: {told}; {count_of(len(day.changes), 'value')} changed"


def describe_changes(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the changed values; of many the first, and how many there are of each column."""
    shown = changes if len(changes) <= LISTED else changes[:3]
    for change in shown:
        end = change.interval_end.astimezone(NEM_TIME)
        yield (
            f"{end:%Y-%m-%d %H:%M} {change.region} {change.column}: "
            f"{_value(change.old)} -> {_value(change.new)}"
        )
    if len(shown) < len(changes):
        columns = Counter(change.column for change in changes)
        told = ", ".join(f"{column} {count:,}" for column, count in columns.most_common(5))
        more = f" and {len(columns) - 5} columns more" if len(columns) > 5 else ""
        yield f"... in all {told}{more}; --json lists every one"


def _value(value: object) -> str:
    return "none" if value is None else str(value)
