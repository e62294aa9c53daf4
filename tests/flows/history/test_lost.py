"""Runs whose process has died are found by whoever opens the history, however they died."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.history.lost import mark_lost
from nemflow.flows.history.processes import ProcessMark, is_alive, this_process
from nemflow.flows.history.reading import History
from nemflow.flows.history.schema import open_history
from nemflow.flows.history.stamps import stamp, utc_now
from nemflow.flows.history.writer import FILE, HistoryReporter
from nemflow.tasks.decorator import FunctionTask

HANG = """
import sys, threading
from pathlib import Path
from nemflow import Flow, task
from nemflow.flows.history.writer import HistoryReporter

@task
def hang():
    print("ready", flush=True)
    threading.Event().wait()

with Flow("hanging", flow_run_name="hanging") as flow:
    hang()
with HistoryReporter(Path(sys.argv[1])) as reporter:
    flow.run(reporter=reporter)
"""


@pytest.fixture
def hanging(state_dir):
    """A process that is at a flow run."""
    with subprocess.Popen(
        [sys.executable, "-c", HANG, str(state_dir)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def states(state_dir):
    with History(state_dir / FILE) as history:
        run = history.find("hanging")
        return run["state"], [task["state"] for task in history.tasks(run["id"])]


def change(state_dir, **values):
    with closing(open_history(state_dir / FILE)) as connection:
        for name, value in values.items():
            connection.execute(f"UPDATE flow_runs SET {name} = ?", [value])


def test_a_run_that_goes_on_is_let_be(hanging, state_dir):
    assert states(state_dir) == ("Running", ["Running"])


def test_a_killed_run_is_lost(hanging, state_dir):
    hanging.send_signal(signal.SIGKILL)
    hanging.wait()
    assert states(state_dir) == ("Lost", ["Lost"])
    with History(state_dir / FILE) as history:
        run = history.find("hanging")
        assert str(hanging.pid) in run["message"]
        assert run["ended_at"] == run["seen_at"]
        assert history.changes(run["id"])[-1]["state"] == "Lost"


def test_a_killed_run_whose_parent_does_not_look_is_lost(hanging, state_dir):
    hanging.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, hanging.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table
    assert states(state_dir) == ("Lost", ["Lost"])


def test_another_process_with_the_same_number_does_not_fool_it(hanging, state_dir):
    change(state_dir, process_started="1")
    assert states(state_dir) == ("Lost", ["Lost"])


def test_a_run_of_an_earlier_boot_is_lost(hanging, state_dir):
    change(state_dir, boot_id="00000000-0000-0000-0000-000000000000 pid:[1]")
    assert states(state_dir) == ("Lost", ["Lost"])


@pytest.mark.parametrize(("minutes", "state"), [(1, "Running"), (60, "Lost")])
def test_a_run_of_another_machine_is_lost_when_it_has_been_silent(
    minutes, state, hanging, state_dir
):
    seen = stamp(utc_now() - timedelta(minutes=minutes))
    change(state_dir, host="elsewhere", seen_at=seen)
    assert states(state_dir)[0] == state


def test_the_next_run_that_has_work_marks_it_too(hanging, state_dir, double, rows):
    hanging.kill()
    hanging.wait()
    with HistoryReporter(state_dir) as reporter:
        double.run(n=1, reporter=reporter)
    assert rows("SELECT state FROM flow_runs WHERE name = 'hanging'") == [{"state": "Lost"}]


def test_a_run_that_has_ended_meanwhile_is_let_be(double, state_dir, rows):
    with HistoryReporter(state_dir) as reporter:
        double.run(n=1, reporter=reporter)
    with closing(open_history(state_dir / FILE)) as connection:
        assert mark_lost(connection, datetime.now(UTC)) == []


def test_this_process_is_alive_and_one_that_never_was_is_not():
    mark = this_process()
    assert is_alive(mark) is True
    assert is_alive(mark._replace(started="1")) is False
    assert is_alive(ProcessMark(mark.host, mark.boot_id, 2**22 + 1, mark.started)) is False
    assert is_alive(mark._replace(host="elsewhere")) is None


def test_a_run_that_goes_on_says_so(double, state_dir, rows):
    moments = iter(datetime(2014, 1, 1, tzinfo=UTC) + timedelta(seconds=40 * n) for n in range(999))
    seen = []

    def look(n):
        for _ in range(2000):
            [row] = rows("SELECT started_at, seen_at FROM flow_runs")
            if row["seen_at"] > row["started_at"] and row["seen_at"] not in seen:
                seen.append(row["seen_at"])
            if len(seen) > 2:
                return
            threading.Event().wait(0.005)

    with Flow("looking") as flow:
        FunctionTask(look)(1)
    with HistoryReporter(state_dir, tick_s=0.01, now=lambda: next(moments)) as reporter:
        flow.run(reporter=reporter)
    assert len(seen) > 2


def test_a_history_whose_file_was_removed_beside_what_a_killed_run_left_is_begun_anew(
    hanging, state_dir, double, rows
):
    hanging.kill()
    hanging.wait()
    assert (state_dir / f"{FILE}-wal").stat().st_size > 0
    (state_dir / FILE).unlink()
    with HistoryReporter(state_dir) as reporter:
        double.run(n=1, reporter=reporter)
    assert [row["name"] for row in rows("SELECT name FROM flow_runs")] == ["double_1"]
    assert rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
