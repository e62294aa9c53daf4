"""Mapped tasks taken whole: looked through once, and judged as if each child was looked at."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks import signals, states, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Failed, Mapped, Pending, Skipped, State, Success
from nemflow.tasks.task_run import RunContext, TaskRun
from nemflow.tasks.whole import TriggerStates, Whole

UP, OTHER, BELOW = (Task(name=name) for name in ("up", "other", "below"))
KINDS = (Success, Skipped, states.Cached, Failed, states.TriggerFailed, states.Cancelled)
TRIGGERS = (
    triggers.all_finished,
    triggers.all_successful,
    triggers.all_failed,
    triggers.any_successful,
    triggers.any_failed,
    triggers.not_all_skipped,
    triggers.some_failed(at_least=0.5),
    triggers.some_successful(at_least=1, at_most=2),
)


def whole(*children: State | None, **options: Any) -> Whole:
    return Whole(Edge(UP, BELOW, key="xs", **options), Mapped(map_states=children))


def answer(trigger: triggers.Trigger, upstream_states: Any) -> object:
    """Return what a trigger says, or which signal it raises with which words."""
    try:
        return trigger(upstream_states)
    except signals.StateSignal as signal:
        return type(signal), str(signal)


class TestWhole:
    def test_it_has_finished_when_every_child_has(self) -> None:
        assert whole(Success(), Failed()).is_finished()
        assert not whole(Success(), Pending()).is_finished()
        assert not whole(Success(), None).is_finished()

    def test_one_skipped_child_makes_it_skipped(self) -> None:
        assert whole(Success(), Skipped()).is_skipped()
        assert not whole(Success(), Failed()).is_skipped()

    def test_without_children_it_has_finished_and_gives_an_empty_list(self) -> None:
        assert (whole().is_finished(), whole().is_skipped(), whole().result) == (True, False, [])

    def test_its_result_is_one_list_for_all_who_take_it(self) -> None:
        taken = whole(Success(result=1), Success(result=2))
        assert taken.result == [1, 2]
        assert taken.result is taken.result

    def test_its_result_is_flattened_where_the_edge_says_so(self) -> None:
        assert whole(Success(result=[1]), Success(result=[2, 3]), flattened=True).result == [
            1,
            2,
            3,
        ]


class TestTaskRun:
    def run(self) -> TaskRun:
        return TaskRun(BELOW, {}, RunContext())

    def test_only_a_mapped_or_flattened_input_is_looked_through(self) -> None:
        mapped = Mapped(map_states=[Success()])
        assert self.run().whole(Edge(UP, BELOW), Success()) is None
        assert self.run().whole(Edge(UP, BELOW, mapped=True), mapped) is None
        assert self.run().whole(Edge(UP, BELOW), mapped) is not None
        assert self.run().whole(Edge(UP, BELOW, flattened=True), Success(result=[])) is not None

    def test_it_is_looked_through_once_and_again_for_another_state(self) -> None:
        run, edge, state = self.run(), Edge(UP, BELOW), Mapped(map_states=[Success()])
        first = run.whole(edge, state)
        assert run.whole(edge, state) is first
        assert run.whole(edge, Mapped(map_states=[Success()])) is not first


class TestTriggerStates:
    @pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.__qualname__)
    @given(
        children=st.lists(st.sampled_from(KINDS), max_size=6),
        others=st.lists(st.sampled_from(KINDS), max_size=2),
    )
    def test_each_trigger_says_of_counted_children_what_it_says_of_each(
        self,
        trigger: triggers.Trigger,
        children: Sequence[Callable[[], State]],
        others: Sequence[Callable[[], State]],
    ) -> None:
        single = {Edge(OTHER, BELOW, f"k{n}"): kind() for n, kind in enumerate(others)}
        counted = TriggerStates(single, [whole(*(kind() for kind in children))])
        assert answer(trigger, counted) == answer(trigger, dict(counted))

    def test_a_trigger_of_ones_own_finds_every_child_under_an_edge_of_its_own(self) -> None:
        first, second, other = Success(result=1), Failed(), Skipped()
        judged = TriggerStates({Edge(OTHER, BELOW): other}, [whole(first, second)])
        assert len(judged) == 3
        assert list(judged.values()) == [other, first, second]
        assert [edge.key for edge in judged] == [None, "xs_0", "xs_1"]
        assert all(judged[edge] is state for edge, state in judged.items())
