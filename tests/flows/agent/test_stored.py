from datetime import timedelta

import pytest

from nemflow.errors import SettingsError
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
