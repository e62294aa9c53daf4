from datetime import timedelta

import pytest

from nemflow.flows.agent.run_queue import (
    TRIES,
    RunState,
    add_run,
    begin_run,
    claim_run,
    end_run,
    forget_ended,
    give_back,
    next_due,
    run_with,
    runs_in,
    take_back_lost,
)

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ask(store, noon):
    """Ask for a run that is due at noon; return its id."""

    def ask(schedule=None, labels=(), flow="nem_prices", after=0.0):
        with store.writing():
            return add_run(
                store,
                schedule=schedule,
                project="prices",
                flow=flow,
                registration=None,
                parameters={"date": "yesterday"},
                options=[],
                labels=labels,
                scheduled_for=noon + after * MINUTE,
            )

    return ask


@pytest.fixture
def do(store, noon):
    """Take the next run and end it with an exit code; return its state."""

    def do(exit_code, after=0.0, **how):
        now = noon + after * MINUTE
        run = claim_run(store, "agent", [], now)
        assert run is not None
        begun = begin_run(store, run.id, run.claim, 1, now)
        return end_run(store, begun, exit_code, now, **how)

    return do


def test_runs_are_taken_in_the_order_in_which_they_are_due_each_once(store, ask, noon):
    ids = [ask(after=-2), ask(after=-1), ask(after=1)]
    taken = [claim_run(store, "agent", [], noon) for _ in range(3)]
    assert [run and run.id for run in taken] == [*ids[:2], None]


@pytest.mark.parametrize(
    ("agent", "run", "taken"),
    [
        ([], [], True),
        (["gpu"], ["gpu"], True),
        (["gpu", "big"], ["gpu"], True),
        (["gpu"], ["gpu", "big"], False),
        (["gpu"], [], False),
        ([], ["gpu"], False),
    ],
)
def test_an_agent_has_all_labels_of_a_run_and_no_labels_is_a_class_of_its_own(
    store, ask, noon, agent, run, taken
):
    ask(labels=run)
    assert (claim_run(store, "agent", agent, noon) is not None) == taken


def test_a_process_of_an_older_claim_is_not_wanted_any_more(store, ask, noon):
    ask()
    old = claim_run(store, "first", [], noon)
    take_back_lost(store, lambda agent: False, lambda run: False)
    new = claim_run(store, "second", [], noon)
    assert begin_run(store, old.id, old.claim, 1, noon) is None
    assert begin_run(store, new.id, new.claim, 2, noon).pid == 2


def test_a_run_whose_process_lives_is_not_taken_back_though_its_agent_died(store, ask, noon):
    ask()
    run = claim_run(store, "agent", [], noon)
    begin_run(store, run.id, run.claim, 1, noon)
    assert take_back_lost(store, lambda agent: False, lambda run_id: run_id == run.id) == []
    assert [lost.id for lost in take_back_lost(store, lambda agent: True, lambda _: False)] == [
        run.id
    ]
    assert run_with(store, run.id).state is RunState.SCHEDULED


def test_a_run_whose_process_always_dies_fails_in_the_end(store, ask, noon):
    run_id = ask()
    for _ in range(TRIES):
        run = claim_run(store, "agent", [], noon)
        begin_run(store, run.id, run.claim, 1, noon)
        take_back_lost(store, lambda agent: True, lambda _: False)
    assert run_with(store, run_id).state is RunState.FAILED


def test_a_scheduled_run_that_fails_is_tried_again_ever_later_and_then_has_failed(store, ask, do):
    run_id = ask(schedule="hourly")
    states = [do(1, after=after) for after in (0, 2, 7, 24)]
    assert states == [RunState.SCHEDULED] * 3 + [RunState.FAILED]
    assert run_with(store, run_id).attempt == TRIES


def test_other_scheduled_runs_of_a_flow_that_failed_wait_too(store, ask, do, noon):
    ask(schedule="hourly", after=-60)
    ask(schedule="hourly")
    ask(schedule="other", flow="nem_demand")
    do(1)
    assert claim_run(store, "agent", [], noon).flow == "nem_demand"
    assert claim_run(store, "agent", [], noon) is None
    assert next_due(store, noon) == noon + MINUTE
    assert claim_run(store, "agent", [], noon + MINUTE).flow == "nem_prices"


def test_what_somebody_asks_for_does_not_wait_and_is_not_tried_again(store, ask, do):
    ask(schedule="hourly", after=-1)
    do(1)
    ask()
    assert do(1) is RunState.FAILED


def test_a_success_ends_the_waiting(store, ask, do, noon):
    ask(schedule="hourly", after=-60)
    do(1)
    do(0, after=1)
    ask(schedule="hourly", after=1)
    assert claim_run(store, "agent", [], noon + MINUTE) is not None


def test_an_interrupted_run_is_cancelled_but_not_where_its_agent_stops(store, ask, do, noon):
    ask()
    assert do(143, interrupted=True) is RunState.CANCELLED
    ask()
    run = claim_run(store, "agent", [], noon)
    begun = begin_run(store, run.id, run.claim, 1, noon)
    give_back(store, "agent")
    assert end_run(store, begun, 143, noon, interrupted=True) is RunState.SCHEDULED
    assert run_with(store, run.id).attempt == 0


def test_ended_runs_are_forgotten_after_a_time(store, ask, do, noon):
    ask()
    do(0)
    assert forget_ended(store, noon) == 0
    assert forget_ended(store, noon + MINUTE) == 1
    assert runs_in(store, *RunState) == []
