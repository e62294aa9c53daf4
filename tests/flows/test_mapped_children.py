"""The children of a mapped task on their way: order, retries, restarts, targets."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks import states, triggers
from nemflow.tasks.annotations import flatten, unmapped
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Mapped, Pending, State, Success

TIME_OUT_S = 20.0
AT_ONCE: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(0)}
LATER: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(days=1)}


@task
def give(x: Any) -> Any:
    return x


@task
def divide_six(x: int) -> int:
    return 6 // x


@task
def total(xs: list[int]) -> int:
    return sum(xs)


def children(state: State, mapped: Any) -> list[str]:
    """The kinds of a mapped task's children, in order."""
    return [type(child).__name__ for child in state.result[mapped].map_states]  # type: ignore[index]  # the states of a flow run


class TestOrder:
    def test_better_4_each_element_is_taken_all_the_way_before_the_next(self, events: Any) -> None:
        with Flow("f") as flow:
            first = give.map([1, 2, 3], task_args={"name": "a"})
            give.map(give.map(first, task_args={"name": "b"}), task_args={"name": "c"})
        flow.run(reporter=events, executor=LocalExecutor())
        ran = [words.split()[0].replace("-1", "") for words in events.told if "] Success" in words]
        assert ran == [f"{name}[{n}]" for n in range(3) for name in "abc"]

    def test_better_4_there_is_no_barrier_between_two_mapped_tasks(self) -> None:
        below_is_done = threading.Event()

        @task
        def first(x: int) -> int:
            if x == 0:
                assert below_is_done.wait(TIME_OUT_S)
            return x

        @task
        def then(x: int) -> None:
            if x == 1:
                below_is_done.set()

        with Flow("f") as flow:
            ends = then.map(first.map([0, 1]))
        assert children(flow.run(executor=ThreadExecutor(2)), ends) == ["Success", "Success"]

    def test_better_4_threads_do_not_begin_all_elements_before_they_end_the_first(self) -> None:
        begun: list[int] = []
        begun_when_first_ended: list[int] = []

        @task
        def first(x: int) -> int:
            begun.append(x)
            return x

        @task
        def then(x: int) -> None:
            if x == 0:
                begun_when_first_ended.append(len(begun))

        with Flow("f") as flow:
            then.map(first.map(list(range(200))))
        assert flow.run(executor=ThreadExecutor(2)).is_successful()
        assert begun_when_first_ended[0] < 100

    def test_better_4_branches_before_two_maps_run_side_by_side(self) -> None:
        both = threading.Barrier(2, timeout=TIME_OUT_S)

        @task
        def wait(x: Any) -> Any:
            both.wait()
            return [1]

        with Flow("f") as flow:
            give.map(wait(1)), give.map(wait(2))
        assert flow.run(executor=ThreadExecutor(2)).is_successful()


class Noting(LocalExecutor):
    """Notes how many calls are handed over."""

    calls = 0

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        self.calls += 1
        super().submit(token, call, *arguments)


def test_constants_that_are_mapped_over_and_parents_are_not_handed_over() -> None:
    with Flow("f") as flow:
        give.map([1, 2, 3])
    executor = Noting()
    assert flow.run(executor=executor).is_successful()
    assert executor.calls == 3


