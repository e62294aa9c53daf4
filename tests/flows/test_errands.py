"""Errands: what of a task run travels, and what is noted when it comes back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from nemflow.flows.errands import Errands, run_errand
from nemflow.results.local import LocalResult
from nemflow.tasks import triggers
from nemflow.tasks.base import Task
from nemflow.tasks.caching import MemoryCache
from nemflow.tasks.containers import Constant
from nemflow.tasks.decorator import task
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Mapped, State, Success
from nemflow.tasks.task_run import RunContext, TaskRun

take_x = task(lambda x=None: x, name="take x")


def prepare(downstream: Task, upstream: dict[Edge, State], context: Any = None) -> TaskRun:
    run_context = context or RunContext()
    return Errands(run_context).prepare(TaskRun(downstream, upstream, run_context, "slug", 3))


def test_it_is_the_same_run_of_the_same_task() -> None:
    edge = Edge(Task("above"), take_x, "x")
    errand = prepare(take_x, {edge: Success(result=5)})
    assert (errand.task, errand.slug, errand.map_index) == (take_x, "slug", 3)
    assert run_errand(errand, None, (), None).state.result == 5


def test_of_tasks_upstream_only_who_they_are_travels() -> None:
    above = task(lambda: 1, name="above", tags=["a"], max_retries=1, retry_delay=timedelta(1))
    (edge,) = prepare(take_x, {Edge(above, take_x, "x"): Success()}).upstream_states
    assert type(edge.upstream_task) is Task
    assert (edge.upstream_task.name, edge.upstream_task.tags) == ("above", {"a"})
    assert edge.upstream_task.max_retries == 0


def test_a_constant_upstream_stays_one_without_its_value() -> None:
    above = Constant(list(range(1000)))
    (edge,) = prepare(take_x, {Edge(above, take_x, "x", mapped=True): Success()}).upstream_states
    assert isinstance(edge.upstream_task, Constant)
    assert edge.upstream_task.value is None
    assert edge.mapped


def test_values_that_no_argument_takes_stay_here() -> None:
    children = Mapped(map_states=[Success(result="child"), None])
    upstream: dict[Edge, State] = {
        Edge(Task("one"), take_x): Success("kept", result="large"),
        Edge(Task("two"), take_x): children,
    }
    plain, mapped = prepare(take_x, upstream).upstream_states.values()
    assert (plain.message, plain.result) == ("kept", None)
    assert isinstance(mapped, Mapped)
    assert mapped.result == [None, None]
    assert children.result == ["child", None]


def test_values_travel_where_the_trigger_is_the_users_own() -> None:
    wanting = take_x.copy(trigger=lambda states: all(s.result for s in states.values()))
    (state,) = prepare(
        wanting, {Edge(Task("one"), wanting): Success(result=1)}
    ).upstream_states.values()
    assert state.result == 1
    assert triggers.all_successful.__module__ == triggers.__name__


def test_the_cache_travels_as_what_it_has_under_the_tasks_key() -> None:
    cache = MemoryCache()
    context = RunContext(cache=cache)
    errands = Errands(context)
    cached = task(lambda: "value", name="cached", cache_for=timedelta(hours=1))
    for kind in ("Cached", "Cached"):
        brought = run_errand(errands.prepare(TaskRun(cached, {}, context)), None, (), None)
        assert type(errands.take_in(brought)).__name__ == kind
    assert len(brought.kept) == 0
    assert prepare(take_x, {}, context).context.cache is None


def test_a_target_that_another_task_has_taken_is_found_out_on_return(tmp_path: Path) -> None:
    context = RunContext()
    errands = Errands(context)
    made = task(lambda: 1, target="same", result=LocalResult(tmp_path))
    states = [
        errands.take_in(
            run_errand(errands.prepare(TaskRun(made, {}, context, slug)), None, (), None)
        )
        for slug in ("one", "two")
    ]
    assert [state.is_failed() for state in states] == [False, True]
    assert "of 'two' is also the target of 'one'" in str(states[1].message)
