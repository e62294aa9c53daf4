import os
from datetime import timedelta

import pytest

from nemflow.errors import DefinitionError, SettingsError
from nemflow.flows.agent import own_schedule
from nemflow.flows.agent.registry import register
from nemflow.flows.agent.run_queue import RunState, runs_in
from nemflow.flows.agent.stored import (
    Missed,
    make_due_runs,
    next_events,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    schedule_named,
    schedules,
)
from nemflow.flows.agent.timetable import Timetable
from nemflow.flows.base import Flow
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.clocks import IntervalClock
from nemflow.tasks.decorator import task

HOUR = timedelta(hours=1)


def waiting(store, noon):
    return [(run.scheduled_for - noon) / HOUR for run in runs_in(store, RunState.SCHEDULED)]


def test_a_schedule_comes_back_as_it_was_kept(store, add):
    kept = add(labels=["gpu"], options=["--data-dir", "/data"], missed=Missed.ALL)
    assert schedules(store) == [kept]


def test_an_event_becomes_one_run_however_often_agents_look(store, add, noon):
    add()
    assert make_due_runs(store, noon + HOUR / 2) == noon + HOUR
    assert waiting(store, noon) == []
    for _ in range(3):
        assert make_due_runs(store, noon + HOUR) == noon + 2 * HOUR
    assert waiting(store, noon) == [1]


@pytest.mark.parametrize(
    ("missed", "made"), [(Missed.LATEST, [5]), (Missed.ALL, [1, 2, 3, 4, 5]), (Missed.NONE, [5])]
)
def test_missed_events_are_made_up_for_by_policy(store, add, noon, missed, made):
    add(missed=missed)
    make_due_runs(store, noon + 5 * HOUR + timedelta(seconds=30))
    assert waiting(store, noon) == made


def test_with_none_an_event_long_past_is_given_up(store, add, noon):
    add(missed=Missed.NONE)
    make_due_runs(store, noon + 5.5 * HOUR)
    assert waiting(store, noon) == []


def test_nothing_is_due_while_a_schedule_is_paused_nor_afterwards_for_that_time(store, add, noon):
    add(missed=Missed.ALL)
    pause_schedule(store, "hourly")
    assert make_due_runs(store, noon + 3 * HOUR) is None
    resume_schedule(store, "hourly", noon + 3.5 * HOUR)
    make_due_runs(store, noon + 4 * HOUR)
    assert waiting(store, noon) == [4]


def test_a_removed_schedule_takes_its_waiting_runs_with_it(store, add, noon):
    add()
    make_due_runs(store, noon + HOUR)
    assert remove_schedule(store, "hourly") == 1
    assert waiting(store, noon) == []
    assert schedules(store) == []


def test_a_name_is_given_once(add):
    add()
    with pytest.raises(SettingsError, match="there is a schedule 'hourly' already"):
        add()


def test_an_unknown_name_is_answered_with_the_nearest(store, add):
    add()
    with pytest.raises(SettingsError, match="no schedule 'hurly'; did you mean hourly"):
        schedule_named(store, "hurly")


def test_the_next_events_are_shown_without_making_runs(store, add, noon):
    events = next_events(store, add(), 2, noon)
    assert [(event.instant - noon) / HOUR for event in events] == [1, 2]
    assert waiting(store, noon) == []


@pytest.fixture
def own(store, add, noon, tmp_path):
    """Register a flow that ticks every hour from noon on, by a schedule of its own."""
    clock = IntervalClock(HOUR, noon)
    with Flow("own", schedule=Schedule([clock])) as flow:
        task(lambda: 1, name="one")()
    facts = {"project": "prices", "origin": "here", "labels": [], "folder": tmp_path / "saved"}
    registration, _ = register(store, flow, now=noon, **facts)
    facts = {"registration": registration.id, "timetable": Timetable(own=True)}
    add(name="own", flow="own", **facts)
    return registration.saved


def test_a_flows_own_schedule_is_loaded_once_while_its_file_is_the_same(
    store, own, noon, monkeypatch
):
    loads = []
    load = own_schedule.load_saved
    monkeypatch.setattr(own_schedule, "load_saved", lambda path: loads.append(path) or load(path))
    for hours in range(1, 6):
        make_due_runs(store, noon + hours * HOUR)
    assert (loads, waiting(store, noon)) == ([own], [1, 2, 3, 4, 5])
    os.utime(own, ns=(1, 1))
    make_due_runs(store, noon + 6 * HOUR)
    assert loads == [own, own]


def test_a_schedule_that_cannot_be_told_stops_no_other(store, add, own, noon):
    add()
    own.unlink()
    said = []
    assert make_due_runs(store, noon + HOUR, said.append) == noon + 2 * HOUR
    assert waiting(store, noon) == [1]
    [sentence] = said
    assert sentence.startswith("schedule 'own' makes no runs: ")
    assert sentence.endswith("is not there: register the flow again")


def test_a_flow_that_has_lost_its_schedule_says_so(store, own, noon):
    flow = Flow.load(own)
    flow.schedule = None
    flow.save(own)
    with pytest.raises(DefinitionError, match="flow 'own' has no schedule of its own any more"):
        make_due_runs(store, noon + HOUR)


def test_a_file_that_holds_no_flow_is_one_sentence(store, own, noon):
    own.write_bytes(b"no pickle")
    with pytest.raises(DefinitionError, match=r"cannot be loaded \(\w+: .*register it again"):
        make_due_runs(store, noon + HOUR)
