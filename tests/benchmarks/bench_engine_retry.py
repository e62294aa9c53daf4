"""A task that waits 2 s for its retry, beside 50 others that must not notice."""

import time
from collections.abc import Callable
from datetime import timedelta

from timing import Row, print_rows

from nemflow import Flow, LocalExecutor, ThreadExecutor, task

OTHERS, SLEEP_S, RETRY_DELAY_S = 50, 0.020, 2.0
LATER_BY = 1.1


def main() -> None:
    """Note when the last of the others ends, with and without the task that fails once."""
    rows = []
    for name, executor in (("local", LocalExecutor), ("8 threads", lambda: ThreadExecutor(8))):
        alone, _ = _ends(executor, failing=False)
        beside, whole = _ends(executor, failing=True)
        rows.append(Row(f"the others' end, {name}", alone, beside, beside / alone, LATER_BY))
        least = max(RETRY_DELAY_S, alone)
        rows.append(Row(f"the whole run's end, {name}", least, whole, whole / least, LATER_BY))
    print_rows(
        "A retry after 2 s beside 50 tasks of 20 ms", "s since the start", "without", "ratio", rows
    )


def _ends(executor: Callable[[], object], failing: bool) -> tuple[float, float]:
    """Return after how many seconds the last of the others ended, and the whole run."""
    ended = []
    attempts = []

    @task(max_retries=1, retry_delay=timedelta(seconds=RETRY_DELAY_S))
    def fails_once() -> None:
        attempts.append(None)
        if len(attempts) == 1:
            raise ConnectionError("the first attempt")

    @task
    def sleeps() -> None:
        time.sleep(SLEEP_S)
        ended.append(time.perf_counter())

    with Flow("retry") as flow:
        if failing:
            fails_once()
        for _ in range(OTHERS):
            sleeps()
    begun = time.perf_counter()
    assert flow.run(executor=executor()).is_successful()
    return max(ended) - begun, time.perf_counter() - begun


if __name__ == "__main__":
    main()
