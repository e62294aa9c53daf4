"""What a mapped parent decides: how many children, from what."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.results import LocalResult
from nemflow.tasks import states
from nemflow.tasks.base import Task
from nemflow.tasks.caching import MemoryCache
from nemflow.tasks.edges import Edge
from nemflow.tasks.mapping import elements_of
from nemflow.tasks.runner import run_parent, run_task
from nemflow.tasks.states import Cached, Mapped, State, Success
from nemflow.tasks.task_run import RunContext, TaskRun


def parent_of(
    *upstream: State,
    start: State | None = None,
    task: Task | None = None,
    cache: MemoryCache | None = None,
) -> State:
    """Run a parent that is mapped over tasks with these states."""
    below = task or Task("below")
    edges = [Edge(Task(f"up{n}"), below, mapped=True) for n in range(len(upstream))]
    states = dict(zip(edges, upstream, strict=True))
    return run_parent(TaskRun(below, states, RunContext(cache=cache)), start)


def taken(value: Any, *, flattened: bool = False) -> list[Any]:
    """The elements that children take of a value, by number."""
    edge = Edge(Task("up"), Task("below"), mapped=True, flattened=flattened)
    state = value if isinstance(value, State) else Success(result=value)
    elements = elements_of(edge, state)
    return [elements.state_of(index).result for index in range(len(elements))]


class Numbered:
    """A sequence of squares that has nothing but length and items."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> int:
        if index == 1:
            raise OSError("cannot be read")
        return index * index


class Columns:
    """A table whose items are its columns, like a data frame."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, name: str) -> list[int]:
        return {"a": [1, 2]}[name]


class TestWidth:
    @pytest.mark.parametrize(
        ("values", "width"), [([[1, 2, 3]], 3), ([[1, 2, 3], "ab"], 2), ([[], [1]], 0)], ids=str
    )
    def test_trap_14_it_is_that_of_the_shortest_input(self, values: list[Any], width: int) -> None:
        state = parent_of(*(Success(result=value) for value in values))
        assert isinstance(state, Mapped)
        assert state.map_states == [None] * width

    def test_a_mapped_input_counts_by_its_children(self) -> None:
        state = parent_of(Mapped(map_states=[Success(), None]), Success(result=[1, 2, 3]))
        assert isinstance(state, Mapped)
        assert state.n_map_states == 2

    def test_known_children_are_kept_and_the_rest_made(self) -> None:
        known = Success(result=1)
        state = parent_of(Success(result=[1, 2, 3]), start=Mapped(map_states=[known]))
        assert isinstance(state, Mapped)
        assert state.map_states == [known, None, None]
        assert state.map_states[0] is known

    def test_a_failed_input_does_not_count_where_another_is_fine(self) -> None:
        state = parent_of(states.Failed(), Success(result=[1, 2]))
        assert isinstance(state, Mapped)
        assert state.n_map_states == 2

    def test_trap_13_with_nothing_to_map_over_it_is_failed_not_trigger_failed(self) -> None:
        assert type(parent_of(states.Failed())) is states.Failed

    @pytest.mark.parametrize(
        "value", [5, None, {1, 2}, iter([1]), {"a": 1}, {}, Columns()], ids=lambda v: str(v)[:12]
    )
    def test_trap_30_what_has_no_elements_by_number_is_a_clear_failed(self, value: Any) -> None:
        state = parent_of(Success(result=value))
        assert type(state) is states.Failed
        assert "'below' cannot be mapped over 'up0'" in str(state.message)

    def test_an_upstream_skip_skips_the_parent(self) -> None:
        assert parent_of(states.Skipped(), Success(result=[1])).is_skipped()

    def test_trap_13_no_trigger_no_target_and_no_cache_is_asked(self, tmp_path: Path) -> None:
        asked: list[str] = []

        def note(what: str) -> Any:
            return lambda *_, **__: asked.append(what) or what

        cache = MemoryCache()
        cache.keep("key", Cached(result=5))
        kept = {"cache_for": timedelta(1), "cache_validator": note("cache"), "cache_key": "key"}
        placed = {"target": note("target"), "result": LocalResult(tmp_path)}
        tasks = [Task("below", trigger=note("trigger"), **how) for how in (kept, placed)]  # type: ignore[arg-type]  # of two kinds
        for task in tasks:
            assert type(parent_of(Success(result=[1]), task=task, cache=cache)) is Mapped
        assert asked == []
        for task in tasks:
            run_task(TaskRun(task, {}, RunContext(cache=cache)))
        assert asked == ["cache", "trigger", "target", "trigger"]  # of one that is not mapped

    def test_handlers_see_pending_to_mapped_once(self) -> None:
        seen: list[tuple[str, str]] = []
        task = Task(
            "below",
            state_handlers=[
                lambda t, old, new: seen.append((type(old).__name__, type(new).__name__))
            ],
        )
        parent_of(Success(result=[1, 2]), task=task)
        assert seen == [("Pending", "Mapped")]

    def test_it_waits_for_its_inputs(self) -> None:
        pending = states.Pending()
        assert parent_of(states.Running(), start=pending) is pending


class TestElements:
    @pytest.mark.parametrize(
        ("value", "elements"),
        [([1, 2], [1, 2]), ((1,), [1]), (range(3), [0, 1, 2]), ("abc", ["a", "b", "c"])],
        ids=str,
    )
    def test_trap_30_sequences_and_characters(self, value: Any, elements: list[Any]) -> None:
        assert taken(value) == elements

    def test_an_element_that_cannot_be_taken_fails_its_child_alone(self) -> None:
        elements = elements_of(Edge(Task("a"), Task("b"), mapped=True), Success(result=Numbered()))
        kinds = [type(elements.state_of(index)).__name__ for index in range(3)]
        assert kinds == ["Success", "Failed", "Success"]
        assert isinstance(elements.state_of(1).result, OSError)

    def test_states_in_a_plain_list_are_values(self) -> None:
        failed = states.Failed()
        elements = elements_of(Edge(Task("a"), Task("b"), mapped=True), Success(result=[failed]))
        assert elements.state_of(0).result is failed
        assert elements.state_of(0).is_successful()


class TestFlatten:
    def test_one_level_is_taken_out(self) -> None:
        assert taken([[1, [2]], (3,)], flattened=True) == [1, [2], 3]

    def test_strings_are_split(self) -> None:
        assert taken(["ab", "c"], flattened=True) == ["a", "b", "c"]

    def test_a_list_with_anything_that_is_not_iterable_passes_as_it_is(self) -> None:
        assert taken([1, [2]], flattened=True) == [1, [2]]

    def test_the_lists_of_children_are_joined(self) -> None:
        children = Mapped(
            map_states=[Success(result=[1, 2]), Success(result=[]), Success(result=[3])]
        )
        assert taken(children, flattened=True) == [1, 2, 3]

    def test_a_child_without_list_passes_with_a_warning(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        children = Mapped(map_states=[Success(result=[1]), Success(result=2)])
        assert taken(children, flattened=True) == [1, 2]
        assert "2 is no list" in caplog.text

    def test_failed_and_skipped_children_keep_their_slot(self) -> None:
        failed, skipped = states.Failed(), states.Skipped()
        children = Mapped(map_states=[Success(result=[1, 2]), failed, skipped])
        elements = elements_of(Edge(Task("a"), Task("b"), mapped=True, flattened=True), children)
        assert len(elements) == 4
        assert [elements.state_of(2), elements.state_of(3)] == [failed, skipped]
