"""Stored schedules: kept, paused, removed, and turned into runs as their events come."""

import enum
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from sqlite3 import IntegrityError, Row

from nemflow.errors import DefinitionError, SettingsError
from nemflow.flows.agent.own_schedule import own_schedule
from nemflow.flows.agent.registry import registration_of
from nemflow.flows.agent.run_queue import add_run
from nemflow.flows.agent.store import Store, as_moment, as_text
from nemflow.flows.agent.timetable import Timetable
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.events import ClockEvent

# An event is not missed as long as an agent that looks now and then may still be on its way.
_PUNCTUAL = timedelta(minutes=2)


class Missed(enum.StrEnum):
    """What becomes of events that passed while no agent was there."""

    LATEST = "latest"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    """A flow and when it is to run.

    Args:
        name: unique among all schedules.
        registration: id of the version that its runs are made with; None for a flow of nemflow's.
        parameters: of the runs, as words.
        options: further words of the command that a run is, such as ``--data-dir``.
        labels: of the runs.
        missed: what becomes of missed events.
        seen_until: events up to here were turned into runs, or given up.
    """

    name: str
    project: str
    flow: str
    registration: int | None
    timetable: Timetable
    parameters: Mapping[str, str]
    options: Sequence[str]
    labels: Sequence[str]
    missed: Missed
    paused: bool
    created_at: datetime
    seen_until: datetime


def add_schedule(store: Store, schedule: StoredSchedule) -> None:
    """Keep a new schedule.

    Raises:
        SettingsError: there is one of that name already.
    """
    try:
        with store.writing() as rows:
            rows.execute(
                "INSERT INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(schedule.name, schedule.project, schedule.flow, schedule.registration),
                    *(schedule.timetable.as_json(), json.dumps(dict(schedule.parameters))),
                    *(json.dumps(list(schedule.options)), json.dumps(list(schedule.labels))),
                    *(schedule.missed.value, int(schedule.paused)),
                    *(as_text(schedule.created_at), as_text(schedule.seen_until)),
                ),
            )
    except IntegrityError:
        raise SettingsError(
            f"there is a schedule {schedule.name!r} already: remove it first, or give the new one "
            "another --name"
        ) from None


def schedules(store: Store) -> list[StoredSchedule]:
    """Return all schedules, by name."""
    rows = store.rows.execute("SELECT * FROM schedules ORDER BY name")
    return [_of_row(row) for row in rows]


def schedule_named(store: Store, name: str) -> StoredSchedule:
    """Return a schedule.

    Raises:
        SettingsError: there is none of that name; the message names the nearest.
    """
    row = store.rows.execute("SELECT * FROM schedules WHERE name = ?", (name,)).fetchone()
    if row is not None:
        return _of_row(row)
    from difflib import get_close_matches  # only a mistyped name needs it

    known = [schedule.name for schedule in schedules(store)]
    near = get_close_matches(name, known, n=1)
    there = f"there are {', '.join(known)}" if known else "add one with: nemflow schedule add"
    hint = f"did you mean {near[0]}?" if near else there
    raise SettingsError(f"there is no schedule {name!r}; {hint}")


def pause_schedule(store: Store, name: str) -> None:
    """Let no event of a schedule become a run until it is resumed."""
    schedule_named(store, name)
    with store.writing() as rows:
        rows.execute("UPDATE schedules SET paused = 1 WHERE name = ?", (name,))


def resume_schedule(store: Store, name: str, now: datetime) -> None:
    """Go on with a schedule; what passed while it was paused was meant to and is not made up for."""
    schedule_named(store, name)
    with store.writing() as rows:
        rows.execute(
            "UPDATE schedules SET paused = 0, seen_until = ? WHERE name = ? AND paused",
            (as_text(now), name),
        )


