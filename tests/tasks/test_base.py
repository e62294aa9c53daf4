"""Task: what it is made of, how it is copied, called and joined with others."""

import inspect
import logging
from datetime import timedelta
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.results import FileResult, LocalResult
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge


class Add(Task):
    def run(self, x: int, y: int = 1) -> int:
        return x + y


class TestMaking:
    def test_the_name_defaults_to_the_class(self) -> None:
        assert Add().name == "Add"
        assert Add(name="plus").name == "plus"

    def test_a_bare_task_returns_none(self) -> None:
        assert Task().run() is None

    def test_run_is_checked_when_the_class_is_made(self) -> None:
        with pytest.raises(DefinitionError, match=r"Many: a task's run cannot take \*values"):

            class Many(Task):
                def run(self, *values: Any) -> None: ...

    def test_a_class_without_run_of_its_own_keeps_its_parents(self) -> None:
        class Sum(Add):
            pass

        assert Sum().run_signature.required == {"x"}

    def test_tasks_are_equal_and_hashed_by_identity(self) -> None:
        first, second = Add(), Add()
        assert first != second
        assert len({first, second}) == 2

    def test_the_logger_bears_the_name_of_the_task(self) -> None:
        assert Add(name="plus").logger is logging.getLogger("nemflow.plus")

    def test_repr_names_the_task(self) -> None:
        assert repr(Add()) == "<Task: Add>"

    def test_the_path_of_a_file_result_is_filled_by_the_engine(self) -> None:
        assert Task(result=FileResult(argument="out")).filled_by_engine == {"out"}
        assert Task().filled_by_engine == frozenset()


class TestCopy:
    def test_trap_26_copying_merges_tags(self) -> None:
        assert Add(tags=["a"]).copy(tags=["b"]).tags == {"a", "b"}

    def test_other_options_are_replaced(self) -> None:
        task = Add(name="plus")
        assert task.copy(name="minus").name == "minus"
        assert task.name == "plus"

    def test_an_unknown_option_is_refused(self) -> None:
        with pytest.raises(AttributeError, match="'colour'"):
            Add().copy(colour="red")

    def test_the_new_options_are_checked_together(self) -> None:
        with pytest.raises(DefinitionError, match="retry_delay"):
            Add().copy(max_retries=1)
        with pytest.raises(TypeError, match="state_handlers"):
            Add().copy(state_handlers=print)

    def test_an_explicit_slug_gets_a_suffix_unless_given(self) -> None:
        task = Add(slug="sum")
        assert task.copy().slug == "sum-copy"
        assert task.copy(slug="total").slug == "total"

    def test_a_new_target_becomes_the_results_location(self) -> None:
        task = Add(result=FileResult(), target="a")
        copied = task.copy(target="b")
        assert copied.result is not None
        assert task.result is not None
        assert (copied.result.location, task.result.location) == ("b", "a")

    def test_attributes_of_a_subclass_are_copied(self) -> None:
        task = Add()
        task.colour = "red"  # type: ignore[attr-defined]  # what a user's own __init__ does
        assert task.copy().colour == "red"  # type: ignore[attr-defined]  # see above


class TestCall:
    def test_trap_26_a_call_adds_a_copy(self) -> None:
        add = Add()
        with Flow("f") as flow:
            first, second = add(1), add(2)
        assert add not in flow.tasks
        assert flow.tasks == {first, second}

    def test_trap_26_bind_adds_the_task_itself(self) -> None:
        add = Add()
        with Flow("f") as flow:
            assert add.bind(1) is add
        assert flow.tasks == {add}

    def test_a_call_outside_of_a_flow_tells_what_to_do(self) -> None:
        with pytest.raises(ValueError, match=r"call its run\(...\)"):
            Add()(1)

    def test_a_flow_can_be_named_instead_of_opened(self) -> None:
        flow = Flow("f")
        added = Add()(1, flow=flow)
        assert flow.tasks == {added}

    def test_arguments_are_checked_at_once(self) -> None:
        with pytest.raises(TypeError, match="misses the argument 'x'"), Flow("f"):
            Add()()

    def test_options_of_the_copy_come_as_task_args(self) -> None:
        with Flow("f"):
            assert Add()(1, task_args={"name": "plus"}).name == "plus"

    def test_tasks_among_the_arguments_become_data_dependencies(self) -> None:
        with Flow("f") as flow:
            one = Add()(1)
            two = Add()(x=1, y=one)
        assert flow.edges == {Edge(one, two, key="y")}

    def test_upstream_tasks_become_state_dependencies(self) -> None:
        with Flow("f") as flow:
            one = Add()(1)
            two = Add()(1, upstream_tasks=[one])
        assert flow.edges == {Edge(one, two)}

    def test_defaults_that_are_not_given_make_no_edges(self) -> None:
        with Flow("f") as flow:
            added = Add()(1)
        assert flow.constants == {added: {"x": 1}}
        assert flow.edges == set()

    def test_keyword_arguments_are_expanded(self) -> None:
        class Collect(Task):
            def run(self, **more: Any) -> dict[str, Any]:
                return more

        with Flow("f") as flow:
            one = Add()(1)
            collected = Collect()(a=one, b=2)
        assert flow.edges == {Edge(one, collected, key="a")}
        assert flow.constants[collected] == {"b": 2}


