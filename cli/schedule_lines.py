"""What is said of stored schedules, and when they are due next."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from nemflow.errors import DefinitionError, SettingsError
from nemflow.flows.agent.store import Store
from nemflow.flows.agent.stored import StoredSchedule, next_events
from nemflow.flows.schedules.events import ClockEvent
from nemflow.tasks.nem.market_time import ARROW_ZONE, NEM_TIME

_SHOWN = 3


def events_of(
    store: Store, schedule: StoredSchedule, number: int, now: datetime
) -> tuple[list[ClockEvent], str]:
    """Return the next events of a schedule, none while it is paused; and why they cannot be told."""
    if schedule.paused:
        return [], ""
    try:
        return next_events(store, schedule, number, now), ""
    except (SettingsError, DefinitionError) as error:  # a flow's own, which cannot be loaded
        return [], str(error)


def merged_events(
    store: Store, chosen: Sequence[StoredSchedule], number: int, now: datetime
) -> tuple[list[tuple[datetime, StoredSchedule]], list[str]]:
    """Return the next events of several schedules, sorted; and what cannot be told."""
    told = [(schedule, *events_of(store, schedule, number, now)) for schedule in chosen]
    events = [(event, schedule) for schedule, found, _ in told for event in found]
    events.sort(key=lambda row: (row[0].instant, row[1].name))
    wrong = [f"schedule {schedule.name!r}: {error}" for schedule, _, error in told if error]
    return [(event.start_time, schedule) for event, schedule in events[:number]], wrong


def schedule_facts(store: Store, schedule: StoredSchedule, now: datetime) -> dict[str, object]:
    """Return a schedule as the keys of a JSON object."""
    events, error = events_of(store, schedule, _SHOWN, now)
    return {
        "name": schedule.name,
        "project": schedule.project,
        "flow": schedule.flow,
        "when": str(schedule.timetable),
        "parameters": dict(schedule.parameters),
        "options": list(schedule.options),
        "labels": list(schedule.labels),
        "missed": schedule.missed.value,
        "paused": schedule.paused,
        "next": [event.start_time.isoformat() for event in events],
        "error": error or None,
    }


def describe_schedule(store: Store, schedule: StoredSchedule, now: datetime) -> list[str]:
    """Return the lines on a schedule."""
    events, error = events_of(store, schedule, _SHOWN, now)
    times = ", ".join(clock_words(event.start_time) for event in events)
    facts = [
        f"project {schedule.project}",
        f"missed events: {schedule.missed}",
        *([f"labels {', '.join(schedule.labels)}"] if schedule.labels else []),
    ]
    named = "" if schedule.name == schedule.flow else f" runs {schedule.flow}"
    coming = f"cannot be told: {error}" if error else times or "never again"
    return [
        f"{schedule.name}{named}: {schedule.timetable}  {parameter_words(schedule)}".rstrip(),
        f"  {'; '.join(facts)}",
        "  paused" if schedule.paused else f"  next: {coming}",
    ]


def parameter_words(schedule: StoredSchedule) -> str:
    """Return the parameters of a schedule's runs as words."""
    return " ".join(f"{name}={value}" for name, value in schedule.parameters.items())


def clock_words(moment: datetime) -> str:
    """Return a moment on the clock of its zone; market time is shown as UTC+10."""
    zone = moment.tzinfo
    shown = NEM_TIME if isinstance(zone, ZoneInfo) and zone.key == ARROW_ZONE else zone
    return moment.astimezone(shown).isoformat(sep=" ", timespec="minutes")
