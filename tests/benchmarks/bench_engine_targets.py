"""1,000 tasks with targets: all there already, and all to be written.

A value counts only when it can be read back, which a look at the path does not tell: so the values are
held against a loop that reads them too.
"""

import os
import pickle
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from pathlib import Path

from timing import Row, best_in_turns, print_rows

from nemflow import FileResult, Flow, LocalResult, RunSettings, task

TASKS = 1_000
TEMPLATE = "{table}/{day:%Y-%m-%d}.bin"
TABLE = "prices"
DAYS = [date(2014, 1, 1) + timedelta(days=number) for number in range(TASKS)]
THERE, WRITTEN = 3.0, 2.0


def main() -> None:
    """Measure in folders of their own on the disk of the temporary files."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        _print_there(folder)
        _print_written(folder)


def _print_there(root: Path) -> None:
    settings = RunSettings(checkpointing=True, lock_dir=root / "locks")
    values = _value_flow(root / "there")
    files = _file_flow(root / "there")
    values.run(settings=settings)

    def run(flow: Flow) -> Callable[[], object]:
        return lambda: flow.run(settings=settings)

    bare, loaded, read, found = best_in_turns(
        25,
        lambda: _look(root / "there"),
        lambda: _load(root / "there"),
        run(values),
        run(files),
        clock=time.process_time,
    )
    define = min(best_in_turns(5, lambda: _value_flow(root / "there"), clock=time.process_time))
    print_rows(
        "1,000 tasks whose target exists: run",
        "CPU us a task",
        "format, exists",
        "ratio",
        [
            Row("files that tasks made", *_us(bare, found), found / bare, THERE),
            Row("values, read and unpickled", *_us(bare, read), read / bare, THERE),
            Row("the same, beside reading them", *_us(loaded, read), read / loaded, THERE),
        ],
    )
    print(f"Defining the flow takes {_us(define)[0]:.1f} us a task more, once for all its runs.")


def _print_written(root: Path) -> None:
    settings = RunSettings(checkpointing=True, lock_dir=root / "locks")
    fresh = (root / f"written-{number}" for number in count())
    flows = iter([_value_flow(next(fresh)) for _ in range(9)])
    bare, ours = best_in_turns(
        9, lambda: _write(next(fresh)), lambda: next(flows).run(settings=settings)
    )
    print_rows(
        "1,000 tasks that write small results: run",
        "us a task",
        "write, fsync, rename",
        "ratio",
        [Row("values, pickled", *_us(bare, ours), ours / bare, WRITTEN)],
    )


def _us(*taken: float) -> tuple[float, ...]:
    return tuple(each / TASKS * 1e6 for each in taken)


def _value_flow(folder: Path) -> Flow:
    @task(result=LocalResult(dir=folder), target=TEMPLATE)
    def make(table: str, day: date) -> date:
        return day

    with Flow("values") as flow:
        for day in DAYS:
            make(TABLE, day)
    return flow


def _file_flow(folder: Path) -> Flow:
    @task(result=FileResult(dir=folder), target=TEMPLATE)
    def make(table: str, day: date, path: Path) -> None:
        path.write_bytes(b"")

    with Flow("files") as flow:
        for day in DAYS:
            make(TABLE, day)
    return flow


def _look(folder: Path) -> None:
    template = os.path.join(folder, TEMPLATE)
    for day in DAYS:
        assert os.path.exists(template.format(table=TABLE, day=day))


def _load(folder: Path) -> None:
    template = os.path.join(folder, TEMPLATE)
    for day in DAYS:
        with open(template.format(table=TABLE, day=day), "rb") as file:
            assert pickle.loads(file.read()) == day


def _write(folder: Path) -> None:
    template = os.path.join(folder, TEMPLATE)
    os.makedirs(folder / TABLE)
    for day in DAYS:
        final = template.format(table=TABLE, day=day)
        with open(final + ".part", "wb") as file:
            file.write(pickle.dumps(day))
            file.flush()
            os.fsync(file.fileno())
        os.replace(final + ".part", final)


if __name__ == "__main__":
    main()
