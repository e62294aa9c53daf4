"""Flow: how a graph is built, looked at and checked."""

import subprocess
import sys
import warnings
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant, List
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge


@task
def same(x: Any) -> Any:
    return x


class TestMaking:
    @pytest.mark.parametrize("name", ["", None])
    def test_a_name_is_needed(self, name: Any) -> None:
        with pytest.raises(ValueError, match="needs a name"):
            Flow(name)

    def test_handlers_must_be_a_sequence(self) -> None:
        with pytest.raises(TypeError, match="list of callables"):
            Flow("f", state_handlers=print)  # type: ignore[arg-type]  # the mistake tested

    def test_tasks_edges_and_reference_tasks_can_be_given(self) -> None:
        one, two, three = Task(), Task(), Task()
        flow = Flow("f", tasks=[three], edges=[Edge(one, two)], reference_tasks=[two])
        assert flow.tasks == {one, two, three}
        assert flow.reference_tasks() == {two}

    def test_defining_a_flow_runs_nothing(self) -> None:
        ran: list[int] = []
        with Flow("f"):
            task(lambda: ran.append(1))()
        assert ran == []

    def test_repr_names_the_flow(self) -> None:
        assert repr(Flow("prices")) == '<Flow: name="prices">'


class TestAddTask:
    def test_the_task_is_returned_and_adding_it_twice_changes_nothing(self) -> None:
        flow, one = Flow("f"), Task()
        assert flow.add_task(one) is flow.add_task(one) is one
        assert flow.tasks == {one}

    def test_what_is_no_task_is_refused(self) -> None:
        with pytest.raises(TypeError, match="a flow takes tasks"):
            Flow("f").add_task(Task)  # type: ignore[arg-type]  # the mistake tested

    def test_an_explicit_slug_can_be_taken_once(self) -> None:
        flow = Flow("f", tasks=[Task(slug="one")])
        with pytest.raises(ValueError, match="'one' already"):
            flow.add_task(Task(slug="one"))


class TestSlugs:
    def slugs(self, *tasks: Task) -> list[str]:
        flow = Flow("f", tasks=tasks)
        return [flow.slugs[task] for task in tasks]

    def test_trap_25_name_sorted_tags_and_a_count_per_prefix_in_order_of_creation(self) -> None:
        tagged = Task(name="a", tags=["y", "x"])
        slugs = self.slugs(Task(name="a"), tagged, Task(name="a"), Task(name="b"))
        assert slugs == ["a-1", "a-x-y-1", "a-2", "b-1"]

    def test_trap_25_a_count_that_an_explicit_slug_has_taken_is_left_out(self) -> None:
        assert self.slugs(Task(slug="a-1"), Task(name="a"))[1] == "a-2"

    def test_slugs_belong_to_the_flow_not_to_the_task(self) -> None:
        one = Task(name="a")
        self.slugs(one)
        assert one.slug is None


