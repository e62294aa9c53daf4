"""The facts that the page shows: coverage, prices, runs, failures and flows, ready for JSON.

::

    datasets   [{name, description, details: {day: …}, stages: {stage: {year: a letter a day}}}]
    gaps       [{dataset, stage, start, end, days, command}]
    prices     {dataset, column, unit, start, minutes, regions: {NSW1: [price or null, …]}} or null
    runs       the newest first, each with its tasks and times
    failures   of runs whose day has not been made good since: {name, at, error, command, run}
    flows      [{name, description, tasks: [{name, upstream, state, target, is_parameter}]}]

A letter stands for how a day stands (`LETTERS`); a point for a day before or after what is asked for.
Times are ISO 8601 with their offset; the page shows them in market time.
"""

import shlex
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from nemflow import __version__
from nemflow.cli.advice import ask_history
from nemflow.cli.asked import Subject
from nemflow.cli.known import day_of, known_of
from nemflow.cli.market import market_settings
from nemflow.cli.page.prices import readable_prices
from nemflow.cli.runs import RETRIED_STATES, words_of
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.cli.to_do import command_for
from nemflow.flows.history.reading import History
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.coverage import (
    Coverage,
    DayStatus,
    Gap,
    Known,
    read_coverage,
)
from nemflow.flows.nem.provenance import ATTRIBUTION, SYNTHETIC_ATTRIBUTION
from nemflow.flows.nem.span import first_day_of
from nemflow.flows.parameters import Parameter
from nemflow.tasks.nem.datasets import DATASETS, Dataset
from nemflow.tasks.nem.market_time import today

SCHEMA = 1
"""The version of the facts."""

LETTERS = MappingProxyType(
    {
        DayStatus.FINAL: "F",
        DayStatus.PRELIMINARY: "P",
        DayStatus.LIVE: "L",
        DayStatus.ODD: "O",
        DayStatus.STALE: "S",
        DayStatus.FAILED: "X",
        DayStatus.MISSING: "M",
        DayStatus.NOT_PUBLISHED: "N",
    }
)
"""How a day stands, in a letter."""

_RUNS = 50


def gather_facts(settings: Settings, now: datetime, *, live: bool = False) -> dict[str, object]:
    """Return the facts of one moment.

    Args:
        settings: whose data directory and history they are; a sandbox's folder is told as one.
        now: the moment, aware.
        live: the page may ask again and start runs.
    """
    known = {name: known_of(settings, name) for name in DATASETS}
    covered = {
        dataset.name: read_coverage(
            settings.data_dir, dataset, first_day_of(dataset), today(now), now, known[dataset.name]
        )
        for dataset in DATASETS.values()
        if _is_kept(settings.data_dir, dataset)
    } or {
        "nem_prices": read_coverage(
            settings.data_dir,
            DATASETS["nem_prices"],
            today(now) - timedelta(days=365),
            today(now),
            now,
            Known(),
        )
    }
    is_synthetic = settings.data_dir.name == SYNTHETIC
    told = ask_history(
        settings,
        lambda history: (
            _runs(history),
            _task_states(history),
            _failures(history, covered, settings.data_dir),
        ),
    )
    runs, states, failures = told or ([], {}, [])
    return {
        "schema": SCHEMA,
        "made_at": now.isoformat(timespec="seconds"),
        "version": __version__,
        "data_dir": str(settings.data_dir),
        "synthetic": is_synthetic,
        "live": live,
        "attribution": SYNTHETIC_ATTRIBUTION if is_synthetic else ATTRIBUTION,
        "datasets": [
            _dataset(DATASETS[name], stages, known[name]) for name, stages in covered.items()
        ],
        "gaps": [
            _gap(stage, coverage, gap, settings)
            for stages in covered.values()
            for stage, coverage in stages.items()
            for gap in coverage.gaps()
            if gap.last >= _first_there(coverage)  # who keeps some years does not lack those before
        ],
        "prices": readable_prices(settings.data_dir, covered, now),
        "runs": runs,
        "failures": failures,
        "flows": [_flow(name, settings, states) for name in CATALOG.names()],
    }


# Coverage


def _is_kept(data_dir: Path, dataset: Dataset) -> bool:
    return any((data_dir / stage / dataset.name).is_dir() for stage in ("raw", "clean"))


def _dataset(dataset: Dataset, stages: Mapping[str, Coverage], known: Known) -> dict[str, object]:
    first = min((_first_there(coverage) for coverage in stages.values()), default=date.min)
    failed = {day.isoformat(): {"error": error} for (_, day), error in known.failures.items()}
    return {
        "name": dataset.name,
        "description": dataset.description,
        "details": failed,
        "stages": {name: _letters(coverage, first.year) for name, coverage in stages.items()},
    }


