"""FlowRunner and Flow.run: from the parameters to the final state."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import CancelRun, FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks import signals, states
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import State


@task
def same(x: Any = None) -> Any:
    return x


@task
def fail() -> None:
    raise ValueError("broke")


class Changes:
    """A state handler that keeps the names of old and new states."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def __call__(self, obj: Any, old: State, new: State) -> None:
        self.seen.append((type(old).__name__, type(new).__name__))


class TestStart:
    @pytest.mark.parametrize(
        "state", [states.Success(), states.Failed(), states.Cancelled()], ids=repr
    )
    def test_a_finished_run_is_returned_as_it_is(self, state: State) -> None:
        assert FlowRunner(Flow("f", tasks=[fail.copy()])).run(state) is state

    def test_a_run_for_later_is_returned_as_it_is(self) -> None:
        state = states.Scheduled(start_time=datetime.now(UTC) + timedelta(days=1))
        assert FlowRunner(Flow("f", tasks=[fail.copy()])).run(state) is state

    @pytest.mark.parametrize(
        "state",
        [None, states.Pending(), states.Scheduled(), states.Submitted(state=states.Pending())],
        ids=repr,
    )
    def test_a_run_that_is_due_runs(self, state: State | None) -> None:
        assert FlowRunner(Flow("f", tasks=[Task()])).run(state).is_successful()


class TestReturnedState:
    def test_the_result_maps_every_task_to_its_state(self) -> None:
        with Flow("f") as flow:
            one = same(Parameter("x"))
            two = same(one)
        state = flow.run(x=5)
        assert state.result.keys() == flow.tasks
        assert state.result[two].result == 5

    def test_trap_29_tasks_that_never_ran_are_pending(self) -> None:
        @task
        def later() -> None:
            raise signals.PAUSE("wait")

        with Flow("f") as flow:
            below = same(later())
        assert type(flow.run().result[below]) is states.Pending

    def test_a_failed_task_fails_the_flow_and_the_message_says_which(self) -> None:
        state = Flow("f", tasks=[fail.copy()]).run()
        assert type(state) is states.Failed
        assert state.message == "fail: ValueError('broke')"

    def test_a_failure_of_the_runner_itself_is_a_failed_state_with_it_as_result(self) -> None:
        class Broken(LocalExecutor):
            def submit(self, token: Any, call: Any, *arguments: Any) -> None:
                raise OSError("no workers")

        state = Flow("f", tasks=[Task()], executor=Broken()).run()
        assert type(state) is states.Failed
        assert isinstance(state.result, OSError)

    def test_with_raise_on_exception_exceptions_propagate(self, events: Any) -> None:
        flow = Flow("f", tasks=[fail.copy()])
        with pytest.raises(ValueError, match="broke"):
            flow.run(context={"raise_on_exception": True}, reporter=events)
        assert events.told[-1] == "f Failed"
        assert context.to_dict() == {}


