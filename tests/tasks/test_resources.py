"""Resource managers: set up before, cleaned up after, whatever happened in between."""

from collections.abc import Callable
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.parameters import Parameter
from nemflow.tasks import signals, states
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant
from nemflow.tasks.control_flow import case
from nemflow.tasks.decorator import task
from nemflow.tasks.resources import ResourceManager, resource_manager
from nemflow.tasks.states import State

Make = Callable[..., Any]


@task
def use(resource: Any) -> str:
    return f"used {resource}"


@task
def fail(resource: Any = None) -> None:
    raise ValueError("broke")


@pytest.fixture
def log() -> list[str]:
    """What the manager did, in order."""
    return []


@pytest.fixture
def manager(log: list[str]) -> Make:
    """Make a resource manager that notes what it does and fails, or is skipped, where told to."""

    def make(broken: str = "", error: BaseException | None = None, **options: Any) -> Any:
        def note(what: str) -> None:
            log.append(what)
            if what == broken:
                raise error or ValueError(what)

        class Cluster:
            def __init__(self, size: int = 1) -> None:
                note("init")
                self.size = size

            def setup(self) -> str:
                note("setup")
                return f"cluster of {self.size}"

            def cleanup(self, cluster: Any) -> None:
                note(f"cleanup {cluster}")

        return resource_manager(Cluster, **options)

    return make


def kinds(flow: Flow, state: State) -> dict[str, str]:
    return {task.name: type(state.result[task]).__name__ for task in flow.sorted_tasks()}


def names(tasks: set[Task]) -> set[str]:
    return {task.name for task in tasks}


class TestShape:
    def test_the_first_tasks_inside_follow_setup_and_the_last_precede_cleanup(
        self, manager: Make
    ) -> None:
        with Flow("f") as flow, manager()(size=2):
            first, last, alone = Task("first"), Task("last"), Task("alone")
            flow.chain(first, last)
            flow.add_task(alone)
        (cleanup,) = flow.get_tasks(name="Cluster.cleanup")
        assert names(flow.upstream_tasks(first)) == {"Cluster.setup"}
        assert names(flow.upstream_tasks(last)) == {"first"}
        assert names(flow.upstream_tasks(alone)) == {"Cluster.setup"}
        assert names(flow.upstream_tasks(cleanup)) == {
            "Cluster.init",
            "Cluster.setup",
            "last",
            "alone",
        }

    def test_parameters_and_constants_made_inside_are_not_held(self, manager: Make) -> None:
        with Flow("f") as flow, manager()():
            size = Parameter("size", default=1)
            inside = task(lambda x: x, name="inside").map([1], upstream_tasks=[size])
        assert flow.upstream_tasks(size) == set()
        assert names(flow.downstream_tasks(size)) == {"inside"}
        (constant,) = flow.get_tasks(task_type=Constant)
        assert (flow.upstream_tasks(constant), flow.downstream_tasks(constant)) == (set(), {inside})

    def test_a_task_outside_of_the_block_is_not_held(self, manager: Make) -> None:
        with Flow("f") as flow:
            with manager()():
                inside = Task("inside")
                flow.add_task(inside)
            outside = Task("outside").set_upstream(inside)
        (cleanup,) = flow.get_tasks(name="Cluster.cleanup")
        assert cleanup not in flow.downstream_tasks(outside)
        assert cleanup in flow.downstream_tasks(inside)

    def test_the_block_gives_what_setup_returns(self, manager: Make) -> None:
        with Flow("f") as flow, manager()(size=3) as cluster:
            used = use(cluster)
        assert flow.run().result[used].result == "used cluster of 3"

    def test_without_setup_the_block_gives_nothing_and_cleanup_gets_none(
        self, log: list[str]
    ) -> None:
        @resource_manager
        class Simple:
            def cleanup(self, resource: Any) -> None:
                log.append(f"cleanup {resource}")

        with Flow("f") as flow, Simple() as resource:
            flow.add_task(Task("inside"))
        assert resource is None
        assert flow.run().is_successful()
        assert log == ["cleanup None"]

    def test_the_arguments_may_be_tasks(self, manager: Make) -> None:
        with Flow("f") as flow:
            size = task(lambda: 7)()
            with manager()(size) as cluster:
                used = use(cluster)
        assert flow.run().result[used].result == "used cluster of 7"

    def test_the_decorator_takes_options(self, manager: Make) -> None:
        made = manager(
            name="pool", init_task_kwargs={"tags": {"a"}}, setup_task_kwargs={"timeout": 5}
        )
        with Flow("f") as flow, made():
            flow.add_task(Task("inside"))
        (init,) = flow.get_tasks(name="pool.init")
        (setup,) = flow.get_tasks(name="pool.setup")
        assert (init.tags, setup.timeout_s) == ({"a"}, 5)

    def test_as_a_decorator_with_options(self) -> None:
        @resource_manager(name="pool")
        class Cluster:
            def cleanup(self, resource: Any) -> None: ...

        assert isinstance(Cluster, ResourceManager)
        assert Cluster.name == "pool"

    def test_setup_and_cleanup_are_not_persisted(self, manager: Make) -> None:
        with Flow("f") as flow, manager()():
            flow.add_task(Task("inside"))
        checkpoints = {task.name: task.checkpoint for task in flow.tasks}
        assert checkpoints["Cluster.setup"] is checkpoints["Cluster.cleanup"] is False

    def test_it_belongs_inside_a_flow(self, manager: Make) -> None:
        with pytest.raises(DefinitionError, match="with Flow"):
            manager()()

    def test_an_error_inside_the_block_is_not_covered_by_another(self, manager: Make) -> None:
        with pytest.raises(ZeroDivisionError), Flow("f"), manager()():
            raise ZeroDivisionError

    def test_inside_a_case_it_is_skipped_as_a_whole(self, manager: Make, log: list[str]) -> None:
        with Flow("f") as flow, case(task(lambda: 1)(), 2), manager()() as cluster:
            use(cluster)
        state = flow.run()
        assert log == []
        assert all(state.result[t].is_skipped() for t in flow.get_tasks() if "Cluster" in t.name)


