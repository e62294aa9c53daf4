"""Cached values: the validators, and what runs share of them."""

import pickle
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.tasks import caching, signals
from nemflow.tasks.annotations import unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.caching import MemoryCache, Validator, fingerprint
from nemflow.tasks.decorator import FunctionTask, task
from nemflow.tasks.runner import run_task
from nemflow.tasks.states import Cached, Failed, Pending, Skipped, State
from nemflow.tasks.task_run import RunContext, TaskRun

HOUR = timedelta(hours=1)
INPUTS = {"x": 1, "y": [2, 3]}
PARAMETERS = {"a": 1, "b": 2}
PARTIAL_INPUTS = caching.partial_inputs_only(["x"])
PARTIAL_PARAMETERS = caching.partial_parameters_only(["a"])


def cached(expires: timedelta | None = HOUR) -> Cached:
    """A state that was kept with these inputs and parameters and expires so long from now."""
    return Cached(
        result=1,
        hashed_inputs={key: fingerprint(value) for key, value in INPUTS.items()},
        cached_parameters=dict(PARAMETERS),
        cached_result_expiration=None if expires is None else datetime.now(UTC) + expires,
    )


@pytest.fixture
def calls() -> list[Any]:
    """What the counted task was called with."""
    return []


@pytest.fixture
def counted(calls: list[Any]) -> Callable[..., FunctionTask]:
    """Make a task that returns its input and notes each call."""

    def make(**options: Any) -> FunctionTask:
        @task(**{"name": "counted", "cache_for": HOUR, **options})
        def run(x: Any = None) -> Any:
            calls.append(x)
            return x

        return run

    return make


class TestValidators:
    @pytest.mark.parametrize(
        ("validator", "inputs", "parameters", "good"),
        [
            (caching.never_use, INPUTS, PARAMETERS, False),
            (caching.duration_only, {}, {}, True),
            (caching.all_inputs, {"x": 1, "y": [2, 3]}, {}, True),
            (caching.all_inputs, {"x": 1, "y": [2, 4]}, {}, False),
            (caching.all_inputs, {"x": 1, "y": [2, 3], "z": 1}, {}, False),
            (caching.all_parameters, {}, {"b": 2, "a": 1}, True),
            (caching.all_parameters, {}, {"a": 1, "b": 3}, False),
            (caching.all_parameters, {}, {"a": 1}, False),
            (PARTIAL_INPUTS, {"x": 1, "y": "other"}, {}, True),
            (PARTIAL_INPUTS, {"x": 2, "y": [2, 3]}, {}, False),
            (PARTIAL_INPUTS, {}, {}, False),
            (caching.partial_inputs_only(), {"x": "other"}, {}, True),
            (PARTIAL_PARAMETERS, {}, {"a": 1, "b": "other"}, True),
            (PARTIAL_PARAMETERS, {}, {"a": 2, "b": 2}, False),
            (caching.partial_parameters_only(None), {}, {"a": "other"}, True),
        ],
    )
    def test_what_each_looks_at(
        self,
        validator: Validator,
        inputs: dict[str, object],
        parameters: dict[str, object],
        good: bool,
    ) -> None:
        assert validator(cached(), inputs, parameters) is good

    @pytest.mark.parametrize(
        "validator",
        [
            caching.never_use,
            caching.duration_only,
            caching.all_inputs,
            caching.all_parameters,
            PARTIAL_INPUTS,
            caching.partial_inputs_only(),
            PARTIAL_PARAMETERS,
            caching.partial_parameters_only(),
        ],
    )
    def test_all_of_them_refuse_what_has_expired(self, validator: Validator) -> None:
        assert not validator(cached(expires=-HOUR), INPUTS, PARAMETERS)

    def test_without_an_expiry_it_is_good_for_ever(self) -> None:
        assert caching.duration_only(cached(expires=None), {}, {})

    def test_a_value_that_cannot_be_pickled_is_equal_to_itself_alone(self) -> None:
        one, other = threading.Lock(), threading.Lock()
        assert fingerprint(one) == fingerprint(one)
        assert fingerprint(one) != fingerprint(other)

    def test_a_function_of_the_moment_has_a_fingerprint_of_its_code(self) -> None:
        def make(number: int) -> Callable[[], int]:
            return lambda: number

        assert fingerprint(make(1)) == fingerprint(make(1))
        assert fingerprint(make(1)) != fingerprint(make(2))


