"""The runs that are to be done: each is taken by one agent, done in one process, and ends once.

::

    scheduled ──claim──> claimed ──begin──> running ──end──> done, failed, cancelled
        ▲                   │                  │
        └───────────────────┴──────────────────┘   its agent stops or dies, or it is tried again

An agent takes a run by a *claim*, a word that is new each time: a process that was started for an
older claim finds that it is not wanted any more. Whether an agent or the process of a run is alive is
told by a lock that it holds (``TargetLock``), which is free the moment its holder dies.
"""

import enum
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from sqlite3 import Row

from nemflow.flows.agent.labels import may_take
from nemflow.flows.agent.store import Store, as_moment, as_text

TRIES = 4
"""How often a scheduled run is done before it counts as failed."""

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


class RunState(enum.StrEnum):
    """Where a run stands."""

    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedRun:
    """One run that is to be done, or was.

    Args:
        schedule: the schedule that made it; None where somebody asked for it.
        registration: id of the flow's version; None for a flow of nemflow's.
        parameters: as words.
        options: further words of the command.
        scheduled_for: what words such as ``yesterday`` count from.
        not_before: when it is due.
        claim: of the agent that has it.
    """

    id: str
    schedule: str | None
    project: str
    flow: str
    registration: int | None
    parameters: Mapping[str, str]
    options: Sequence[str]
    labels: Sequence[str]
    scheduled_for: datetime
    not_before: datetime
    state: RunState
    attempt: int
    claim: str | None
    agent: str | None
    pid: int | None
    started_at: datetime | None
    ended_at: datetime | None
    exit_code: int | None


def add_run(
    store: Store,
    *,
    schedule: str | None,
    project: str,
    flow: str,
    registration: int | None,
    parameters: Mapping[str, str],
    options: Sequence[str],
    labels: Sequence[str],
    scheduled_for: datetime,
) -> str:
    """Ask for a run, within a transaction of the caller's; return its id. An event's run is made once."""
    run_id = secrets.token_hex(6)
    moment = as_text(scheduled_for)
    store.rows.execute(
        "INSERT OR IGNORE INTO runs (id, schedule, project, flow, registration, parameters, options, "
        "labels, scheduled_for, not_before, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'scheduled')",
        (
            *(run_id, schedule, project, flow, registration),
            *(json.dumps(dict(parameters), sort_keys=True), json.dumps(list(options))),
            *(json.dumps(sorted(labels)), moment, moment),
        ),
    )
    return run_id


def claim_run(store: Store, agent: str, labels: Sequence[str], now: datetime) -> QueuedRun | None:
    """Take the run that has been due longest and that these labels may take; None if there is none.

    Scheduled runs of a flow that has just failed wait; runs that somebody asked for do not.
    """
    with store.writing() as rows:
        due = rows.execute(
            "SELECT * FROM runs WHERE state = 'scheduled' AND not_before <= :now AND (schedule IS NULL "
            "OR NOT EXISTS (SELECT 1 FROM backoffs WHERE project = runs.project AND flow = runs.flow "
            "AND until > :now)) ORDER BY not_before, rowid",
            {"now": as_text(now)},
        )
        row = next((row for row in due if may_take(labels, json.loads(row["labels"]))), None)
        if row is None:
            return None
        rows.execute(
            "UPDATE runs SET state = 'claimed', claim = ?, agent = ?, attempt = attempt + 1, "
            "give_back = 0, pid = NULL, started_at = NULL, ended_at = NULL, exit_code = NULL "
            "WHERE id = ?",
            (secrets.token_hex(8), agent, row["id"]),
        )
        return run_with(store, row["id"])


def begin_run(store: Store, run_id: str, claim: str, pid: int, now: datetime) -> QueuedRun | None:
    """Say that the process of a claimed run has begun; None if the run was taken away meanwhile."""
    with store.writing() as rows:
        is_ours = rows.execute(
            "UPDATE runs SET state = 'running', pid = ?, started_at = ? "
            "WHERE id = ? AND claim = ? AND state = 'claimed'",
            (pid, as_text(now), run_id, claim),
        ).rowcount
        return run_with(store, run_id) if is_ours else None


def end_run(
    store: Store, run: QueuedRun, exit_code: int, now: datetime, *, interrupted: bool = False
) -> RunState:
    """Say how a run ended; a scheduled run that failed is tried again, ever later, up to `TRIES` times.

    Args:
        interrupted: it ended by a signal; if that was because its agent stops, the next agent does it.
    """
    with store.writing() as rows:
        found = rows.execute("SELECT * FROM runs WHERE id = ?", (run.id,)).fetchone()
        if found is None or found["claim"] != run.claim:
            return RunState.CANCELLED  # removed, or somebody else's by now
        if interrupted:
            state = RunState.SCHEDULED if found["give_back"] else RunState.CANCELLED
        else:
            state = _state_after(exit_code)
            _note_backoff(store, run, now, is_well=state is RunState.DONE)
        later = run.not_before
        if state is RunState.FAILED and run.schedule is not None and run.attempt < TRIES:
            state, later = RunState.SCHEDULED, now + wait_after(run.attempt)
        rows.execute(
            "UPDATE runs SET state = ?, not_before = ?, ended_at = ?, exit_code = ?, pid = NULL, "
            "claim = NULL WHERE id = ?",
            (state.value, as_text(later), as_text(now), exit_code, run.id),
        )
        return state


