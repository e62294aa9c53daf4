"""Values and collections as tasks."""

from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant, Dict, List, Set, Tuple, as_task, holds_task
from nemflow.tasks.decorator import task


@task
def one() -> int:
    return 1


@task
def same(x: Any) -> Any:
    return x


def value_of(make: Any) -> Any:
    """Run a flow that hands ``make(task)`` on, and return what arrives."""
    with Flow("f") as flow:
        arrived = same(make(one()))
    return flow.run().result[arrived].result


class TestAsTask:
    def test_a_task_stays_itself(self) -> None:
        task = Task()
        assert as_task(task, Flow("f")) is task

    @pytest.mark.parametrize("value", [1, None, "text", [1, [2]], {"a": (1,)}, {1, 2}])
    def test_a_value_without_task_inside_is_one_constant(self, value: Any) -> None:
        made = as_task(value, Flow("f"))
        assert isinstance(made, Constant)
        assert made.run() == value

    @pytest.mark.parametrize(
        ("make", "kind"), [(list, List), (tuple, Tuple), (set, Set)], ids=["list", "tuple", "set"]
    )
    def test_a_collection_with_a_task_inside_is_a_task_of_its_own(
        self, make: Any, kind: type[Task]
    ) -> None:
        flow, inside = Flow("f"), Task()
        made = as_task(make([inside]), flow)
        assert type(made) is kind
        assert {(e.upstream_task, e.key) for e in flow.edges_to(made)} == {(inside, "arg_1")}

    def test_a_dict_becomes_two_lists(self) -> None:
        flow, inside = Flow("f"), Task()
        made = as_task({"a": inside}, flow)
        assert type(made) is Dict
        assert flow.constants[made] == {"keys": ["a"]}
        assert {e.key for e in flow.edges_to(made)} == {"values"}

    def test_a_task_is_found_at_any_depth(self) -> None:
        assert holds_task([{"a": ({Task()},)}])
        assert holds_task({Task(): 1})
        assert not holds_task([{"a": (1,)}])


class TestRunning:
    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda t: [t, 2, t], [1, 2, 1]),
            (lambda t: (t, 2), (1, 2)),
            (lambda t: {t, 2}, {1, 2}),
            (lambda t: {"a": t, "b": 2}, {"a": 1, "b": 2}),
            (lambda t: {t: "x"}, {1: "x"}),
            (lambda t: [[t], {"a": (t,)}], [[1], {"a": (1,)}]),
        ],
        ids=["list", "tuple", "set", "dict", "dict-key", "nested"],
    )
    def test_a_collection_arrives_put_together(self, make: Any, expected: Any) -> None:
        arrived = value_of(make)
        assert arrived == expected
        assert type(arrived) is type(expected)

    def test_more_than_nine_elements_keep_their_order(self) -> None:
        assert value_of(lambda t: [t, *range(2, 14)]) == list(range(1, 14))

    def test_a_dict_of_keys_that_fall_together_keeps_the_last(self) -> None:
        assert value_of(lambda t: {t: "x", 1: "y"}) == {1: "y"}


class TestConstant:
    def test_it_is_named_for_the_type_of_its_value(self) -> None:
        assert Constant(5).name == "int"
        assert Constant(5, name="five").name == "five"
