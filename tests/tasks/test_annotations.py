"""Annotations: how an input is taken by a mapped task."""

from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.tasks.annotations import Annotation, flatten, mapped, read_annotation, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant, as_task


@pytest.mark.parametrize(
    ("value", "is_mapped", "expected"),
    [
        (5, False, (5, False, False)),
        (5, True, (5, True, False)),
        (unmapped(5), True, (5, False, False)),
        (mapped(5), False, (5, True, False)),
        (flatten(5), True, (5, True, True)),
        (flatten(5), False, (5, False, True)),
    ],
    ids=str,
)
def test_an_annotation_wins_over_what_the_call_says(
    value: Any, is_mapped: bool, expected: tuple[Any, bool, bool]
) -> None:
    assert read_annotation(value, is_mapped) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (unmapped(flatten(5)), (5, False, True)),
        (flatten(unmapped(5)), (5, False, True)),
        (flatten(mapped(5)), (5, True, True)),
        (mapped(unmapped(5)), (5, True, False)),
    ],
    ids=str,
)
def test_annotations_can_be_combined_and_the_outer_one_wins(
    value: Annotation, expected: tuple[Any, bool, bool]
) -> None:
    assert read_annotation(value, not expected[1]) == expected


def test_as_task_takes_an_annotation_off() -> None:
    inside = Task()
    assert as_task(unmapped(inside), Flow("f")) is inside
    constant = as_task(flatten([1]), Flow("f"))
    assert isinstance(constant, Constant)
    assert constant.value == [1]


def test_repr_shows_what_is_inside() -> None:
    assert repr(unmapped(flatten(5))) == "unmapped(5)"
