"""State handlers: who is called, in which order, and what an answer does."""

from typing import Any

import pytest

from nemflow.tasks import signals, states
from nemflow.tasks.handlers import HandlerStopped, call_handlers
from nemflow.tasks.states import State

OLD, NEW = states.Running(), states.Success()


def answer(*handlers: Any) -> State:
    return call_handlers(handlers, "the task", OLD, NEW)


def raising(error: BaseException) -> Any:
    def handler(obj: Any, old: State, new: State) -> State:
        raise error

    return handler


def test_none_keeps_the_state() -> None:
    assert answer(lambda *_: None) is NEW


def test_another_state_takes_its_place() -> None:
    other = states.Failed()
    assert answer(lambda *_: other) is other


def test_each_handler_sees_what_the_one_before_returned() -> None:
    other, seen = states.Failed(), []
    answer(lambda *_: other, lambda *arguments: seen.append(arguments))
    assert seen == [("the task", OLD, other)]


def test_a_signal_puts_its_state_in_place() -> None:
    signal = signals.SKIP("no need")
    assert answer(raising(signal)) is signal.state


def test_endrun_and_pause_stop_the_run() -> None:
    for signal in (signals.ENDRUN(states.Cancelled()), signals.PAUSE()):
        with pytest.raises(HandlerStopped) as stopped:
            answer(raising(signal))
        assert stopped.value.state is signal.state


def test_any_other_exception_is_a_failure_that_stops_the_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ZeroDivisionError("oops")
    with pytest.raises(HandlerStopped) as stopped:
        answer(raising(error))
    assert stopped.value.state.is_failed()
    assert stopped.value.state.result is error
    assert "a state handler of 'the task' failed" in caplog.text
