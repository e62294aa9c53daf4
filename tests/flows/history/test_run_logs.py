"""A log for each run: what goes into which, and how long it stays."""

import logging
import os
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.history import run_logs
from nemflow.flows.history.run_logs import FOLDER, Keeping, RunLogs, aside_of, sweep
from nemflow.flows.history.writer import HistoryReporter
from nemflow.flows.parameters import Parameter
from nemflow.flows.reporter import FlowRunInfo
from nemflow.tasks.decorator import task

ZONE = timezone(timedelta(hours=10))
RUN = FlowRunInfo("0123456789abcdef", "raw_2014-01-01", "raw", {})
NOON = datetime(2014, 1, 1, 12, tzinfo=UTC)
DAY_S = 24 * 3600


@pytest.fixture
def logs(state_dir):
    logs = RunLogs(state_dir, ZONE, Keeping())
    logger = logging.getLogger("nemflow")
    level = logger.level
    logger.addHandler(logs)
    logger.setLevel(logging.INFO)
    yield logs
    logger.removeHandler(logs)
    logger.setLevel(level)
    logs.close()


@pytest.fixture
def run(logs, state_dir):
    """Run a flow and return the text of its log."""

    def run(flow, **parameters):
        with HistoryReporter(state_dir, logs=logs) as reporter:
            flow.run(**parameters, reporter=reporter)
        [path] = (state_dir / FOLDER).glob("*/*.log")
        return path.read_text()

    return run


def talking(failing=False):
    @task
    def talk():
        logging.getLogger("nemflow.somewhere").info("so far so good")
        logging.getLogger("nemflow.somewhere").debug("not this")
        if failing:
            raise ValueError("it broke")

    with Flow("talking", flow_run_name="talking") as flow:
        talk()
    return flow


def test_a_log_has_states_and_what_tasks_log_with_times_in_the_zone(run):
    lines = run(talking()).splitlines()
    assert [line.partition("+10:00 ")[2] for line in lines] == [
        "INFO talk: Running: started",
        "INFO talk: so far so good",
        "INFO talk: Success: done",
        "INFO talking Success: all reference tasks succeeded",
    ]


def test_a_failure_comes_with_its_traceback(run):
    text = run(talking(failing=True))
    assert "ERROR talk: Failed: ValueError('it broke')\nTraceback" in text
    assert "\nValueError: it broke\n" in text


def test_runs_at_once_in_threads_write_each_to_its_own(logs, state_dir):
    barrier = threading.Barrier(2, timeout=20)

    @task
    def talk(n):
        barrier.wait()
        logging.getLogger("nemflow.somewhere").info("of %s", n)

    with Flow("both", flow_run_name="both_{n}") as flow:
        talk(Parameter("n"))
    with HistoryReporter(state_dir, logs=logs) as reporter:
        threads = [
            threading.Thread(target=lambda n=n: flow.run(n=n, reporter=reporter)) for n in (1, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for n in (1, 2):
        [path] = (state_dir / FOLDER).glob(f"both/both_{n}-*.log")
        told = [line for line in path.read_text().splitlines() if " of " in line]
        assert [line.partition("INFO ")[2] for line in told] == [f"talk: of {n}"]


def test_what_is_logged_outside_of_a_run_goes_nowhere(logs, state_dir):
    logging.getLogger("nemflow.somewhere").warning("nobody's")
    assert not state_dir.exists()


def test_a_name_cannot_lead_out_of_the_folder(logs, state_dir):
    path = logs.begin(RUN._replace(name="../../x/y", flow_name=".."))
    logs.say(RUN.id, NOON, logging.INFO, None, "here")
    assert (state_dir / path).resolve().is_relative_to((state_dir / FOLDER).resolve())
    assert (state_dir / path).read_text() == "2014-01-01 22:00:00.000+10:00 INFO here\n"


def test_a_log_that_grows_too_large_is_put_aside_and_goes_on(logs, state_dir, monkeypatch):
    monkeypatch.setattr(run_logs, "_LARGEST", 100)
    path = state_dir / logs.begin(RUN)
    for n in range(4):
        logs.say(RUN.id, NOON, logging.INFO, "task", f"entry {n} {'x' * 50}")
    assert "entry 1" in aside_of(path).read_text()
    assert "entry 3" in path.read_text()


def test_a_log_that_cannot_be_written_is_one_warning(logs, state_dir, caplog):
    state_dir.mkdir()
    (state_dir / FOLDER).write_text("a file where the folder would be")
    logs.begin(RUN)
    for _ in range(3):
        logs.say(RUN.id, NOON, logging.INFO, None, "here")
    [record] = caplog.records
    assert "logs of runs cannot be written" in record.getMessage()


@pytest.fixture
def folder(tmp_path):
    """Three logs of a megabyte each: of a day, ten days and a hundred days ago."""
    for days in (1, 10, 100):
        path = tmp_path / "raw" / f"{days}.log"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(1_000_000))
        os.utime(path, (1e9 - days * DAY_S, 1e9 - days * DAY_S))
    return tmp_path


@pytest.mark.parametrize(
    ("keeping", "removed"),
    [
        (Keeping(days=200, megabytes=100), []),
        (Keeping(days=90, megabytes=100), ["100.log"]),
        (Keeping(days=200, megabytes=2), ["100.log"]),
        (Keeping(days=5, megabytes=1), ["10.log", "100.log"]),
    ],
)
def test_old_logs_go_by_age_and_by_size(keeping, removed, folder):
    assert [path.name for path in sweep(folder, keeping, now=1e9)] == removed
    left = {path.name for path in folder.glob("*/*.log")}
    assert left == {"1.log", "10.log", "100.log"} - set(removed)


def test_logs_are_swept_once_a_day(folder):
    sweep(folder, Keeping(days=200), now=1e9)
    assert sweep(folder, Keeping(days=1), now=1e9 + 60) == []
    assert len(sweep(folder, Keeping(days=1), now=1e9 + DAY_S + 60)) == 3
