"""TaskRunner: the whole way of a task, from a state to the next."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks import signals, states, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge
from nemflow.tasks.runner import TaskRunner
from nemflow.tasks.states import State

Upstream = Callable[..., dict[Edge, State]]
NO_DELAY = timedelta(0)
TOMORROW = datetime.now(UTC) + timedelta(days=1)


def raising(error: BaseException, **options: Any) -> Task:
    @task(**options)
    def raises() -> None:
        raise error

    return raises


class Changes:
    """A state handler that keeps the names of old and new states."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def __call__(self, obj: Any, old: State, new: State) -> None:
        self.seen.append((type(old).__name__, type(new).__name__))


class TestStart:
    def test_without_state_the_run_starts_pending(self) -> None:
        changes = Changes()
        TaskRunner(task(state_handlers=[changes])(lambda: 1)).run()
        assert changes.seen == [("Pending", "Running"), ("Running", "Success")]

    def test_a_meta_state_is_unwrapped(self) -> None:
        changes = Changes()
        runner = TaskRunner(task(state_handlers=[changes])(lambda: 1))
        runner.run(states.Submitted(state=states.Scheduled()))
        assert changes.seen[0] == ("Scheduled", "Running")

    @pytest.mark.parametrize(
        "state",
        [
            states.Success(),
            states.Failed(),
            states.Running(),
            states.Skipped(),
            states.Scheduled(start_time=TOMORROW),
            states.Retrying(start_time=TOMORROW),
            states.Paused(),
        ],
        ids=repr,
    )
    def test_trap_17_what_is_not_to_run_now_comes_back_as_the_same_object(
        self, state: State
    ) -> None:
        changes = Changes()
        runner = TaskRunner(raising(AssertionError(), state_handlers=[changes]))
        assert runner.run(state) is state
        assert changes.seen == []

    def test_a_task_whose_upstream_is_not_finished_stays_the_same_object(
        self, upstream: Upstream
    ) -> None:
        state = states.Pending()
        assert TaskRunner(Task()).run(state, upstream(states.Running())) is state

    def test_a_resumed_run_goes_on_from_a_pause(self) -> None:
        manual = task(trigger=triggers.manual_only)(lambda: 5)
        assert type(TaskRunner(manual).run()) is states.Paused
        assert TaskRunner(manual).run(states.Resume()).result == 5
        assert TaskRunner(manual).run(states.Paused(), context={"resume": True}).result == 5


class TestInputs:
    def test_upstream_results_arrive_by_key(self, upstream: Upstream) -> None:
        add = task(lambda x, y: x + y)
        ups = upstream(x=states.Success(result=1), y=states.Success(result=2))
        assert TaskRunner(add).run(upstream_states=ups).result == 3

    def test_trap_11_failed_and_skipped_upstreams_hand_on_exception_and_signal(
        self, upstream: Upstream
    ) -> None:
        error, skip = ValueError("no"), signals.SKIP("no need")
        both = task(trigger=triggers.all_finished, skip_on_upstream_skip=False)(lambda x, y: (x, y))
        ups = upstream(x=states.Failed(result=error), y=skip.state)
        assert TaskRunner(both).run(upstream_states=ups).result == (error, skip)


