"""What the history knows of stored days, as coverage needs it."""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from nemflow.cli.advice import ask_history
from nemflow.cli.settings import Settings
from nemflow.flows.nem.coverage import USUAL_ROWS, Known, Written
from nemflow.flows.nem.on_disk import STAGES

if TYPE_CHECKING:  # loaded where it is used
    from sqlite3 import Row

    from nemflow.flows.history.reading import History
    from nemflow.flows.nem.stale import Making


def known_of(settings: Settings, dataset: str) -> Known:
    """Return what the history says of the days of a data set; nothing where there is none to ask.

    Runs that made their files in another data directory are left out.
    """
    runs = ask_history(settings, lambda history: _last_runs(history, dataset))
    if not runs:
        return Known()
    from nemflow.flows.history.reading import FAILED_STATES  # SQLite, where there is a history

    roots = _roots(settings)
    failures: dict[tuple[str, date], str] = {}
    unpublished: set[tuple[str, date]] = set()
    written: dict[str, Written] = {}
    for stage, run in runs:
        day = day_of(run["name"])
        target = _inside(run["target"], roots)
        if day is None or (target is None and run["target"]):
            continue
        if run["outcome"] == "written" and target:
            written[f"{settings.data_dir}{os.sep}{target}"] = Written(run["rows"], run["bytes"])
        elif run["outcome"] == "not_published":
            unpublished.add((stage, day))
        elif run["state"] in FAILED_STATES:
            failures[stage, day] = str(run["error"] or run["message"] or run["state"])
    return Known(failures=failures, unpublished=frozenset(unpublished), written=written)


def _last_runs(history: "History", dataset: str) -> list[tuple[str, "Row"]]:
    """Return the last run of each day and stage; of usual clean ones without their rows."""
    raw = history.last_of_flow(f"{dataset}_raw", without_rows=None)
    clean = history.last_of_flow(f"{dataset}_clean", without_rows=USUAL_ROWS)
    return [(stage, run) for stage, runs in zip(STAGES, (raw, clean), strict=True) for run in runs]


def day_of(name: str) -> date | None:
    """Return the day in the name of a flow run; None where it has none.

    >>> day_of("nem_prices_raw_2014-01-01"), day_of("squares")
    (datetime.date(2014, 1, 1), None)
    """
    try:
        return date.fromisoformat(name[-10:])
    except ValueError:
        return None


def _roots(settings: Settings) -> list[str]:
    """Return the data directory by its names: the targets of the history are without links."""
    return list(dict.fromkeys((str(settings.data_dir), os.path.realpath(settings.data_dir))))


def _inside(target: str | None, roots: Iterable[str]) -> str | None:
    """Return where a target lies below one of some folders; None if it does not."""
    for root in roots:
        if target and target.startswith(f"{root}{os.sep}"):
            return target[len(root) + 1 :]
    return None


def stale_runs(
    settings: Settings, dataset: str, days: Sequence[date]
) -> dict[tuple[str, date], str]:
    """Return which flow runs are to be made again because their days are stale, and why.

    Of a day whose raw file is stale the clean one is made again too.

    Args:
        days: in any order.
    """
    from nemflow.flows.nem.stale import find_stale  # only who asks waits for it

    making = making_of(settings, dataset, keep=False)  # a dry run asks this too
    found = find_stale(settings.data_dir, dataset, min(days), max(days), making)
    wanted = set(days)
    stale = {key: f"stale: {why}" for key, why in found.items() if key[1] in wanted}
    for (stage, day), why in list(stale.items()):
        if stage == "raw":
            stale.setdefault(("clean", day), why)
    return {(f"{dataset}_{stage}", day): why for (stage, day), why in stale.items()}


def making_of(settings: Settings, dataset: str, *, keep: bool = True) -> "Making":
    """Return how days of a data set would be made now, and what the history says they were made by.

    Args:
        keep: in the state folder, for the next time, how they would be made now.
    """
    # what only lists files does not pay for these
    from nemflow.cli.flow_versions import versions_now
    from nemflow.flows.nem.stale import Making

    versions = versions_now(settings, dataset, keep=keep)
    return Making(versions=versions, recorded=_recorded(settings, dataset))


def _recorded(settings: Settings, dataset: str) -> dict[tuple[str, date], str]:
    def ask(history: "History") -> list[tuple[str, "Row"]]:
        flows = {stage: f"{dataset}_{stage}" for stage in STAGES}
        return [(s, run) for s, flow in flows.items() for run in history.last_of_flow(flow)]

    recorded: dict[tuple[str, date], str] = {}
    runs = ask_history(settings, ask) or []
    roots = _roots(settings)
    for stage, run in runs:
        day = day_of(run["name"])
        is_here = _inside(run["target"], roots) is not None
        if day is not None and is_here and run["outcome"] == "written" and run["version"]:
            recorded[stage, day] = run["version"]
    return recorded
