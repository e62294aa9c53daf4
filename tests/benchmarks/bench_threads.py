"""ThreadExecutor with 100 tasks that sleep 50 ms on 10 workers, beside a bare pool of threads."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from nemflow import Flow, ThreadExecutor, task

TASKS, WORKERS, SLEEP_S, TURNS = 100, 10, 0.05, 3


def main() -> None:
    """Measure both in turns; the first turn is thrown away."""
    with Flow("sleepers") as flow:
        sleep = task(lambda: time.sleep(SLEEP_S), name="sleep")
        for _ in range(TASKS):
            sleep()
    pairs = [(_bare(), _ours(flow)) for _ in range(TURNS + 1)][1:]
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"\n{TASKS} tasks of {SLEEP_S * 1e3:.0f} ms sleep on {WORKERS} threads\n")
    print(f"| {'':20} | {'wall ms':>8} |")
    print(f"|{'-' * 22}|{'-' * 9}:|")
    for name, seconds in (
        ("ideal", TASKS * SLEEP_S / WORKERS),
        ("bare pool", bare),
        ("nemflow", ours),
    ):
        print(f"| {name:20} | {seconds * 1e3:8.0f} |")
    print(f"| {'ratio to bare pool':20} | {ours / bare:8.2f} |")
    print("\nBars: at most 600 ms")


def _bare() -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(time.sleep, [SLEEP_S] * TASKS))
    return time.perf_counter() - begun


def _ours(flow: Flow) -> float:
    begun = time.perf_counter()
    state = flow.run(executor=ThreadExecutor(WORKERS))
    assert state.is_successful(), state.message
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
