"""The pipeline: a plain run leaves steps out, and ends as it would with all of them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow import FileResult, LocalResult, task
from nemflow.tasks import signals, states, triggers
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.pipeline import STEPS, steps_for_first
from nemflow.tasks.runner import run_task
from nemflow.tasks.states import State
from nemflow.tasks.task_run import RunContext, TaskRun

Ran = dict[Edge, State]


def give(x: object = 1) -> object:
    return x


def fail(x: object = 1) -> None:
    raise ValueError("broke")


def skip(x: object = 1) -> None:
    raise signals.SKIP("not today")


def pause(x: object = 1) -> None:
    raise signals.PAUSE("wait")


def upstream(below: Task, state: State) -> Ran:
    return {Edge(Task("above"), below, "x"): state}


@pytest.mark.parametrize("run", [give, fail, skip, pause])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_retries": 1, "retry_delay": timedelta(0)},
        {"trigger": triggers.all_failed},
        {"trigger": triggers.manual_only},
        {"skip_on_upstream_skip": False},
        {"task_run_name": "{no_such_key}"},
    ],
)
@pytest.mark.parametrize(
    "above",
    [None, states.Success(result=2), states.Failed(), states.Skipped(), states.Pending()],
)
def test_a_run_ends_as_it_would_with_all_steps(
    run: Any, options: dict[str, Any], above: State | None
) -> None:
    one = task(run, **options)
    ends = []
    for steps in (None, STEPS):
        attempt = TaskRun(one, {} if above is None else upstream(one, above), RunContext())
        state = run_task(attempt, states.Pending(), steps=steps)
        ends.append((type(state), state.message, repr(state.result), attempt.ended))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("kind", [LocalResult, FileResult])
def test_a_run_with_a_target_ends_as_it_would_with_all_steps(
    kind: Any, there: bool, tmp_path: Path
) -> None:
    ends = []
    for number, steps in enumerate((None, STEPS)):
        folder = tmp_path / str(number)
        if there:
            LocalResult(folder, location="a").write(3)

        @task(result=kind(dir=folder), target="a")
        def make(path: Path | None = None) -> int:
            if path is not None:
                path.write_text("made")
            return 3

        state = run_task(TaskRun(make, {}, RunContext()), states.Pending(), steps=steps)
        found = str(state.result).replace(str(folder), "")
        ends.append((type(state), str(state.message).replace(str(folder), ""), found))
    assert ends[0] == ends[1]
    assert ends[0][0] is (states.Cached if there else states.Success)


def test_handlers_caches_and_names_see_all_steps() -> None:
    def steps(*handlers: Any, **options: Any) -> Any:
        return steps_for_first(TaskRun(Task(**options), {}, RunContext()), handlers)

    assert steps(lambda *_: None) is STEPS
    assert steps(task_run_name="a") is STEPS
    assert steps(cache_for=timedelta(1)) is STEPS
    assert set(steps()) < set(STEPS)
