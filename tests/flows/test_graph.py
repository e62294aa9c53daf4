"""The graph: order, cycles, and the number of steps that sorting takes."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.errors import DefinitionError
from nemflow.flows.graph import Graph
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge

A, B, C, D = (Task(name=name) for name in "abcd")


def graph_of(tasks: list[Task], *pairs: tuple[Task, Task]) -> Graph:
    graph = Graph()
    for task in tasks:
        graph.add_task(task)
    for first, then in pairs:
        graph.add_edge(Edge(first, then))
    return graph


class TestOrder:
    def test_each_task_comes_after_those_upstream_of_it(self) -> None:
        assert graph_of([A, B, C], (C, B), (B, A)).sorted_tasks() == (C, B, A)

    def test_ties_come_as_they_were_added(self) -> None:
        assert graph_of([C, A, B]).sorted_tasks() == (C, A, B)

    def test_an_order_of_insertion_that_is_valid_is_kept(self) -> None:
        assert graph_of([A, C, B, D], (A, B), (C, D)).sorted_tasks() == (A, C, B, D)

    def test_with_roots_only_these_and_their_descendants_come(self) -> None:
        graph = graph_of([A, B, C, D], (A, B), (B, C))
        assert graph.sorted_tasks([B]) == (B, C)
        assert graph.sorted_tasks([D]) == (D,)

    def test_a_new_edge_changes_the_order(self) -> None:
        graph = graph_of([A, B])
        assert graph.sorted_tasks() == (A, B)
        graph.add_edge(Edge(B, A))
        assert graph.sorted_tasks() == (B, A)


class TestCycles:
    def test_a_cycle_is_refused_and_named_in_the_order_of_its_edges(self) -> None:
        graph = graph_of([A, B, C, D], (A, B), (B, C), (C, B))
        with pytest.raises(DefinitionError) as refused:
            graph.sorted_tasks()
        named = str(refused.value).split(": ")[1].split(" -> ")
        assert named[0] == named[-1]
        assert set(itertools.pairwise(named)) == {("b", "c"), ("c", "b")}

    def test_a_long_cycle_follows_its_edges(self) -> None:
        with pytest.raises(ValueError, match="circle: ") as refused:
            graph_of([A, B, C], (A, B), (B, C), (C, A)).sorted_tasks()
        named = str(refused.value).split(": ")[1].split(" -> ")
        assert set(itertools.pairwise(named)) == {("a", "b"), ("b", "c"), ("c", "a")}


class TestLookUp:
    def test_an_edge_added_twice_is_there_once(self) -> None:
        graph = graph_of([A, B], (A, B), (A, B))
        assert len(graph.edges_to(B)) == len(graph.edges_from(A)) == len(list(graph.edges())) == 1

    def test_a_foreign_task_is_refused(self) -> None:
        graph = graph_of([A])
        for look_up in (graph.edges_to, graph.edges_from):
            with pytest.raises(ValueError, match="'b' is not in this flow"):
                look_up(B)

    def test_it_knows_its_tasks_and_their_number(self) -> None:
        graph = graph_of([A, B])
        assert (len(graph), A in graph, C in graph) == (2, True, False)


@st.composite
def dags(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """An order of insertion, and edges between numbers of which the smaller comes first."""
    size = draw(st.integers(1, 12))
    numbers = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(numbers, numbers).filter(lambda p: p[0] < p[1]), max_size=30))
    return draw(st.permutations(range(size))), pairs


def sort_numbers(order: list[int], pairs: list[tuple[int, int]]) -> list[int]:
    tasks = {number: Task(name=str(number)) for number in order}
    graph = graph_of([tasks[n] for n in order], *((tasks[a], tasks[b]) for a, b in pairs))
    return [int(task.name) for task in graph.sorted_tasks()]


class TestAnyDag:
    @given(dags())
    def test_every_task_comes_once_and_after_its_upstreams(
        self, dag: tuple[list[int], list[tuple[int, int]]]
    ) -> None:
        order, pairs = dag
        result = sort_numbers(order, pairs)
        assert sorted(result) == sorted(order)
        assert all(result.index(first) < result.index(then) for first, then in pairs)

    @given(dags())
    def test_the_order_is_the_same_each_time(
        self, dag: tuple[list[int], list[tuple[int, int]]]
    ) -> None:
        assert sort_numbers(*dag) == sort_numbers(*dag)

    @given(dags())
    def test_an_order_of_insertion_that_is_valid_is_kept(
        self, dag: tuple[list[int], list[tuple[int, int]]]
    ) -> None:
        valid = sorted(dag[0])
        assert sort_numbers(valid, dag[1]) == valid

    @given(dags().filter(lambda dag: dag[1]), st.data())
    def test_an_edge_back_is_always_found(
        self, dag: tuple[list[int], list[tuple[int, int]]], data: st.DataObject
    ) -> None:
        order, pairs = dag
        first, then = data.draw(st.sampled_from(pairs))
        with pytest.raises(DefinitionError, match="circle"):
            sort_numbers(order, [*pairs, (then, first)])


def test_better_5_adding_and_sorting_take_a_number_of_calls_that_is_linear(
    count_calls: Callable[[Callable[[], object]], int],
) -> None:
    def sort_a_chain(length: int) -> None:
        tasks = [Task() for _ in range(length)]
        graph_of(tasks[::-1], *itertools.pairwise(tasks)).sorted_tasks()

    small, large = (count_calls(partial(sort_a_chain, length)) for length in (100, 1000))
    assert large < 10.5 * small


def test_a_chain_of_20_000_tasks_is_sorted_without_recursion() -> None:
    tasks = [Task() for _ in range(20_000)]
    graph = graph_of(tasks[::-1], *itertools.pairwise(tasks))
    assert graph.sorted_tasks() == tuple(tasks)
