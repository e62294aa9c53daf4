"""Random flows end everywhere as they end with the LocalExecutor."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Executor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.tasks import signals, triggers
from nemflow.tasks.annotations import flatten, mapped, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Mapped, State

TASKS = 25
SEEDS = 6


def make_work(kind: str, fails_first: int) -> Callable[..., Any]:
    """Make what a task does; it may fail in its first attempts."""

    def work(x: Any = 0, y: Any = 0) -> Any:
        if kind == "skip":
            raise signals.SKIP("not today")
        if kind == "fail":
            raise ValueError(f"{x!r} is refused")
        if context.task_run_count <= fails_first:
            raise RuntimeError(f"attempt {context.task_run_count}")
        if kind == "list":
            return [1, 2, 3]
        return repr((x, y))[:40]

    return work


def random_flow(seed: int) -> Flow:
    """Make a flow of tasks that fail, are retried, skipped and mapped; the same for one seed.

    They take results, constants, elements, whole lists and flattened ones.
    """
    rng = random.Random(seed)
    lists: list[Task] = []
    plain: list[Task] = []
    with Flow(f"random-{seed}") as flow:
        for number in range(TASKS):
            kind = rng.choices(["value", "list", "fail", "skip"], [6, 3, 1, 1])[0]
            retries = rng.choice([0, 0, 2])
            made = task(
                make_work(kind, rng.choice([0, 0, 1])),
                name=f"t{number}",
                max_retries=retries,
                retry_delay=timedelta(0) if retries else None,
                trigger=rng.choice([None, None, triggers.all_finished, triggers.any_successful]),
                skip_on_upstream_skip=rng.random() < 0.7,
            )
            if lists and rng.random() < 0.4:
                over = rng.choice([mapped, mapped, flatten])(rng.choice(lists))
                beside = [unmapped(number), [number, 7, 8], unmapped(rng.choice(lists))]
                lists.append(made.map(over, rng.choice(beside)))
            else:
                above = rng.sample(plain, min(len(plain), rng.choice([0, 1, 2])))
                inputs: list[Any] = [*above, number] if rng.random() < 0.5 else above
                called = made(**dict(zip("xy", inputs, strict=False)))
                (lists if kind == "list" else plain).append(called)
    return flow


def ends(flow: Flow, executor: Executor) -> list[object]:
    """Run a flow and return how each task and child ended, in the order of their slugs."""
    state = flow.run(executor=executor)
    assert isinstance(state.result, dict), state.message
    by_slug = {flow.slugs[t]: end_of(found) for t, found in state.result.items()}
    return [type(state).__name__, *sorted(by_slug.items())]


def test_the_random_flows_have_everything_in_them() -> None:
    kinds: set[str] = set()
    ways: set[tuple[bool, bool]] = set()
    constants = 0
    for seed in range(SEEDS):
        flow = random_flow(seed)
        flow.run(task_runner_state_handlers=[lambda obj, old, new: kinds.add(type(new).__name__)])
        ways |= {(edge.mapped, edge.flattened) for edge in flow.edges}
        constants += len(flow.constants)
    expected = {"Success", "Failed", "TriggerFailed", "Skipped", "Retrying", "Mapped"}
    assert kinds == expected | {"Running"}
    assert ways == {(False, False), (True, False), (True, True)}
    assert constants > SEEDS


def end_of(state: State | None) -> object:
    assert state is not None
    if isinstance(state, Mapped):
        return [end_of(child) for child in state.map_states]
    # Exceptions and signals are equal only to themselves: their words are compared.
    return type(state).__name__, repr(state.result)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_flows_end_as_with_the_local_executor(seed: int, executor: Executor) -> None:
    assert ends(random_flow(seed), executor) == ends(random_flow(seed), LocalExecutor())
