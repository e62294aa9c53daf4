"""A year of daily runs, each three tasks behind one another: beside doit and Luigi.

The bodies are trivial: read the file before, write one line. What is left is what each engine takes
to find out what is to be done, do it in order, and say so. All write 1,095 files of the same names;
then everything is asked for again and found done.
"""

import importlib.util
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from timing import Row, print_rows

from nemflow import Flow, LocalResult, Parameter, RunSettings, task

DAYS = [date(2014, 1, 1) + timedelta(days=number) for number in range(365)]
STAGES = ("extract", "transform", "load")
AHEAD = 1.0
Engine = Callable[[Path], None]


def main() -> None:
    """Run every engine cold and again, in turns; keep the better of two."""
    best: dict[str, tuple[float, float]] = {}
    for turn in range(2):
        for name, engine in _engines():
            if turn and name == "luigi":
                continue  # takes long enough as it is
            with tempfile.TemporaryDirectory() as folder:
                taken = _seconds(engine, Path(folder)), _seconds(engine, Path(folder))
            known = best.get(name, taken)
            best[name] = min(known[0], taken[0]), min(known[1], taken[1])
    own = best.pop("nemflow")
    rows = [
        Row(f"{state}, beside {name}", peer[turn], own[turn], own[turn] / peer[turn], AHEAD)
        for name, peer in best.items()
        for turn, state in enumerate(("cold", "all skipped"))
    ]
    print_rows("365 days, three tasks each", "s", "peer", "ratio", rows)


def _engines() -> Iterator[tuple[str, Engine]]:
    """Give nemflow and the peers that are installed."""
    yield "nemflow", run_nemflow
    if importlib.util.find_spec("doit"):
        yield "doit", partial(run_doit, write=_write_whole)
        yield "doit, plain writes", partial(run_doit, write=_write)
    else:
        print("doit is not installed: left out (pip install doit)")
    if importlib.util.find_spec("luigi"):
        yield "luigi", run_luigi
    else:
        print("luigi is not installed: left out (pip install luigi)")


def _seconds(engine: Engine, folder: Path) -> float:
    begun = time.perf_counter()
    engine(folder)
    taken = time.perf_counter() - begun
    made = sum(1 for _ in folder.glob("*/*.txt"))
    assert made == len(STAGES) * len(DAYS), made
    return taken


def _content(before: Path | None, day: date) -> str:
    return _longer(before.read_text() if before else "", day)


def _longer(before: str, day: date) -> str:
    return f"{before}{day}\n"


def _write(path: Path, content: str) -> None:
    """Write a file as it comes: who is killed here leaves half of it, which passes for the target."""
    path.write_text(content)


def _write_whole(path: Path, content: str) -> None:
    """Write a file that is there whole or not at all, as nemflow does for its tasks."""
    temporary = path.with_name(f".{path.name}.part")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def run_nemflow(folder: Path) -> None:
    """Run one flow of three tasks once per day, as ``nemflow run`` does."""

    def target(stage: str) -> str:
        return f"{stage}/{{day:%Y-%m-%d}}.txt"

    result = LocalResult(dir=folder)

    @task(result=result, target=target("extract"))
    def extract(day: date) -> str:
        return _longer("", day)

    @task(result=result, target=target("transform"))
    def transform(before: str, day: date) -> str:
        return _longer(before, day)

    @task(result=result, target=target("load"))
    def load(before: str, day: date) -> str:
        return _longer(before, day)

    with Flow("backfill", flow_run_name="backfill_{day:%Y-%m-%d}") as flow:
        day = Parameter("day")
        flow.set_goal(load(transform(extract(day), day), day))
    settings = RunSettings(lock_dir=folder / "locks")
    for each in DAYS:
        assert flow.run({"day": each}, settings=settings).is_successful()


def run_doit(folder: Path, write: Callable[[Path, str], None]) -> None:
    """Run one doit task per file; doit keeps what it did in a database."""
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    def make(before: Path | None, day: date, targets: list[str]) -> None:
        write(Path(targets[0]), _content(before, day))

    def task_backfill() -> Iterator[dict[str, object]]:
        for day in DAYS:
            before: Path | None = None
            for stage in STAGES:
                target = folder / stage / f"{day}.txt"
                yield {
                    "name": f"{stage}-{day}",
                    "actions": [(make, [before, day])],
                    "file_dep": [str(before)] if before else [],
                    "targets": [str(target)],
                    "uptodate": [True],
                }
                before = target

    for stage in STAGES:
        (folder / stage).mkdir(exist_ok=True)
    config = {"dep_file": str(folder / "doit.db"), "reporter": "zero", "verbosity": 0}
    loader = ModuleTaskLoader({"task_backfill": task_backfill, "DOIT_CONFIG": config})
    assert DoitMain(loader).run(["run"]) == 0


def run_luigi(folder: Path) -> None:
    """Run one Luigi task per file, with its local scheduler; its targets are written atomically."""
    warnings.simplefilter("ignore")
    import luigi

    logging.getLogger("luigi").setLevel(logging.ERROR)
    logging.getLogger("luigi-interface").setLevel(logging.ERROR)

    class Stage(luigi.Task):
        day = luigi.DateParameter()
        number = luigi.IntParameter()

        def requires(self):
            return [Stage(day=self.day, number=self.number - 1)] if self.number else []

        def output(self):
            return luigi.LocalTarget(str(folder / STAGES[self.number] / f"{self.day}.txt"))

        def run(self):
            before = Path(self.input()[0].path) if self.number else None
            with self.output().open("w") as file:
                file.write(_content(before, self.day))

    last = [Stage(day=day, number=len(STAGES) - 1) for day in DAYS]
    assert luigi.build(last, local_scheduler=True, log_level="ERROR")


if __name__ == "__main__":
    main()
