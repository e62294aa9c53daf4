"""A flow run under way: what is told, in which order, and that nothing waits for a retry."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Done, Executor
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks import signals, states
from nemflow.tasks.base import Task
from nemflow.tasks.context import report_progress
from nemflow.tasks.decorator import task

SOON: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(0)}
LATER: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(days=1)}
TIME_OUT_S = 20.0
CountCalls = Callable[[Callable[[], object]], int]


@task
def same(x: Any = None) -> Any:
    return x


@task
def fail(error: Any = None) -> None:
    raise ValueError("broke")


class TestEvents:
    def test_a_small_flow_is_told_step_by_step(self, events: Any) -> None:
        with Flow("small") as flow:
            one = same(Parameter("x"), task_args={"name": "one"})
            same(one, task_args={"name": "two"})
        flow.run(x=1, reporter=events)
        assert events.told == [
            "small started: x one-1 two-1",
            "x Running",
            "x Success",
            "one-1 Running",
            "one-1 Success",
            "two-1 Running",
            "two-1 Success",
            "small Success",
        ]

    def test_a_failure_and_what_hangs_on_it(self, events: Any) -> None:
        with Flow("small") as flow:
            same(fail())
        flow.run(reporter=events)
        assert events.told[1:] == [
            "fail-1 Running",
            "fail-1 Failed",
            "same-1 TriggerFailed",
            "small Failed",
        ]

    def test_a_skip_and_what_hangs_on_it(self, events: Any) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("nothing today")

        with Flow("small") as flow:
            same(skip())
        flow.run(reporter=events)
        assert events.told[1:] == [
            "skip-1 Running",
            "skip-1 Skipped",
            "same-1 Skipped",
            "small Success",
        ]

    def test_a_retry_is_the_same_task_run(self, fails_once: Any, events: Any) -> None:
        with Flow("small") as flow:
            fails_once(**SOON).bind()
        flow.run(reporter=events)
        assert events.told[1:] == [
            "once-1 Running",
            "once-1 Retrying",
            "once-1 Running",
            "once-1 Success",
            "small Success",
        ]

    def test_a_target_that_is_there(
        self, events: Any, tmp_path: Path, settings: RunSettings
    ) -> None:
        with Flow("small") as flow:
            same.copy(result=LocalResult(tmp_path), target="a").bind(5)
        flow.run(settings=settings)
        flow.run(settings=settings, reporter=events)
        assert events.told[1:] == ["same-1 Cached", "small Success"]

    def test_progress_bears_the_name_of_its_task(self, events: Any) -> None:
        with Flow("small") as flow:
            task(name="load")(lambda: report_progress(3, 10))()
            task(name="count")(lambda: report_progress(4, unit="rows"))()
        flow.run(reporter=events)
        assert "load-1 3/10 bytes" in events.told
        assert "count-1 4/None rows" in events.told

    def test_the_last_word_has_all_states_by_slug(self, events: Any) -> None:
        with Flow("small") as flow:
            same(fail())
        flow.run(reporter=events)
        kinds = {slug: type(state).__name__ for slug, state in events.final_states.items()}
        assert kinds == {"fail-1": "Failed", "same-1": "TriggerFailed"}


class TestOrder:
    def test_the_local_executor_runs_in_the_order_of_the_graph(self, events: Any) -> None:
        tasks = {name: Task(name=name) for name in "dcba"}
        flow = Flow("f", tasks=tasks.values())
        flow.add_edge(tasks["a"], tasks["d"])
        flow.run(reporter=events)
        ran = [words[0] for words in events.told if words.endswith("Running")]
        assert ran == ["a", "d", "c", "b"]

    def test_a_diamond_runs_each_task_once(self) -> None:
        with Flow("f") as flow:
            top = same(1)
            both = same([same(top), same(top)])
        assert flow.run().result[both].result == [1, 1]

    def test_two_edges_between_two_tasks_are_waited_for_once(self) -> None:
        add = task(lambda x, y: x + y)
        with Flow("f") as flow:
            one = same(1)
            two = add(one, one, upstream_tasks=[one])
        assert flow.run().result[two].result == 2

    def test_a_chain_of_20_000_tasks_runs_without_recursion(self) -> None:
        flow, tasks = Flow("f"), [Task() for _ in range(20_000)]
        flow.chain(*tasks)
        state = flow.run()
        assert state.is_successful()
        assert all(state.result[task].is_successful() for task in tasks)


def make_and_run(shape: str, size: int) -> None:
    flow, tasks = Flow("f"), [Task() for _ in range(size)]
    if shape == "chain":
        flow.chain(*tasks)
    for other in tasks[1:] if shape == "fan" else ():
        flow.add_edge(other, tasks[0])
    for single in tasks:
        flow.add_task(single)
    assert flow.run().is_successful()


@pytest.mark.parametrize("shape", ["apart", "chain", "fan"])
def test_better_5_making_and_running_take_a_number_of_calls_that_is_linear(
    shape: str, count_calls: CountCalls
) -> None:
    make_and_run(shape, 1)  # what is imported or filled at first use is no part of the cost
    small, large = (count_calls(partial(make_and_run, shape, size)) for size in (100, 1000))
    assert large < 11 * small


class TestNothingWaitsForARetry:
    def test_better_4_a_retry_that_is_due_comes_before_the_rest_of_the_run(
        self, fails_once: Any, events: Any
    ) -> None:
        with Flow("f") as flow:
            fails_once(**SOON).bind()
            for name in "ab":
                same(task_args={"name": name})
        flow.run(reporter=events)
        ran = [words.split("-")[0] for words in events.told if words.endswith("Running")]
        assert ran == ["once", "once", "a", "b"]

    def test_better_4_others_go_on_while_a_retry_waits(self, fails_once: Any, events: Any) -> None:
        with Flow("f") as flow:
            retried = fails_once(**LATER).bind()
            other = same(same(5))
            below = same(retried)
        state = FlowRunner(flow).run(reporter=events)
        assert state.is_running()
        kinds = [type(state.result[task]).__name__ for task in (retried, other, below)]
        assert kinds == ["Retrying", "Success", "Pending"]

    def test_better_4_a_retry_runs_while_a_slow_branch_is_still_at_work(self) -> None:
        tried_again = threading.Event()
        attempts: list[int] = []

        @task(**SOON)
        def flaky() -> None:
            attempts.append(1)
            if len(attempts) == 1:
                raise ValueError("not yet")
            tried_again.set()

        with Flow("f") as flow:
            slow = task(lambda: tried_again.wait(TIME_OUT_S))()
            flaky()
        state = flow.run(executor=ThreadExecutor(2))
        assert state.result[slow].result is True

    def test_a_run_is_continued_from_the_states_of_the_one_before(self, fails_once: Any) -> None:
        with Flow("f") as flow:
            retried = fails_once(**LATER).bind()
            below = same(retried)
        first = FlowRunner(flow).run().result
        due = states.Retrying(run_count=first[retried].run_count)
        second = FlowRunner(flow).run(task_states={**first, retried: due})
        assert second.result[below].result == 2

    def test_without_waiting_a_retry_that_is_due_stays_for_the_next_call(
        self, fails_once: Any
    ) -> None:
        with Flow("f") as flow:
            retried = fails_once(**SOON).bind()
        state = FlowRunner(flow).run()
        assert (type(state), type(state.result[retried])) == (states.Running, states.Retrying)


class TestBranches:
    def test_a_slow_branch_does_not_hold_up_another(self) -> None:
        other_is_done = threading.Event()

        @task
        def last(x: Any) -> None:
            other_is_done.set()

        with Flow("f") as flow:
            slow = task(lambda: other_is_done.wait(TIME_OUT_S))()
            last(same(same(1)))
        assert flow.run(executor=ThreadExecutor(2)).result[slow].result is True

    def test_a_failed_branch_does_not_hold_up_another(self) -> None:
        with Flow("f") as flow:
            failed = same(fail())
            other = same(same(1))
        result = flow.run().result
        assert result[failed].is_failed()
        assert result[other].result == 1


class Growing(Executor):
    """Has room for one call at first and for all of them once one has ended."""

    def __init__(self) -> None:
        self.room = 1
        self.handed_over: list[int] = []
        self._waiting: list[tuple[Any, Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        self._waiting.append((token, call, arguments))

    def completed(self, timeout_s: float | None) -> list[Done]:
        self.handed_over.append(len(self._waiting))
        self.room = 10
        waiting, self._waiting = self._waiting, []
        return [Done(token, call(*arguments), None) for token, call, arguments in waiting]


def test_room_that_an_executor_gets_while_the_run_goes_on_is_used() -> None:
    with Flow("f") as flow:
        for number in range(5):
            same(number)
    executor = Growing()
    assert flow.run(executor=executor).is_successful()
    assert executor.handed_over == [1, 4]


class TestReadyOrder:
    def test_what_becomes_ready_goes_before_what_was_ready_but_comes_later(
        self, events: Any
    ) -> None:
        with Flow("f") as flow:
            first = same(1, task_args={"name": "first"})
            same(first, task_args={"name": "then"})
            same(2, task_args={"name": "last"})
        flow.run(reporter=events)
        ended = [words.split("-")[0] for words in events.told if words.endswith(" Success")]
        assert ended == ["first", "then", "last", "f Success"]
