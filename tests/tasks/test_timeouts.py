"""Timeouts: by an alarm in the main thread, by the end of a process elsewhere."""

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.tasks import signals, timeouts
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.runner import run_task
from nemflow.tasks.states import State, TimedOut
from nemflow.tasks.task_run import RunContext, TaskRun

FOREVER_S = 60.0
SHORT_S = 0.05
# A process has to start and import before it runs: time enough on a busy machine.
LONG_S = 30.0


def block() -> None:
    time.sleep(FOREVER_S)


def run(work: Callable[..., Any], **options: Any) -> State:
    return run_task(TaskRun(task(**options)(work), {}, RunContext()))


def in_thread(work: Callable[[], Any]) -> Any:
    """Do something in a thread that is not the main one; return what it gives."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


class TestOption:
    @pytest.mark.parametrize("timeout", [2, 2.0, timedelta(seconds=2)], ids=str)
    def test_better_7_it_is_seconds_with_fractions_or_a_timedelta(self, timeout: Any) -> None:
        assert Task(timeout=timeout).timeout_s == 2.0
        assert Task(timeout=0.25).timeout_s == 0.25

    def test_it_may_be_set_later(self) -> None:
        made = Task(timeout=1)
        made.timeout = timedelta(minutes=1)
        assert (made.timeout, made.timeout_s) == (60.0, 60.0)
        with pytest.raises(TypeError, match="timeout"):
            made.timeout = "2"  # type: ignore[assignment]  # the mistake tested

    @pytest.mark.parametrize("timeout", ["2", True], ids=repr)
    def test_anything_else_is_refused(self, timeout: Any) -> None:
        with pytest.raises(TypeError, match="timeout"):
            Task(timeout=timeout)

    @pytest.mark.parametrize("timeout", [0, -1.5, timedelta(0)], ids=str)
    def test_it_must_be_above_zero(self, timeout: Any) -> None:
        with pytest.raises(DefinitionError, match="above 0"):
            Task(timeout=timeout)


class TestMainThread:
    def test_a_call_that_blocks_is_interrupted(self) -> None:
        started = time.monotonic()
        state = run(block, timeout=SHORT_S)
        assert time.monotonic() - started < FOREVER_S / 2
        assert isinstance(state, TimedOut)
        assert state.message == "took longer than its timeout of 0.05 s"
        assert isinstance(state.result, timeouts.TimeIsUp)

    def test_except_exception_in_the_task_does_not_swallow_it(self) -> None:
        def stubborn() -> str:
            with contextlib.suppress(Exception):
                block()
            return "done"

        assert isinstance(run(stubborn, timeout=SHORT_S), TimedOut)

    def test_a_task_that_is_in_time_is_left_alone_and_so_is_what_follows(self) -> None:
        assert run(lambda: 5, timeout=LONG_S).result == 5
        assert timeouts.signal.getitimer(timeouts.signal.ITIMER_REAL) == (0.0, 0.0)

    def test_the_handler_that_was_there_is_put_back(self) -> None:
        before = timeouts.signal.getsignal(timeouts.signal.SIGALRM)
        run(block, timeout=SHORT_S)
        assert timeouts.signal.getsignal(timeouts.signal.SIGALRM) is before

    def test_trap_27_it_is_retried_by_max_retries(self) -> None:
        attempts: list[int] = []

        @task(timeout=SHORT_S, max_retries=1, retry_delay=timedelta(0))
        def slow_once() -> int:
            attempts.append(1)
            if len(attempts) == 1:
                block()
            return len(attempts)

        with Flow("f") as flow:
            slow = slow_once()
        assert flow.run().result[slow].result == 2

    def test_trap_27_under_retry_on_it_is_not(self) -> None:
        attempts: list[int] = []

        @task(timeout=SHORT_S, max_retries=5, retry_delay=timedelta(0), retry_on=Exception)
        def slow() -> None:
            attempts.append(1)
            block()

        with Flow("f") as flow:
            ran = slow()
        assert isinstance(flow.run().result[ran], TimedOut)
        assert len(attempts) == 1


class TestOtherThreads:
    def test_the_process_in_which_it_runs_is_killed(self, tmp_path: Path) -> None:
        # Two seconds are enough for it to have begun on any but a very busy machine; on such a one
        # it is killed before, which is as good.
        pid_file = tmp_path / "pid"

        def write_pid_and_block() -> None:
            import os

            pid_file.write_text(str(os.getpid()))
            time.sleep(60)

        started = time.monotonic()
        state = in_thread(lambda: run(write_pid_and_block, timeout=2))
        assert time.monotonic() - started < FOREVER_S / 2
        assert isinstance(state, TimedOut)
        assert not pid_file.exists() or not psutil.pid_exists(int(pid_file.read_text()))
        at_work = [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]
        assert at_work == []

    def test_inputs_go_there_and_the_value_comes_back_with_context(self) -> None:
        with Flow("f") as flow:
            asked = task(timeout=LONG_S)(lambda x: (x, context.task_name, context.colour))(
                {"a": 1}, task_args={"name": "asked"}
            )
        state = flow.run(executor=ThreadExecutor(1), context={"colour": "blue"})
        assert state.result[asked].result == ({"a": 1}, "asked", "blue")

    @pytest.mark.parametrize("kind", ["error", "signal", "strange error", "value", "end"])
    def test_whatever_ends_it_there_ends_it_here(self, kind: str) -> None:
        class Strange(Exception):
            def __init__(self, one: int, two: int) -> None:
                super().__init__(f"{one} and {two}")

        def work() -> Any:
            import os

            if kind == "error":
                raise LookupError("broke")
            if kind == "signal":
                raise signals.SKIP("not today")
            if kind == "strange error":
                raise Strange(1, 2)
            return threading.Lock() if kind == "value" else os._exit(7)

        state = in_thread(lambda: run(work, timeout=LONG_S))
        expected, words = {
            "error": ("Failed", "LookupError('broke')"),
            "signal": ("Skipped", "not today"),
            "strange error": ("Failed", "Strange('1 and 2')"),
            "value": ("Failed", "value cannot leave its process"),
            "end": ("Failed", "process ended with code 7"),
        }[kind]
        assert type(state).__name__ == expected
        assert words in str(state.message)

    def test_where_no_process_may_start_it_is_left_behind_with_a_warning(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import multiprocessing

        stop = threading.Event()
        monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]  # what a daemonic process is
        try:
            with pytest.warns(UserWarning, match="left running"):
                state = in_thread(lambda: run(lambda: stop.wait(FOREVER_S), timeout=SHORT_S))
        finally:
            stop.set()
        assert isinstance(state, TimedOut)

    def test_there_a_task_in_time_gives_its_value_or_its_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import multiprocessing

        monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]  # as above
        with pytest.warns(UserWarning, match="left running"):
            assert in_thread(lambda: run(lambda: 5, timeout=LONG_S)).result == 5
        with pytest.warns(UserWarning, match="left running"):
            assert in_thread(lambda: run(lambda: 1 // 0, timeout=LONG_S)).is_failed()
