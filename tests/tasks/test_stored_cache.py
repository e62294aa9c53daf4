"""Cached values that outlive the process."""

import subprocess
import sys
from datetime import timedelta

from nemflow.flows.base import Flow
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Cached
from nemflow.tasks.stored_cache import StoredCache

PROGRAM = """
import sys
from datetime import timedelta
from nemflow import Flow, task
from nemflow.tasks.stored_cache import StoredCache

@task(cache_for=timedelta(hours=1))
def work():
    print("working")
    return 42

with Flow("f") as flow:
    worked = work()
print(flow.run(cache=StoredCache(sys.argv[1])).result[worked].result)
"""


def run_program(folder) -> list[str]:
    """Run the program in a process of its own; return the lines it printed."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_value_is_taken_by_the_next_process(tmp_path):
    assert run_program(tmp_path) == ["working", "42"]
    assert run_program(tmp_path) == ["42"]


def test_expired_values_are_let_go_when_a_new_one_is_kept(tmp_path):
    calls = []

    @task(cache_for=timedelta(0))
    def work():
        calls.append(1)

    cache = StoredCache(tmp_path)
    with Flow("f") as flow:
        work()
    for _ in range(3):
        flow.run(cache=cache)
    [key] = [f"f/{flow.slugs[t]}/None" for t in flow.tasks]
    assert (len(calls), len(cache.load(key))) == (3, 1)


def test_what_cannot_be_read_any_more_is_left_out(tmp_path, caplog):
    cache = StoredCache(tmp_path)
    cache.keep("key", Cached(result=1))
    cache._entries.update("key", lambda entries: [b"no pickle", *entries])
    assert [state.result for state in cache.load("key")] == [1]
    assert "cannot be read any more" in caplog.text
