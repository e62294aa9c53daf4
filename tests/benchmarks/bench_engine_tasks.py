"""Tasks that do nothing: what the engine itself costs, defining and running, up to 100,000 tasks."""

import time
from collections.abc import Callable
from functools import partial
from graphlib import TopologicalSorter

from timing import Row, best_in_turns, print_rows

from nemflow import Flow, task

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 3
LEAST = 20_000  # tasks a measurement: small flows are made and run several times over
US_A_TASK, GROWTH = 60.0, 1.2


class BareState:
    """What the bare loop keeps of a task."""

    __slots__ = ("message", "result")

    def __init__(self, message: str, result: object) -> None:
        self.message = message
        self.result = result


@task
def nothing() -> None:
    """Do nothing."""


@task
def after(before: object) -> object:
    """Hand on what came."""
    return before


def main() -> None:
    """Measure both shapes in all sizes."""
    for shape, engine, bare in (
        ("independent", _independent, _bare_independent),
        ("chain", _chain, _bare_chain),
    ):
        floors, ours = _us_a_task(bare), _us_a_task(engine)
        rows = [
            Row(f"{size:,} tasks", floor, own, own, US_A_TASK)
            for size, floor, own in zip(SIZES, floors, ours, strict=True)
        ]
        growth = ours[-1] / ours[0]
        rows.append(Row("growth, 1,000 to 100,000", floors[-1] / floors[0], growth, growth, GROWTH))
        print_rows(
            f"No-op tasks, {shape}: define and run", "CPU us a task", "bare loop", "figure", rows
        )


def _us_a_task(work: Callable[[int], None]) -> list[float]:
    """Return microseconds a task for each size; the sizes are measured in turns."""

    def repeated(size: int) -> None:
        for _ in range(max(1, LEAST // size)):
            work(size)

    works = (partial(repeated, size) for size in SIZES)
    best = best_in_turns(ROUNDS, *works, clock=time.process_time)
    return [taken / max(LEAST, size) * 1e6 for taken, size in zip(best, SIZES, strict=True)]


def _independent(size: int) -> None:
    with Flow("independent") as flow:
        for _ in range(size):
            nothing()
    assert flow.run().is_successful()


def _chain(size: int) -> None:
    with Flow("chain") as flow:
        last = nothing()
        for _ in range(size - 1):
            last = after(last)
    assert flow.run().is_successful()


def _bare_independent(size: int) -> None:
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for number in range(size):
        sorter.add(number)
    _bare_run(sorter)


def _bare_chain(size: int) -> None:
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for number in range(size):
        sorter.add(number, *([number - 1] if number else ()))
    _bare_run(sorter)


def _bare_run(sorter: TopologicalSorter[int]) -> None:
    states = {number: BareState("done", nothing.run()) for number in sorter.static_order()}
    assert all(state.message == "done" for state in states.values())


if __name__ == "__main__":
    main()