def remove_schedule(store: Store, name: str) -> int:
    """Remove a schedule and its runs that no agent has taken yet; return the number of those."""
    schedule_named(store, name)
    with store.writing() as rows:
        gone = rows.execute(
            "DELETE FROM runs WHERE schedule = ? AND state = 'scheduled'", (name,)
        ).rowcount
        rows.execute("DELETE FROM schedules WHERE name = ?", (name,))
    return gone


def next_events(
    store: Store, schedule: StoredSchedule, number: int, after: datetime
) -> list[ClockEvent]:
    """Return the next events of a schedule; fewer if it ends.

    Raises:
        SettingsError, DefinitionError: it is a flow's own, and that cannot be loaded.
    """
    return list(islice(_timetable(store, schedule).events(after), number))


def make_due_runs(
    store: Store, now: datetime, complain: Callable[[str], None] | None = None
) -> datetime | None:
    """Turn the events up to `now` into runs, and return when the next event of any schedule is.

    Args:
        complain: hears of each schedule that cannot be told, and the others go on.

    Raises:
        SettingsError, DefinitionError: one cannot be told, and there is nobody to hear of it.
    """
    coming: list[datetime] = []
    for schedule in schedules(store):
        if schedule.paused:
            continue
        try:
            timetable = _timetable(store, schedule)
        except (SettingsError, DefinitionError) as error:
            if complain is None:
                raise
            complain(f"schedule {schedule.name!r} makes no runs: {error}")
            continue
        due = list(
            takewhile(lambda event: event.instant <= now, timetable.events(schedule.seen_until))
        )
        if due:
            _make_runs(store, schedule, due, now)
        coming += [event.instant for event in islice(timetable.events(now), 1)]
    return min(coming, default=None)


def _make_runs(
    store: Store, schedule: StoredSchedule, due: Sequence[ClockEvent], now: datetime
) -> None:
    with store.writing() as rows:
        known = rows.execute(
            "SELECT seen_until, paused FROM schedules WHERE name = ?", (schedule.name,)
        ).fetchone()
        if known is None or known["paused"] or as_moment(known["seen_until"]) >= due[-1].instant:
            return  # another agent, or the user, was faster
        new = [event for event in due if event.instant > as_moment(known["seen_until"])]
        for event in _made_up_for(schedule.missed, new, now):
            add_run(
                store,
                schedule=schedule.name,
                project=schedule.project,
                flow=schedule.flow,
                registration=schedule.registration,
                parameters={**schedule.parameters, **_words(event.parameter_defaults)},
                options=schedule.options,
                labels=sorted({*schedule.labels, *(event.labels or ())}),
                scheduled_for=event.instant,
            )
        rows.execute(
            "UPDATE schedules SET seen_until = ? WHERE name = ?",
            (as_text(due[-1].instant), schedule.name),
        )


def _made_up_for(missed: Missed, due: Sequence[ClockEvent], now: datetime) -> Sequence[ClockEvent]:
    if missed is Missed.ALL:
        return due
    if missed is Missed.LATEST:
        return [event for event in due if event.instant == due[-1].instant]
    return [event for event in due if now - event.instant <= _PUNCTUAL]


def _words(parameters: Mapping[str, object]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, default=str)
        for name, value in parameters.items()
    }


def _timetable(store: Store, schedule: StoredSchedule) -> Schedule:
    if not schedule.timetable.own:
        return schedule.timetable.schedule()
    assert schedule.registration is not None  # nemflow's own flows have no schedule
    return own_schedule(registration_of(store, schedule.registration))


def _of_row(row: Row) -> StoredSchedule:
    return StoredSchedule(
        name=row["name"],
        project=row["project"],
        flow=row["flow"],
        registration=row["registration"],
        timetable=Timetable.from_json(row["timetable"]),
        parameters=json.loads(row["parameters"]),
        options=json.loads(row["options"]),
        labels=json.loads(row["labels"]),
        missed=Missed(row["missed"]),
        paused=bool(row["paused"]),
        created_at=as_moment(row["created_at"]),
        seen_until=as_moment(row["seen_until"]),
    )
