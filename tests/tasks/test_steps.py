"""The steps of a task run up to its start, one class each, one test for each outcome."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError, LocationError
from nemflow.results import LocalResult
from nemflow.tasks import signals, states, steps, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.runner import TaskRunner
from nemflow.tasks.states import State
from nemflow.tasks.task_run import RunContext, TaskRun

NOW = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Upstream = Callable[..., dict[Edge, State]]


def run_of(
    task: Task | None = None,
    upstream: dict[Edge, State] | None = None,
    start: State | None = None,
    **context: Any,
) -> TaskRun:
    run = TaskRun(task or Task(), upstream or {}, RunContext(now=lambda: NOW, **context))
    run.begin(start or states.Pending())
    return run


class TestReady:
    @pytest.mark.parametrize(
        "state", [states.Pending(), states.Scheduled(), states.Retrying(), states.Cached()]
    )
    def test_pending_kinds_and_cached_go_on(self, state: State) -> None:
        run = run_of()
        assert steps.check_ready(state, run) is state
        assert not run.ended

    @pytest.mark.parametrize(
        "state", [states.Running(), states.Success(), states.Failed(), State()]
    )
    def test_trap_17_anything_else_ends_unchanged(self, state: State) -> None:
        run = run_of()
        assert steps.check_ready(state, run) is state
        assert run.ended


class TestStartTime:
    @pytest.mark.parametrize("kind", [states.Scheduled, states.Retrying, states.Paused])
    def test_trap_17_a_time_in_the_future_ends_unchanged(self, kind: type[State]) -> None:
        state = kind(start_time=NOW + SECOND)
        run = run_of(start=state)
        assert steps.check_start_time(state, run) is state
        assert run.ended

    @pytest.mark.parametrize("kind", [states.Scheduled, states.Retrying, states.Paused])
    def test_a_time_that_has_come_goes_on(self, kind: type[State]) -> None:
        state = kind(start_time=NOW)
        run = run_of(start=state)
        assert steps.check_start_time(state, run) is state
        assert not run.ended

    def test_paused_without_time_ends_unchanged(self) -> None:
        state = states.Paused()
        run = run_of(start=state)
        assert steps.check_start_time(state, run) is state
        assert run.ended

    def test_paused_goes_on_when_the_run_is_resumed(self) -> None:
        state = states.Paused()
        run = run_of(start=state, resume=True)
        steps.check_start_time(state, run)
        assert not run.ended

    def test_a_state_that_is_not_scheduled_goes_on(self) -> None:
        run = run_of()
        steps.check_start_time(states.Pending(), run)
        assert not run.ended


class TestBegin:
    def test_retrying_counts_one_more(self) -> None:
        assert run_of(start=states.Retrying(run_count=2)).run_count == 3

    def test_any_other_state_takes_the_count_it_carries_or_one(self) -> None:
        carried = states.Pending(context={"task_run_count": 4})
        assert run_of(start=carried).run_count == 4
        assert run_of().run_count == 1

    def test_resume_and_a_pause_that_is_over_resume_the_run(self) -> None:
        assert run_of(start=states.Resume()).resume
        assert run_of(start=states.Paused(start_time=NOW)).resume
        assert not run_of(start=states.Paused()).resume
        assert not run_of(start=states.Paused(start_time=NOW + SECOND)).resume


class TestUpstreamFinished:
    def test_goes_on_when_all_are_finished_however_they_ended(self, upstream: Upstream) -> None:
        run = run_of(upstream=upstream(states.Success(), states.Failed(), states.Cancelled()))
        steps.check_upstream_finished(states.Pending(), run)
        assert not run.ended

    def test_ends_unchanged_when_one_is_not(self, upstream: Upstream) -> None:
        state = states.Pending()
        run = run_of(upstream=upstream(states.Success(), states.Retrying()))
        assert steps.check_upstream_finished(state, run) is state
        assert run.ended

    def test_trap_12_a_mapped_state_counts_by_its_children(self, upstream: Upstream) -> None:
        mapped = states.Mapped(map_states=[states.Success(), states.Running()])
        run = run_of(upstream=upstream(mapped))
        steps.check_upstream_finished(states.Pending(), run)
        assert run.ended

    def test_trap_12_over_a_mapped_edge_it_counts_as_itself(self) -> None:
        mapped = states.Mapped(map_states=[states.Running()])
        run = run_of(upstream={Edge(Task(), Task(), mapped=True): mapped})
        steps.check_upstream_finished(states.Pending(), run)
        assert not run.ended


class TestUpstreamSkipped:
    def test_is_skipped_without_result_when_one_upstream_was(self, upstream: Upstream) -> None:
        run = run_of(upstream=upstream(states.Success(), states.Skipped(result=5)))
        state = steps.check_upstream_skipped(states.Pending(), run)
        assert type(state) is states.Skipped
        assert state.result is None
        assert run.ended

    def test_goes_on_when_the_task_wants_to(self, upstream: Upstream) -> None:
        run = run_of(Task(skip_on_upstream_skip=False), upstream(states.Skipped()))
        assert steps.check_upstream_skipped(states.Pending(), run).is_pending()
        assert not run.ended

    def test_goes_on_when_none_was_skipped(self, upstream: Upstream) -> None:
        run = run_of(upstream=upstream(states.Failed(), states.Cached()))
        steps.check_upstream_skipped(states.Pending(), run)
        assert not run.ended

    def test_trap_12_a_skipped_child_of_a_mapped_state_counts(self, upstream: Upstream) -> None:
        mapped = states.Mapped(map_states=[states.Success(), states.Skipped()])
        run = run_of(upstream=upstream(mapped))
        assert steps.check_upstream_skipped(states.Pending(), run).is_skipped()


class TestInputs:
    def test_keyed_results_become_inputs_whatever_their_states(self, upstream: Upstream) -> None:
        error = ValueError("no")
        good, bad = states.Success(result=1), states.Failed(result=error)
        run = run_of(upstream=upstream(states.Success(result=3), x=good, y=bad))
        steps.collect_inputs(states.Pending(), run)
        assert run.inputs == {"x": 1, "y": error}


class TestName:
    def test_the_template_sees_inputs_and_the_run(self, upstream: Upstream) -> None:
        run = run_of(Task(name="t", task_run_name="{task_name}-{x}"), upstream(x=states.Success()))
        run.inputs["x"] = 7
        steps.name_run(states.Pending(), run)
        assert run.run_name == run.keys["task_run_name"] == "t-7"

    def test_a_callable_gets_all_keys_but_self(self) -> None:
        given: dict[str, object] = {}
        run = run_of(Task(name="t", task_run_name=lambda **keys: given.update(keys) or "n"))
        run.context = RunContext(values={"day": 1, "self": 2}, parameters={"day": 3, "region": 4})
        run.inputs["x"] = 5
        steps.name_run(states.Pending(), run)
        assert {key: given.get(key) for key in ("day", "region", "x", "task_name", "self")} == {
            "day": 1,
            "region": 4,
            "x": 5,
            "task_name": "t",
            "self": None,
        }

    def test_without_template_the_run_bears_the_tasks_name(self) -> None:
        run = run_of(Task(name="t"))
        steps.name_run(states.Pending(), run)
        assert run.run_name == "t"

    def test_a_template_that_cannot_be_filled_raises(self) -> None:
        with pytest.raises(DefinitionError, match="'nope'"):
            steps.name_run(states.Pending(), run_of(Task(task_run_name="{nope}")))


class TestTarget:
    def test_a_target_that_is_there_makes_the_task_cached(self, tmp_path: Path) -> None:
        LocalResult(tmp_path, location="a").write(5)
        run = run_of(Task(target="a", result=LocalResult(tmp_path)))
        state = steps.check_target(states.Pending(), run)
        assert type(state) is states.Cached
        assert state.result == 5
        assert str(tmp_path / "a") in str(state.message)

    def test_a_target_that_is_missing_changes_nothing(self, tmp_path: Path) -> None:
        state = states.Pending()
        run = run_of(Task(target="a", result=LocalResult(tmp_path)))
        assert steps.check_target(state, run) is state

    def test_a_target_without_any_result_is_a_clear_error(self) -> None:
        with pytest.raises(DefinitionError, match="result=LocalResult"):
            steps.check_target(states.Pending(), run_of(Task(target="a")))

    def test_the_result_of_the_flow_will_do(self, tmp_path: Path) -> None:
        LocalResult(tmp_path, location="a").write(5)
        run = run_of(Task(target="a"), flow_result=LocalResult(tmp_path))
        assert steps.check_target(states.Pending(), run).is_cached()

    def test_an_unknown_key_in_the_template_is_a_clear_error(self, tmp_path: Path) -> None:
        run = run_of(Task(target="{nope}", result=LocalResult(tmp_path)))
        with pytest.raises(LocationError, match="nope"):
            steps.check_target(states.Pending(), run)

    def test_a_state_that_has_failed_by_now_stays(self, tmp_path: Path) -> None:
        LocalResult(tmp_path, location="a").write(5)
        state = states.Failed()
        run = run_of(Task(target="a", result=LocalResult(tmp_path)))
        assert steps.check_target(state, run) is state


class TestTrigger:
    def test_it_is_asked_only_when_all_upstreams_are_finished(self, upstream: Upstream) -> None:
        asked = []
        below = Task(trigger=lambda states: asked.append(len(states)) or True)
        TaskRunner(below).run(upstream_states=upstream(states.Success(), states.Retrying()))
        assert asked == []
        TaskRunner(below).run(upstream_states=upstream(states.Success(), states.Failed()))
        assert asked == [2]

    def test_goes_on_when_the_trigger_says_yes(self) -> None:
        state, run = states.Pending(), run_of()
        assert steps.check_trigger(state, run) is state
        assert not run.ended

    def test_false_is_trigger_failed(self) -> None:
        run = run_of(Task(trigger=lambda upstream: False))
        assert type(steps.check_trigger(states.Pending(), run)) is states.TriggerFailed
        assert run.ended

    def test_an_exception_is_trigger_failed_with_it_as_result(self) -> None:
        run = run_of(Task(trigger=lambda upstream: 1 / 0 > 1))
        state = steps.check_trigger(states.Pending(), run)
        assert type(state) is states.TriggerFailed
        assert isinstance(state.result, ZeroDivisionError)
        assert run.ended

    @pytest.mark.parametrize("kind", [signals.SKIP, signals.FAIL, signals.PAUSE, signals.RETRY])
    def test_a_signal_becomes_the_state_and_ends_the_run(
        self, kind: type[signals.StateSignal]
    ) -> None:
        def trigger(upstream: Any) -> bool:
            raise kind("words")

        run = run_of(Task(trigger=trigger))
        assert type(steps.check_trigger(states.Pending(), run)) is kind.state_class
        assert run.ended

    def test_the_children_of_a_mapped_state_count_each(self, upstream: Upstream) -> None:
        children = [states.Success(), states.Failed(), states.Failed()]
        trigger = triggers.some_failed(at_least=2, at_most=2)
        run = run_of(Task(trigger=trigger), upstream(states.Mapped(map_states=children)))
        assert steps.check_trigger(states.Pending(), run).is_pending()