class TestOrder:
    """Skip before target, target before trigger, trigger before Running."""

    @pytest.fixture
    def there(self, tmp_path: Path) -> dict[str, Any]:
        LocalResult(tmp_path, location="a").write(5)
        return {"result": LocalResult(tmp_path), "target": "a"}

    def test_trap_2_a_target_does_not_save_a_task_whose_upstream_failed(
        self, there: dict[str, Any], upstream: Upstream
    ) -> None:
        changes = Changes()
        runner = TaskRunner(raising(AssertionError(), state_handlers=[changes], **there))
        state = runner.run(upstream_states=upstream(states.Failed()))
        assert type(state) is states.TriggerFailed
        assert changes.seen == [("Pending", "Cached"), ("Cached", "TriggerFailed")]

    def test_trap_2_a_cached_task_still_needs_its_trigger_to_pass(
        self, there: dict[str, Any], upstream: Upstream
    ) -> None:
        runner = TaskRunner(raising(AssertionError(), trigger=triggers.all_finished, **there))
        assert runner.run(upstream_states=upstream(states.Failed())).is_cached()

    def test_trap_2_a_skipped_upstream_comes_before_target_and_trigger(
        self, there: dict[str, Any], upstream: Upstream
    ) -> None:
        changes = Changes()
        runner = TaskRunner(raising(AssertionError(), state_handlers=[changes], **there))
        runner.run(upstream_states=upstream(states.Skipped(), states.Failed()))
        assert changes.seen == [("Pending", "Skipped")]

    def test_trap_2_a_failed_trigger_starts_nothing(self, upstream: Upstream) -> None:
        changes = Changes()
        runner = TaskRunner(raising(AssertionError(), state_handlers=[changes]))
        runner.run(upstream_states=upstream(states.Failed()))
        assert changes.seen == [("Pending", "TriggerFailed")]

    def test_trap_3_a_target_is_looked_for_with_writing_off(self, there: dict[str, Any]) -> None:
        state = TaskRunner(raising(AssertionError(), checkpoint=False, **there)).run()
        assert (type(state), state.result) == (states.Cached, 5)

    def test_trap_3_and_so_it_is_where_the_whole_run_writes_nothing(
        self, there: dict[str, Any], tmp_path: Path
    ) -> None:
        with Flow("f") as flow:
            found = raising(AssertionError(), **there)()
        settings = RunSettings(checkpointing=False, lock_dir=tmp_path / "locks")
        assert flow.run(settings=settings).result[found].result == 5

    def test_trap_3_a_target_without_result_fails(self) -> None:
        state = TaskRunner(raising(AssertionError(), target="a")).run()
        assert type(state) is states.Failed
        assert "result=LocalResult" in str(state.message)

    def test_trap_4_changed_none_is_persisted_and_found(self, tmp_path: Path) -> None:
        made = task(result=LocalResult(tmp_path), target="a")(lambda: None)
        first, second = TaskRunner(made).run(), TaskRunner(made).run()
        assert (type(first), type(second)) == (states.Success, states.Cached)
        assert second.result is None

    def test_a_name_that_cannot_be_filled_fails_though_the_target_is_there(
        self, there: dict[str, Any]
    ) -> None:
        assert (
            TaskRunner(raising(AssertionError(), task_run_name="{no}", **there)).run().is_failed()
        )


class TestSignals:
    @pytest.mark.parametrize(
        "signal",
        [
            signals.FAIL("words"),
            signals.TRIGGERFAIL("words"),
            signals.VALIDATIONFAIL("words"),
            signals.SUCCESS("words"),
            signals.SKIP("words"),
            signals.PAUSE("words"),
            signals.RETRY("words"),
        ],
        ids=lambda signal: type(signal).__name__,
    )
    def test_a_signal_raised_in_run_becomes_the_state(self, signal: signals.StateSignal) -> None:
        state = TaskRunner(raising(signal)).run()
        assert type(state) is type(signal).state_class
        assert state.message == "words"

    def test_endrun_ends_in_the_given_state(self) -> None:
        state = states.Cancelled("enough")
        assert TaskRunner(raising(signals.ENDRUN(state))).run() is state

    def test_an_exception_is_a_failure_with_it_as_result_and_its_repr_as_message(self) -> None:
        error = ZeroDivisionError("oops")
        state = TaskRunner(raising(error)).run()
        assert type(state) is states.Failed
        assert (state.result, state.message) == (error, "ZeroDivisionError('oops')")

    def test_what_is_no_exception_passes_through(self) -> None:
        with pytest.raises(KeyboardInterrupt):
            TaskRunner(raising(KeyboardInterrupt())).run()
        assert context.to_dict() == {}

    def test_with_raise_on_exception_exceptions_propagate_and_signals_do_not(self) -> None:
        asked = {"raise_on_exception": True}
        with pytest.raises(ZeroDivisionError):
            TaskRunner(raising(ZeroDivisionError())).run(context=asked)
        assert TaskRunner(raising(signals.FAIL("no"))).run(context=asked).is_failed()