class TestArguments:
    def test_the_executor_of_the_run_wins_over_that_of_the_flow(self) -> None:
        class Noted(LocalExecutor):
            def __init__(self) -> None:
                super().__init__()
                self.calls = 0

            def submit(self, token: Any, call: Any, *arguments: Any) -> None:
                self.calls += 1
                super().submit(token, call, *arguments)

        own, given = Noted(), Noted()
        flow = Flow("f", tasks=[Task()], executor=own)
        flow.run()
        flow.run(executor=given)
        assert (own.calls, given.calls) == (1, 1)

    def test_the_date_of_the_context_sets_the_runs_dates(self) -> None:
        seen = []
        with Flow("f") as flow:
            task(lambda: seen.append((context.date, context.yesterday)))()
        day = datetime(2014, 1, 1, tzinfo=UTC)
        flow.run(context={"date": day})
        assert seen == [(day, "2013-12-31")]

    def test_parameters_are_in_the_context(self) -> None:
        seen = []
        with Flow("f") as flow:
            Parameter("x")
            Parameter("y", default=2)
            task(lambda: seen.append(context.parameters))()
        flow.run(x=1)
        assert seen == [{"x": 1, "y": 2}]

    def test_trap_22_a_template_prefers_inputs_to_context_to_parameters(
        self, tmp_path: Path
    ) -> None:
        kept = task(result=LocalResult(tmp_path / "out"), target="{a}-{b}-{c}")(lambda c: c)
        with Flow("f") as flow:
            for name in "abc":
                Parameter(name)
            kept("input")
        parameters = dict.fromkeys("abc", "parameter")
        flow.run(parameters, context={"b": "context", "c": "context"})
        [made] = (tmp_path / "out").iterdir()
        assert made.name == "parameter-context-input"

    def test_a_flow_that_is_not_valid_is_refused_before_anything_runs(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        flow.add_edge(one, two)
        flow.add_edge(two, one)
        with pytest.raises(ValueError, match="circle"):
            flow.run()


class TestDeclaredMeansPersisted:
    """Better on purpose 1."""

    def flow(self, folder: Path, **options: Any) -> Flow:
        with Flow("f", result=LocalResult(folder, location="{task_name}.p")) as flow:
            same.copy(name="five", **options).bind(5)
        return flow

    def test_the_flows_result_serves_all_its_tasks(self, tmp_path: Path) -> None:
        self.flow(tmp_path / "out").run()
        assert LocalResult(tmp_path / "out").read("five.p").value == 5

    def test_a_target_without_result_lies_in_the_flows(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        flow = self.flow(tmp_path / "out", target="target.p")
        [only] = flow.tasks
        kinds = [type(flow.run(settings=settings).result[only]) for _ in range(2)]
        assert kinds == [states.Success, states.Cached]
        assert (tmp_path / "out" / "target.p").exists()

    def test_the_setting_turns_writing_off(self, tmp_path: Path) -> None:
        self.flow(tmp_path / "out").run(settings=RunSettings(checkpointing=False))
        assert not (tmp_path / "out").exists()

    def test_a_task_can_be_left_out(self, tmp_path: Path) -> None:
        self.flow(tmp_path / "out", checkpoint=False).run()
        assert not (tmp_path / "out").exists()


class TestHandlers:
    def test_the_flows_handlers_hear_of_each_change(self) -> None:
        changes = Changes()
        Flow("f", tasks=[Task()], state_handlers=[changes]).run()
        assert changes.seen == [("Pending", "Running"), ("Running", "Success")]

    def test_the_runners_handlers_come_after_the_flows(self) -> None:
        order: list[str] = []
        flow = Flow("f", state_handlers=[lambda *_: order.append("flow")])
        FlowRunner(flow, state_handlers=[lambda *_: order.append("runner")]).run()
        assert order == ["flow", "runner"] * 2

    def test_on_failure_is_called_when_the_run_failed(self) -> None:
        seen: list[tuple[Flow, str | None]] = []
        flow = Flow(
            "f",
            tasks=[fail.copy()],
            on_failure=lambda obj, state: seen.append((obj, state.message)),
        )
        flow.run()
        assert seen == [(flow, "fail: ValueError('broke')")]

    def test_a_handler_that_puts_another_state_for_running_keeps_the_run_from_starting(
        self,
    ) -> None:
        stopped = states.Cancelled("not today")

        def stop(obj: Any, old: State, new: State) -> State | None:
            return stopped if new.is_running() else None

        assert Flow("f", tasks=[fail.copy()], state_handlers=[stop]).run() is stopped

    def test_a_failing_handler_fails_the_run(self) -> None:
        def broken(obj: Any, old: State, new: State) -> None:
            raise ZeroDivisionError

        state = Flow("f", tasks=[Task()], state_handlers=[broken]).run()
        assert type(state) is states.Failed
        assert isinstance(state.result, ZeroDivisionError)

    def test_a_handler_may_forgive_a_failure(self) -> None:
        def forgive(obj: Any, old: State, new: State) -> State | None:
            return states.Success("forgiven") if new.is_failed() else None

        assert Flow("f", tasks=[fail.copy()], state_handlers=[forgive]).run().is_successful()


class TestTerminalStateHandler:
    def test_it_sees_flow_state_and_reference_states_and_may_replace_the_state(self) -> None:
        seen: list[Any] = []

        def judge(flow: Flow, state: State, references: set[State]) -> State:
            seen.extend([flow, type(state), {type(s) for s in references}])
            return states.Failed("judged")

        flow = Flow("f", tasks=[Task(), fail.copy()], terminal_state_handler=judge)
        flow.set_reference_tasks([task for task in flow.tasks if task.name == "Task"])
        assert flow.run().message == "judged"
        assert seen == [flow, states.Success, {states.Success}]

    def test_it_sees_the_children_of_mapped_reference_tasks_too(self) -> None:
        seen: list[set[State]] = []
        with Flow("f", terminal_state_handler=lambda *told: seen.append(told[2])) as flow:
            mapped = task(lambda x: 1 // x).map([1, 0])
        state = flow.run().result[mapped]
        assert seen == [{state, *state.map_states}]

    def test_none_keeps_the_state(self) -> None:
        flow = Flow("f", tasks=[Task()], terminal_state_handler=lambda *_: None)
        assert type(flow.run()) is states.Success

    def test_it_is_not_asked_while_the_run_goes_on(self) -> None:
        asked: list[int] = []
        again = same.copy(max_retries=1, retry_delay=timedelta(days=1), name="again")
        again.run = fail.run
        flow = Flow("f", tasks=[again], terminal_state_handler=lambda *_: asked.append(1))
        assert FlowRunner(flow).run().is_running()
        assert asked == []


class TestCancelling:
    def test_a_run_that_is_asked_to_stop_ends_cancelled_and_nothing_is_raised(
        self, events: Any
    ) -> None:
        @task
        def stop() -> None:
            raise CancelRun("somebody asked")

        with Flow("f") as flow:
            same(stop())
        state = flow.run(reporter=events)
        assert type(state) is states.Cancelled
        assert state.message == "somebody asked"
        assert events.told[-3:] == ["stop-1 Cancelled", "same-1 Cancelled", "f Cancelled"]

    def test_handlers_of_tasks_do_not_take_it_for_a_failure(self) -> None:
        changes = Changes()

        @task(state_handlers=[changes], max_retries=1, retry_delay=timedelta(0))
        def stop() -> None:
            raise CancelRun("somebody asked")

        with Flow("f") as flow:
            stop()
        assert type(flow.run()) is states.Cancelled
        assert changes.seen == [("Pending", "Running")]
