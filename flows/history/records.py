"""What a process knows of the flow runs that it records, until it is written."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath

from nemflow.errors import one_line, sentence_of
from nemflow.flows.history.processes import this_process
from nemflow.flows.history.stamps import stamp
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo
from nemflow.results.local import RealFolders
from nemflow.tasks.states import Failed, Paused, State, TriggerFailed

FACTS = ("outcome", "error", "target", "rows", "bytes", "source", "quality", "reason", "synthetic")
"""What can be added to a flow run when it has ended."""

_LONGEST = 1000  # characters of one parameter
_MOST_ITEMS = 50


class TaskRecord:
    """One task run."""

    __slots__ = (
        "attempts",
        "ended",
        "error",
        "message",
        "name",
        "progress",
        "slug",
        "started",
        "state",
        "target",
        "unit",
    )

    def __init__(self, task: TaskRunInfo) -> None:
        self.slug, self.name = task
        self.state = ""
        self.message: str | None = None
        self.error: str | None = None
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self.attempts = 0
        self.target: str | None = None
        self.progress: int | None = None
        self.unit: str | None = None

    def change(self, state: State, now: datetime, folders: RealFolders) -> bool:
        """Take in a state; tell whether it is new: one that is told twice counts once."""
        kind, message = type(state).__name__, one_line(state.message or "") or None
        if (kind, message) == (self.state, self.message):
            return False
        if state.is_running():
            self.attempts += self.state != kind
            self.started = self.started or now
        self.state, self.message = kind, message
        if state.is_failed() or state.is_retrying():
            self.error = error_of(state)
        if state.is_finished():
            self.ended = now
            if state.is_successful():
                self.error, self.target = None, _place_of(state, folders)
        return True

    def row(self, run_id: str) -> tuple[object, ...]:
        """Return the row of ``task_runs``."""
        return (
            run_id,
            self.slug,
            self.name,
            self.state,
            self.message,
            self.error,
            _stamp(self.started),
            _stamp(self.ended),
            _seconds(self.started, self.ended),
            self.attempts,
            self.target,
            self.progress,
            self.unit,
        )


@dataclass(slots=True, kw_only=True)
class Making:
    """By whom and how flow runs are made.

    Attributes:
        made_by: command, retry, resume, backfill, schedule or program.
        command: the words after ``nemflow`` that make this very run again; empty where none do.
        folder: where those words are to be said.
        cancel_by: how another process can cancel it: signal, request; None for not at all.
    """

    made_by: str = "program"
    command: tuple[str, ...] = ()
    folder: str | None = None
    cancel_by: str | None = None


@dataclass(slots=True, eq=False)
class RunRecord:
    """One flow run.

    Attributes:
        is_held: nothing has happened in it yet, so that it is not to be written.
        unwritten: slugs of the tasks whose rows are to be written.
        changes: rows of ``state_changes`` that are to be written.
        is_unwritten: its own row is to be written.
    """

    info: FlowRunInfo
    making: Making
    nemflow_version: str
    started: datetime
    log: str | None = None
    state: str = "Running"
    message: str | None = None
    ended: datetime | None = None
    facts: dict[str, object] = field(default_factory=dict)
    tasks: dict[str, TaskRecord] = field(default_factory=dict)
    is_held: bool = True
    unwritten: set[str] = field(default_factory=set)
    changes: list[tuple[object, ...]] = field(default_factory=list)
    is_unwritten: bool = True
    version: str | None = None

    def task(self, task: TaskRunInfo) -> TaskRecord:
        """Return the record of a task run, made for the first news of it."""
        record = self.tasks.get(task.slug)
        if record is None:
            record = self.tasks[task.slug] = TaskRecord(task)
        return record

    def note(self, slug: str | None, state: str, message: str | None, now: datetime) -> None:
        """Note a change of state for the list of changes."""
        self.changes.append((self.info.id, slug, stamp(now), state, message))

    def finish(self, state: State, task_states: Mapping[str, State], now: datetime) -> None:
        """Take in the state in which the flow run ended, or paused."""
        self.state, self.message = type(state).__name__, one_line(state.message or "") or None
        self.ended = None if isinstance(state, Paused) or state.is_running() else now
        if state.is_failed():
            self.facts["error"] = self._first_failure(task_states) or error_of(state)
        self.note(None, self.state, self.message, now)
        self.is_unwritten = True

    def _first_failure(self, states: Mapping[str, State]) -> str | None:
        for slug, state in states.items():
            if isinstance(state, Failed) and not isinstance(state, TriggerFailed):
                known = self.tasks.get(slug)
                return f"{known.name if known else slug}: {error_of(state)}"
        for record in self.tasks.values():  # a child of a mapped task
            if record.error and record.state not in ("Retrying", "TriggerFailed"):
                return f"{record.name}: {record.error}"
        return None

    def row(self, now: datetime) -> dict[str, object]:
        """Return the row of ``flow_runs``."""
        facts = dict.fromkeys(FACTS) | self.facts
        process = this_process()
        return {
            "id": self.info.id,
            "name": self.info.name,
            "flow": self.info.flow_name,
            "version": self.version,
            "parameters": _as_text(self.info.parameters),
            "state": self.state,
            "message": self.message,
            "started_at": stamp(self.started),
            "ended_at": _stamp(self.ended),
            "duration_s": _seconds(self.started, self.ended),
            **facts,
            "synthetic": int(bool(facts["synthetic"])),
            "made_by": self.making.made_by,
            "command": _as_json(self.making.command) if self.making.command else None,
            "folder": self.making.folder,
            "log": self.log,
            "nemflow_version": self.nemflow_version,
            "host": process.host,
            "boot_id": process.boot_id,
            "pid": process.pid,
            "process_started": process.started,
            "seen_at": stamp(now),
            "cancel_by": self.making.cancel_by,
        }


def error_of(state: State) -> str:
    """Return what made a state fail, as one sentence."""
    cause = state.result
    told = sentence_of(cause) if isinstance(cause, BaseException) else ""
    return told if told and not state.message else one_line(state.message or "") or told


def _place_of(state: State, folders: RealFolders) -> str | None:
    """Return where the value of a task run is kept, if it is."""
    result = state._result
    location = result.location
    if not result.keeps or not isinstance(location, str):
        return None
    return result.lock_name(location, folders) or location


def _as_json(value: object) -> str:
    import json  # a run that finds everything there writes nothing

    return json.dumps(value)


def _as_text(parameters: Mapping[str, object]) -> str:
    return _as_json({name: _plain(value) for name, value in parameters.items()})


def _plain(value: object) -> object:
    """Return a value as JSON can hold it; what is long is cut."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and len(value) <= _MOST_ITEMS:
        return [_plain(item) for item in value]
    if isinstance(value, dict) and len(value) <= _MOST_ITEMS:
        return {str(key): _plain(item) for key, item in value.items()}
    is_text = isinstance(value, (str, date, PurePath))  # a date, a path: as one writes it
    text = str(value) if is_text else reprlib.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    return (ended - started).total_seconds() if started and ended else None