class TestRetries:
    OPTIONS: dict[str, Any] = {"max_retries": 2, "retry_delay": NO_DELAY}  # noqa: RUF012

    def to_the_end(self, made: Task) -> list[State]:
        """Run again as long as the task is Retrying; return the state after each attempt."""
        reached: list[State] = []
        while not reached or reached[-1].is_retrying():
            reached.append(TaskRunner(made).run(reached[-1] if reached else None))
        return reached

    def test_trap_9_n_retries_are_n_plus_one_attempts(self) -> None:
        attempts = self.to_the_end(raising(ValueError(), **self.OPTIONS))
        assert [type(state).__name__ for state in attempts] == ["Retrying", "Retrying", "Failed"]

    def test_each_attempt_knows_its_number(self) -> None:
        seen = []

        @task(**self.OPTIONS)
        def counts() -> None:
            seen.append(context.task_run_count)
            raise ValueError

        attempts = self.to_the_end(counts)
        assert seen == [1, 2, 3]
        assert attempts[0].context["task_run_count"] == 1

    def test_trap_9_retry_ignores_the_limit(self) -> None:
        @task
        def once_more() -> None:
            raise signals.RETRY("once more")

        first = TaskRunner(once_more).run()
        second = TaskRunner(once_more).run(first)
        assert isinstance(first, states.Retrying)
        assert isinstance(second, states.Retrying)
        assert (first.run_count, second.run_count) == (1, 2)

    def test_trap_9_trigger_failed_is_never_retried(self, upstream: Upstream) -> None:
        made = raising(AssertionError(), **self.OPTIONS)
        state = TaskRunner(made).run(upstream_states=upstream(states.Failed()))
        assert type(state) is states.TriggerFailed

    def test_trap_9_endrun_with_a_failed_state_is_never_retried(self) -> None:
        state = states.Failed("for good")
        assert TaskRunner(raising(signals.ENDRUN(state), **self.OPTIONS)).run() is state

    def test_trap_9_a_failing_handler_is_never_retried(self) -> None:
        def broken(obj: Any, old: State, new: State) -> None:
            if new.is_failed():
                raise ZeroDivisionError

        state = TaskRunner(raising(ValueError(), state_handlers=[broken], **self.OPTIONS)).run()
        assert type(state) is states.Failed
        assert isinstance(state.result, ZeroDivisionError)

    def test_trap_9_a_target_that_cannot_be_filled_is_never_retried(self, tmp_path: Path) -> None:
        made = raising(
            AssertionError(), target="{no}", result=LocalResult(tmp_path), **self.OPTIONS
        )
        assert type(TaskRunner(made).run()) is states.Failed

    def test_trap_9_a_write_error_is_retried_and_run_is_called_again(self, tmp_path: Path) -> None:
        ran = []
        (tmp_path / "a").mkdir()
        result = LocalResult(tmp_path, location="a")
        made = task(result=result, **self.OPTIONS)(lambda: ran.append(1))
        attempts = self.to_the_end(made)
        assert [type(state).__name__ for state in attempts] == ["Retrying", "Retrying", "Failed"]
        assert len(ran) == 3

    def test_trap_9_a_value_that_cannot_be_written_is_retried_and_run_is_called_again(
        self, tmp_path: Path
    ) -> None:
        ran = []

        @task(result=LocalResult(tmp_path, location="a"), **self.OPTIONS)
        def give_generator() -> Any:
            ran.append(1)
            return (n for n in (1, 2))

        attempts = self.to_the_end(give_generator)
        assert [type(state).__name__ for state in attempts] == ["Retrying", "Retrying", "Failed"]
        assert "cannot be pickled" in str(attempts[-1].message)
        assert len(ran) == 3

    @pytest.mark.parametrize("kind", [signals.FAIL, signals.TRIGGERFAIL, signals.VALIDATIONFAIL])
    def test_a_signal_of_failure_is_retried_like_an_exception(
        self, kind: type[signals.StateSignal]
    ) -> None:
        assert TaskRunner(raising(kind("no"), **self.OPTIONS)).run().is_retrying()