class TestOutcome:
    def test_cleanup_comes_after_all_tasks_of_the_block(
        self, manager: Make, log: list[str]
    ) -> None:
        with Flow("f") as flow, manager()() as cluster:
            task(lambda x: log.append("inside"))(cluster)
        assert flow.run().is_successful()
        assert log == ["init", "setup", "inside", "cleanup cluster of 1"]

    def test_cleanup_runs_though_an_inner_task_failed_and_does_not_hide_the_failure(
        self, manager: Make, log: list[str]
    ) -> None:
        with Flow("f") as flow, manager()() as cluster:
            fail(cluster)
        state = flow.run()
        assert log[-1] == "cleanup cluster of 1"
        assert state.is_failed()

    def test_cleanup_runs_though_an_inner_child_failed_or_an_inner_task_was_skipped(
        self, manager: Make, log: list[str]
    ) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("not today")

        with Flow("f") as flow, manager()():
            task(lambda x: 1 / x).map([0, 1])
            skip()
        flow.run()
        assert log[-1] == "cleanup cluster of 1"

    @pytest.mark.parametrize("broken", ["init", "setup"])
    @pytest.mark.parametrize("error", [ValueError("no"), signals.SKIP("no")], ids=["fail", "skip"])
    def test_cleanup_is_skipped_where_the_resource_never_came_to_be(
        self, manager: Make, log: list[str], broken: str, error: BaseException
    ) -> None:
        with Flow("f") as flow, manager(broken, error)() as cluster:
            used = use(cluster)
        state = flow.run()
        assert kinds(flow, state)["Cluster.cleanup"] == "Skipped"
        assert log[-1] == broken
        expected = states.Skipped if isinstance(error, signals.SKIP) else states.TriggerFailed
        assert type(state.result[used]) is expected
        assert state.is_failed() is isinstance(error, ValueError)

    def test_and_so_it_is_in_other_processes(self) -> None:
        class Broken:
            def setup(self) -> None:
                raise ValueError("no")

            def cleanup(self, resource: Any) -> None: ...

        with Flow("f") as flow, resource_manager(Broken)():
            flow.add_task(Task("inside"))
        state = flow.run(executor=ProcessExecutor(1))
        assert kinds(flow, state) == {
            "Broken.init": "Success",
            "Broken.setup": "Failed",
            "inside": "TriggerFailed",
            "Broken.cleanup": "Skipped",
        }

    def test_a_failed_cleanup_does_not_count_for_the_flow(self, manager: Make) -> None:
        with Flow("f") as flow, manager("cleanup cluster of 1")() as cluster:
            use(cluster)
        state = flow.run()
        assert kinds(flow, state)["Cluster.cleanup"] == "Failed"
        assert state.is_successful()

    def test_the_reference_tasks_are_the_last_inner_ones(self, manager: Make) -> None:
        with Flow("f") as flow, manager()() as cluster:
            used = use(use(cluster))
        assert flow.reference_tasks() == {used}

    def test_a_manager_of_nothing_is_no_reference_task(self) -> None:
        @resource_manager
        class Simple:
            def __init__(self) -> None:
                raise ValueError("no")

            def cleanup(self, resource: Any) -> None: ...

        with Flow("f") as flow, Simple():
            pass
        assert names(flow.tasks) == {"Simple.init", "Simple.cleanup"}
        assert flow.reference_tasks() == set()
        assert flow.run().is_successful()

    def test_init_and_setup_and_cleanup_are_run_again_on_a_restart(
        self, manager: Make, log: list[str]
    ) -> None:
        with Flow("f") as flow, manager()() as cluster:
            used = use(cluster)
            broken = fail(cluster)
        first = flow.run().result
        assert flow.run(task_states={**first, broken: states.Pending()}).is_failed()
        assert log == ["init", "setup", "cleanup cluster of 1"] * 2
        assert first[used].is_successful()
