"""Mapped tasks in a run: their children, and what comes after them."""

from datetime import timedelta
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks import signals, states, triggers
from nemflow.tasks.annotations import flatten, unmapped
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Mapped, State

TIME_OUT_S = 20.0
AT_ONCE: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(0)}
LATER: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(days=1)}


@task
def give(x: Any) -> Any:
    return x


@task
def add(x: Any, y: Any) -> Any:
    return x + y


@task
def divide_six(x: int) -> int:
    return 6 // x


@task
def total(xs: list[int]) -> int:
    return sum(xs)


@task
def no_odd(x: int) -> int:
    if x % 2:
        raise signals.SKIP("odd")
    return x


def children(state: State, mapped: Any) -> list[str]:
    """The kinds of a mapped task's children, in order."""
    return [type(child).__name__ for child in state.result[mapped].map_states]  # type: ignore[index]  # the states of a flow run


class TestZip:
    def test_trap_14_the_shortest_input_counts(self) -> None:
        with Flow("f") as flow:
            summed = add.map(give([1, 2, 3]), [10, 20])
        assert flow.run().result[summed].result == [11, 22]

    def test_trap_30_a_string_maps_over_its_characters(self) -> None:
        with Flow("f") as flow:
            letters = give.map(give("abc"))
        assert flow.run().result[letters].result == ["a", "b", "c"]

    @pytest.mark.parametrize("value", [range(3), (0, 1, 2)], ids=str)
    def test_ranges_and_tuples_work(self, value: Any) -> None:
        with Flow("f") as flow:
            mapped = give.map(give(value))
        assert flow.run().result[mapped].result == [0, 1, 2]

    @pytest.mark.parametrize("value", [{"a": 1}, {1, 2}, 5, None], ids=str)
    def test_trap_30_changed_better_7_a_dict_or_what_cannot_be_counted_is_a_clear_failed(
        self, value: Any
    ) -> None:
        with Flow("f") as flow:
            other = give(1)
            mapped = give.map(give(value, task_args={"name": "source"}))
            below = give(mapped)
        state = flow.run()
        assert state.is_failed()
        assert type(state.result[mapped]) is states.Failed
        assert "cannot be mapped over 'source'" in state.result[mapped].message
        assert type(state.result[below]) is states.TriggerFailed
        assert state.result[other].is_successful()

    def test_trap_14_an_empty_input_gives_no_children_and_the_flow_goes_on(self) -> None:
        with Flow("f") as flow:
            mapped = give.map(give([]))
            again = give.map(mapped)
            reduced = total(again)
        state = flow.run()
        assert state.is_successful()
        assert (state.result[mapped].n_map_states, state.result[mapped].result) == (0, [])
        assert state.result[reduced].result == 0

    def test_unmapped_inputs_are_passed_whole(self) -> None:
        with Flow("f") as flow:
            mapped = add.map([[1], [2]], unmapped(give([9])))
        assert flow.run().result[mapped].result == [[1, 9], [2, 9]]

    def test_a_mapped_result_can_be_passed_whole_to_other_children(self) -> None:
        with Flow("f") as flow:
            mapped = add.map([[0]], unmapped(give.map([1, 2])))
        assert flow.run().result[mapped].result == [[0, 1, 2]]

    def test_children_know_their_number_and_name(self) -> None:
        with Flow("f") as flow:
            named = task(name="load")(lambda x: (context.map_index, context.task_full_name)).map(
                [7, 7]
            )
        assert flow.run().result[named].result == [(0, "load[0]"), (1, "load[1]")]

    def test_children_are_told_of_by_number(self, events: Any) -> None:
        with Flow("f") as flow:
            give.map(Parameter("xs"))
        flow.run(xs=[1, 2], reporter=events)
        assert events.told[3:-1] == [
            "give-1 Mapped",
            "give-1[0] Running",
            "give-1[0] Success",
            "give-1[1] Running",
            "give-1[1] Success",
        ]

    def test_state_dependencies_can_be_mapped(self) -> None:
        with Flow("f") as flow:
            first = no_odd.map([1, 2])
            then = task(lambda: context.map_index).map(upstream_tasks=[first])
        assert children(flow.run(), then) == ["Skipped", "Success"]


