"""The tasks of a flow run as a timeline, drawn in text."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from nemflow.cli.runs import RETRIED_STATES, took
from nemflow.cli.wording import align, format_progress, format_seconds
from nemflow.flows.history.stamps import read_stamp, utc_now

_BAR = 24  # characters for the whole run
_LISTED = 10  # children of a mapped task that get a line each
_FULL, _PLAIN = "█", "#"


def draw(
    run: sqlite3.Row, tasks: Sequence[sqlite3.Row], *, unicode: bool, everything: bool = False
) -> list[str]:
    """Return a line for each task run: name, state, duration, when it ran, how far it came.

    Args:
        run: the flow run.
        tasks: its task runs.
        unicode: whether the reader can show block characters.
        everything: list all children of mapped tasks, not only the first that failed.
    """
    shown, hidden = _choose(tasks, everything=everything)
    spans = _spans(tasks)
    start = min((span.start for span in spans.values()), default=read_stamp(run["started_at"]))
    whole = _Span(start, max((span.end for span in spans.values()), default=start))
    lines = []
    for task in shown:
        span = spans.get(task["slug"])
        bar = _bar(span, whole, _FULL if unicode else _PLAIN)
        lasted = took(task) or ("" if span is None else format_seconds(span.seconds))
        lines.append((f"  {task['name']}", task["state"], lasted, bar, _told(task)))
    return align(lines) + [f"  {line}" for line in _counted(hidden)]


class _Span(NamedTuple):
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def _spans(tasks: Sequence[sqlite3.Row]) -> dict[str, _Span]:
    """Return when each task ran, by slug; a mapped one while its children did."""
    spans: dict[str, _Span] = {}
    for task in tasks:
        if not task["started_at"]:
            continue
        span = _Span(read_stamp(task["started_at"]), _end(task))
        slug = task["slug"]
        for owner in (slug, slug.rpartition("[")[0]) if slug.endswith("]") else (slug,):
            known = spans.get(owner, span)
            spans[owner] = _Span(min(known.start, span.start), max(known.end, span.end))
    return spans


def _choose(
    tasks: Sequence[sqlite3.Row], *, everything: bool
) -> tuple[list[sqlite3.Row], list[sqlite3.Row]]:
    """Return the task runs that get a line, and those that are counted."""
    children = [task for task in tasks if task["slug"].endswith("]")]
    if everything or len(children) <= _LISTED:
        return list(tasks), []
    failed = [task for task in children if task["state"] in RETRIED_STATES][:_LISTED]
    chosen = {task["slug"] for task in failed}
    shown = [t for t in tasks if not t["slug"].endswith("]") or t["slug"] in chosen]
    return shown, [task for task in children if task["slug"] not in chosen]


def _counted(tasks: Sequence[sqlite3.Row]) -> list[str]:
    by_parent: dict[str, Counter[str]] = {}
    for task in tasks:
        parent = task["name"].rpartition("[")[0]
        by_parent.setdefault(parent, Counter())[task["state"]] += 1
    return [
        f"{parent}[...]  and {', '.join(f'{n:,} {state}' for state, n in counts.items())}; "
        "--all lists them"
        for parent, counts in by_parent.items()
    ]


def _end(task: sqlite3.Row) -> datetime:
    if task["ended_at"]:
        return read_stamp(task["ended_at"])
    return utc_now() if task["state"] == "Running" else read_stamp(task["started_at"])


def _bar(span: _Span | None, whole: _Span, block: str) -> str:
    """Draw when a task ran, as blocks in a row that stands for the whole run."""
    if span is None:
        return " " * _BAR
    scale = _BAR / (whole.seconds or 1.0)
    first = (span.start - whole.start).total_seconds() * scale
    last = (span.end - whole.start).total_seconds() * scale
    before = max(0, min(int(first), _BAR - 1))
    length = max(1, min(round(last - before), _BAR - before))
    return (" " * before + block * length).ljust(_BAR)


def _told(task: sqlite3.Row) -> str:
    facts = []
    if task["progress"] is not None:
        facts.append(format_progress(task["progress"], None, task["progress_unit"]))
    if task["attempts"] > 1:
        facts.append(f"{task['attempts']} attempts")
    if task["error"]:
        facts.append(task["error"])
    elif task["message"] and task["state"] not in ("Success", "Running"):
        facts.append(task["message"])
    return ", ".join(facts)