class TestAddEdge:
    def test_both_ends_are_added_and_the_edge_is_returned(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        assert flow.add_edge(one, two, key=None) == Edge(one, two)
        assert flow.tasks == {one, two}

    def test_with_validation_a_cycle_is_found_at_once(self) -> None:
        flow, one, two = Flow("f", validate=True), Task(), Task()
        flow.add_edge(one, two)
        with pytest.raises(ValueError, match="circle"):
            flow.add_edge(two, one)

    def test_with_validation_a_key_is_taken_once(self) -> None:
        flow, one, two, down = Flow("f"), Task(), Task(), same.copy()
        flow.add_edge(one, down, key="x", validate=True)
        with pytest.raises(ValueError, match="'x' twice"):
            flow.add_edge(two, down, key="x", validate=True)

    def test_with_validation_an_unknown_key_is_found_at_once(self) -> None:
        with pytest.raises(TypeError, match="takes no argument 'q'"):
            Flow("f", validate=True).add_edge(Task(), same.copy(), key="q")


class TestLeavingTheBlock:
    """Early errors: leaving ``with Flow(...)`` validates."""

    def test_a_cycle_is_found(self) -> None:
        one, two = Task(name="one"), Task(name="two")
        with pytest.raises(DefinitionError, match="circle"), Flow("f") as flow:
            flow.chain(one, two, one)

    def test_an_unknown_key_is_found(self) -> None:
        with pytest.raises(TypeError, match="takes no argument 'q'"), Flow("f") as flow:
            flow.add_edge(Task(), same.bind(1), key="q")

    def test_a_missing_argument_is_found(self) -> None:
        with pytest.raises(TypeError, match="misses the argument x"), Flow("f") as flow:
            flow.add_task(same.copy())

    def test_a_key_given_twice_is_found(self) -> None:
        flow, down = Flow("f"), same.copy()
        flow.add_edge(Task(), down, key="x")
        flow.add_edge(Task(), down, key="x")
        with pytest.raises(DefinitionError, match="'x' twice"), flow:
            pass

    def test_an_error_inside_the_block_is_not_covered_by_another(self) -> None:
        flow = Flow("f", tasks=[same.copy()])
        with pytest.raises(ZeroDivisionError), flow:
            raise ZeroDivisionError

    def test_a_task_made_and_forgotten_is_named(self) -> None:
        with pytest.warns(UserWarning, match="not added to it: forgotten;") as warned, Flow("f"):
            Task(name="forgotten")
        assert len(warned) == 1

    def test_of_several_one_warning_names_all(self) -> None:
        with pytest.warns(UserWarning, match="not added to it: a, b;") as warned, Flow("f"):
            Task(name="b"), Task(name="a")
        assert len(warned) == 1

    def test_a_task_made_and_called_at_once_is_not_forgotten(self) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with Flow("f"):
                Task()()
        assert warned == []

    def test_constants_are_never_forgotten(self) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with Flow("f"):
                Constant(5)
        assert warned == []

    def test_blocks_nest_and_the_inner_one_is_open(self) -> None:
        with Flow("outer") as outer:
            first = Task()()
            with Flow("inner") as inner:
                second = Task()()
            third = Task()()
        assert outer.tasks == {first, third}
        assert inner.tasks == {second}

    def test_running_inside_the_block_is_refused(self) -> None:
        with pytest.raises(ValueError, match="leave the block first"), Flow("f") as flow:
            flow.run()


class TestSetDependencies:
    def test_keyed_constants_stay_outside_of_the_graph(self) -> None:
        flow, down = Flow("f"), same.copy()
        flow.set_dependencies(down, keyword_tasks={"x": [1, 2]})
        assert flow.tasks == {down}
        assert flow.constants == {down: {"x": [1, 2]}}

    def test_constants_without_key_and_mapped_ones_are_tasks(self) -> None:
        flow, down = Flow("f"), same.copy()
        flow.set_dependencies(down, upstream_tasks=[5])
        flow.set_dependencies(down, keyword_tasks={"x": [1]}, mapped=True)
        assert [type(task) for task in flow.upstream_tasks(down)] == [Constant, Constant]

    def test_a_collection_with_a_task_is_a_task_of_the_flow(self) -> None:
        flow, one, down = Flow("f"), Task(), same.copy()
        flow.set_dependencies(down, keyword_tasks={"x": [one, 2]})
        [collected] = flow.upstream_tasks(down)
        assert isinstance(collected, List)
        assert flow.upstream_tasks(collected) == {one}

    def test_mapped_applies_to_upstream_and_keyword_edges_never_downstream(self) -> None:
        flow, up, key, down = Flow("f"), Task(), Task(), Task()
        middle = same.copy()
        flow.set_dependencies(middle, [up], [down], {"x": key}, mapped=True)
        assert {edge.mapped for edge in flow.edges_to(middle)} == {True}
        assert {edge.mapped for edge in flow.edges_from(middle)} == {False}

    def test_chain_makes_one_edge_fewer_than_tasks(self) -> None:
        flow, tasks = Flow("f"), [Task() for _ in range(3)]
        assert flow.chain(*tasks) == [Edge(tasks[0], tasks[1]), Edge(tasks[1], tasks[2])]


class TestLooking:
    def test_neighbours_roots_and_ends(self) -> None:
        flow = Flow("f")
        a, b, c, d = (Task(name=name) for name in "abcd")
        flow.chain(a, b, c)
        flow.add_task(d)
        assert flow.upstream_tasks(b) == {a}
        assert flow.downstream_tasks(b) == {c}
        assert flow.edges_to(b) == {Edge(a, b)}
        assert flow.edges_from(b) == {Edge(b, c)}
        assert flow.all_upstream_edges() == {a: set(), b: {Edge(a, b)}, c: {Edge(b, c)}, d: set()}
        assert flow.all_downstream_edges() == {a: {Edge(a, b)}, b: {Edge(b, c)}, c: set(), d: set()}
        assert flow.root_tasks() == {a, d}
        assert flow.terminal_tasks() == {c, d}

    @pytest.mark.parametrize(
        "look", ["edges_to", "edges_from", "upstream_tasks", "downstream_tasks"]
    )
    def test_a_foreign_task_is_refused(self, look: str) -> None:
        with pytest.raises(ValueError, match="'stranger' is not in this flow"):
            getattr(Flow("f"), look)(Task(name="stranger"))

    def test_get_tasks_is_the_intersection_in_order_of_insertion(self) -> None:
        one = Task(name="a", tags=["x", "y"])
        two = Task(name="b", tags=["x"])
        three = Parameter("c", default=1, tags=["x"])
        flow = Flow("f", tasks=[one, two, three])
        assert flow.get_tasks(tags=["x"]) == [one, two, three]
        assert flow.get_tasks(tags=["x", "y"]) == [one]
        assert flow.get_tasks(name="b", tags=["x"]) == [two]
        assert flow.get_tasks(slug="a-x-y-1") == [one]
        assert flow.get_tasks(task_type=Parameter) == [three]
        assert flow.get_tasks(name="b", task_type=Parameter) == []

    def test_iterating_gives_the_sorted_tasks(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        flow.add_task(two)
        flow.add_edge(one, two)
        assert list(flow) == list(flow.sorted_tasks()) == [one, two]

    def test_sorting_from_roots_leaves_out_what_is_not_below_them(self) -> None:
        flow, a, b, c = Flow("f"), Task(), Task(), Task()
        flow.chain(a, b)
        flow.add_task(c)
        assert flow.sorted_tasks(root_tasks=[a]) == (a, b)


class TestReferenceTasks:
    def test_the_terminal_tasks_are_the_default(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        flow.chain(one, two)
        assert flow.reference_tasks() == {two}

    def test_none_given_means_the_default_again(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        flow.chain(one, two)
        flow.set_reference_tasks([one])
        assert flow.reference_tasks() == {one}
        flow.set_reference_tasks([])
        assert flow.reference_tasks() == {two}

    def test_they_must_be_members(self) -> None:
        with pytest.raises(ValueError, match="not in this flow"):
            Flow("f").set_reference_tasks([Task()])

    def test_what_was_asked_before_a_change_is_asked_anew_after_it(self) -> None:
        flow, one, two = Flow("f"), Task(), Task()
        flow.add_task(one)
        assert (flow.reference_tasks(), flow.terminal_tasks(), flow.parameters()) == (
            {one},
            {one},
            set(),
        )
        flow.chain(one, two)
        more = flow.add_task(Parameter("more"))
        last = {two, more}
        assert (flow.reference_tasks(), flow.terminal_tasks(), flow.parameters()) == (
            last,
            last,
            {more},
        )

    def test_who_changes_what_was_returned_changes_nothing_in_the_flow(self) -> None:
        flow, one = Flow("f"), Task()
        flow.add_task(one)
        for look in (flow.reference_tasks, flow.terminal_tasks):
            look().clear()
            assert look() == {one}


def test_importing_nemflow_loads_nothing_heavy() -> None:
    heavy = "pandas pyarrow requests click rich filelock cloudpickle fsspec dask platformdirs"
    code = f"import sys, nemflow; print(*(m for m in {heavy.split()} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