def _first_there(coverage: Coverage) -> date:
    there = (day for day, status in coverage.days.items() if status.is_there)
    return next(there, max(coverage.days))


def _letters(coverage: Coverage, first_year: int) -> dict[str, str]:
    """Return a letter for every day of each year from the first of which anything is there."""
    years = {}
    for year in range(first_year, max(coverage.days).year + 1):
        length = (date(year + 1, 1, 1) - date(year, 1, 1)).days
        days = (date(year, 1, 1) + timedelta(days=number) for number in range(length))
        states = (coverage.days.get(day) for day in days)
        years[str(year)] = "".join("." if s is None else LETTERS[s.status] for s in states)
    return years


def _gap(stage: str, coverage: Coverage, gap: Gap, settings: Settings) -> dict[str, object]:
    return {
        "dataset": coverage.dataset,
        "stage": stage,
        "start": gap.first.isoformat(),
        "end": gap.last.isoformat(),
        "days": gap.days,
        "status": str(gap.state.status),
        "command": fill_command(coverage.dataset, gap, settings),
    }


def fill_command(dataset: str, gap: Gap, settings: Settings) -> str:
    """Return the command that does what a gap asks for."""
    is_sandbox = settings.data_dir.name == SYNTHETIC
    flags = ("--sandbox", "--data-dir", str(settings.data_dir.parent)) if is_sandbox else ()
    return command_for(gap, Subject(dataset, flags))


# Runs


def _runs(history: History) -> list[dict[str, object]]:
    return [
        {
            "id": run["id"],
            "name": run["name"],
            "flow": run["flow"],
            "state": run["state"],
            "started": run["started_at"],
            "ended": run["ended_at"],
            "duration_s": run["duration_s"],
            "source": run["source"],
            "rows": run["rows"],
            "error": run["error"],
            "tasks": [
                {
                    "name": task["name"],
                    "state": task["state"],
                    "started": task["started_at"],
                    "ended": task["ended_at"],
                    "duration_s": task["duration_s"],
                }
                for task in history.tasks(run["id"])
            ],
        }
        for run in history.runs(limit=_RUNS)
    ]


def _failures(
    history: History, covered: Mapping[str, Mapping[str, Coverage]], data_dir: Path
) -> list[dict[str, object]]:
    """Return the failed runs whose day is still not there, the newest first."""
    failures = []
    for run in reversed(history.last_of_each()):
        is_elsewhere = run["target"] is not None and data_dir not in Path(run["target"]).parents
        if run["state"] not in RETRIED_STATES or is_elsewhere:
            continue
        if _is_made_good(run["flow"], run["name"], covered):
            continue
        words = words_of(run)
        failures.append(
            {
                "name": run["name"],
                "at": run["ended_at"] or run["started_at"],
                "error": run["error"] or run["message"] or run["state"],
                "command": shlex.join(["nemflow", "retry", run["name"]] if words else ["nemflow"]),
                "run": _rerun(run["flow"], run["name"]) if words else None,
            }
        )
    return failures[:_RUNS]


def _is_made_good(flow: str, name: str, covered: Mapping[str, Mapping[str, Coverage]]) -> bool:
    dataset, _, stage = flow.rpartition("_")
    coverage = covered.get(dataset, {}).get(stage)
    day = day_of(name)
    status = None if coverage is None or day is None else coverage.days.get(day)
    return status is not None and status.is_there


def _rerun(flow: str, name: str) -> dict[str, str] | None:
    dataset, _, _ = flow.rpartition("_")
    day = day_of(name)
    return (
        None if dataset not in DATASETS or day is None else {"dataset": dataset, "date": str(day)}
    )


# Flows


def _task_states(history: History) -> dict[tuple[str, str], str]:
    """Return the states of the tasks of each flow's last run, by flow and task."""
    states: dict[tuple[str, str], str] = {}
    for flow in CATALOG.names():
        for run in history.runs(flow=flow, limit=1):
            states.update({(flow, t["name"]): t["state"] for t in history.tasks(run["id"])})
    return states


def _flow(
    name: str, settings: Settings, states: Mapping[tuple[str, str], str]
) -> dict[str, object]:
    entry = CATALOG.get(name)
    flow = entry.build(market_settings(settings))
    tasks: Sequence[object] = [
        {
            "name": task.name,
            "upstream": [edge.upstream_task.name for edge in flow.graph.edges_to(task)],
            "is_parameter": isinstance(task, Parameter),
            "state": states.get((name, task.name)),
            "target": str(task.target) if task.target is not None else None,
        }
        for task in flow.sorted_tasks()
    ]
    return {"name": name, "description": entry.description, "tasks": tasks}
