"""Fixtures that every folder of tests shares."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

from nemflow import FileResult, Flow, Parameter, build_etl


@pytest.fixture(autouse=True)
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run without a terminal, though pytest -s has one: a paused flow run would wait for an answer."""
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield


@pytest.fixture(scope="session")
def aemo_files() -> Path:
    """The folder of real AEMO files; tests that need it are skipped where it is not there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "aemo"
    folder = Path(os.environ.get("NEMFLOW_TEST_AEMO_FILES", beside))
    if not folder.is_dir():
        pytest.skip("the real AEMO files are not here (NEMFLOW_TEST_AEMO_FILES)")
    return folder


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The module that makes small report files."""
    path = Path(__file__).with_name("report_files.py")
    spec = importlib.util.spec_from_file_location("report_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
