"""Edges: what joins two tasks."""

import pickle

import pytest

from nemflow.errors import DefinitionError
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge

A, B = Task(name="a"), Task(name="b")


def test_an_edge_cannot_join_a_task_with_itself() -> None:
    with pytest.raises(DefinitionError, match="'a' cannot be upstream of itself"):
        Edge(A, A)


@pytest.mark.parametrize("key", ["1x", "a-b", "", "class"])
def test_a_key_must_be_an_identifier_and_no_keyword(key: str) -> None:
    with pytest.raises(ValueError, match="not the name of an argument"):
        Edge(A, B, key=key)


def test_edges_are_equal_when_all_five_fields_are() -> None:
    assert Edge(A, B, "x") == Edge(A, B, "x")
    assert len({Edge(A, B, "x"), Edge(A, B, "x")}) == 1


@pytest.mark.parametrize(
    "other",
    [
        Edge(B, A, "x"),
        Edge(A, Task(), "x"),
        Edge(A, B, "y"),
        Edge(A, B),
        Edge(A, B, "x", mapped=True),
        Edge(A, B, "x", flattened=True),
    ],
)
def test_edges_differ_when_one_field_does(other: Edge) -> None:
    assert Edge(A, B, "x") != other


def test_an_edge_equals_nothing_else() -> None:
    assert Edge(A, B) != (A, B)


def test_repr_names_both_ends_and_the_key() -> None:
    assert repr(Edge(A, B, "x")) == "<Edge: a to b as x>"
    assert repr(Edge(A, B)) == "<Edge: a to b>"


def test_an_edge_can_be_looked_up_after_pickling_with_its_tasks() -> None:
    edge, states = pickle.loads(pickle.dumps((Edge(A, B, "x"), {Edge(A, B, "x"): 1})))
    assert states[Edge(edge.upstream_task, edge.downstream_task, "x")] == 1
