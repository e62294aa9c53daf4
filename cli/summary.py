"""The last lines of ``nemflow run``: what was written where, and what to type next."""

import os
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from nemflow.cli.wording import align, count_of
from nemflow.flows.nem.outcome import FlowRunRecord, Outcome
from nemflow.tasks.nem.market_time import Month

LISTED = 10
"""Up to so many flow runs get a line each; more are counted."""

_FAILURE = (Outcome.FAILED, Outcome.OVERDUE, Outcome.CANCELLED)
_TROUBLE = (*_FAILURE, Outcome.NOT_RUN)
_WITH_PATH = (Outcome.WRITTEN, Outcome.PRESENT, Outcome.PLANNED)
_WITH_NOTE = (Outcome.WRITTEN, Outcome.NOT_PUBLISHED)
_REASONS = 3


def summarize(records: Sequence[FlowRunRecord], mark: str = "") -> list[str]:
    """Return the last lines of a command.

    Args:
        records: its flow runs, in order.
        mark: put before each line; ``SYNTHETIC`` for the sandbox.
    """
    lines = _listed(records) if len(records) <= LISTED else _counted(records)
    return [f"{mark} {line}" if mark else line for line in lines]


def failures(records: Sequence[FlowRunRecord]) -> list[str]:
    """Return one line for each flow run that failed or was not run because another failed."""
    days = set(failed_days(records))
    return [f"{r.flow_run} {_what(r)}" for r in records if r.date in days and r.outcome in _TROUBLE]


def failed_days(records: Iterable[FlowRunRecord]) -> list[date]:
    """Return the days of which a flow run failed, in order, each once."""
    return list(dict.fromkeys(r.date for r in records if r.outcome in _FAILURE))


def retry_command(words: Sequence[str], days: Sequence[date], today: date) -> str:
    """Return the command that runs exactly these days again.

    Args:
        words: the command without its dates.
        days: what failed; a whole month of the past is written as a month.
        today: the market's date.
    """
    return shlex.join([*words, *(w for d in _date_words(days, today) for w in ("--date", d))])


def _date_words(days: Sequence[date], today: date) -> list[str]:
    left = set(days)
    words: dict[str, None] = {}
    for day in days:
        month = Month.of(day)
        whole = month.last_day < today and left.issuperset(month.days())
        words[str(month) if whole else day.isoformat()] = None
    return list(words)


def _listed(records: Sequence[FlowRunRecord]) -> list[str]:
    paths = [r.target if r.outcome in _WITH_PATH and r.target else "" for r in records]
    told = [_what(record) for record in records]
    # a long failure would push the paths of the others off the screen
    with_paths = iter(align((w, p) for w, p in zip(told, paths, strict=True) if p))
    ends = [next(with_paths) if p else w for w, p in zip(told, paths, strict=True)]
    lines = align((record.flow_run, end) for record, end in zip(records, ends, strict=True))
    reasons = dict.fromkeys(r.reason for r in records if r.outcome in _WITH_NOTE and r.reason)
    return [*lines, *(f"note: {reason}" for reason in reasons)]


def _what(record: FlowRunRecord) -> str:
    """Say what became of a flow run, without its name and path."""
    words = record.outcome.words
    if record.outcome.has_failed:
        return f"{words}: {record.error}"
    facts = [words] if record.rows is None else [words, count_of(record.rows, "row")]
    told = ", ".join(facts) + (f" from {record.source}" if record.source else "")
    if record.reason and record.outcome not in _WITH_NOTE:
        return f"{told} ({record.reason})"
    return told


def _counted(records: Sequence[FlowRunRecord]) -> list[str]:
    lines = []
    for flow in dict.fromkeys(r.flow for r in records):
        lines += _counted_flow(flow, [r for r in records if r.flow == flow])
    return lines + failures(records)


def _counted_flow(flow: str, records: Sequence[FlowRunRecord]) -> list[str]:
    days = [record.date for record in records]
    counts = Counter(record.outcome for record in records)
    told = ", ".join(f"{counts[o]:,} {o.words}" for o in Outcome if o in counts)
    lines = [f"{flow}, {count_of(len(days), 'date')} from {min(days)} to {max(days)}: {told}"]
    made = [record for record in records if record.outcome is Outcome.WRITTEN]
    rows = sum(record.rows or 0 for record in made)
    if rows:
        sources = " and ".join(sorted({record.source for record in made if record.source}))
        lines.append(f"  {count_of(rows, 'row')}" + (f" from {sources}" if sources else ""))
    lines += _counted_reasons([r.reason for r in records if r.outcome not in _TROUBLE])
    places = [os.path.dirname(r.target) for r in records if r.target and r.outcome in _WITH_PATH]
    return lines + ([f"  in {os.path.commonpath(places)}"] if places else [])


def _counted_reasons(reasons: Iterable[str]) -> list[str]:
    counts = Counter(reason for reason in reasons if reason)
    lines = [f"  {count_of(n, 'date')}: {reason}" for reason, n in counts.most_common(_REASONS)]
    if len(counts) > _REASONS:
        lines.append(f"  and {count_of(len(counts) - _REASONS, 'reason')} more; --json tells all")
    return lines