def give_back(store: Store, agent: str) -> None:
    """Let runs that an agent interrupts because it stops be done by another agent, not cancelled."""
    with store.writing() as rows:
        rows.execute(
            "UPDATE runs SET state = 'scheduled', claim = NULL, attempt = attempt - 1 "
            "WHERE agent = ? AND state = 'claimed'",
            (agent,),
        )
        rows.execute(
            "UPDATE runs SET give_back = 1, attempt = attempt - 1 "
            "WHERE agent = ? AND state = 'running'",
            (agent,),
        )


def take_back_lost(
    store: Store, is_agent_alive: Callable[[str], bool], is_run_alive: Callable[[str], bool]
) -> list[QueuedRun]:
    """Let runs whose agent and process have both died be done again; return them.

    A process whose agent has died goes on and says itself how it ended. A run whose process has died
    `TRIES` times has failed.
    """
    open_runs = runs_in(store, RunState.CLAIMED, RunState.RUNNING)
    lost = [
        run
        for run in open_runs
        if not is_run_alive(run.id)
        and (run.state is RunState.RUNNING or not is_agent_alive(run.agent or ""))
    ]
    taken = []
    for run in lost:
        with store.writing() as rows:
            taken += [run] * rows.execute(
                "UPDATE runs SET state = CASE WHEN attempt < ? THEN 'scheduled' ELSE 'failed' END, "
                "claim = NULL, pid = NULL WHERE id = ? AND claim = ? AND state = ?",
                (TRIES, run.id, run.claim, run.state.value),
            ).rowcount
    return taken


def run_with(store: Store, run_id: str) -> QueuedRun | None:
    """Return the run of that id, if there is one."""
    row = store.rows.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else _of_row(row)


def runs_in(store: Store, *states: RunState) -> list[QueuedRun]:
    """Return the runs in these states, the longest due first."""
    marks = ", ".join("?" * len(states))
    rows = store.rows.execute(
        f"SELECT * FROM runs WHERE state IN ({marks}) ORDER BY not_before, rowid",
        [state.value for state in states],
    )
    return [_of_row(row) for row in rows]


def next_due(store: Store, now: datetime) -> datetime | None:
    """Return when the next scheduled run becomes due, back-offs counted in; None if there is none."""
    row = store.rows.execute(
        "SELECT min(max(runs.not_before, coalesce(CASE WHEN runs.schedule IS NULL THEN NULL ELSE "
        "backoffs.until END, runs.not_before))) AS due FROM runs LEFT JOIN backoffs "
        "ON backoffs.project = runs.project AND backoffs.flow = runs.flow "
        "WHERE runs.state = 'scheduled'"
    ).fetchone()
    return None if row["due"] is None else max(as_moment(row["due"]), now)


def forget_ended(store: Store, before: datetime) -> int:
    """Remove runs that ended before a moment; return their number."""
    with store.writing() as rows:
        return rows.execute(
            "DELETE FROM runs WHERE state IN ('done', 'failed', 'cancelled') AND ended_at < ?",
            (as_text(before),),
        ).rowcount


def wait_after(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row.

    >>> [str(wait_after(number)) for number in (1, 2, 3, 20)]
    ['0:01:00', '0:04:00', '0:16:00', '1:00:00']
    """
    return min(_FIRST_WAIT * (1 << 2 * min(failures - 1, 8)), _LONGEST_WAIT)


def _state_after(exit_code: int) -> RunState:
    return RunState.DONE if exit_code == 0 else RunState.FAILED


def _note_backoff(store: Store, run: QueuedRun, now: datetime, *, is_well: bool) -> None:
    if is_well:
        store.rows.execute(
            "DELETE FROM backoffs WHERE project = ? AND flow = ?", (run.project, run.flow)
        )
        return
    row = store.rows.execute(
        "SELECT failures FROM backoffs WHERE project = ? AND flow = ?", (run.project, run.flow)
    ).fetchone()
    failures = 1 + (0 if row is None else row["failures"])
    store.rows.execute(
        "INSERT OR REPLACE INTO backoffs VALUES (?, ?, ?, ?)",
        (run.project, run.flow, failures, as_text(now + wait_after(failures))),
    )


def _of_row(row: Row) -> QueuedRun:
    def moment(name: str) -> datetime | None:
        return None if row[name] is None else as_moment(row[name])

    return QueuedRun(
        id=row["id"],
        schedule=row["schedule"],
        project=row["project"],
        flow=row["flow"],
        registration=row["registration"],
        parameters=json.loads(row["parameters"]),
        options=json.loads(row["options"]),
        labels=json.loads(row["labels"]),
        scheduled_for=as_moment(row["scheduled_for"]),
        not_before=as_moment(row["not_before"]),
        state=RunState(row["state"]),
        attempt=row["attempt"],
        claim=row["claim"],
        agent=row["agent"],
        pid=row["pid"],
        started_at=moment("started_at"),
        ended_at=moment("ended_at"),
        exit_code=row["exit_code"],
    )
