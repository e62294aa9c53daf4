"""The arguments of Flow.run beside the parameters, and those of FlowRunner.run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.schedules import Schedule
from nemflow.flows.schedules.clocks import DatesClock
from nemflow.tasks import states
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import State


@task
def colour() -> Any:
    return context.get("colour"), context.flow_run_name, context.map_index


@task
def same(x: Any) -> Any:
    return x


@task
def fail() -> None:
    raise ValueError("broke")


class TestState:
    @pytest.mark.parametrize("state", [states.Success(), states.Failed()], ids=repr)
    def test_of_a_finished_one_nothing_is_run(self, state: State) -> None:
        assert Flow("f", tasks=[Task()]).run(state=state) is state

    def test_the_tasks_go_on_from_the_states_in_it(self) -> None:
        with Flow("f") as flow:
            first = fail()
            then = same(first)
        started = states.Running(result={first: states.Success(result=5)})
        assert flow.run(state=started).result[then].result == 5

    def test_task_states_win_over_the_states_in_it(self) -> None:
        with Flow("f") as flow:
            first = fail()
            then = same(first)
        started = states.Pending(result={first: states.Success(result=5)})
        given = {first: states.Success(result=6)}
        assert flow.run(state=started, task_states=given).result[then].result == 6

    def test_on_a_schedule_it_is_that_of_the_first_run_alone(self) -> None:
        now = datetime.now(UTC)
        dates = DatesClock([now - timedelta(days=days) for days in (1, 2)])
        ran: list[int] = []
        with Flow("f", schedule=Schedule([dates])) as flow:
            noted = task(lambda: ran.append(1))()
        given = {noted: states.Success()}
        since = now - timedelta(days=3)
        flow.run(state=states.Pending(result=given), catchup=True, since=since)
        flow.run(task_states=given, catchup=True, since=since)
        assert len(ran) == 2


class TestTaskContexts:
    @pytest.mark.parametrize("executor", [None, ProcessExecutor(1)], ids=["local", "processes"])
    def test_a_task_and_its_children_get_keys_of_their_own(self, executor: Any) -> None:
        with Flow("f", flow_run_name="run") as flow:
            one, other = colour(), colour()
            many = task(lambda x: (context.get("colour"), x), name="many").map([1, 2])
        contexts = {one: {"colour": "blue"}, many: {"colour": "red"}}
        result = flow.run(
            task_contexts=contexts, context={"colour": "grey"}, executor=executor
        ).result
        assert result[one].result == ("blue", "run", None)
        assert result[other].result == ("grey", "run", None)
        assert result[many].result == [("red", 1), ("red", 2)]


class TestNames:
    def test_id_and_name_of_the_run_are_given_by_keyword(self) -> None:
        seen = []
        flow = Flow("f", tasks=[task(lambda: seen.append(context.flow_run_id))])
        flow.add_task(task(lambda: seen.append(context.flow_run_name), name="second"))
        flow.run(flow_run_id="abc", flow_run_name="monday")
        assert seen == ["abc", "monday"]

    def test_a_keyword_that_is_a_parameter_of_the_flow_is_that_parameter(self) -> None:
        names = ["state", "context", "executor", "force", "since", "flow_run_name"]
        with Flow("f") as flow:
            taken = {name: same(Parameter(name, default="default")) for name in names}
        result = flow.run(
            state="NSW", context="a", executor="b", force=False, since=None, flow_run_name="c"
        ).result
        values = [result[task].result for task in taken.values()]
        assert values == ["NSW", "a", "b", False, None, "c"]


class TestRunnerClass:
    def test_it_runs_the_flow(self) -> None:
        ran: list[str] = []

        class Noting(FlowRunner):
            def run(self, *arguments: Any, **keywords: Any) -> State:
                ran.append(self.flow.name)
                return super().run(*arguments, **keywords)

        assert Flow("f", tasks=[Task()]).run(runner_cls=Noting).is_successful()
        assert ran == ["f"]


class TestTaskRunnerStateHandlers:
    @pytest.mark.parametrize("executor", [None, ProcessExecutor(1)], ids=["local", "processes"])
    def test_they_come_after_the_own_handlers_of_every_task(self, executor: Any) -> None:
        def own(obj: Task, old: State, new: State) -> State | None:
            return states.Success("own", result=1) if new.is_successful() else None

        def more(obj: Task, old: State, new: State) -> State | None:
            return states.Success(f"{new.message}, then more") if new.is_successful() else None

        with Flow("f") as flow:
            handled = task(lambda: 0, state_handlers=[own])()
        state = flow.run(task_runner_state_handlers=[more], executor=executor)
        assert state.result[handled].message == "own, then more"

    def test_they_hear_of_mapped_parents_and_children(self) -> None:
        heard: list[str] = []

        def note(obj: Task, old: State, new: State) -> None:
            heard.append(f"{context.task_full_name} {type(new).__name__}")

        with Flow("f") as flow:
            same.map([1])
        flow.run(task_runner_state_handlers=[note])
        assert heard == ["same Mapped", "same[0] Running", "same[0] Success"]


class TestReturnTasks:
    def test_trap_29_a_flow_runner_returns_the_tasks_that_it_is_asked_for(self) -> None:
        with Flow("f") as flow:
            one, _ = same(1), same(2)
        assert FlowRunner(flow).run(return_tasks=[one]).result.keys() == {one}

    def test_by_default_it_returns_all(self) -> None:
        with Flow("f") as flow:
            one, two = same(1), same(2)
        assert FlowRunner(flow).run().result.keys() == {one, two}

    def test_one_that_is_not_in_the_flow_makes_a_failed_state(self) -> None:
        state = FlowRunner(Flow("f", tasks=[Task()])).run(return_tasks=[Task()])
        assert type(state) is states.Failed
        assert isinstance(state.result, ValueError)

    def test_flow_run_refuses_them(self) -> None:
        with pytest.raises(ValueError, match="no parameter return_tasks"):
            Flow("f", tasks=[Task()]).run(return_tasks=[])