class TestJoining:
    def test_set_upstream_without_key_is_a_state_dependency(self) -> None:
        flow, one, two = Flow("f"), Task(name="one"), Task(name="two")
        assert two.set_upstream(one, flow=flow) is two
        assert flow.edges == {Edge(one, two)}

    def test_set_upstream_with_key_is_a_data_dependency(self) -> None:
        flow, one, two = Flow("f"), Task(name="one"), Add()
        two.set_upstream(one, flow=flow, key="x")
        assert flow.edges == {Edge(one, two, key="x")}

    def test_set_upstream_turns_a_value_into_a_constant(self) -> None:
        flow, add = Flow("f"), Add()
        add.set_upstream(5, flow=flow, key="x")
        assert flow.constants == {add: {"x": 5}}

    def test_set_downstream_is_the_other_direction(self) -> None:
        flow, one, two = Flow("f"), Task(name="one"), Add()
        assert one.set_downstream(two, flow=flow, key="x") is one
        assert flow.edges == {Edge(one, two, key="x")}

    def test_set_dependencies_joins_both_sides(self) -> None:
        flow = Flow("f")
        first, middle, last = Task(name="first"), Add(), Task(name="last")
        x = Parameter("x")
        middle.set_dependencies(flow, [first], [last], {"x": x})
        assert flow.edges == {Edge(first, middle), Edge(x, middle, key="x"), Edge(middle, last)}

    def test_the_open_flow_is_the_default(self) -> None:
        one, two = Task(name="one"), Task(name="two")
        with Flow("f") as flow:
            two.set_upstream(one)
        assert flow.edges == {Edge(one, two)}

    @pytest.mark.parametrize("method", ["set_upstream", "set_downstream"])
    def test_without_a_flow_nothing_can_be_joined(self, method: str) -> None:
        with pytest.raises(ValueError, match="outside of a flow"):
            getattr(Task(), method)(Task())


class TestWarnings:
    def test_a_task_passed_to_a_constructor_is_named(self) -> None:
        class Copy(Task):
            def __init__(self, source: object) -> None:
                super().__init__()

        with pytest.warns(UserWarning, match="Copy was made with the task 'source'"):
            Copy(Task(name="source"))

    @pytest.mark.parametrize(
        "option",
        sorted(inspect.signature(Task.__init__).parameters.keys() - {"self", "on_failure"}),
    )
    def test_an_option_that_is_set_before_super_init_is_named(self, option: str) -> None:
        class Early(Task):
            def __init__(self) -> None:
                self.own = 1
                setattr(self, option, 1)
                super().__init__()

        with pytest.warns(UserWarning, match=f"Early sets {option} before super"):
            Early()

    def test_a_location_that_the_target_takes_the_place_of_is_named(self) -> None:
        with pytest.warns(UserWarning, match="'b' takes the place of the result's location 'a'"):
            made = Task(target="b", result=LocalResult(location="a"))
        assert made.result is not None
        assert made.result.location == "b"


class TestArgumentsAndOutcome:
    def test_inputs_tell_type_default_and_whether_it_is_required(self) -> None:
        @task
        def add(x: int, y: "float" = 1.5, z=None, **more: str) -> float: ...

        assert add.inputs() == {
            "x": {"type": int, "required": True, "default": None},
            "y": {"type": float, "required": False, "default": 1.5},
            "z": {"type": Any, "required": False, "default": None},
        }

    def test_outputs_tell_what_is_returned(self) -> None:
        class Told(Task):
            def run(self) -> "int":
                return 1

        assert Told().outputs() is int
        assert task(lambda: 1).outputs() is Any

    def test_options_may_be_given_by_position_in_prefects_order(self) -> None:
        made = Task("name", "slug", ["tag"], 1, timedelta(1), ValueError, 5)
        assert (made.name, made.slug, made.tags, made.max_retries) == ("name", "slug", {"tag"}, 1)
        assert (made.retry_on, made.timeout) == ({ValueError}, 5.0)
