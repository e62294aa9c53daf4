"""What every executor keeps to, and what each adds."""

import contextlib
import pickle
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import psutil
import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Done, Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.task_run import Listener

TIME_OUT_S = 20.0
Collect = Callable[[Executor, int], dict[Any, Done]]
where: ContextVar[str] = ContextVar("where", default="nowhere")


def submit_and_raise(executor: Executor, collect: Collect, call: Callable[[], None]) -> None:
    executor.submit(0, call)
    error = collect(executor, 1)[0].error
    assert error is not None
    raise error


def threads() -> set[threading.Thread]:
    """The threads of this process, but for the one that Dask keeps as long as the process lives."""
    return {t for t in threading.enumerate() if not t.name.startswith("Dask-Offload")}


class TestContract:
    def test_a_call_ends_once_under_its_token_with_its_outcome(
        self, started: Executor, collect: Collect
    ) -> None:
        for token in range(20):
            started.submit(token, pow, token, 2)
        done = collect(started, 20)
        assert {token: end.outcome for token, end in done.items()} == {
            token: token**2 for token in range(20)
        }
        assert started.completed(0) == []

    def test_without_calls_nothing_has_ended(self, started: Executor) -> None:
        assert started.completed(0) == []

    def test_waiting_stops_when_the_time_is_up(self, started: Executor) -> None:
        assert started.completed(0.01) == []

    def test_waiting_without_limit_returns_with_the_first_end(self, started: Executor) -> None:
        started.submit(7, lambda: "done")
        assert [end.outcome for end in started.completed(None)] == ["done"]

    def test_a_call_in_this_process_sees_the_context_of_who_submitted_it(
        self, near: Executor, collect: Collect
    ) -> None:
        where.set("in the test")
        near.submit(0, where.get)
        assert collect(near, 1)[0].outcome == "in the test"

    def test_what_is_no_exception_reaches_who_submitted_it(
        self, started: Executor, collect: Collect
    ) -> None:
        def interrupt() -> None:
            raise KeyboardInterrupt

        # In submit where the call runs at once, in its end where it runs elsewhere.
        with pytest.raises(KeyboardInterrupt):
            submit_and_raise(started, collect, interrupt)

    def test_it_can_be_started_again(self, executor: Executor, collect: Collect) -> None:
        for _ in range(2):
            with executor.start():
                executor.submit(1, pow, 2, 3)
                assert collect(executor, 1)[1].outcome == 8

    def test_a_block_left_by_an_error_leaves_nothing_for_the_next(
        self, executor: Executor, collect: Collect
    ) -> None:
        with contextlib.suppress(ZeroDivisionError), executor.start():
            executor.submit(1, pow, 2, 3)
            raise ZeroDivisionError
        with executor.start():
            executor.submit(2, pow, 2, 4)
            assert list(collect(executor, 1)) == [2]

    def test_no_thread_or_process_outlives_the_block(self, executor: Executor) -> None:
        before = threads()
        with executor.start():
            executor.submit(1, pow, 2, 3)
        assert threads() == before
        assert not [p for p in psutil.Process().children() if "process_worker" in str(p.cmdline())]

    def test_repr_names_the_kind(self, executor: Executor) -> None:
        assert repr(executor).startswith(f"<Executor: {type(executor).__name__}")

    def test_it_can_be_pickled(self, executor: Executor) -> None:
        assert repr(pickle.loads(pickle.dumps(executor))) == repr(executor)

    def test_what_a_call_raises_is_its_error(self, started: Executor, collect: Collect) -> None:
        def exit_with_code() -> None:
            raise SystemExit(3)

        with pytest.raises(SystemExit, match="3"):
            submit_and_raise(started, collect, exit_with_code)

    def test_what_a_listener_would_hear_reaches_it(
        self, started: Executor, collect: Collect
    ) -> None:
        heard = threading.Event()

        class Hearing(Listener):
            def progress(self, done: int, total: int | None, unit: str) -> None:
                assert (done, total, unit) == (1, 2, "steps")
                heard.set()

        started.submit(0, lambda listener: listener.progress(1, 2, "steps"), Hearing())
        collect(started, 1)
        assert heard.wait(TIME_OUT_S)