class TestRetries:
    def test_trap_15_children_retry_alone_and_run_only_their_own_downstream_again(self) -> None:
        calls: Counter[tuple[str, int]] = Counter()

        @task(**AT_ONCE)
        def flaky(x: int) -> int:
            calls["flaky", x] += 1
            if x == 1 and calls["flaky", x] == 1:
                raise ValueError("not yet")
            return x

        @task
        def then(x: int) -> int:
            calls["then", x] += 1
            return x

        with Flow("f") as flow:
            ends = then.map(flaky.map([0, 1, 2]))
        assert flow.run().result[ends].result == [0, 1, 2]
        assert calls == {
            ("flaky", 0): 1,
            ("flaky", 1): 2,
            ("flaky", 2): 1,
            ("then", 0): 1,
            ("then", 1): 1,
            ("then", 2): 1,
        }

    def test_better_4_siblings_and_what_follows_them_go_on_while_a_child_waits(self) -> None:
        @task(**LATER)
        def flaky(x: int) -> int:
            if x == 1 and context.task_run_count == 1:
                raise ValueError("not yet")
            return x

        with Flow("f") as flow:
            first = flaky.map([0, 1, 2])
            ends = give.map(first)
            reduced = total(ends)
        waiting = FlowRunner(flow).run()
        assert waiting.is_running()
        assert children(waiting, first) == ["Success", "Retrying", "Success"]
        kinds = [type(child).__name__ for child in waiting.result[ends].map_states]
        assert kinds == ["Success", "NoneType", "Success"]
        assert waiting.result[reduced].is_pending()

        due = states.Retrying(run_count=1)
        kept = waiting.result[first].map_states
        given = {**waiting.result, first: Mapped(map_states=[kept[0], due, kept[2]])}
        finished = FlowRunner(flow).run(task_states=given)
        assert finished.result[reduced].result == 3
        assert finished.result[first].map_states[0] is kept[0]

    def test_handlers_are_called_for_each_child(self) -> None:
        failed: list[str] = []
        noted = divide_six.copy(
            state_handlers=[
                lambda t, old, new: failed.append(str(new.result)) if new.is_failed() else None
            ]
        )
        with Flow("f") as flow:
            noted.map([1, 0, 0])
        flow.run()
        assert failed == ["integer division or modulo by zero"] * 2

    def test_the_trigger_is_asked_for_each_child(self) -> None:
        with Flow("f") as flow:
            ends = task(trigger=triggers.all_failed)(lambda x: "saved").map(divide_six.map([0, 1]))
        assert children(flow.run(), ends) == ["Success", "TriggerFailed"]

    def test_trap_1_changed_better_7_a_list_that_is_mapped_over_is_no_upstream_state(self) -> None:
        rescue = task(trigger=triggers.all_failed)(lambda x, y: y)
        with Flow("f") as flow:
            ends = rescue.map(divide_six.map([0, 1]), [5, 6])
        assert children(flow.run(), ends) == ["Success", "TriggerFailed"]


class TestRestart:
    def test_trap_15_only_the_missing_children_run(self) -> None:
        calls: list[int] = []
        noted = task(lambda x: calls.append(x) or x)  # type: ignore[func-returns-value]  # notes, then gives
        with Flow("f") as flow:
            mapped = noted.map([10, 11, 12])
            reduced = total(mapped)
        done = Success(result=100)
        state = flow.run(task_states={mapped: Mapped(map_states=[None, done])})
        assert calls == [10, 12]
        assert state.result[mapped].result == [10, 100, 12]
        assert state.result[reduced].result == 122
        assert state.result[mapped].map_states[1] is done

    def test_a_run_that_was_cut_short_is_taken_up_where_it_was(self) -> None:
        calls: list[int] = []

        @task
        def noted(x: int) -> int:
            calls.append(x)
            if x == 2 and calls.count(2) == 1:
                raise ValueError("not yet")
            return x

        with Flow("f") as flow:
            first = noted.map([1, 2, 3])
            ends = give.map(first)
        before = flow.run().result

        def unfinished(mapped: Any) -> Mapped:
            kept = before[mapped].map_states
            return Mapped(map_states=[Pending() if s.is_failed() else s for s in kept])

        given = {**before, first: unfinished(first), ends: unfinished(ends)}
        assert flow.run(task_states=given).result[ends].result == [1, 2, 3]
        assert calls == [1, 2, 3, 2]

    def test_states_that_were_given_are_not_changed(self) -> None:
        given = Mapped(map_states=[Success(result=1), None])
        with Flow("f") as flow:
            mapped = give.map([1, 2])
        flow.run(task_states={mapped: given})
        assert given.map_states[1] is None


