"""Type checkers see through ``@task`` to the function, in user code under ``mypy --strict``."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

USER_CODE = """
from datetime import timedelta

from nemflow import Flow, Parameter, Task, task, unmapped

@task
def add(x: int, y: int = 1) -> int:
    return x + y

@task(max_retries=1, retry_delay=timedelta(seconds=1))
def shout(text: str) -> str:
    return text.upper()

@task()
def nothing() -> None: ...

class Double(Task):
    def run(self, x: int) -> int:
        return 2 * x

with Flow("typed") as flow:
    added = add(Parameter("x"), y=2)
    mapped = shout.map(["a"], upstream_tasks=[unmapped(added)])
    doubled = Double()(added)
    total = added + doubled

state = flow.run(x=1, force=True)
state = flow.run({"x": 1}, executor=None, task_states={added: state})

reveal_type(add.run)
reveal_type(shout.run)
reveal_type(nothing.run)
reveal_type(added.run)
reveal_type(mapped.run)
reveal_type(Double().run)
reveal_type(doubled)
add.run("no number")
shout.run(text=5)
Double().run("no number")
flow.run(executor="threads")
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
    assert [line.partition("Revealed type is ")[2] for line in said[:7]] == [
        '"def (x: int, y: int =) -> int"',
        '"def (text: str) -> str"',
        '"def ()"',
        '"def (x: int, y: int =) -> int"',
        '"def (text: str) -> str"',
        '"def (x: int) -> int"',
        '"user_code.Double"',
    ]
    assert [line.partition(";")[0] for line in said[7:]] == [
        'error: Argument 1 has incompatible type "str"',
        'error: Argument "text" has incompatible type "int"',
        'error: Argument 1 to "run" of "Double" has incompatible type "str"',
        'error: Argument "executor" to "run" of "Flow" has incompatible type "str"',
    ]
