"""From the states of the tasks to the state of the flow run."""

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.outcome import decide
from nemflow.tasks import states
from nemflow.tasks.base import Task
from nemflow.tasks.states import State


@pytest.fixture
def pair() -> tuple[Flow, Task, Task]:
    flow, first, last = Flow("f"), Task(name="first"), Task(name="last")
    flow.chain(first, last)
    return flow, first, last


def of_one(state: State) -> State:
    flow, only = Flow("f"), Task(name="only")
    flow.add_task(only)
    return decide(flow, {only: state})


@pytest.mark.parametrize("kind", [states.Success, states.Cached, states.Skipped])
def test_trap_6_success_cached_and_skipped_make_a_success(kind: type[State]) -> None:
    assert type(of_one(kind())) is states.Success


@pytest.mark.parametrize("kind", [states.Failed, states.TriggerFailed, states.TimedOut])
def test_trap_6_any_kind_of_failed_makes_a_failure(kind: type[State]) -> None:
    assert type(of_one(kind())) is states.Failed


@pytest.mark.parametrize("kind", [states.Cancelled, states.Looped])
def test_trap_6_cancelled_and_looped_make_a_success(kind: type[State]) -> None:
    state = of_one(kind())
    assert type(state) is states.Success
    assert state.message == "no reference task failed"


@pytest.mark.parametrize("kind", [states.Retrying, states.Pending, states.Running])
def test_trap_7_the_flow_runs_while_a_terminal_task_is_not_finished(
    pair: tuple[Flow, Task, Task], kind: type[State]
) -> None:
    flow, first, last = pair
    flow.set_reference_tasks([first])
    assert type(decide(flow, {first: states.Failed(), last: kind()})) is states.Running


def test_a_paused_task_pauses_the_flow_which_names_it(pair: tuple[Flow, Task, Task]) -> None:
    flow, first, last = pair
    state = decide(flow, {first: states.Paused(), last: states.Pending()})
    assert type(state) is states.Paused
    assert "paused at first" in str(state.message)


def test_only_reference_tasks_count(pair: tuple[Flow, Task, Task]) -> None:
    flow, first, last = pair
    ended = {first: states.Failed(), last: states.Success()}
    assert type(decide(flow, ended)) is states.Success
    flow.set_reference_tasks([first])
    assert type(decide(flow, ended)) is states.Failed


def test_a_mapped_task_counts_by_its_children() -> None:
    failed = states.Mapped(map_states=[states.Success(), states.Failed()])
    assert type(of_one(failed)) is states.Failed
    assert type(of_one(states.Mapped(map_states=[states.Running()]))) is states.Running
    assert type(of_one(states.Mapped(map_states=[]))) is states.Success


def test_the_message_names_what_failed_by_itself(pair: tuple[Flow, Task, Task]) -> None:
    flow, first, last = pair
    ended = {first: states.Failed("no network"), last: states.TriggerFailed("no")}
    assert decide(flow, ended).message == "first: no network"


def test_an_empty_flow_succeeds() -> None:
    assert type(decide(Flow("f"), {})) is states.Success
