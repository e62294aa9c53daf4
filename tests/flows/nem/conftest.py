"""The main job against the sandbox: one server for all tests here, a data folder for each."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from nemflow import RunSettings, parquet
from nemflow.flows.nem.backfill import run_backfill
from nemflow.flows.nem.backfill_order import Backfill
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.on_disk import days_on_disk
from nemflow.flows.nem.places import clean_target, raw_target
from nemflow.flows.nem.plan import plan_backfill, span_finder
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox import Fault, SandboxServer

# A Thursday morning. MMSDM has come for 2026-09 (eleven days after its end), not for 2026-10.
NOW = datetime(2026, 11, 5, 9, tzinfo=NEM_TIME)


@dataclass
class Clock:
    """The instant for server and client alike; a test may move it."""

    instant: datetime = NOW

    def __call__(self) -> datetime:
        return self.instant


@dataclass
class Sandbox:
    """The server as one test sees it: its own requests, its own faults."""

    server: SandboxServer
    clock: Clock
    seen: int = 0

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def requests(self) -> list[Any]:
        return self.server.requests[self.seen :]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def commit(self, *faults: Fault) -> None:
        """Switch on these faults and no others."""
        self.server.faults = faults

    def prepare(self, *paths: str) -> None:
        """Make files now, so that a short timeout waits for the fault and not for them."""
        for path in paths:
            assert self.server.tree.find(path, path) is not None, path


@dataclass
class Job:
    """``nemflow run`` below its command line: both flows of a data set, for days."""

    folder: Path
    market: MarketSettings
    dataset: str = "nem_prices"
    states: dict[str, Any] = field(default_factory=dict)

    def run(self, day: date, *stages: str, force: bool = False, **changes: Any) -> Any:
        """Run the stages (both, if none is named), up to one that fails or is skipped."""
        market = replace(self.market, **changes)
        for entry in CATALOG.dataset(self.dataset):
            if stages and entry.stage not in stages:
                continue
            state = entry.build(market).run(
                {"date": day}, settings=RunSettings(lock_dir=market.lock_dir), force=force
            )
            self.states = {task.name: end for task, end in state.result.items()}
            if state.is_failed() or self.states["load"].is_skipped():
                break
        return state

    def raw_path(self, day: date) -> Path:
        return self.market.data_dir / raw_target(self.dataset).format(date=day)

    def clean_path(self, day: date) -> Path:
        return self.market.data_dir / clean_target(self.dataset).format(date=day)

    def raw(self, day: date) -> pa.Table:
        return parquet.read_table(self.raw_path(day))

    def clean(self, day: date) -> pa.Table:
        return parquet.read_table(self.clean_path(day))

    def prices(self, day: date) -> pa.Table:
        """Return the clean rows alone, without the metadata that tells when they were made."""
        return self.clean(day).replace_schema_metadata(None)

    def facts(self, day: date) -> dict[str, Any]:
        """Return the provenance kept with the clean rows; its files as a list of mappings."""
        metadata = parquet.read_metadata(self.clean_path(day))
        return {**metadata, "nemflow.files": json.loads(metadata["nemflow.files"])}

    def files(self) -> list[str]:
        """Return everything below the data folder, archive and targets alike, but no sidecars."""
        root = self.market.data_dir
        names = (str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        return sorted(name for name in names if not name.endswith(".json"))

    def leftovers(self) -> list[Path]:
        """Return what no run that ended may leave: unfinished files and folders, held locks."""
        hidden = self.market.data_dir.rglob(".*")
        left = [path for path in hidden if not path.name.endswith(".standing.json")]
        return [*left, *self.market.lock_dir.glob("*.owner")]

    def archived(self) -> dict[str, str]:
        """Return the sha256 of each file of the archive, by its name."""
        return {
            Path(name).name: hashlib.sha256((self.market.data_dir / name).read_bytes()).hexdigest()
            for name in self.files()
            if name.startswith("archive/")
        }


MakeJob = Callable[[Path, str], Job]


@pytest.fixture(scope="session")
def make_job() -> MakeJob:
    """Return a function that makes a job in a folder, with a server's address."""

    def make(folder: Path, url: str, **settings: Any) -> Job:
        market = MarketSettings(
            data_dir=folder / "data",
            lock_dir=folder / "locks",
            nemweb_url=url,
            aemo_url=url,
            **{"synthetic": True, "tries": 1, **settings},
        )
        return Job(folder, market)

    return make


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One server for all tests: the months it has made stay in its memory."""
    clock = Clock()
    with SandboxServer(now=clock) as server:
        yield Sandbox(server, clock)


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    running_sandbox.clock.instant = NOW
    yield replace(running_sandbox, seen=len(running_sandbox.server.requests))
    running_sandbox.server.faults = ()
    running_sandbox.clock.instant = NOW


@pytest.fixture
def job(tmp_path: Path, sandbox: Sandbox, make_job: MakeJob) -> Job:
    """The job in a folder of its own, against the sandbox, by the sandbox's clock."""
    return make_job(tmp_path, sandbox.url, now=sandbox.clock)


@pytest.fixture(scope="session")
def undisturbed(
    running_sandbox: Sandbox, make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., pa.Table]:
    """Return a function that gives the clean rows of a day as a run without any fault makes them.

    It works at most once for each day and settings, and switches faults off meanwhile.
    """
    made: dict[tuple[Any, ...], pa.Table] = {}

    def prices(day: date, **changes: Any) -> pa.Table:
        key = (day, *changes.items())
        if key not in made:
            server, clock = running_sandbox.server, running_sandbox.clock
            faults, server.faults = server.faults, ()
            job = make_job(tmp_path_factory.mktemp("undisturbed"), server.url, now=clock)
            assert job.run(day, **changes).is_successful(), job.states
            made[key] = job.prices(day)
            server.faults = faults
        return made[key]

    return prices


class Notes:
    """A watcher that writes down what it hears."""

    def __init__(self, on_record) -> None:
        self.records = []
        self.units = []
        self.ended = []
        self.bytes = Counter()
        self._on_record = on_record

    def unit_begun(self, unit) -> None:
        self.units.append(unit.name)

    def unit_fetching(self, unit, done, total) -> None:
        self.bytes[unit.name] = max(self.bytes[unit.name], done)

    def unit_making(self, unit) -> None:
        pass

    def flow_run_ended(self, unit, record) -> None:
        self.records.append(record)
        self._on_record(record)

    def unit_ended(self, unit) -> None:
        self.ended.append(unit.name)

    def outcomes(self):
        return Counter(record.outcome for record in self.records)


@pytest.fixture
def backfill(job, sandbox):
    """Run a backfill of days into the job's folder; return what its watcher has heard.

    `on_record` is called with each record when it is heard.
    """

    def run(
        days, dataset="nem_prices", stages=("raw", "clean"), on_record=lambda record: None, **how
    ):
        data_dir = job.market.data_dir
        there = {
            stage: days_on_disk(data_dir, dataset, stage, min(days), max(days), sandbox.clock())
            for stage in stages
        }
        plan = plan_backfill(
            days,
            there,
            span_finder(DATASETS[dataset], sandbox.clock(), job.market.source),
            force=how.get("force", False),
            newest_first=how.pop("newest_first", False),
        )
        notes = Notes(on_record)
        run_backfill(
            Backfill(
                plan=plan,
                dataset=dataset,
                flows={stage: f"{dataset}_{stage}" for stage in stages},
                market=job.market,
                settings=RunSettings(lock_dir=job.market.lock_dir),
                watcher=notes,
                **{"workers": 2, "synthetic": True, **how},
            )
        )
        return notes

    return run
