"""A task mapped over 10,000 elements: time and memory a child."""

import gc
import time
import tracemalloc

from timing import Row, best_in_turns, print_rows

from nemflow import Flow, task

CHILDREN = 10_000
VALUES = [f"value {number}" for number in range(CHILDREN)]
US_A_CHILD, BYTES_A_CHILD = 60.0, 2048.0


@task
def listed() -> list[str]:
    """Return the values to map over."""
    return VALUES


@task
def same(value: str) -> str:
    """Return the value."""
    return value


def main() -> None:
    """Measure a map and two maps behind each other."""
    works = (_bare, lambda: _mapped(1), lambda: _mapped(2))
    best = best_in_turns(5, *works, clock=time.process_time)
    bare, one, two = (taken / CHILDREN * 1e6 for taken in best)
    rows = [
        Row("CPU us a child, one map", bare, one, one, US_A_CHILD),
        Row("CPU us a child, two maps behind each other", bare, two / 2, two / 2, US_A_CHILD),
    ]
    kept, peak = _memory()
    rows += [
        Row("bytes a child, kept after the run", 0, kept, kept, BYTES_A_CHILD),
        Row("bytes a child, at the peak", 0, peak, peak, BYTES_A_CHILD),
    ]
    print_rows("A map over 10,000 elements: define and run", "", "bare loop", "figure", rows)


def _bare() -> None:
    assert len([same.run(value) for value in VALUES]) == CHILDREN


def _mapped(maps: int) -> object:
    with Flow("mapped") as flow:
        last = listed()
        for _ in range(maps):
            last = same.map(last)
    state = flow.run()
    assert state.is_successful()
    return state


def _memory() -> tuple[float, float]:
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    state = _mapped(1)
    gc.collect()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del state
    return (kept - before) / CHILDREN, (peak - before) / CHILDREN


if __name__ == "__main__":
    main()