class TestHandlers:
    def test_trap_10_handlers_hear_failed_before_retrying_and_no_pending_between(self) -> None:
        changes = Changes()
        made = raising(ValueError(), max_retries=1, retry_delay=NO_DELAY, state_handlers=[changes])
        TaskRunner(made).run(TaskRunner(made).run())
        assert changes.seen == [
            ("Pending", "Running"),
            ("Running", "Failed"),
            ("Failed", "Retrying"),
            ("Retrying", "Running"),
            ("Running", "Failed"),
        ]

    def test_trap_10_on_failure_is_called_at_each_failed_attempt(self) -> None:
        seen = []
        made = raising(
            ValueError(),
            max_retries=1,
            retry_delay=NO_DELAY,
            on_failure=lambda obj, state: seen.append((obj, type(state))),
        )
        TaskRunner(made).run(TaskRunner(made).run())
        assert seen == [(made, states.Failed)] * 2

    @pytest.mark.parametrize(
        "signal",
        [signals.TRIGGERFAIL(), signals.VALIDATIONFAIL(), signals.ENDRUN(states.TimedOut())],
    )
    def test_on_failure_is_called_for_every_kind_of_failed(self, signal: signals.Signal) -> None:
        seen = []
        TaskRunner(raising(signal, on_failure=lambda obj, state: seen.append(state))).run()
        assert [state is signal.state for state in seen] == [True]

    def test_on_failure_is_called_where_the_trigger_said_no(self, upstream: Upstream) -> None:
        seen = []
        below = Task(on_failure=lambda obj, state: seen.append(type(state)))
        TaskRunner(below).run(upstream_states=upstream(states.Failed()))
        assert seen == [states.TriggerFailed]

    @pytest.mark.parametrize("kind", [signals.SKIP, signals.FAIL, signals.ENDRUN])
    def test_a_signal_that_a_handler_raises_at_the_start_keeps_the_task_from_running(
        self, kind: Any
    ) -> None:
        signal = kind(states.Cancelled()) if kind is signals.ENDRUN else kind("not now")

        def refuse(obj: Any, old: State, new: State) -> None:
            if new.is_running():
                raise signal

        made = raising(AssertionError(), state_handlers=[refuse])
        assert TaskRunner(made).run() is signal.state

    def test_the_tasks_own_handlers_come_before_the_runners(self) -> None:
        order: list[str] = []
        made = task(state_handlers=[lambda *_: order.append("task")])(lambda: 1)
        TaskRunner(made, state_handlers=[lambda *_: order.append("runner")]).run()
        assert order == ["task", "runner"] * 2

    def test_trap_18_no_handler_is_called_when_the_state_is_the_same_object(self) -> None:
        changes = Changes()
        TaskRunner(Task(state_handlers=[changes])).run(states.Success())
        assert changes.seen == []

    def test_a_handler_may_put_another_state_in_place(self) -> None:
        def forgive(obj: Any, old: State, new: State) -> State | None:
            return states.Success(result="default") if new.is_failed() else None

        state = TaskRunner(raising(ValueError(), state_handlers=[forgive])).run()
        assert (type(state), state.result) == (states.Success, "default")

    def test_a_handler_that_pauses_keeps_the_task_from_running(self) -> None:
        def pause(obj: Any, old: State, new: State) -> None:
            if new.is_running():
                raise signals.PAUSE("wait for me")

        state = TaskRunner(raising(AssertionError(), state_handlers=[pause])).run()
        assert type(state) is states.Paused


class TestResult:
    def test_the_flows_result_serves_a_task_without_one(self, tmp_path: Path) -> None:
        flow_result = LocalResult(tmp_path, location="{task_name}.p")
        TaskRunner(task(name="five")(lambda: 5), flow_result=flow_result).run()
        assert LocalResult(tmp_path).read("five.p").value == 5

    def test_the_tasks_own_result_comes_first(self, tmp_path: Path) -> None:
        own = LocalResult(tmp_path, location="own.p")
        TaskRunner(task(result=own)(lambda: 5), flow_result=LocalResult(tmp_path / "flow")).run()
        assert [path.name for path in tmp_path.iterdir()] == ["own.p"]

    def test_the_context_given_reaches_task_and_templates(self, tmp_path: Path) -> None:
        made = task(result=LocalResult(tmp_path), target="{colour}.p")(lambda: context.colour)
        assert TaskRunner(made).run(context={"colour": "blue"}).result == "blue"
        assert (tmp_path / "blue.p").exists()
