"""The last lines of ``nemflow backfill``: what was written where, what failed, what to type next."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from nemflow.cli.backfill_tally import Tally, group_failures
from nemflow.cli.wording import align, count_of, format_bytes, format_seconds
from nemflow.flows.nem.outcome import NOT_OVER, FlowRunRecord, Outcome
from nemflow.flows.nem.plan import BackfillPlan, Unit

_MOST_FAILURES = 30
_MOST_REASONS = 3
_MOST_UNITS = 40


def summarize_backfill(
    tally: Tally, title: str, days: Sequence[date], place: str, mark: str = ""
) -> list[str]:
    """Return the last lines.

    Args:
        title: the data set.
        days: that were asked for.
        place: the data directory.
        mark: put before each line; ``SYNTHETIC`` for the sandbox.
    """
    counts = dict(tally.days)
    present = tally.plan.present + counts.pop(Outcome.PRESENT, 0)
    told = [f"{counts[o]:,} {o.words}" for o in Outcome if o in counts]
    told += [f"{present:,} already there"] if present else []
    left = tally.plan.lacking - tally.days_ended
    told += [f"{left:,} not begun"] if left else []
    lines = [f"{title}, {_span(days)}: {', '.join(told)}"]
    written = tally.flow_runs[Outcome.WRITTEN]
    if written:
        sources = " and ".join(sorted(tally.sources))
        fetched = f", {format_bytes(tally.bytes)} fetched" if tally.bytes else ""
        lines.append(
            f"  {count_of(written, 'file')}, {count_of(tally.rows, 'row')} from {sources}{fetched}, "
            f"{format_seconds(tally.elapsed_s)}"
        )
    lines += _reason_lines(tally)
    if tally.compacted:
        each = " each" if tally.compacted > 1 else ""
        lines.append(f"  {count_of(tally.compacted, 'final month')} put into one file{each}")
    lines.append(f"  in {place}")
    lines += failure_table(tally.failures)
    return [f"{mark} {line}" if mark else line for line in lines]


def failure_table(failures: Sequence[FlowRunRecord]) -> list[str]:
    """Return a table of what failed: days, flow and one sentence; neighbours in one line."""
    rows = [
        (_spans(sorted({record.date for record in group})), group[0].flow, sentence)
        for group, sentence in group_failures(sorted(failures, key=lambda record: record.date))
    ]
    if not rows:
        return []
    more = len(rows) - _MOST_FAILURES
    lines = [f"  {line}" for line in align([("failed", "flow", "why"), *rows[:_MOST_FAILURES]])]
    return lines + ([f"  and {more:,} more; nemflow history lists all"] if more > 0 else [])


def describe_plan(
    plan: BackfillPlan, title: str, days: Sequence[date], place: str, reasons: Counter[str]
) -> list[str]:
    """Return the lines of a dry run: a line for each published file, of many for each year.

    Args:
        reasons: why flow runs would be done, and how many for each reason.
    """
    not_over = NOT_OVER in reasons  # the last day, if any
    lines = [
        f"{title}, {_span(days)}: {plan.lacking - not_over:,} to be made from "
        f"{count_of(len(plan.units), 'published file')}, {plan.present:,} already there"
        + (", 1 not over" if not_over else "")
    ]
    units = sorted(plan.units, key=lambda unit: min(unit.days))
    if len(units) <= _MOST_UNITS:
        rows = [(unit.name, *_lacking([unit])) for unit in plan.units]
    else:
        years = groupby(units, key=lambda unit: str(min(unit.days).year))
        rows = [(year, *_lacking(list(group))) for year, group in years]
    whys = [
        f"  {count_of(number, 'flow run')}: {why}"
        for why, number in reasons.most_common(_MOST_REASONS)
    ]
    return [*lines, *(f"  {line}" for line in align(rows)), *whys, f"  in {place}"]


def _lacking(units: Sequence[Unit]) -> list[str]:
    """Say how many days lack which stage."""
    stages = dict.fromkeys(stage for unit in units for stage in unit.lacking)
    return [
        f"{stage}: {count_of(sum(len(unit.lacking.get(stage, ())) for unit in units), 'day')}"
        for stage in stages
    ]


def _reason_lines(tally: Tally) -> list[str]:
    lines = [
        f"  {count_of(number, 'file')}: {reason}"
        for reason, number in tally.reasons.most_common(_MOST_REASONS)
    ]
    more = len(tally.reasons) - _MOST_REASONS
    return lines + (
        [f"  and {count_of(more, 'reason')} more; --json tells all"] if more > 0 else []
    )


def _span(days: Sequence[date]) -> str:
    first, last = min(days), max(days)
    if first == last:
        return f"1 day, {first}"
    return f"{count_of(len(days), 'day')} from {first} to {last}"


def _spans(days: Sequence[date]) -> str:
    """Return sorted days as ``2019-02-01 to 2019-02-28``; of several spans the first."""
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    first, last = spans[0]
    told = str(first) if first == last else f"{first} to {last}"
    if len(spans) > 1:
        others = len(days) - ((last - first).days + 1)
        told += f" and {count_of(others, 'day')} to {days[-1]}"
    return told
