"""Joining flows, exchanging tasks, copying flows."""

from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant
from nemflow.tasks.control_flow import case
from nemflow.tasks.decorator import task


@task
def give(x: Any) -> Any:
    return x


@task
def add(x: Any, y: Any) -> Any:
    return x + y


def chain_of(name: str, *names: str) -> tuple[Flow, list[Task]]:
    flow, tasks = Flow(name), [Task(one) for one in names]
    flow.chain(*tasks)
    return flow, tasks


class TestUpdate:
    def test_tasks_edges_and_constants_come_over(self) -> None:
        with Flow("other") as other:
            summed = add(give(1), 2)
        with Flow("f") as flow:
            own = give(3)
        flow.update(other)
        result = flow.run().result
        assert (result[own].result, result[summed].result) == (3, 3)
        assert flow.edges == other.edges
        assert len(other.tasks) == 2

    def test_flows_that_share_a_task_are_joined_at_it(self) -> None:
        shared = Task("shared")
        one, other = Flow("one"), Flow("other")
        one.add_edge(Task("above"), shared)
        other.add_edge(shared, Task("below"))
        one.update(other)
        assert [task.name for task in one] == ["above", "shared", "below"]

    def test_parameters_of_one_name_clash(self) -> None:
        flow, other = Flow("f", tasks=[Parameter("x")]), Flow("other", tasks=[Parameter("x")])
        with pytest.raises(DefinitionError, match="has a parameter 'x' already"):
            flow.update(other)

    def test_unless_they_are_merged_into_this_flows_own(self) -> None:
        with Flow("f") as flow:
            x = Parameter("x")
            own = give(x)
        with Flow("other") as other:
            theirs = add(Parameter("x"), Parameter("y"))
        flow.update(other, merge_parameters=True)
        assert {p.name for p in flow.parameters()} == {"x", "y"}
        assert x in flow.upstream_tasks(theirs)
        result = flow.run(x=1, y=2).result
        assert (result[own].result, result[theirs].result) == (1, 3)

    def test_the_reference_tasks_stay_unless_they_are_merged(self) -> None:
        flow, (a, _b) = chain_of("f", "a", "b")
        other, (c, _d) = chain_of("other", "c", "d")
        flow.set_reference_tasks([a])
        other.set_reference_tasks([c])
        alone = flow.copy()
        alone.update(other)
        assert alone.reference_tasks() == {a}
        flow.update(other, merge_reference_tasks=True)
        assert flow.reference_tasks() == {a, c}

    def test_slugs_belong_to_each_flow(self) -> None:
        flow, other = Flow("f", tasks=[Task("a")]), Flow("other", tasks=[Task("a")])
        flow.update(other)
        assert sorted(flow.slugs.values()) == ["a-1", "a-2"]
        assert list(other.slugs.values()) == ["a-1"]

    def test_with_validation_a_cycle_is_found_at_once(self) -> None:
        flow, (a, b) = chain_of("f", "a", "b")
        other = Flow("other")
        other.add_edge(b, a)
        with pytest.raises(DefinitionError, match="circle"):
            flow.update(other, validate=True)

    def test_constants_that_clash_with_what_was_found_valid_are_found(self) -> None:
        with Flow("f") as flow:
            source = give(1)
            below = give(source)
        other = Flow("other", tasks=[source, below])
        other.constants[below] = {"x": 5}
        flow.update(other)
        with pytest.raises(DefinitionError, match="'x' twice"):
            flow.validate()


