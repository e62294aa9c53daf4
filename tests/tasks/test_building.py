"""Putting tasks into a flow: calls, maps, pipes, and what is refused at once."""

import warnings
from datetime import timedelta
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.apply_map import apply_map
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks import caching
from nemflow.tasks.annotations import flatten, mapped, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.control_flow import case, merge
from nemflow.tasks.decorator import defaults_from_attrs, task


@task
def add(x: Any, y: Any = 0) -> Any:
    return x + y


@task
def numbers() -> list[int]:
    return [1, 2, 3]


def edges_of(flow: Flow, below: Task) -> set[tuple[str, str | None, bool, bool]]:
    """The edges to a task: name of what is upstream, key, mapped, flattened."""
    return {
        (edge.upstream_task.name, edge.key, edge.mapped, edge.flattened)
        for edge in flow.edges_to(below)
    }


class TestCall:
    def test_an_argument_can_be_mapped_in_an_ordinary_call(self) -> None:
        with Flow("f") as flow:
            total = add(mapped(numbers()), 10)
        assert flow.run().result[total].result == [11, 12, 13]

    def test_mapped_true_maps_all_arguments(self) -> None:
        with Flow("f") as flow:
            total = add(numbers(), [1, 1, 1], mapped=True)
        assert flow.run().result[total].result == [2, 3, 4]

    def test_a_list_with_tasks_inside_is_an_argument_like_any_other(self) -> None:
        with Flow("f") as flow:
            total = add([numbers(), [0]], [[9]])
        assert flow.run().result[total].result == [[1, 2, 3], [0], [9]]


class TestMap:
    def test_all_edges_are_mapped_but_those_that_say_otherwise(self) -> None:
        with Flow("f") as flow:
            total = add.map(numbers(), y=unmapped(numbers()), upstream_tasks=[numbers()])
        assert edges_of(flow, total) == {
            ("numbers", "x", True, False),
            ("numbers", "y", False, False),
            ("numbers", None, True, False),
        }

    def test_annotations_apply_to_upstream_tasks_too(self) -> None:
        with Flow("f") as flow:
            total = add.map(numbers(), upstream_tasks=[unmapped(numbers()), flatten(numbers())])
        assert edges_of(flow, total) == {
            ("numbers", "x", True, False),
            ("numbers", None, False, False),
            ("numbers", None, True, True),
        }

    def test_it_adds_a_copy_with_other_options(self) -> None:
        with Flow("f"):
            total = add.map([1], task_args={"name": "sum", "tags": {"a"}})
        assert (total.name, total.tags, total is add) == ("sum", {"a"}, False)

    @pytest.mark.parametrize(
        "argument", [1, None, {1, 2}, iter([1])], ids=lambda value: type(value).__name__
    )
    def test_what_has_no_elements_is_refused_at_once(self, argument: Any) -> None:
        with Flow("f"), pytest.raises(TypeError, match="wrap it in unmapped"):
            add.map(argument)
        with Flow("f"), pytest.raises(TypeError, match="wrap it in unmapped"):
            add.map([1], y=argument)

    def test_annotated_it_is_the_callers_word(self) -> None:
        with Flow("f") as flow:
            total = add.map([1, 2], unmapped(5))
        assert flow.run().result[total].result == [6, 7]

    def test_outside_of_a_flow_it_tells_what_to_do(self) -> None:
        with pytest.raises(DefinitionError, match="outside of a flow"):
            add.map([1])

    def test_a_flow_can_be_named_instead_of_opened(self) -> None:
        flow = Flow("f")
        total = add.map([1], flow=flow)
        assert flow.run().result[total].result == [1]


class TestPipe:
    def test_pipe_is_a_call_with_the_task_as_first_argument(self) -> None:
        with Flow("f") as flow:
            total = numbers().pipe(add, y=[4]).pipe(add, y=[5])
        assert flow.run().result[total].result == [1, 2, 3, 4, 5]

    def test_pipe_accepts_an_annotation(self) -> None:
        with Flow("f") as flow:
            total = add.map([1, 2], numbers().pipe(unmapped).value.pipe(unmapped))
            piped = numbers().pipe(flatten)
        assert isinstance(piped, flatten)
        assert edges_of(flow, total) >= {("numbers", "y", False, False)}


