"""Random flows of mapped, reduced, flattened, failing, skipping and retrying tasks.

What a flow ends in must not depend on where it ran, and must be what a plain model says.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.tasks import signals, triggers
from nemflow.tasks.annotations import flatten, unmapped
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Mapped, State

Snapshot = dict[str, Any]
TRIGGERS = [
    triggers.all_successful,
    triggers.all_finished,
    triggers.any_successful,
    triggers.some_failed(at_least=1),
    triggers.not_all_skipped,
]


def number_of(value: Any) -> int:
    """A number made of any input: of lists, exceptions and signals too."""
    if isinstance(value, list):
        return sum(number_of(one) for one in value) + len(value)
    return value if isinstance(value, int) else 7


def work(kind: str, a: Any = 0, b: Any = 0) -> Any:
    """What every task does; whether it fails or skips follows from its inputs alone."""
    mixed = number_of(a) * 31 + number_of(b) * 17 + (context.map_index or 0)
    if kind == "flaky" and context.task_run_count == 1:
        raise ValueError("not yet")
    if kind == "fail" and mixed % 3 == 0:
        raise ValueError(str(mixed))
    if kind == "skip" and mixed % 3 == 1:
        raise signals.SKIP(str(mixed))
    return [mixed % 5] * (mixed % 4) if kind == "list" else mixed % 101


def random_flow(seed: int) -> Flow:
    """A flow of up to 14 tasks that follows from the seed."""
    rng = random.Random(seed)
    made: list[Task] = []
    with Flow(f"seed {seed}") as flow:
        for number in range(rng.randint(3, 14)):
            kind = rng.choice(["plain", "plain", "list", "fail", "skip", "flaky"])
            made.append(_add_task(rng, f"{kind}{number}", kind, made))
    return flow


def _add_task(rng: random.Random, name: str, kind: str, above: list[Task]) -> Task:
    options: dict[str, Any] = {
        "name": name,
        "trigger": rng.choice(TRIGGERS),
        "skip_on_upstream_skip": rng.random() < 0.7,
    }
    if kind == "flaky":
        options |= {"max_retries": 1, "retry_delay": timedelta(0)}
    made = task(**options)(lambda a=0, b=0: work(kind, a, b))
    sources: list[Any] = [*above, list(range(1, rng.randint(2, 6)))]
    inputs = {key: rng.choice(sources) for key in "ab" if rng.random() < 0.7}
    ways: list[Callable[[Any], Any]] = [lambda t: t, flatten]
    if rng.random() < 0.3 or not inputs:
        bound: Task = made(**{key: rng.choice(ways)(one) for key, one in inputs.items()})
        return bound
    mapped_key = rng.choice(sorted(inputs))
    ways.append(unmapped)
    return made.map(
        **{
            key: rng.choice(ways[:2] if key == mapped_key else ways)(one)
            for key, one in inputs.items()
        }
    )


def snapshot(flow: Flow, state: State) -> Snapshot:
    """The kinds and values of all states, as text where they are exceptions."""
    assert isinstance(state.result, dict)
    found: Snapshot = {"flow": type(state).__name__}
    for one in flow.sorted_tasks():
        found[one.name] = _show(state.result[one])
    return found


def _show(state: State | None) -> Any:
    assert state is not None
    if isinstance(state, Mapped):
        return [_show(child) for child in state.map_states]
    value = state.result
    return type(state).__name__, repr(value) if isinstance(value, BaseException) else value


@pytest.mark.parametrize("seed", range(60))
def test_local_and_threads_end_in_equal_states(seed: int) -> None:
    flow = random_flow(seed)
    local = snapshot(flow, flow.run())
    assert local["flow"] in {"Success", "Failed"}
    for workers in (1, 4):
        assert snapshot(flow, flow.run(executor=ThreadExecutor(workers))) == local


@pytest.mark.parametrize("seed", range(20))
def test_a_run_from_any_part_of_the_states_of_another_ends_in_the_same_states(seed: int) -> None:
    flow, rng = random_flow(seed), random.Random(seed)
    whole = flow.run()
    part = {one: state for one, state in whole.result.items() if rng.random() < 0.5}
    for state in part.values():
        if isinstance(state, Mapped):
            rng.shuffle(kept := list(range(state.n_map_states)))
            for index in kept[: len(kept) // 2]:
                state.map_states[index] = None
    before = snapshot(flow, flow.run())
    assert snapshot(flow, flow.run(task_states=part)) == before


def test_the_random_flows_have_everything_in_them() -> None:
    kinds: set[str] = set()
    mapped_over_mapped = flattened = 0
    for seed in range(60):
        flow = random_flow(seed)
        state = flow.run()
        for one, ended in state.result.items():
            parts = ended.map_states if isinstance(ended, Mapped) else [ended]
            kinds |= {type(part).__name__ for part in (ended, *parts)}
            for edge in flow.edges_to(one):
                above = state.result[edge.upstream_task]
                mapped_over_mapped += edge.mapped and isinstance(above, Mapped)
                flattened += edge.flattened
    assert kinds == {"Success", "Mapped", "Failed", "Skipped", "TriggerFailed"}
    assert min(mapped_over_mapped, flattened) > 100