class TestReplace:
    def test_all_edges_lead_to_the_new_task(self) -> None:
        flow, (_a, b, _c) = chain_of("f", "a", "b", "c")
        new = Task("new")
        flow.replace(b, new)
        assert [task.name for task in flow] == ["a", "new", "c"]
        assert b not in flow.tasks

    def test_keys_and_mapping_are_kept(self) -> None:
        with Flow("f") as flow:
            old = give([1, 2])
            mapped = add.map(old, [1, 1])
        flow.replace(old, give.copy().bind([5, 6], flow=Flow("elsewhere")), validate=False)
        (edge,) = [e for e in flow.edges_to(mapped) if e.key == "x"]
        assert edge.mapped

    def test_a_value_becomes_a_constant(self) -> None:
        with Flow("f") as flow:
            old = give(1)
            below = give(old)
        flow.replace(old, 7)
        (above,) = flow.upstream_tasks(below)
        assert isinstance(above, Constant)
        assert flow.run().result[below].result == 7

    def test_a_list_with_tasks_becomes_a_task_with_its_constants(self) -> None:
        with Flow("f") as flow:
            old = give(1)
            kept = give(2)
            below = give(old)
        flow.replace(old, [kept, 3])
        assert flow.run().result[below].result == [2, 3]

    def test_explicit_reference_tasks_are_kept_in_step(self) -> None:
        flow, (a, _b) = chain_of("f", "a", "b")
        flow.set_reference_tasks([a])
        new = Task("new")
        flow.replace(a, new)
        assert flow.reference_tasks() == {new}

    def test_the_others_keep_their_constants_and_the_old_ones_go(self) -> None:
        with Flow("f") as flow:
            old = add(1, 2)
            below = add(old, 3)
        flow.replace(old, Parameter("x"))
        assert flow.run(x=10).result[below].result == 13
        assert old not in flow.constants

    def test_an_unknown_task_is_refused(self) -> None:
        flow, _ = chain_of("f", "a")
        with pytest.raises(DefinitionError, match="not in this flow"):
            flow.replace(Task("stranger"), Task("new"))

    def test_what_would_not_be_valid_is_refused_and_changes_nothing(self) -> None:
        with Flow("f") as flow:
            old = give(give(1))
        before = flow.copy()
        with pytest.raises(TypeError, match="misses the argument"):
            flow.replace(old, add.copy())
        assert flow == before

    def test_the_old_task_can_be_put_in_again(self) -> None:
        flow, (a, _b) = chain_of("f", "a", "b")
        new = Task("a")
        flow.replace(a, new)
        assert flow.slugs[new] == "a-1"
        flow.add_task(a)
        assert flow.slugs[a] == "a-2"


class TestCopy:
    def test_it_shares_the_tasks_and_has_collections_of_its_own(self) -> None:
        with Flow("f") as flow:
            below = add(give(1), 2)
        copied = flow.copy()
        assert copied == flow
        copied.add_edge(below, Task("more"))
        copied.constants[below]["y"] = 5
        assert len(flow.tasks) == 2
        assert flow.run().result[below].result == 3
        assert copied.run().result[below].result == 6

    def test_options_reference_tasks_and_slugs_are_taken_over(self) -> None:
        flow, (a, _b) = chain_of("f", "a", "b")
        flow.set_reference_tasks([a])
        flow.flow_run_name = "{flow_name}_today"
        copied = flow.copy()
        assert copied.reference_tasks() == {a}
        assert copied.slugs == flow.slugs
        assert copied.flow_run_name == "{flow_name}_today"

    def test_the_copy_is_open_for_building_on_its_own(self) -> None:
        with Flow("f") as flow:
            give(1)
            copied = flow.copy()
        with copied:
            give(2)
        assert (len(flow.tasks), len(copied.tasks)) == (1, 2)


class TestEquality:
    def test_flows_are_equal_by_name_tasks_edges_and_reference_tasks(self) -> None:
        flow, (a, b) = chain_of("f", "a", "b")
        same = Flow("f", tasks=[b, a])
        same.add_edge(a, b)
        assert flow == same
        same.set_reference_tasks([a])
        assert flow != same

    @pytest.mark.parametrize("difference", ["name", "task", "edge"])
    def test_and_differ_where_one_of_them_does(self, difference: str) -> None:
        flow, (a, b) = chain_of("f", "a", "b")
        other = Flow("other" if difference == "name" else "f", tasks=[a, b])
        if difference != "edge":
            other.add_edge(a, b)
        if difference == "task":
            other.add_task(Task())
        assert flow != other

    def test_a_flow_equals_nothing_else(self) -> None:
        assert Flow("f") != "f"


class TestSlugs:
    def test_trap_25_a_task_added_by_an_update_inside_a_block_joins_the_block(self) -> None:
        _other, (a,) = chain_of("other", "a")
        with Flow("f") as flow, case(give(1), 2):
            flow.update(Flow("other", tasks=[a]))
        assert flow.run().result[a].is_skipped()