class TestFlowsOnEveryExecutor:
    def test_a_diamond_has_the_same_states_and_results(self, executor: Executor) -> None:
        add = task(lambda x, y: x + y)
        with Flow("f") as flow:
            top = add(1, 2)
            bottom = add(add(top, 1), add(top, 2))
        state = flow.run(executor=executor)
        assert state.is_successful()
        assert state.result[bottom].result == 9

    def test_a_failure_stays_in_its_branch(self, executor: Executor) -> None:
        with Flow("f") as flow:
            bad = task(lambda: 1 / 0)()
            good = task(lambda: 5)()
            below = task(lambda x: x)(bad)
        result = flow.run(executor=executor).result
        kinds = [type(result[task]).__name__ for task in (bad, good, below)]
        assert kinds == ["Failed", "Success", "TriggerFailed"]

    def test_each_task_sees_its_own_context(self, executor: Executor) -> None:
        with Flow("f") as flow:
            asked = [task(lambda: context.task_slug)() for _ in range(10)]
        result = flow.run(executor=executor).result
        assert [result[t].result for t in asked] == [flow.slugs[t] for t in asked]

    def test_the_flow_may_bring_its_executor(self, executor: Executor) -> None:
        with Flow("f", executor=executor) as flow:
            one = task(lambda: 1)()
        assert flow.run().result[one].result == 1


class TestThreads:
    def test_as_many_calls_run_at_once_as_there_are_workers(self, collect: Collect) -> None:
        barrier = threading.Barrier(3, timeout=TIME_OUT_S)
        executor = ThreadExecutor(3)
        with executor.start():
            for token in range(3):
                executor.submit(token, barrier.wait)
            done = collect(executor, 3)
        assert sorted(end.outcome for end in done.values()) == [0, 1, 2]

    def test_calls_run_apart_from_the_thread_that_submits_them(self, collect: Collect) -> None:
        executor = ThreadExecutor(1)
        with executor.start():
            executor.submit(0, threading.get_ident)
            assert collect(executor, 1)[0].outcome != threading.get_ident()

    def test_what_a_call_sets_in_its_context_stays_there(self, collect: Collect) -> None:
        where.set("in the test")
        executor = ThreadExecutor(1)
        with executor.start():
            executor.submit(0, where.set, "in the call")
            executor.submit(1, where.get)
            assert collect(executor, 2)[1].outcome == "in the test"

    def test_calls_that_still_wait_are_dropped_when_the_block_is_left(self) -> None:
        ran: list[str] = []
        submitted = threading.Event()
        executor = ThreadExecutor(1)

        def submit_until_the_end() -> None:
            while True:
                try:
                    executor.submit(1, ran.append, "late")
                except RuntimeError:  # what a pool says that takes no more
                    return
                submitted.set()

        with executor.start():
            executor.submit(0, submit_until_the_end)
            assert submitted.wait(TIME_OUT_S)
        assert ran == []

    @pytest.mark.parametrize("number", [0, -1])
    def test_at_least_one_worker_is_needed(self, number: int) -> None:
        with pytest.raises(DefinitionError, match=f"got {number}"):
            ThreadExecutor(number)

    def test_one_that_runs_a_flow_cannot_run_another_at_the_same_time(self) -> None:
        executor = ThreadExecutor(1)
        with Flow("inner") as inner:
            task(lambda: 1)()
        with Flow("outer") as outer:
            run_inner = task(lambda: inner.run(executor=executor))()
        inner_state = outer.run(executor=executor).result[run_inner].result
        assert inner_state.is_failed()
        assert "runs a flow already" in inner_state.message

    def test_submitting_before_the_start_is_a_clear_error(self) -> None:
        with pytest.raises(DefinitionError, match=r"executor\.start"):
            ThreadExecutor(1).submit(0, print)


class TestLocal:
    def test_a_call_has_run_when_submit_returns(self) -> None:
        ran: list[int] = []
        LocalExecutor().submit(0, ran.append, 1)
        assert ran == [1]