class TestFailures:
    def test_trap_15_failures_and_skips_never_leak_to_siblings(self) -> None:
        with Flow("f") as flow:
            divided = divide_six.map([1, 0, 2])
            evens = no_odd.map([1, 2, 3])
            below = add.map(divided, evens)
        state = flow.run()
        assert children(state, divided) == ["Success", "Failed", "Success"]
        assert children(state, evens) == ["Skipped", "Success", "Skipped"]
        assert children(state, below) == ["Skipped", "TriggerFailed", "Skipped"]
        assert type(state.result[divided]) is Mapped

    def test_trap_13_the_only_mapped_input_failed(self) -> None:
        with Flow("f") as flow:
            mapped = give.map(divide_six(0))
        assert type(flow.run().result[mapped]) is states.Failed

    def test_trap_13_one_mapped_input_failed_another_is_fine(self) -> None:
        with Flow("f") as flow:
            mapped = add.map(give([1, 2]), divide_six(0))
        state = flow.run()
        assert type(state.result[mapped]) is Mapped
        assert children(state, mapped) == ["TriggerFailed", "TriggerFailed"]

    def test_trap_12_an_upstream_skip_skips_the_parent(self) -> None:
        with Flow("f") as flow:
            mapped = give.map(no_odd(1))
            beside = add.map([1], unmapped(no_odd(1)))
        result = flow.run().result
        assert type(result[mapped]) is states.Skipped
        assert type(result[beside]) is states.Skipped

    def test_trap_12_a_skipped_child_skips_its_own_child_over_a_mapped_edge_and_all_over_another(
        self,
    ) -> None:
        with Flow("f") as flow:
            evens = no_odd.map([1, 2])
            one_by_one = give.map(evens)
            whole = give(evens)
            unmapped_ = add.map([1, 2], unmapped(evens))
        state = flow.run()
        assert children(state, one_by_one) == ["Skipped", "Success"]
        assert state.result[whole].is_skipped()
        assert state.result[unmapped_].is_skipped()

    def test_a_mapped_reference_task_is_judged_by_its_children(self) -> None:
        with Flow("f") as flow:
            divide_six.map([1, 0])
        assert flow.run().is_failed()

    def test_trap_8_a_reduce_that_runs_all_the_same_hides_the_failure(self) -> None:
        with Flow("f") as flow:
            seen = task(trigger=triggers.all_finished)(lambda xs: len(xs))(divide_six.map([1, 0]))
        state = flow.run()
        assert state.is_successful()
        assert state.result[seen].result == 2


class TestReduce:
    def test_it_waits_for_all_and_gets_the_list(self) -> None:
        with Flow("f") as flow:
            reduced = total(divide_six.map([1, 2, 3]))
        assert flow.run().result[reduced].result == 11

    def test_trap_14_exceptions_lie_in_their_slots(self) -> None:
        with Flow("f") as flow:
            kinds = task(trigger=triggers.all_finished)(lambda xs: [type(x).__name__ for x in xs])(
                divide_six.map([1, 0, 2])
            )
        assert flow.run().result[kinds].result == ["int", "ZeroDivisionError", "int"]

    @pytest.mark.parametrize(
        ("trigger", "runs"),
        [
            (triggers.all_successful, False),
            (triggers.any_failed, True),
            (triggers.some_failed(at_least=2), False),
            (triggers.some_successful(at_least=0.5), True),
        ],
        ids=["all", "any failed", "two failed", "half"],
    )
    def test_the_trigger_sees_each_child(self, trigger: Any, runs: bool) -> None:
        with Flow("f") as flow:
            reduced = task(trigger=trigger)(lambda xs: len(xs))(divide_six.map([1, 0, 2]))
        assert flow.run().result[reduced].is_successful() is runs

    def test_nested_maps_and_a_map_after_a_reduce(self) -> None:
        with Flow("f") as flow:
            doubled = add.map(add.map([1, 2], [1, 2]), give.map([10, 20]))
            again = give.map(task(lambda xs: [x * 2 for x in xs])(doubled))
            reduced = total(again)
        result = flow.run().result
        assert result[doubled].result == [12, 24]
        assert result[reduced].result == 72


class TestFlatten:
    def test_children_that_give_lists_are_mapped_over_as_one(self) -> None:
        with Flow("f") as flow:
            lists = task(lambda n: list(range(n))).map([1, 0, 3])
            flat = give.map(flatten(lists))
        assert flow.run().result[flat].result == [0, 0, 1, 2]

    def test_a_failed_child_keeps_its_slot_and_fails_only_that_one(self) -> None:
        with Flow("f") as flow:
            lists = task(lambda n: [1] * (6 // n)).map([6, 0, 3])
            flat = give.map(flatten(lists))
        assert children(flow.run(), flat) == ["Success", "TriggerFailed", "Success", "Success"]

    def test_unmapped_and_flattened_it_is_one_list(self) -> None:
        with Flow("f") as flow:
            mapped = add.map([[0], [9]], unmapped(flatten(give([[1], [2, 3]]))))
            reduced = total(flatten(give([[1], [2, 3]])))
            of_children = total(flatten(task(lambda n: [n, n]).map([1, 2])))
        result = flow.run().result
        assert result[mapped].result == [[0, 1, 2, 3], [9, 1, 2, 3]]
        assert result[reduced].result == 6
        assert result[of_children].result == 6

    def test_nested_lists_are_mapped_over_with_one_level_less(self) -> None:
        with Flow("f") as flow:
            flat = give.map(flatten([[1, [2]], [3]]))
        assert flow.run().result[flat].result == [1, [2], 3]
