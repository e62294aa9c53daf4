"""Time work inside this process, in turns with what it is compared to, and print the figures."""

import gc
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

Work = Callable[[], object]


class Row(NamedTuple):
    """One line of a table: a figure, what it is beside, and the bar that it is to keep below."""

    name: str
    floor: float
    ours: float
    value: float  # what the bar judges: the figure itself, or a ratio
    bar: float


def seconds(work: Work, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long one call takes, with the garbage of earlier ones gone and collection on."""
    gc.collect()
    begun = clock()
    work()
    return clock() - begun


def best_in_turns(
    rounds: int, *works: Work, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Time each in turn, several times over; return the best of each, in seconds.

    A machine that others use too has slow moments: taking turns makes them hit all alike, and the
    best is what the work itself takes. For work that never waits, give the clock of the CPU,
    ``time.process_time``: it stands still while others have the machine.
    """
    times = [[seconds(work, clock) for work in works] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def print_rows(title: str, unit: str, floor_name: str, judged: str, rows: Sequence[Row]) -> None:
    """Print the rows as a table; *judged* says what the column that the bar is for holds."""
    print(f"\n{title}\n")
    print(f"| {unit:40} | {floor_name:>14} | {'nemflow':>10} | {judged:>8} | {'bar':>6} |       |")
    print(f"|{'-' * 42}|{'-' * 15}:|{'-' * 11}:|{'-' * 9}:|{'-' * 7}:|-------|")
    for row in rows:
        said = "met" if row.value <= row.bar else "MISSED"
        print(
            f"| {row.name:40} | {row.floor:14.2f} | {row.ours:10.2f} | {row.value:8.2f} "
            f"| {row.bar:6.2f} | {said:6}|"
        )