class TestTargets:
    def test_each_child_has_its_own(self, tmp_path: Path, settings: RunSettings) -> None:
        calls: list[int] = []
        kept = task(result=LocalResult(tmp_path), target="{map_index}")(
            lambda x: calls.append(x) or x  # type: ignore[func-returns-value]  # notes, then gives
        )
        with Flow("f") as flow:
            mapped = kept.map(Parameter("xs"))
        flow.run(xs=[1, 2], settings=settings)
        state = flow.run(xs=[1, 2, 3], settings=settings)
        assert children(state, mapped) == ["Cached", "Cached", "Success"]
        assert calls == [1, 2, 3]

    @pytest.mark.parametrize(
        "make", [LocalExecutor, lambda: ProcessExecutor(1)], ids=["here", "far"]
    )
    def test_better_7_two_children_with_one_target_are_a_clear_failed(
        self, tmp_path: Path, settings: RunSettings, make: Callable[[], Executor]
    ) -> None:
        with Flow("f") as flow:
            options = {"result": LocalResult(tmp_path), "target": "same", "name": "give"}
            mapped = task(**options)(lambda x: x).map([1, 2])
        state = flow.run(settings=settings, executor=make())
        assert children(state, mapped) == ["Success", "Failed"]
        message = state.result[mapped].map_states[1].message
        assert "'give-1[1]' is also the target of 'give-1[0]'" in message
        assert "{map_index}" in message

    def test_a_child_that_is_tried_again_keeps_its_target(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        attempts: list[int] = []

        @task(result=LocalResult(tmp_path), target="{x}", **AT_ONCE)
        def flaky(x: int) -> int:
            attempts.append(x)
            if len(attempts) == 1:
                raise ValueError("not yet")
            return x

        with Flow("f") as flow:
            mapped = flaky.map([1])
        assert flow.run(settings=settings).result[mapped].result == [1]


EXECUTORS: dict[str, Callable[[], Executor]] = {
    "local": LocalExecutor,
    "threads": lambda: ThreadExecutor(3),
}


@pytest.mark.parametrize("make", EXECUTORS.values(), ids=EXECUTORS)
def test_ten_thousand_children_of_two_maps_and_a_reduce(make: Callable[[], Executor]) -> None:
    with Flow("f") as flow:
        reduced = total(give.map(give.map(Parameter("xs"))))
    assert flow.run(xs=range(5000), executor=make()).result[reduced].result == 12497500


def test_better_5_children_take_a_number_of_calls_that_is_linear(
    count_calls: Callable[[Callable[[], object]], int],
) -> None:
    with Flow("f") as flow:
        total(give.map(give.map(Parameter("xs"))))
    flow.run(xs=range(3))
    small, large = (count_calls(lambda n=n: flow.run(xs=range(n))) for n in (100, 1000))  # type: ignore[misc]  # mypy cannot infer the default
    assert large < 11 * small


class TestWork:
    """Counted in calls of Python functions."""

    @pytest.mark.parametrize("whole", [lambda task: task, flatten], ids=["whole", "flattened"])
    def test_children_that_take_all_of_another_map_cost_in_proportion_to_their_number(
        self,
        whole: Callable[[Any], Any],
        count_calls: Callable[[Callable[[], object]], int],
    ) -> None:
        def run(children: int) -> None:
            with Flow("f") as flow:
                above = give.map([[n] for n in range(children)])
                both.map(list(range(children)), unmapped(whole(above)))
            assert flow.run(executor=LocalExecutor()).is_successful()

        run(1)  # what is looked up at the first time only is no part of it
        few, many = (count_calls(partial(run, children)) for children in (40, 160))
        assert many < 4.5 * few

    def test_children_that_cannot_start_for_a_failed_one_cost_no_more(
        self, count_calls: Callable[[Callable[[], object]], int]
    ) -> None:
        def run(children: int) -> None:
            with Flow("f") as flow:
                above = divide_six.map(list(range(children)))
                both.map(list(range(children)), unmapped(above))
            assert flow.run(executor=LocalExecutor()).is_failed()

        run(1)  # what is looked up at the first time only is no part of it
        few, many = (count_calls(partial(run, children)) for children in (40, 160))
        assert many < 4.5 * few


@task
def both(x: Any, xs: list[Any]) -> int:
    return len(xs)
