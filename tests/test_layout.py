"""The four source folders are one package: nemflow."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["cli", "flows", "results", "tasks"]
PREFECTS = ["core", "engine", "schedules", "utilities"]  # names of Prefect's, in the face


def run_python(*arguments: str) -> str:
    """Run this interpreter at the root of the tree; return what it printed."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_package_shows_each_source_folder(folder):
    assert (ROOT / "nemflow" / folder).resolve() == ROOT / folder


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_source_folder_is_importable_by_its_bare_name(folder):
    code = f"from importlib.util import find_spec; print(find_spec({folder!r}))"
    assert run_python("-P", "-c", code) == "None"


def test_the_command_line_loads_no_module_twice():
    code = (
        "import sys, nemflow.cli.app;"
        f"print([m for m in sys.modules if m.split('.')[0] in {FOLDERS!r}])"
    )
    assert run_python("-c", code) == "[]"


def test_every_package_folder_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = set(project["tool"]["setuptools"]["packages"])
    found = {"nemflow", *(f"nemflow.{name}" for name in PREFECTS)} | {
        "nemflow." + ".".join(init.parent.relative_to(ROOT).parts)
        for folder in FOLDERS
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert declared == found


def test_the_source_folders_are_linked_not_copied():
    for folder in FOLDERS:
        assert (ROOT / "nemflow" / folder).is_symlink()
