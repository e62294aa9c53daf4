"""How a flow run goes on from given states, how it ends, and what its tasks keep and judge by."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.runner import FlowRunner
from nemflow.flows.settings import RunSettings
from nemflow.results import FileResult, LocalResult
from nemflow.results.locks import TargetLock
from nemflow.tasks import caching, signals, states, triggers
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task

LATER: dict[str, Any] = {"max_retries": 1, "retry_delay": timedelta(days=1)}


@task
def same(x: Any = None) -> Any:
    return x


@task
def fail(error: Any = None) -> None:
    raise ValueError("broke")


class TestGivenStates:
    def test_a_finished_task_is_not_run_and_its_value_is_used(self) -> None:
        with Flow("f") as flow:
            given = fail()
            below = same(given)
        state = flow.run(task_states={given: states.Success(result=5)})
        assert state.result[below].result == 5

    def test_a_task_whose_upstreams_are_given_runs(self) -> None:
        with Flow("f") as flow:
            one, two = fail(), fail()
            below = same([one, two])
        given = {one: states.Success(result=1), two: states.Success(result=2)}
        assert flow.run(task_states=given).result[below].result == [1, 2]

    def test_a_cached_one_is_looked_at_again_and_its_validator_decides(self) -> None:
        hour = timedelta(hours=1)
        with Flow("f") as flow:
            good = task(cache_for=hour)(lambda: "made")()
            stale = task(cache_for=hour, cache_validator=caching.never_use)(lambda: "made")()
            plain = task(lambda: "made")()
        given = {one: states.Cached(result="kept") for one in (good, stale, plain)}
        result = flow.run(task_states=given).result
        assert [result[one].result for one in (good, stale, plain)] == ["kept", "made", "made"]

    def test_all_given_means_nothing_to_do(self, events: Any) -> None:
        with Flow("f") as flow:
            one = fail()
        flow.run(task_states={one: states.Success()}, reporter=events)
        assert events.told == ["f started: fail-1", "f Success"]

    def test_a_paused_task_is_resumed_by_its_state(self) -> None:
        with Flow("f") as flow:
            manual = same.copy(trigger=triggers.manual_only).bind(5)
        paused = flow.run()
        assert type(paused) is states.Paused
        resumed = flow.run(task_states={**paused.result, manual: states.Resume()})
        assert resumed.result[manual].result == 5

    def test_a_paused_run_is_resumed_by_its_context(self) -> None:
        with Flow("f") as flow:
            manual = same.copy(trigger=triggers.manual_only).bind(5)
        assert flow.run(context={"resume": True}).result[manual].result == 5

    def test_a_pause_with_a_time_goes_on_by_itself(self) -> None:
        @task
        def nap() -> str:
            if not context.resume:
                raise signals.PAUSE("nap", start_time=states.Scheduled().start_time)
            return "awake"

        with Flow("f") as flow:
            napping = nap()
        assert flow.run().result[napping].result == "awake"


class TestInterrupted:
    @pytest.fixture
    def interrupted(self, tmp_path: Path) -> Flow:
        """A flow whose second task of four is interrupted while it holds the goal's lock."""

        def interrupt(x: Any) -> None:
            raise KeyboardInterrupt

        with Flow("f") as flow:
            first = same(1, task_args={"name": "first"})
            second = task(name="second")(interrupt)(first)
            last = same.copy(name="last", result=LocalResult(tmp_path / "out"), target="a")
            flow.set_goal(last.bind(second))
            same(task_args={"name": "apart"})
        return flow

    def test_ctrl_c_is_told_as_cancelled_and_propagates(
        self, interrupted: Flow, events: Any, settings: RunSettings
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            interrupted.run(reporter=events, settings=settings)
        assert events.told[1:] == [
            "first-1 Running",
            "first-1 Success",
            "second-1 Running",
            "second-1 Cancelled",
            "last-1 Cancelled",
            "apart-1 Cancelled",
            "f Cancelled",
        ]

    def test_ctrl_c_gives_the_goals_lock_back(
        self, interrupted: Flow, settings: RunSettings, tmp_path: Path
    ) -> None:
        with pytest.raises(KeyboardInterrupt):
            interrupted.run(settings=settings)
        assert settings.lock_dir is not None
        lock = TargetLock(settings.lock_dir, str(tmp_path / "out" / "a"))
        assert not lock.needs_sweep()
        assert lock.try_acquire()

    def test_ctrl_c_leaves_no_half_file(self, tmp_path: Path, settings: RunSettings) -> None:
        @task(result=FileResult(tmp_path / "out"), target="a.txt")
        def make(path: Path) -> None:
            path.write_text("half")
            raise KeyboardInterrupt

        with Flow("f") as flow:
            make()
        with pytest.raises(KeyboardInterrupt):
            flow.run(settings=settings)
        assert list((tmp_path / "out").iterdir()) == []

    def test_what_ends_a_thread_ends_the_run(self, events: Any) -> None:
        def leave() -> None:
            raise SystemExit(3)

        with Flow("f") as flow:
            same(task(name="leave")(leave)())
        with pytest.raises(SystemExit):
            flow.run(executor=ThreadExecutor(2), reporter=events)
        assert events.told[-3:] == ["leave-1 Cancelled", "same-1 Cancelled", "f Cancelled"]

    def test_the_executor_can_be_used_again(self, interrupted: Flow) -> None:
        executor = LocalExecutor()
        with pytest.raises(KeyboardInterrupt):
            interrupted.run(executor=executor)
        with Flow("g") as flow:
            one = same(1)
        assert flow.run(executor=executor).result[one].result == 1


class TestTargets:
    def test_better_7_two_tasks_with_one_rendered_target_are_a_clear_failure(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        kept = same.copy(result=LocalResult(tmp_path / "out"), target="{x}.p")
        with Flow("f") as flow:
            first, second = kept(5), kept("5")
        state = flow.run(settings=settings)
        assert state.result[first].is_successful()
        assert type(state.result[second]) is states.Failed
        assert "is also the target of 'same-1'" in str(state.result[second].message)

    def test_better_8_none_is_persisted_and_found(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        with Flow("f") as flow:
            none = same.copy(result=LocalResult(tmp_path / "out"), target="none").bind()
        flow.run(settings=settings)
        state = flow.run(settings=settings).result[none]
        assert (type(state), state.result) == (states.Cached, None)

    def test_force_makes_a_target_again(self, tmp_path: Path, settings: RunSettings) -> None:
        ran: list[int] = []
        kept = task(result=LocalResult(tmp_path / "out"), target="a")
        with Flow("f") as flow:
            kept(lambda: ran.append(1))()
        for force in (False, False, True):
            flow.run(settings=settings, force=force)
        assert len(ran) == 2

    def test_a_failed_task_writes_no_target(self, tmp_path: Path, settings: RunSettings) -> None:
        with Flow("f") as flow:
            fail.copy(result=LocalResult(tmp_path / "out"), target="a").bind()
        flow.run(settings=settings)
        assert not (tmp_path / "out").exists()


class TestTriggers:
    def test_better_7_trap_1_constants_are_not_upstream_for_triggers(self) -> None:
        handle = task(trigger=triggers.all_failed)(lambda error, text: (error, text))
        with Flow("f") as flow:
            handled = handle(fail(), "a constant")
        error, text = flow.run().result[handled].result
        assert (repr(error), text) == ("ValueError('broke')", "a constant")

    def test_better_7_a_constant_without_key_is_not_upstream_either(self) -> None:
        handle = task(trigger=triggers.all_failed)(lambda: "handled")
        with Flow("f") as flow:
            handled = handle(upstream_tasks=[fail(), 5])
        assert flow.run().result[handled].result == "handled"

    def test_trap_8_all_finished_below_hides_a_failure_from_the_flow(self) -> None:
        with Flow("f") as flow:
            failed = fail()
            same.copy(trigger=triggers.all_finished).bind(upstream_tasks=[failed])
        state = flow.run()
        assert state.is_successful()
        assert state.result[failed].is_failed()

    def test_trap_7_the_flow_runs_on_while_a_terminal_task_is_retrying(
        self, fails_once: Any
    ) -> None:
        with Flow("f") as flow:
            failed = fail()
            fails_once(**LATER).bind()
            flow.set_reference_tasks([failed])
        assert type(FlowRunner(flow).run()) is states.Running

    def test_a_skip_stops_at_a_task_that_wants_to_run_all_the_same(self) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("nothing today")

        with Flow("f") as flow:
            between = same(skip())
            end = same.copy(skip_on_upstream_skip=False).bind(between)
            after = same(end)
        result = flow.run().result
        assert type(result[end]) is type(result[after]) is states.Success
        assert result[end].result is None

    def test_trap_12_only_direct_upstreams_skip_a_task(self) -> None:
        @task
        def skip() -> None:
            raise signals.SKIP("nothing today")

        with Flow("f") as flow:
            skipped = skip()
            between = same.copy(skip_on_upstream_skip=False).bind(upstream_tasks=[skipped])
            below = same(1, upstream_tasks=[between])
        assert flow.run().result[below].result == 1
