"""Branches: case, switch, ifelse, merge and FilterTask."""

import logging
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks import signals, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.control_flow import CompareValue, FilterTask, case, ifelse, merge, switch
from nemflow.tasks.decorator import task
from nemflow.tasks.states import State


@task
def give(x: Any) -> Any:
    return x


@task
def fail(x: Any = None) -> None:
    raise ValueError("broke")


def names_above(flow: Flow, below: Task) -> set[str]:
    return {task.name for task in flow.upstream_tasks(below)}


class TestCase:
    def test_the_tasks_inside_run_when_the_value_is_the_one(self) -> None:
        with Flow("f") as flow:
            with case(Parameter("x"), "rain"):
                inside = give(1)
            outside = give(2)
        result = flow.run(x="rain").result
        assert result[inside].result == 1
        result = flow.run(x="sun").result
        assert result[inside].is_skipped()
        assert result[outside].result == 2

    def test_one_comparison_is_made_and_only_where_the_block_has_tasks(self) -> None:
        with Flow("f") as flow:
            with case(give(1), 1):
                give(2)
                give(3)
            with case(give(4), 1):
                pass
        assert len(flow.get_tasks(task_type=CompareValue)) == 1

    def test_it_comes_before_those_tasks_that_have_nothing_inside_upstream(self) -> None:
        with Flow("f") as flow:
            other = give(0, task_args={"name": "other"})
            with case(give(1), 1):
                first = give(other, task_args={"name": "first"})
                then = give(first)
        assert names_above(flow, first) == {"other", "CompareValue: 1"}
        assert names_above(flow, then) == {"first"}

    def test_a_task_cannot_be_the_value(self) -> None:
        with Flow("f"), pytest.raises(TypeError, match="cannot be a task"):
            case(give(1), give(1))

    def test_trap_24_one_matches_true(self) -> None:
        with Flow("f") as flow, case(Parameter("x"), True):
            inside = give("in")
        assert flow.run(x=1).result[inside].result == "in"
        assert flow.run(x=2).result[inside].is_skipped()

    @pytest.mark.parametrize(("x", "y", "ran"), [(1, 1, True), (1, 2, False), (2, 1, False)])
    def test_blocks_nest(self, x: int, y: int, ran: bool) -> None:
        with Flow("f") as flow, case(Parameter("x"), 1):
            with case(Parameter("y"), 1):
                inner = give("inner")
            outer = give("outer")
        result = flow.run(x=x, y=y).result
        assert result[inner].is_skipped() is not ran
        assert result[outer].is_skipped() is (x != 1)

    def test_the_inner_condition_is_itself_inside_the_outer_block(self) -> None:
        with Flow("f") as flow, case(give(1), "outer"), case(give(2), "inner"):
            give(3)
        (inner,) = flow.get_tasks(name="CompareValue: 'inner'")
        assert flow.get_tasks(name="CompareValue: 'outer'")[0] in {
            above
            for task in (inner, *flow.upstream_tasks(inner))
            for above in flow.upstream_tasks(task)
        }
        result = flow.run().result
        assert result[inner].is_skipped()

    def test_parameters_and_constants_made_inside_stay_outside(self) -> None:
        with Flow("f") as flow, case(give(1), 2):
            inside = give(Parameter("x"))
        state = flow.run(x=5)
        assert state.result[inside].is_skipped()
        (x,) = flow.parameters()
        assert state.result[x].result == 5

    def test_a_mapped_task_inside_is_decided_as_a_whole(self) -> None:
        with Flow("f") as flow, case(Parameter("x"), 1):
            inside = give.map([1, 2])
        assert flow.run(x=1).result[inside].result == [1, 2]
        assert flow.run(x=2).result[inside].is_skipped()

    def test_an_error_inside_the_block_is_not_covered_by_another(self) -> None:
        def build() -> None:
            with Flow("f"), case(give(1), 1):
                give(2)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            build()

    def test_it_belongs_inside_a_flow(self) -> None:
        with pytest.raises(DefinitionError, match="with Flow"), case(give, 1):
            pass

    def test_a_failed_condition_fails_what_is_inside(self) -> None:
        with Flow("f") as flow, case(fail(), 1):
            inside = give(2)
        assert type(flow.run().result[inside]).__name__ == "TriggerFailed"


class TestSwitch:
    @pytest.mark.parametrize("taken", ["a", "b", "c"])
    def test_the_task_of_the_matching_key_runs(self, taken: str) -> None:
        with Flow("f") as flow:
            branches = {key: give(key) for key in "ab"}
            switch(Parameter("x"), branches)
        result = flow.run(x=taken).result
        assert {key: result[branch].is_skipped() for key, branch in branches.items()} == {
            key: key != taken for key in "ab"
        }

    def test_of_a_list_only_the_list_is_skipped_not_its_members(self) -> None:
        with Flow("f") as flow:
            one, two = give(1), give(2)
            switch(give("a"), {"b": [one, two]})
        result = flow.run().result
        assert not result[one].is_skipped()
        (collected,) = flow.get_tasks(name="List")
        assert result[collected].is_skipped()

    def test_mapped_it_is_decided_child_by_child(self) -> None:
        with Flow("f") as flow:
            xs = give([1, 2, 1])
            one, two = give.map(xs), give.map(xs)
            switch(xs, {1: one, 2: two}, mapped=True)
        result = flow.run().result
        assert [s.is_skipped() for s in result[one].map_states] == [False, True, False]
        assert [s.is_skipped() for s in result[two].map_states] == [True, False, True]

    def test_it_belongs_inside_a_flow(self) -> None:
        with pytest.raises(DefinitionError, match="with Flow"):
            switch(give, {})


