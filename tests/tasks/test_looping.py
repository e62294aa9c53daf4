"""Loops: a task that runs again with what the last pass handed on; and pauses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks import signals, states
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.runner import run_task
from nemflow.tasks.signals import pause_task
from nemflow.tasks.task_run import RunContext, TaskRun

NOW = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
AT_ONCE: dict[str, Any] = {"max_retries": 2, "retry_delay": timedelta(0)}


@task
def count_to(n: int) -> int:
    reached: int = context.get("task_loop_count", 1)
    if reached < n:
        raise signals.LOOP(result=reached)
    return reached


class TestLooping:
    def test_trap_16_thousands_of_passes_without_recursion(self) -> None:
        with Flow("f") as flow:
            counted = count_to(5000)
        assert flow.run().result[counted].result == 5000

    def test_trap_16_passes_count_from_one_and_hand_their_result_on(self) -> None:
        seen: list[tuple[Any, Any]] = []

        @task
        def add_up(step: int) -> int:
            seen.append((context.get("task_loop_count"), context.get("task_loop_result")))
            total = (context.get("task_loop_result") or 0) + step
            if total < 30:
                raise signals.LOOP(result=total)
            return total

        with Flow("f") as flow:
            total = add_up(10)
        assert flow.run().result[total].result == 30
        assert seen == [(None, None), (2, 10), (3, 20)]

    def test_trap_16_inputs_are_kept(self) -> None:
        with Flow("f") as flow:
            n = task(lambda: 4)()
            counted = count_to(n)
        assert flow.run().result[counted].result == 4

    def test_without_result_the_next_pass_gets_the_signals_repr(self) -> None:
        @task
        def twice() -> Any:
            if context.get("task_loop_count") is None:
                raise signals.LOOP("again")
            return context.task_loop_result

        with Flow("f") as flow:
            last = twice()
        assert flow.run().result[last].result == "LOOP('again')"

    def test_handlers_see_each_pass_from_pending(self) -> None:
        seen: list[tuple[str, str]] = []
        counted = count_to.copy(
            state_handlers=[lambda t, old, new: seen.append((repr(old)[1:4], type(new).__name__))]
        )
        with Flow("f") as flow:
            counted(2)
        flow.run()
        assert seen == [
            ("Pen", "Running"),
            ("Run", "Looped"),
            ("Pen", "Running"),
            ("Run", "Success"),
        ]

    def test_mapped_children_loop_each_on_its_own(self) -> None:
        with Flow("f") as flow:
            counted = count_to.map([3, 1, 2])
        assert flow.run().result[counted].result == [3, 1, 2]


class TestRetriesInsideALoop:
    def test_trap_16_they_keep_the_position_and_every_pass_has_its_own_budget(self) -> None:
        attempts: list[tuple[int, int]] = []

        @task(**AT_ONCE)
        def stumble() -> int:
            at = context.get("task_loop_count", 1)
            attempts.append((at, context.task_run_count))
            if context.task_run_count < 3:
                raise ValueError("not yet")
            if at < 3:
                raise signals.LOOP(result=at)
            return at

        with Flow("f") as flow:
            done = stumble()
        assert flow.run().result[done].result == 3
        assert attempts == [(at, attempt) for at in (1, 2, 3) for attempt in (1, 2, 3)]

    def test_a_pass_that_uses_up_its_retries_fails_the_task(self) -> None:
        @task(**AT_ONCE)
        def breaks_second() -> None:
            if context.get("task_loop_count", 1) == 2:
                raise ValueError("broke")
            raise signals.LOOP

        with Flow("f") as flow:
            done = breaks_second()
        assert flow.run().result[done].is_failed()

    @pytest.mark.parametrize("signal", [signals.RETRY, signals.PAUSE])
    def test_retry_and_pause_asked_for_by_the_task_keep_the_position_too(self, signal: Any) -> None:
        passes: list[int] = []

        @task
        def ask_in_second() -> tuple[int, Any]:
            at = context.get("task_loop_count", 1)
            passes.append(at)
            if passes == [1, 2]:
                raise signal("wait", start_time=datetime.now(UTC))
            if at < 3:
                raise signals.LOOP(result=at * 10)
            return at, context.task_loop_result

        with Flow("f") as flow:
            done = ask_in_second()
        assert flow.run().result[done].result == (3, 20)
        assert passes == [1, 2, 2, 3]


class TestLoopsAndResults:
    def test_what_passes_hand_on_is_written_where_a_result_is_declared(
        self, tmp_path: Path
    ) -> None:
        options = {"result": LocalResult(tmp_path / "kept")}
        with Flow("f") as flow:
            count_to(3, task_args=options)
        flow.run(settings=RunSettings(lock_dir=tmp_path / "locks"))
        assert len([path for path in (tmp_path / "kept").rglob("*") if path.is_file()]) == 3

    def test_the_target_is_there_when_the_loop_has_ended_and_locked_once(
        self, tmp_path: Path
    ) -> None:
        there: list[bool] = []

        @task(result=LocalResult(tmp_path / "kept"), target="total")
        def loop() -> int:
            there.append((tmp_path / "kept" / "total").exists())
            if context.get("task_loop_count", 1) < 3:
                raise signals.LOOP(result=0)
            return 3

        with Flow("f") as flow:
            done = loop()
        settings = RunSettings(lock_dir=tmp_path / "locks")
        assert flow.run(settings=settings).result[done].result == 3
        assert there == [False] * 3
        assert flow.run(settings=settings).result[done].is_cached()


class TestPauseTask:
    def test_it_pauses_until_the_run_is_resumed_and_runs_from_the_beginning(self) -> None:
        begun: list[int] = []

        @task
        def ask_first() -> str:
            begun.append(1)
            pause_task("look at it")
            return "went on"

        with Flow("f") as flow:
            asked = ask_first()
        paused = FlowRunner(flow).run().result[asked]
        assert isinstance(paused, states.Paused)
        assert (paused.message, paused.start_time) == ("look at it", None)
        resumed = FlowRunner(flow).run(task_states={asked: states.Resume()}).result[asked]
        assert resumed.result == "went on"
        assert len(begun) == 2

    def test_with_a_duration_it_goes_on_by_itself(self) -> None:
        @task
        def wait() -> str:
            pause_task(duration=timedelta(milliseconds=1))
            return "went on"

        with Flow("f") as flow:
            waited = wait()
        assert flow.run().result[waited].result == "went on"

    def test_it_waits_until_the_duration_is_over(self) -> None:
        pausing = task(lambda: pause_task(duration=HOUR))
        state = run_task(TaskRun(pausing, {}, RunContext()))
        assert isinstance(state, states.Paused)
        assert state.start_time is not None
        left = state.start_time - datetime.now(UTC)
        assert timedelta(minutes=59) < left <= HOUR
        again = run_task(
            TaskRun(pausing, {}, RunContext(now=lambda: state.start_time - HOUR)), state
        )
        assert again is state
