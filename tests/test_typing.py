"""Type checkers see through ``@task`` to the function, in user code under ``mypy --strict``."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

USER_CODE = """
from datetime import timedelta

from nemflow import Flow, Parameter, task

@task
def add(x: int, y: int = 1) -> int:
    return x + y

@task(max_retries=1, retry_delay=timedelta(seconds=1))
def shout(text: str) -> str:
    return text.upper()

with Flow("typed") as flow:
    add(Parameter("x"), y=2)

reveal_type(add.run)
reveal_type(shout.run)
add.run("no number")
"""


def test_the_types_of_a_function_are_kept_by_its_task(tmp_path):
    (tmp_path / "user_code.py").write_text(USER_CODE)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        str(ROOT / "pyproject.toml"),
    ]
    command.append("user_code.py")
    # An editable install shows itself to Python alone: mypy is told where the sources lie.
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    said = [line.partition(": ")[2] for line in done.stdout.splitlines() if "user_code.py" in line]
    assert "(x: int, y: int =) -> int" in said[0]
    assert "(text: str) -> str" in said[1]
    assert said[2].startswith('error: Argument 1 has incompatible type "str"; expected "int"')
