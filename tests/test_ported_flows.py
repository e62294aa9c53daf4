"""Flows written for Prefect Core 1.x end as they do there when ``prefect`` becomes ``nemflow`` in them.

``tests/prefect_flows`` holds the flows and, in the files of states, what Prefect Core 1.4.1 itself has
made of them (Python 3.10, checkpointing on): the flow run's state, what handlers and tasks noted, and
class and value of the states of some tasks and their children.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FLOWS = Path(__file__).parent / "prefect_flows"

SHOW = """
def show(state):
    if state.is_mapped():
        return ["Mapped"] + [show(child) for child in state.map_states]
    return [type(state).__name__, repr(state.result)]

print("flow", type(state).__name__)
print("heard", heard)
for name, task in watched.items():
    print(name, show(state.result[task]))
"""


@pytest.mark.parametrize("name", ["readings", "reports", "upkeep"])
def test_a_ported_flow_ends_in_the_states_that_prefect_core_gave_it(name, tmp_path):
    source = (FLOWS / f"{name}.py.txt").read_text()
    (tmp_path / f"{name}.py").write_text(re.sub(r"\bprefect\b", "nemflow", source) + SHOW)
    done = subprocess.run(
        [sys.executable, "-W", "error", f"{name}.py"],
        cwd=tmp_path,
        env={**os.environ, "NEMFLOW_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == (FLOWS / f"{name}.states.txt").read_text().splitlines()