class TestDependencies:
    def test_all_of_them_return_the_task_for_chaining(self) -> None:
        first, then = Task("first"), Task("then")
        with Flow("f") as flow:
            assert then.set_upstream(first) is then
            assert first.set_downstream(then) is first
            assert then.set_dependencies(upstream_tasks=[first]) is then
        assert len(flow.edges) == 1

    @pytest.mark.parametrize("where", ["upstream", "downstream"])
    def test_an_annotation_at_either_end_of_an_edge_wins(self, where: str) -> None:
        flow, first, then = Flow("f"), Task("first"), Task("then")
        if where == "upstream":
            edge = flow.add_edge(unmapped(first), then, mapped=True)  # type: ignore[arg-type]  # as Prefect allows
            expected = (False, False)
        else:
            edge = flow.add_edge(first, flatten(mapped(then)))  # type: ignore[arg-type]  # as above
            expected = (True, True)
        assert flow.tasks == {first, then}
        assert (edge.mapped, edge.flattened) == expected

    def test_downstream_tasks_are_mapped_only_where_annotated_so(self) -> None:
        first, plain, each = Task("first"), Task("plain"), Task("each")
        with Flow("f") as flow:
            first.set_dependencies(downstream_tasks=[plain, mapped(each)], mapped=True)
        assert edges_of(flow, plain) == {("first", None, False, False)}
        assert edges_of(flow, each) == {("first", None, True, False)}

    def test_a_task_inside_an_annotation_inside_a_list_is_found(self) -> None:
        with Flow("f") as flow:
            total = add([unmapped(numbers()), 1], [2])
        assert flow.run().result[total].result == [[1, 2, 3], 1, 2]


class TestCopy:
    def test_copying_a_task_that_has_dependencies_in_the_open_flow_warns(self) -> None:
        with Flow("f"):
            below = add(numbers())
            with pytest.warns(UserWarning, match="does not take over the dependencies"):
                below(1)

    def test_copying_one_without_dependencies_does_not(self) -> None:
        with Flow("f"), warnings.catch_warnings():
            warnings.simplefilter("error")
            alone = numbers()
            assert alone() is not alone

    def test_a_copy_can_have_another_timeout(self) -> None:
        assert add.copy(timeout=timedelta(minutes=1)).timeout_s == 60
        with pytest.raises(TypeError, match="timeout"):
            add.copy(timeout="1 min")

    def test_a_copy_that_is_given_cache_for_caches(self) -> None:
        cached = add.copy(cache_for=timedelta(hours=1))
        assert cached.cache_validator is caching.duration_only
        choosy = cached.copy(cache_validator=caching.all_inputs)
        assert choosy.copy(cache_for=timedelta(hours=2)).cache_validator is caching.all_inputs


class TestDefaultsFromAttributes:
    class Greet(Task):
        def __init__(self, greeting: str | None = "hello", **options: Any) -> None:
            self.greeting = greeting
            super().__init__(**options)

        @defaults_from_attrs("greeting")
        def run(self, name: str, greeting: str | None = None) -> str:
            return f"{greeting} {name}"

    def test_an_argument_that_is_not_given_comes_from_the_attribute(self) -> None:
        with Flow("f") as flow:
            greeted = self.Greet("good day")(name="Ann")
        assert flow.run().result[greeted].result == "good day Ann"

    def test_an_explicit_none_wins(self) -> None:
        assert self.Greet().run("Ann", greeting=None) == "None Ann"
        assert self.Greet().run("Ann", None) == "None Ann"

    def test_the_signature_stays_visible(self) -> None:
        with pytest.raises(TypeError, match="misses the argument 'name'"), Flow("f"):
            self.Greet()()


