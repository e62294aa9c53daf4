"""Operators on tasks: each makes a task that calls the function of that name."""

import operator
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant
from nemflow.tasks.decorator import task
from nemflow.tasks.items import GetAttr, GetItem


@task
def give(x: Any) -> Any:
    return x


def value_of(make: Callable[..., Any], *values: Any) -> Any:
    """Run a flow that makes an expression of tasks with these results; return what it gives."""
    with Flow("f") as flow:
        made = make(*(give(value) for value in values))
    return flow.run().result[made].result


ARITHMETIC = [
    ("Add", operator.add, 7),
    ("Sub", operator.sub, 3),
    ("Mul", operator.mul, 10),
    ("Div", operator.truediv, 2.5),
    ("FloorDiv", operator.floordiv, 2),
    ("Mod", operator.mod, 1),
    ("Pow", operator.pow, 25),
    ("GreaterThan", operator.gt, True),
    ("GreaterThanOrEqual", operator.ge, True),
    ("LessThan", operator.lt, False),
    ("LessThanOrEqual", operator.le, False),
]
MIRRORED = {"GreaterThan": "LessThan", "LessThan": "GreaterThan"} | {
    "GreaterThanOrEqual": "LessThanOrEqual",
    "LessThanOrEqual": "GreaterThanOrEqual",
}


class TestArithmeticAndComparison:
    @pytest.mark.parametrize(("name", "apply", "expected"), ARITHMETIC, ids=lambda v: str(v)[:20])
    def test_between_two_tasks(
        self, name: str, apply: Callable[[Any, Any], Any], expected: Any
    ) -> None:
        assert value_of(apply, 5, 2) == expected

    @pytest.mark.parametrize(("name", "apply", "expected"), ARITHMETIC, ids=lambda v: str(v)[:20])
    def test_with_a_value_on_the_right(
        self, name: str, apply: Callable[[Any, Any], Any], expected: Any
    ) -> None:
        assert value_of(lambda left: apply(left, 2), 5) == expected

    @pytest.mark.parametrize(("name", "apply", "expected"), ARITHMETIC, ids=lambda v: str(v)[:20])
    def test_with_a_value_on_the_left(
        self, name: str, apply: Callable[[Any, Any], Any], expected: Any
    ) -> None:
        assert value_of(lambda right: apply(5, right), 2) == expected

    @pytest.mark.parametrize(("name", "apply", "expected"), ARITHMETIC, ids=lambda v: str(v)[:20])
    def test_the_task_bears_the_name_of_the_operation(
        self, name: str, apply: Callable[[Any, Any], Any], expected: Any
    ) -> None:
        with Flow("f"):
            assert apply(give(5), 2).name == name
            assert apply(5, give(2)).name == MIRRORED.get(name, name)

    def test_pythons_precedence_holds(self) -> None:
        assert value_of(lambda a, b, c: a + b * c**2 - 1, 1, 2, 3) == 18
        assert value_of(lambda a, b, c: (a + b) * c, 1, 2, 3) == 9
        assert value_of(lambda a, b, c: (a + b > c) & (c > a), 1, 2, 2) is True

    def test_an_error_of_the_operation_is_the_tasks_failure(self) -> None:
        with Flow("f") as flow:
            ratio = give(1) / 0
        assert isinstance(flow.run().result[ratio].result, ZeroDivisionError)


class TestTruth:
    @pytest.mark.parametrize("left", [0, 1, "", "a"])
    @pytest.mark.parametrize("right", [0, 2])
    def test_ampersand_is_and(self, left: Any, right: Any) -> None:
        assert value_of(lambda t: t & right, left) == (left and right)
        assert value_of(lambda t: left & t, right) == (left and right)

    @pytest.mark.parametrize("left", [0, 1])
    @pytest.mark.parametrize("right", [0, 2])
    def test_or_has_a_method(self, left: Any, right: Any) -> None:
        assert value_of(lambda a, b: a.or_(b), left, right) == (left or right)

    def test_not_has_a_method(self) -> None:
        assert value_of(lambda a: a.not_(), 0) is True
        assert value_of(lambda a: a.not_(), [1]) is False

    def test_equality_has_methods(self) -> None:
        assert value_of(lambda a, b: a.is_equal(b), 1, True) is True
        assert value_of(lambda a: a.is_not_equal(2), 1) is True

    def test_equals_and_hash_stay_those_of_identity(self) -> None:
        one, other = Task(), Task()
        assert one == one  # that is the rule
        assert one != other
        assert len({one, other, one}) == 2


