"""An empty store, and schedules to put into it."""

from datetime import UTC, datetime

import pytest

from nemflow.flows.agent.store import Store
from nemflow.flows.agent.stored import Missed, StoredSchedule, add_schedule
from nemflow.flows.agent.timetable import Timetable

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def noon():
    return NOON


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "state" / "agent.sqlite") as store:
        yield store


@pytest.fixture
def add(store):
    """Add a schedule that ticks every hour from noon on, with what is said otherwise."""

    def add(**facts):
        schedule = StoredSchedule(
            **{
                "name": "hourly",
                "project": "prices",
                "flow": "nem_prices",
                "registration": None,
                "timetable": Timetable(every="1h"),
                "parameters": {"date": "yesterday"},
                "options": [],
                "labels": [],
                "missed": Missed.LATEST,
                "paused": False,
                "created_at": NOON,
                "seen_until": NOON,
                **facts,
            }
        )
        add_schedule(store, schedule)
        return schedule

    return add
