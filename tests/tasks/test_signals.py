"""Signals: which state each stands for, and what it carries."""

import pickle
from datetime import UTC, datetime

import pytest

from nemflow.errors import DefinitionError
from nemflow.tasks import signals, states
from nemflow.tasks.context import context

KINDS = {
    signals.FAIL: states.Failed,
    signals.TRIGGERFAIL: states.TriggerFailed,
    signals.VALIDATIONFAIL: states.ValidationFailed,
    signals.SUCCESS: states.Success,
    signals.SKIP: states.Skipped,
    signals.RETRY: states.Retrying,
    signals.PAUSE: states.Paused,
    signals.LOOP: states.Looped,
}
by_name = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


@by_name
def test_each_signal_stands_for_its_state(kind: type[signals.StateSignal]) -> None:
    signal = kind("words")
    assert type(signal.state) is KINDS[kind]
    assert signal.state.message == "words"


@by_name
def test_trap_11_signals_are_not_caught_by_except_exception(
    kind: type[signals.StateSignal],
) -> None:
    assert issubclass(kind, BaseException)
    assert not issubclass(kind, Exception)


@pytest.mark.parametrize("kind", [k for k in KINDS if k is not signals.LOOP])
def test_trap_11_the_result_is_the_signal_itself_unless_given(
    kind: type[signals.StateSignal],
) -> None:
    signal = kind("words")
    assert signal.state.result is signal
    assert kind("words", result=5).state.result == 5


def test_the_result_of_loop_is_its_repr_unless_given() -> None:
    assert signals.LOOP("again").state.result == "LOOP('again')"
    assert signals.LOOP("again", result=5).state.result == 5


@pytest.mark.usefixtures("machine_in_sydney")
def test_retry_and_pause_take_a_start_time_and_read_a_naive_one_as_utc() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert signals.RETRY(start_time=datetime(2030, 1, 1)).state.start_time == later
    assert signals.PAUSE(start_time=later).state.start_time == later


def test_retry_is_due_now_and_pause_never_unless_told_when() -> None:
    assert signals.RETRY().state.start_time <= datetime.now(UTC)
    assert signals.PAUSE().state.start_time is None


def test_retry_counts_from_the_running_task() -> None:
    with context(task_run_count=4):
        assert signals.RETRY().state.run_count == 4


def test_endrun_carries_any_state() -> None:
    state = states.Cancelled("enough")
    assert signals.ENDRUN(state).state is state
    assert not issubclass(signals.ENDRUN, signals.StateSignal)


@by_name
def test_signal_from_state_maps_back(kind: type[signals.StateSignal]) -> None:
    assert signals.signal_from_state(KINDS[kind]()) is kind


def test_signal_from_state_refuses_a_state_without_signal() -> None:
    with pytest.raises(DefinitionError, match="Running"):
        signals.signal_from_state(states.Running())


@by_name
def test_every_signal_comes_back_from_pickling(kind: type[signals.StateSignal]) -> None:
    back = pickle.loads(pickle.dumps(kind("words", result=5)))
    assert (type(back), back.state.message, back.state.result) == (kind, "words", 5)


def test_a_signal_that_is_its_own_result_comes_back_so_with_its_fields() -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    back = pickle.loads(pickle.dumps(signals.RETRY("words", start_time=later)))
    assert back.state.result is back
    assert back.state.start_time == later


def test_a_signal_of_a_users_own_stands_for_its_parents_state() -> None:
    class NothingYet(signals.SKIP):
        not_published = True

    assert NothingYet("tomorrow").state.result.not_published
    assert NothingYet("tomorrow").state.is_skipped()
