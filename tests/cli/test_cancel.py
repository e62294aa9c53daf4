"""``nemflow cancel``: a run of another process, really."""

import json
import os
import signal
import textwrap

import pytest

from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer

OWN = """
    import sys, threading
    from nemflow import Flow, pause_task, task

    @task
    def hang():
        print("ready", flush=True)
        threading.Event().wait()

    @task
    def ask():
        pause_task("look at it")

    with Flow("hanging", flow_run_name="hanging") as hanging:
        hang()
    with Flow("asking", flow_run_name="asking") as asking:
        ask()
"""

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, ".")
import own
from nemflow import HistoryReporter
with HistoryReporter(Path(sys.argv[1])) as reporter:
    own.hanging.run(reporter=reporter)
"""


@pytest.fixture(autouse=True)
def own(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))


@pytest.fixture
def hanging(start):
    process = start("run", "own.py:hanging")
    assert process.stdout.readline() == "ready\n"
    return process


def state_of(nemflow, name):
    return json.loads(nemflow("show", name, "--json").out)["run"]["state"]


def test_a_process_with_one_run_is_terminated(hanging, nemflow):
    assert nemflow("cancel", "hanging") == (0, "hanging  Cancelled\n", "")
    _, err = hanging.communicate(timeout=30)
    assert hanging.returncode == 143
    assert err.endswith("terminated (SIGTERM): what was under way is cancelled\n")


def test_one_run_of_several_is_cancelled_and_the_others_go_on(start, nemflow, tmp_path):
    stall = Fault(kind=FaultKind.STALLED, path_contains="MMSDM_2020_02", times=1)
    days = ("--date", "2020-02-01", "--date", "2020-03-01")
    with SandboxServer(faults=[stall]) as server:
        urls = ("--nemweb-url", server.url, "--aemo-url", server.url)
        process = start("run", "nem_prices_raw", "--sandbox", *days, *urls)
        assert server.wait_for_requests(1, timeout_s=30)
        while "extract Running" not in process.stderr.readline():
            pass
        ended = nemflow("cancel", "nem_prices_raw_2020-02-01", "--wait", "60")
        assert ended == (0, "nem_prices_raw_2020-02-01  Cancelled\n", "")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "nem_prices_raw_2020-02-01  cancelled" in out
    assert "nem_prices_raw_2020-03-01  written" in out
    assert "Traceback" not in err
    assert state_of(nemflow, "nem_prices_raw_2020-03-01") == "Success"
    assert [path for path in (tmp_path / "data").rglob(".*") if "part" in path.name] == []


def test_a_run_that_has_ended_cannot_be_cancelled(hanging, nemflow):
    nemflow("cancel", "hanging")
    hanging.communicate(timeout=30)
    assert nemflow("cancel", "hanging") == (
        1,
        "",
        "error: hanging has ended already, its state is Cancelled\n",
    )


def test_a_run_that_was_killed_is_said_to_be_lost(hanging, nemflow):
    hanging.kill()
    hanging.wait()
    assert "its state is Lost" in nemflow("cancel", "hanging").err


def test_a_run_that_does_not_end_is_said_to_go_on(hanging, nemflow):
    hanging.send_signal(signal.SIGSTOP)  # it cannot hear
    ended = nemflow("cancel", "hanging", "--wait", "0.1", "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["state"] == "Running"
    hanging.send_signal(signal.SIGCONT)
    hanging.communicate(timeout=30)
    assert hanging.returncode == 143


def test_a_run_of_a_program_is_not_touched_and_it_says_how_to_end_it(
    environment, nemflow, tmp_path
):
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "state")],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        ended = nemflow("cancel", "hanging")
        assert ended.code == 1
        assert f"`kill {process.pid}` ends it" in ended.err
        assert process.poll() is None
        process.kill()


def test_a_process_that_has_the_number_of_a_dead_one_is_not_touched(hanging, nemflow, tmp_path):
    import sqlite3

    connection = sqlite3.connect(tmp_path / "state" / "history.sqlite")
    connection.execute("UPDATE flow_runs SET process_started = '1'")
    connection.commit()
    connection.close()
    assert nemflow("cancel", "hanging").code == 1
    assert hanging.poll() is None
    os.kill(hanging.pid, signal.SIGTERM)
    hanging.communicate(timeout=30)


def test_a_paused_run_is_cancelled_in_the_history(nemflow):
    nemflow("run", "own.py:asking")
    assert nemflow("cancel", "asking") == (0, "asking  Cancelled\n", "")
    assert nemflow("resume", "asking").code == 1