class TestPipe:
    def test_a_pipe_makes_a_state_dependency_and_gives_the_right_side(self) -> None:
        first, then, last = Task("first"), Task("then"), Task("last")
        with Flow("f") as flow:
            assert (first | then | last) is last
        assert {(e.upstream_task, e.downstream_task, e.key) for e in flow.edges} == {
            (first, then, None),
            (then, last, None),
        }

    def test_a_value_may_come_first(self) -> None:
        last = Task("last")
        with Flow("f") as flow:
            assert ([Task("a"), Task("b")] | last) is last
        (above,) = flow.upstream_tasks(last)
        assert above.name == "List"
        assert {task.name for task in flow.root_tasks()} == {"a", "b"}

    def test_a_constant_in_front_becomes_a_task(self) -> None:
        last = Task("last")
        with Flow("f") as flow:
            _ = 5 | last
        (above,) = flow.upstream_tasks(last)
        assert isinstance(above, Constant)


class TestItems:
    def test_an_item_is_taken_by_key_or_by_the_result_of_a_task(self) -> None:
        assert value_of(lambda t: t["a"], {"a": 1}) == 1
        assert value_of(lambda t: t[1:], [1, 2, 3]) == [2, 3]
        assert value_of(lambda t, key: t[key], {"a": 1}, "a") == 1

    def test_it_is_named_for_its_task_and_key(self) -> None:
        with Flow("f"):
            table = give({}, task_args={"name": "table"})
            assert table["a"].name == "table['a']"
            assert table[give("b", task_args={"name": "column"})].name == "table[column]"
            assert table[Path("a")].name == f"table[{Path('a')!r}]"

    def test_a_missing_key_fails(self) -> None:
        with Flow("f") as flow:
            item = give({})["a"]
        assert isinstance(flow.run().result[item].result, KeyError)

    def test_trap_5_better_7_it_has_no_result_and_no_target_of_its_parent(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        with Flow("f") as flow:
            options = {"result": LocalResult(tmp_path), "target": "table", "checkpoint": True}
            table = give({"a": 1}, task_args=options)
            item = table["a"]
        for _ in range(2):
            result = flow.run(settings=settings).result
            assert (result[table].result, result[item].result) == ({"a": 1}, 1)
        assert (item.result, item.target, item.checkpoint) == (None, None, True)
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["table"]

    def test_getitem_can_have_a_default_for_a_missing_key_only(self) -> None:
        item = GetItem(default=None)
        assert item.run({"a": 1}, "a") == 1
        assert item.run({}, "a") is None
        with pytest.raises(IndexError):
            item.run([], 0)
        with pytest.raises(KeyError):
            GetItem().run({}, "a")

    def test_an_attribute_of_a_task_is_its_own_and_no_task(self) -> None:
        with Flow("f"), pytest.raises(AttributeError, match="colour"):
            _ = give(1).colour

    def test_getattr_takes_a_dotted_name(self) -> None:
        assert GetAttr().run(timedelta(seconds=2), "__class__.__name__") == "timedelta"


class TestOutputs:
    def test_a_task_with_nout_can_be_taken_apart(self) -> None:
        def difference(pair: Any) -> Any:
            left, right = pair
            return left - right

        with Flow("f") as flow:
            made = difference(give((5, 3), task_args={"nout": 2}))
        assert flow.run().result[made].result == 2

    def test_without_nout_it_cannot_and_says_what_to_do(self) -> None:
        with Flow("f"), pytest.raises(TypeError, match="nout="):
            iter(give((1, 2)))

    def test_nout_is_read_from_the_annotation_of_a_fixed_tuple(self) -> None:
        def pair() -> tuple[int, str]:
            return 1, "a"

        def many() -> tuple[int, ...]:
            return (1, 2)

        def in_words() -> "tuple[int, int, int]":
            return 1, 2, 3

        def unknown() -> "tuple[Missing, int]":  # type: ignore[name-defined]  # noqa: F821  # the point
            return 1, 2

        nouts = [task(function).nout for function in (pair, many, in_words, unknown)]
        assert nouts == [2, None, 3, None]
        assert task(nout=5)(pair).nout == 5

    def test_a_mapped_copy_loses_nout(self) -> None:
        with Flow("f"):
            assert give.copy(nout=2).map([(1, 2)]).nout is None


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    """Settings of a run whose locks lie beside its results."""
    return RunSettings(checkpointing=True, lock_dir=tmp_path / "locks")