class TestOptions:
    def test_the_default_validator_is_by_duration_where_there_is_one(self) -> None:
        assert Task().cache_validator is caching.never_use
        assert Task(cache_for=HOUR).cache_validator is caching.duration_only

    def test_a_validator_without_duration_warns_and_nothing_is_cached(self) -> None:
        calls: list[int] = []
        with pytest.warns(UserWarning, match="caches nothing"):
            made = task(cache_validator=caching.all_inputs)(lambda: calls.append(1))
        with Flow("f") as flow:
            made()
        flow.run()
        flow.run()
        assert calls == [1, 1]


class TestRuns:
    def test_a_second_run_takes_the_value_and_does_not_call(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        with Flow("f") as flow:
            kept = counted()(5)
        states = [flow.run().result[kept] for _ in range(2)]
        assert [type(state) for state in states] == [Cached, Cached]
        assert [state.result for state in states] == [5, 5]
        assert calls == [5]

    def test_the_state_says_until_when_and_for_what(
        self, counted: Callable[..., FunctionTask]
    ) -> None:
        now = datetime(2020, 1, 1, tzinfo=UTC)
        run = TaskRun(counted(), {}, RunContext(parameters={"a": 1}, now=lambda: now))
        run.inputs["x"] = 5
        state = run_task(run)
        assert isinstance(state, Cached)
        assert state.cached_result_expiration == now + HOUR
        assert state.hashed_inputs == {"x": fingerprint(5)}
        assert state.cached_parameters == {"a": 1}

    def test_what_has_expired_is_made_again(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        kept, cache = counted(), MemoryCache()
        long_ago = RunContext(cache=cache, now=lambda: datetime(2020, 1, 1, tzinfo=UTC))
        run_task(TaskRun(kept, {}, long_ago))
        run_task(TaskRun(kept, {}, RunContext(cache=cache)))
        run_task(TaskRun(kept, {}, RunContext(cache=cache)))
        assert len(calls) == 2

    def test_a_warning_says_that_no_cached_value_is_good(
        self, counted: Callable[..., FunctionTask], caplog: pytest.LogCaptureFixture
    ) -> None:
        with Flow("f") as flow:
            counted(cache_validator=caching.all_inputs)(Parameter("x"))
        flow.run(x=1)
        flow.run(x=1)
        assert caplog.messages == []
        flow.run(x=2)
        assert caplog.messages == ["Task 'counted': can't use cache because it is now invalid"]

    def test_expired_values_are_let_go_when_their_key_is_used_again(self) -> None:
        cache, fresh = MemoryCache(), cached()
        cache.keep("key", cached(expires=-HOUR))
        cache.keep("key", fresh)
        assert cache.load("key") == [fresh]

    def test_parameters_can_decide(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        with Flow("f") as flow:
            counted(cache_validator=caching.partial_parameters_only(["a"]))(0)
            Parameter("a"), Parameter("b")
        for a, b in [(1, 1), (1, 2), (2, 2), (1, 3)]:
            flow.run(a=a, b=b)
        assert len(calls) == 2

    def test_inputs_can_decide(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        with Flow("f") as flow:
            kept = counted(cache_validator=caching.all_inputs)(Parameter("x"))
        assert [flow.run(x=x).result[kept].result for x in (1, 2, 1, 2)] == [1, 2, 1, 2]
        assert calls == [1, 2]

    def test_a_failure_is_not_kept(self) -> None:
        attempts: list[int] = []

        @task(cache_for=HOUR)
        def fails_once() -> int:
            attempts.append(1)
            if len(attempts) == 1:
                raise ValueError("not yet")
            return 1

        with Flow("f") as flow:
            kept = fails_once()
        assert isinstance(flow.run().result[kept], Failed)
        assert flow.run().result[kept].result == 1

    def test_a_skip_is_not_kept(self) -> None:
        attempts: list[int] = []

        @task(cache_for=HOUR)
        def skips() -> None:
            attempts.append(1)
            raise signals.SKIP("not today", result=1)

        with Flow("f") as flow:
            skipped = skips()
        for _ in range(2):
            assert type(flow.run().result[skipped]) is Skipped
        assert len(attempts) == 2

    def test_better_12_mapped_children_do_not_take_each_others_values(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        with Flow("f") as flow:
            kept = counted().map([1, 2, 3])
        for _ in range(2):
            assert flow.run().result[kept].result == [1, 2, 3]
        assert calls == [1, 2, 3]

    def test_better_12_tasks_of_one_name_do_not_take_each_others_values(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        with Flow("f") as flow:
            kept = [counted()(1), counted()(2)]
        for _ in range(2):
            result = flow.run().result
            assert [result[one].result for one in kept] == [1, 2]
        assert calls == [1, 2]

    def test_an_explicit_key_is_shared(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        cache = MemoryCache()
        options = {"cache_key": "numbers", "cache_validator": caching.all_inputs}
        with Flow("one") as one:
            counted(**options)(1)
        with Flow("other") as other:
            mapped = counted(name="another", **options).map([1, 2])
        one.run(cache=cache)
        assert other.run(cache=cache).result[mapped].result == [1, 2]
        assert calls == [1, 2]

    def test_flows_do_not_share_their_own_caches(
        self, counted: Callable[..., FunctionTask], calls: list[Any]
    ) -> None:
        kept = counted()
        for _ in range(2):
            with Flow("f") as flow:
                kept(1)
            flow.run()
        assert calls == [1, 1]

    @pytest.mark.parametrize(("validator", "runs"), [(None, 0), (caching.all_inputs, 1)])
    def test_trap_17_of_a_cached_state_given_the_validator_decides(
        self,
        counted: Callable[..., FunctionTask],
        calls: list[Any],
        validator: Validator | None,
        runs: int,
    ) -> None:
        run = TaskRun(counted(cache_validator=validator), {}, RunContext())
        run.inputs["x"] = 99
        given = cached()
        state = run_task(run, given)
        assert len(calls) == runs
        assert (state is given) is (runs == 0)

    def test_a_cached_state_given_to_a_task_without_caching_is_not_used(
        self, calls: list[Any]
    ) -> None:
        plain = task(lambda: calls.append(1))
        assert type(run_task(TaskRun(plain, {}, RunContext()), cached())).__name__ == "Success"
        assert calls == [1]

    def test_a_whole_list_given_to_every_child_counts_as_an_input(self) -> None:
        add = task(cache_for=HOUR, cache_validator=caching.all_inputs)(lambda x, ys: x + sum(ys))
        with Flow("f") as flow:
            total = add.map([1, 2], unmapped(Parameter("ys")))
        results = [flow.run(ys=ys).result[total].result for ys in ([1], [2], [1])]
        assert results == [[2, 3], [3, 4], [2, 3]]


class TestMemoryCache:
    def test_the_newest_comes_first(self) -> None:
        cache, older, newer = MemoryCache(), cached(), cached()
        cache.keep("key", older)
        cache.keep("key", newer)
        assert [state is newer for state in cache.load("key")] == [True, False]
        assert cache.load("other") == []

    def test_nothing_is_lost_when_many_threads_keep_under_one_key(self) -> None:
        cache, ready = MemoryCache(), threading.Barrier(4)

        def keep() -> None:
            ready.wait()
            for _ in range(50):
                cache.keep("key", cached())

        threads = [threading.Thread(target=keep) for _ in range(4)]
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(before)
        assert len(cache.load("key")) == 200

    def test_in_another_process_it_starts_empty(self) -> None:
        cache = MemoryCache()
        cache.keep("key", cached())
        assert pickle.loads(pickle.dumps(cache)).load("key") == []


def test_trap_18_handlers_are_called_where_the_new_state_equals_the_old_but_is_another() -> None:
    given, kept, cache = Cached(result=1), Cached(result=1), MemoryCache()
    assert given == kept
    cache.keep("key", kept)
    seen: list[bool] = []
    made = Task(
        cache_for=HOUR,
        cache_key="key",
        cache_validator=lambda state, inputs, parameters: state is kept,
        state_handlers=[lambda task, old, new: seen.append(old is given and new is kept)],
    )
    assert run_task(TaskRun(made, {}, RunContext(cache=cache)), given) is kept
    assert seen == [True]


def test_a_start_state_that_is_no_longer_good_is_run_from_pending(
    counted: Callable[..., FunctionTask], calls: list[Any]
) -> None:
    seen: list[type[State]] = []
    kept = counted(state_handlers=[lambda t, old, new: seen.append(type(new))])
    run_task(TaskRun(kept, {}, RunContext()), cached(expires=-HOUR))
    assert seen[0] is Pending
    assert calls == [None]
