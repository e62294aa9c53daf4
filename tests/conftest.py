"""Fixtures that every folder of tests shares."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from nemflow import FileResult, Flow, Parameter, build_etl
from nemflow.flows.nem.months import write_clean
from nemflow.flows.nem.places import clean_target
from nemflow.flows.nem.provenance import stamp
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tidy import clean_schema


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run without a terminal, though pytest -s has one: a paused flow run would wait for an answer."""
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield


@pytest.fixture
def machine_in_sydney(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's own zone be Sydney's: what is naive must be read as UTC all the same."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Australia/Sydney")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="session")
def aemo_files() -> Path:
    """The folder of real AEMO files; tests that need it are skipped where it is not there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "aemo"
    folder = Path(os.environ.get("NEMFLOW_TEST_AEMO_FILES", beside))
    if not folder.is_dir():
        pytest.skip("the real AEMO files are not here (NEMFLOW_TEST_AEMO_FILES)")
    return folder


def _load(name: str) -> ModuleType:
    """Import a module that lies beside this one."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module that makes small report files."""
    return _load("report_files")


@pytest.fixture(scope="session")
def stored_days() -> ModuleType:
    """The module that makes small stored days."""
    return _load("stored_days")


@pytest.fixture
def make_flow(tmp_path: Path) -> Callable[..., Flow]:
    """Build a flow that writes a word to a file for each day."""

    def build(name: str, extract: Callable[[date], object] = lambda date: "word") -> Flow:
        def take(date: date) -> object:
            return extract(date)

        def write(word: object, date: date, path: Path) -> None:
            path.write_text(str(word))

        return build_etl(
            name,
            extract=take,
            transform=lambda word: word,
            load=write,
            parameters=[Parameter("date")],
            target=name + "/{date:%Y-%m-%d}.txt",
            result=FileResult(tmp_path),
            flow_run_name="{flow_name}_{date:%Y-%m-%d}",
        )

    return build


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in a process of its own, with pipes; ended when the test is over."""
    children: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        pipe = subprocess.PIPE
        child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        children.append(child)
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()


def clean_price(day: date, region: str, number: int) -> float:
    """Return the price that `put_clean_days` gives the interval of that number, from 0, of a day."""
    return 1000.0 * REGIONS.index(region) + day.day + number / 1000


def make_clean_day(
    day: date, *, minutes: int = 30, dataset: str = "nem_prices", **facts: str
) -> pa.Table:
    """Return the clean rows of a day as its flow stamps them; *facts* go into the metadata."""
    data = DATASETS[dataset]
    keys = [
        (end, region, number)
        for number, end in enumerate(interval_ends(day, minutes))
        for region in REGIONS
    ]
    known: dict[str, list[Any]] = {
        "interval_start": [end - timedelta(minutes=minutes) for end, _, _ in keys],
        "interval_end": [end for end, _, _ in keys],
        "region": [region for _, region, _ in keys],
        data.value: [clean_price(day, region, number) for _, region, number in keys],
        "resolution_minutes": [minutes] * len(keys),
        "source": [facts.get("source", "mmsdm")] * len(keys),
        "quality": [facts.get("quality", "final")] * len(keys),
    }
    schema = clean_schema(data)
    columns = [pa.array(known.get(f.name, [None] * len(keys)), f.type) for f in schema]
    said = {"source": "mmsdm", "quality": "final", "synthetic": "false", **facts}
    return stamp(
        pa.Table.from_arrays(columns, schema=schema),
        f"{dataset}_clean",
        day,
        {f"nemflow.{key}": text for key, text in said.items()},
    )


@pytest.fixture(scope="session")
def put_clean_days() -> Callable[..., list[Path]]:
    """Write the clean files of the days from one to another into a data directory."""

    def put(data_dir: Path, first: date, last: date | None = None, **facts: Any) -> list[Path]:
        dataset = facts.get("dataset", "nem_prices")
        days = [first + timedelta(days=n) for n in range(((last or first) - first).days + 1)]
        paths = [data_dir / clean_target(dataset).format(date=day) for day in days]
        for day, path in zip(days, paths, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_clean(make_clean_day(day, **facts), path)
        return paths

    return put


@pytest.fixture(scope="session")
def price_of() -> Callable[[date, str, int], float]:
    """Return the price that `put_clean_days` gives an interval of a day."""
    return clean_price
