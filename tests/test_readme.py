"""The README's commands are run, word by word, and do what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nemflow.tasks.nem.columns import INTERVENTION_FLAG, ORIGIN_COLUMNS, Column
from nemflow.tasks.nem.datasets import DATASETS

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README.read_text(), flags=re.DOTALL)


def blocks(kind: str, holding: str = "") -> list[str]:
    """Return the README's code blocks of a kind that hold a text."""
    return [text for name, text in BLOCKS if name == kind and holding in text]


@pytest.fixture
def shell_environment(tmp_path):
    """An environment in which ``nemflow`` is this one and nothing outside tmp_path is touched."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NEMFLOW_STATE_DIR": str(tmp_path / "state"),
        "NEMFLOW_CONFIG": str(tmp_path / "nemflow.toml"),
        "XDG_DATA_HOME": str(tmp_path / "share"),
        "COLUMNS": "100",
    }


def test_the_sandbox_commands_run_as_they_stand(tmp_path, shell_environment):
    shell_environment.pop("NEMFLOW_CONFIG")
    [script] = blocks("sh", "nemflow run --sandbox")
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env=shell_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "written, 1,440 rows" in done.stdout
    assert "SYNTHETIC" in done.stdout


def test_the_flow_of_twelve_lines_prints_what_the_readme_says(tmp_path, shell_environment):
    shell_environment.pop("NEMFLOW_CONFIG")
    [code] = blocks("python", "with Flow")
    promised = re.findall(r"# prints (.*)", code)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=shell_environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == promised


def columns_table() -> list[str]:
    """The README's rows on clean columns, from the records: what is in every data set last."""
    holders: dict[Column, list[str]] = {}
    for dataset in DATASETS.values():
        for column in dataset.columns:
            holders.setdefault(column, []).append(dataset.name.removeprefix("nem_"))
    last = (INTERVENTION_FLAG, *ORIGIN_COLUMNS)
    rows = []
    for column in sorted(holders, key=lambda column: last.index(column) if column in last else -1):
        names = holders[column]
        where = "all" if len(names) == len(DATASETS) else ", ".join(names)
        told = (f"`{column.name}`", column.kind, column.unit, column.description, where)
        rows.append(f"| {' | '.join(told)} |".replace("|  |", "| |"))
    return rows


def test_the_table_of_columns_is_that_of_the_records():
    section = README.read_text().partition("### Clean columns")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*", section, flags=re.MULTILINE) == columns_table()


def test_every_data_set_is_told():
    section = README.read_text().partition("### Data sets")[2].partition("\n### ")[0]
    assert re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE) == list(DATASETS)


def test_the_map_names_every_folder_of_source():
    tree = blocks("text", "tasks/nem/")[0]
    for folder in ("nemflow/", "results/", "tasks/", "tasks/nem/", "flows/", "flows/nem/", "cli/"):
        assert folder in tree