class TestApplyMap:
    def test_every_task_that_the_function_makes_is_mapped(self) -> None:
        def twice(x: Task, y: Task) -> tuple[Task, Task]:
            one = add(x, y)
            return one, add(one, 100)

        with Flow("f") as flow:
            one, two = apply_map(twice, numbers(), unmapped(10))
            total = task(lambda xs: sum(xs))(two)
        result = flow.run().result
        assert result[one].result == [11, 12, 13]
        assert result[two].result == [111, 112, 113]
        assert result[total].result == 336

    def test_lists_constants_and_nested_tasks_can_be_mapped_over(self) -> None:
        with Flow("f") as flow:
            plain = apply_map(add, [1, 2], y=[3, 4])
            nested = apply_map(lambda x: add(x), [numbers(), [0]])
            flat = apply_map(lambda x: add(x), flatten([numbers(), [0]]))
        result = flow.run().result
        assert result[plain].result == [4, 6]
        assert result[nested].is_failed() is False
        assert [child.is_failed() for child in result[nested].map_states] == [True, True]
        assert result[flat].result == [1, 2, 3, 0]

    def test_a_branch_is_taken_for_each_element(self) -> None:
        def halve_even(x: Task) -> Task:
            with case(x % 2, 0):
                half = x // 2
            return merge(half, x)

        with Flow("f") as flow:
            halved = apply_map(halve_even, [1, 2, 3, 4])
        assert flow.run().result[halved].result == [1, 1, 3, 2]

    def test_a_task_that_uses_no_argument_runs_once_for_each_element_too(self) -> None:
        def count(x: Task, y: Task) -> Task:
            return numbers()

        with Flow("f") as flow:
            made = apply_map(count, [1, 2], unmapped(add(1)))
        assert edges_of(flow, made) == {
            ("list", None, True, False),
            ("add", None, False, False),
        }
        assert flow.run().result[made].result == [[1, 2, 3], [1, 2, 3]]

    def test_the_shortest_argument_counts_for_every_task(self) -> None:
        with Flow("f") as flow:
            made = apply_map(lambda x, y: add(x), [1, 2, 3], [1, 1])
        assert flow.run().result[made].result == [1, 2]

    def test_a_task_from_outside_is_passed_whole(self) -> None:
        with Flow("f") as flow:
            whole = numbers()
            made = apply_map(lambda x: add(x, whole), [[0], [9]])
        assert flow.run().result[made].result == [[0, 1, 2, 3], [9, 1, 2, 3]]

    def test_a_case_around_it_decides_for_all_that_is_made_inside(self) -> None:
        with Flow("f") as flow:
            go, source = Parameter("go"), numbers()
            with case(go, True):
                made = apply_map(lambda x: add(x, 1), source)
        assert flow.run(go=True).result[made].result == [2, 3, 4]
        result = flow.run(go=False).result
        assert result[made].is_skipped()
        assert not result[source].is_skipped()

    def test_a_parameter_can_be_mapped_over(self) -> None:
        with Flow("f") as flow:
            made = apply_map(add, Parameter("xs"), unmapped(Parameter("y")))
        assert flow.run(xs=[1, 2], y=1).result[made].result == [2, 3]

    def test_a_flow_can_be_named_instead_of_opened(self) -> None:
        flow = Flow("f")
        made = apply_map(add, [1, 2], flow=flow)
        assert flow.run().result[made].result == [1, 2]

    def test_mapping_inside_of_it_is_refused(self) -> None:
        with Flow("f"), pytest.raises(DefinitionError, match="inside of apply_map"):
            apply_map(lambda x: add.map(x), [[1]])

    def test_what_has_no_elements_is_refused(self) -> None:
        with Flow("f"), pytest.raises(TypeError, match="wrap it in unmapped"):
            apply_map(add, 5)

    def test_without_anything_to_map_over_it_is_refused(self) -> None:
        with Flow("f"), pytest.raises(DefinitionError, match="to map over"):
            apply_map(add, unmapped([1]))

    def test_outside_of_a_flow_it_is_refused(self) -> None:
        with pytest.raises(DefinitionError, match="with Flow"):
            apply_map(add, [1])