class TestIfElse:
    @pytest.mark.parametrize(
        ("x", "truth"), [("text", True), ([], False), (1, True), (None, False)]
    )
    def test_the_condition_goes_through_bool(self, x: Any, truth: bool) -> None:
        with Flow("f") as flow:
            yes, no = give("yes"), give("no")
            ifelse(Parameter("x"), yes, no)
        result = flow.run(x=x).result
        assert (result[yes].is_skipped(), result[no].is_skipped()) == (not truth, truth)

    def test_either_branch_may_be_none(self) -> None:
        with Flow("f") as flow:
            yes, no = give("yes"), give("no")
            ifelse(give(True), yes, None)
            ifelse(give(True), None, no)
        result = flow.run().result
        assert (result[yes].is_skipped(), result[no].is_skipped()) == (False, True)

    def test_mapped_it_is_decided_child_by_child(self) -> None:
        with Flow("f") as flow:
            xs = give([0, 1])
            yes, no = give.map(xs), give.map(xs)
            ifelse(xs, yes, no, mapped=True)
            merged = merge(yes, no, mapped=True)
        result = flow.run().result
        assert [s.is_skipped() for s in result[yes].map_states] == [True, False]
        assert result[merged].result == [0, 1]


class TestMerge:
    def test_it_gives_the_result_of_the_branch_that_ran(self) -> None:
        with Flow("f") as flow:
            yes, no = give("yes"), give("no")
            ifelse(Parameter("x"), yes, no)
            merged = merge(yes, no)
        assert [flow.run(x=x).result[merged].result for x in (1, 0)] == ["yes", "no"]

    def test_trap_24_changed_better_7_it_goes_by_position_not_by_name(self) -> None:
        with Flow("f") as flow:
            merged = merge(give(None), *(give(number) for number in range(2, 13)))
        assert flow.run().result[merged].result == 2

    def test_none_is_passed_over_and_false_values_are_not(self) -> None:
        with Flow("f") as flow:
            merged = merge(give(None), give(0), give(1))
            nothing = merge(give(None), give(None))
        result = flow.run().result
        assert result[merged].result == 0
        assert result[nothing].result is None

    def test_it_is_skipped_when_all_branches_are(self) -> None:
        with Flow("f") as flow:
            yes, no = give("yes"), give("no")
            switch(give("neither"), {"a": yes, "b": no})
            merged = merge(yes, no)
        assert flow.run().result[merged].is_skipped()

    def test_it_fails_when_a_branch_failed(self) -> None:
        with Flow("f") as flow:
            merged = merge(fail(), give(1))
        assert type(flow.run().result[merged]).__name__ == "TriggerFailed"

    def test_a_value_known_beforehand_is_the_answer_where_the_branch_is_skipped(self) -> None:
        with Flow("f") as flow:
            with case(Parameter("x"), 1):
                branch = give("branch")
            merged = merge(branch, "default")
        assert [flow.run(x=x).result[merged].result for x in (1, 2)] == ["branch", "default"]

    def test_a_branch_that_skipped_itself_gives_its_signal(self) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("not today")

        with Flow("f") as flow:
            merged = merge(skip(), give(1))
        assert isinstance(flow.run().result[merged].result, signals.SKIP)

    def test_it_cannot_skip_with_its_branches(self) -> None:
        with Flow("f"), pytest.raises(DefinitionError, match="cannot skip"):
            merge(give(1), skip_on_upstream_skip=True)

    def test_it_takes_the_options_of_a_task(self) -> None:
        with Flow("f"):
            merged = merge(give(1), checkpoint=False, name="joined", trigger=triggers.always_run)
        assert (merged.checkpoint, merged.name) == (False, "joined")
        assert merged.trigger is triggers.always_run

    def test_a_flow_can_be_named_instead_of_opened(self) -> None:
        flow = Flow("f")
        merged = merge(give(1, flow=flow), flow=flow)
        assert flow.run().result[merged].result == 1


class TestFilterTask:
    def test_none_and_exceptions_are_dropped_and_signals_are_not(self) -> None:
        signal = signals.FAIL("no")
        assert FilterTask().run([1, None, ValueError(), 0, signal]) == [1, 0, signal]

    def test_it_takes_failed_children_out_of_a_mapped_result(self) -> None:
        with Flow("f") as flow:
            good = FilterTask()(task(lambda x: 6 // x).map([1, 0, 3]))
        state = flow.run()
        assert state.result[good].result == [6, 2]
        assert state.is_successful()

    def test_skipped_children_do_not_skip_it(self) -> None:
        @task
        def skip_odd(x: int) -> int:
            if x % 2:
                raise signals.SKIP("odd", result=None)
            return x

        with Flow("f") as flow:
            good = FilterTask()(skip_odd.map([1, 2, 3]))
        assert flow.run().result[good].result == [2]

    def test_a_filter_of_ones_own_and_a_line_for_what_is_dropped(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        large = FilterTask(
            filter_func=lambda x: x > 5, log_func=lambda x: f"{x} is small", name="large"
        )
        with caplog.at_level(logging.INFO, logger="nemflow.large"):
            assert large.run([9, 1]) == [9]
        assert caplog.messages == ["1 is small"]

    def test_a_trigger_can_be_given(self) -> None:
        assert FilterTask(trigger=triggers.all_successful).trigger is triggers.all_successful
        assert FilterTask().trigger is triggers.all_finished


def test_states_of_branches_not_taken_are_successful() -> None:
    with Flow("f") as flow, case(give(1), 2):
        give(3)
    state: State = flow.run()
    assert state.is_successful()
