"""The steps of a task run from its start on, one class each, one test for each outcome."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import ResultError
from nemflow.results import ConstantResult, FileResult, LocalResult, Result
from nemflow.tasks import signals, states, steps
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge
from nemflow.tasks.runner import run_task
from nemflow.tasks.states import State
from nemflow.tasks.task_run import RunContext, TaskRun

NOW = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def run_of(
    task: Task | None = None,
    upstream: dict[Edge, State] | None = None,
    start: State | None = None,
    **context: Any,
) -> TaskRun:
    run = TaskRun(task or Task(), upstream or {}, RunContext(now=lambda: NOW, **context))
    run.begin(start or states.Pending())
    return run


class TestSetRunning:
    def test_a_pending_state_becomes_running(self) -> None:
        assert steps.set_running(states.Pending(), run_of()).message == "started"

    def test_a_further_attempt_says_which(self) -> None:
        start = states.Retrying(run_count=1)
        assert steps.set_running(start, run_of(start=start)).message == "started, attempt 2"

    @pytest.mark.parametrize("state", [states.Cached(), states.Failed(), states.Skipped()])
    def test_a_state_that_is_not_pending_ends_unchanged(self, state: State) -> None:
        run = run_of()
        assert steps.set_running(state, run) is state
        assert run.ended


def called(task: Task, **context: Any) -> State:
    return steps.call_run(states.Running(), run_of(task, **context))


class TestCallRun:
    def test_what_run_returns_is_the_result_of_a_success(self) -> None:
        state = called(task(lambda: 5))
        assert type(state) is states.Success
        assert state.result == 5

    def test_none_is_a_value_that_was_produced(self) -> None:
        assert called(task(lambda: None))._result.value is None

    def test_success_raised_with_a_result_is_kept_like_a_returned_value(
        self, tmp_path: Path
    ) -> None:
        @task(result=LocalResult(tmp_path, location="a"))
        def raises() -> None:
            raise signals.SUCCESS("early", result=5)

        state = called(raises)
        assert (state.result, state.message) == (5, "early")
        assert LocalResult(tmp_path).read("a").value == 5

    def test_success_raised_without_result_hands_on_the_signal(self) -> None:
        @task
        def raises() -> None:
            raise signals.SUCCESS("early")

        assert isinstance(called(raises).result, signals.SUCCESS)

    def test_a_state_that_is_not_running_ends_unchanged(self) -> None:
        state, run = states.Skipped(), run_of()
        assert steps.call_run(state, run) is state
        assert run.ended


class TestPersist:
    def test_a_declared_result_is_written(self, tmp_path: Path) -> None:
        state = called(task(result=LocalResult(tmp_path, location="a"))(lambda: 5))
        assert LocalResult(tmp_path).read("a").value == 5
        assert state._result.location == str(tmp_path / "a")

    def test_a_declared_target_is_written_and_none_too(self, tmp_path: Path) -> None:
        called(task(result=LocalResult(tmp_path), target="a")(lambda: None))
        assert LocalResult(tmp_path).read("a").value is None

    @pytest.mark.parametrize(
        ("options", "context"),
        [({"checkpoint": False}, {}), ({}, {"checkpointing": False})],
        ids=["task", "run"],
    )
    def test_writing_can_be_turned_off_for_a_task_and_for_a_run(
        self, tmp_path: Path, options: dict[str, Any], context: dict[str, Any]
    ) -> None:
        written = task(result=LocalResult(tmp_path, location="a"), **options)(lambda: 5)
        assert called(written, **context).result == 5
        assert list(tmp_path.iterdir()) == []

    def test_the_word_of_the_run_holds_for_tasks_that_ask_to_be_written_too(
        self, tmp_path: Path
    ) -> None:
        asking = task(result=LocalResult(tmp_path, location="a"), checkpoint=True)(lambda: 5)
        assert called(asking, checkpointing=False).result == 5
        assert list(tmp_path.iterdir()) == []
        called(asking)
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    @pytest.mark.parametrize("result", [Result(), ConstantResult(1)], ids=["base", "constant"])
    def test_a_result_that_keeps_nothing_leaves_the_value_in_memory(self, result: Result) -> None:
        state = called(task(result=result)(lambda: 5))
        assert (type(state), state.result) == (states.Success, 5)

    @pytest.mark.parametrize("signal", [signals.SKIP("no", result=5), signals.FAIL("no", result=5)])
    def test_the_result_of_a_skip_or_failure_is_not_written(
        self, tmp_path: Path, signal: signals.StateSignal
    ) -> None:
        @task(result=LocalResult(tmp_path, location="a"))
        def raises() -> None:
            raise signal

        state = run_task(run_of(raises))
        assert state is signal.state
        assert list(tmp_path.iterdir()) == []

    def test_the_result_of_the_flow_is_used_where_the_task_has_none(self, tmp_path: Path) -> None:
        called(task(lambda: 5), flow_result=LocalResult(tmp_path, location="{task_name}"))
        assert [path.name for path in tmp_path.iterdir()] == ["<lambda>"]

    def test_a_write_error_raises(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        with pytest.raises(ResultError, match="cannot be written"):
            called(task(result=LocalResult(tmp_path, location="a"))(lambda: 5))


class TestMakeFile:
    def test_the_task_fills_a_temporary_file_that_is_moved_into_place(self, tmp_path: Path) -> None:
        seen = []

        @task(result=FileResult(tmp_path), target="day/a.txt")
        def make(path: Path) -> None:
            path.write_text("whole")
            seen.append(path)

        state = called(make)
        final = tmp_path / "day" / "a.txt"
        assert state.result == final
        assert final.read_text() == "whole"
        assert seen[0] != final
        assert list(final.parent.iterdir()) == [final]

    def test_a_failing_task_leaves_nothing(self, tmp_path: Path) -> None:
        @task(result=FileResult(tmp_path), target="a.txt")
        def make(path: Path) -> None:
            path.write_text("half")
            raise ValueError("no more")

        with pytest.raises(ValueError, match="no more"):
            called(make)
        assert list(tmp_path.iterdir()) == []

    def test_a_task_that_makes_no_file_is_told_so(self, tmp_path: Path) -> None:
        with pytest.raises(ResultError, match="was not made"):
            called(task(result=FileResult(tmp_path), target="a.txt")(lambda path: None))


class TestRetry:
    def retried(self, state: State, run_count: int = 1, **options: Any) -> State:
        given = {"max_retries": 2, "retry_delay": SECOND, **options}
        start = states.Retrying(run_count=run_count - 1)
        return steps.check_retry(state, run_of(Task(**given), start=start))

    def test_a_failure_becomes_retrying_after_the_delay(self) -> None:
        error = ValueError("no")
        state = self.retried(states.Failed("broke", result=error))
        assert isinstance(state, states.Retrying)
        assert (state.start_time, state.run_count) == (NOW + SECOND, 1)
        assert state.result is error
        assert "broke" in str(state.message)

    @pytest.mark.parametrize(("run_count", "again"), [(1, True), (2, True), (3, False)])
    def test_trap_9_max_retries_counts_retries(self, run_count: int, again: bool) -> None:
        assert self.retried(states.Failed(), run_count).is_retrying() is again

    def test_success_stays(self) -> None:
        state = states.Success()
        assert self.retried(state) is state

    def test_retry_on_retries_only_its_kinds(self) -> None:
        retry_on = [OSError]
        assert self.retried(states.Failed(result=OSError()), retry_on=retry_on).is_retrying()
        assert self.retried(
            states.Failed(result=FileNotFoundError()), retry_on=retry_on
        ).is_retrying()
        assert self.retried(states.Failed(result=ValueError()), retry_on=retry_on).is_failed()

    def test_retry_on_never_retries_a_signal(self) -> None:
        assert self.retried(signals.FAIL("no").state, retry_on=[Exception]).is_failed()

    def test_without_retry_on_a_signal_is_retried(self) -> None:
        assert self.retried(signals.FAIL("no").state).is_retrying()

    def test_retry_on_retries_a_failure_without_result(self) -> None:
        assert self.retried(states.Failed(), retry_on=[OSError]).is_retrying()

    def test_trap_27_a_timeout_is_retried_but_not_under_retry_on(self) -> None:
        timed_out = states.TimedOut(result=signals.FAIL("took too long"))
        assert self.retried(timed_out).is_retrying()
        assert self.retried(timed_out, retry_on=[OSError]).is_failed()
