"""What a run leaves in the history, and that a history that cannot be written is no failure."""

import json
import logging
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import date, timedelta

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.history.records import Making
from nemflow.flows.history.schema import open_history
from nemflow.flows.history.writer import FILE, HistoryReporter
from nemflow.flows.parameters import Parameter
from nemflow.tasks import signals
from nemflow.tasks.decorator import task


def test_a_flow_run_is_kept_with_its_facts(double, reporter, rows):
    double.run(n=3, reporter=reporter)
    [run] = rows("SELECT * FROM flow_runs")
    assert (run["name"], run["flow"], run["state"]) == ("double_3", "double", "Success")
    assert json.loads(run["parameters"]) == {"n": 3}
    assert run["version"] == double.version
    assert run["started_at"] < run["ended_at"]
    assert run["duration_s"] > 0
    assert (run["made_by"], run["command"], run["cancel_by"]) == ("program", None, None)


def test_task_runs_and_their_changes_of_state_are_kept(double, reporter, rows):
    double.run(n=3, reporter=reporter)
    [run] = rows("SELECT * FROM task_runs")
    assert (run["name"], run["state"], run["attempts"]) == ("twice", "Success", 1)
    assert run["started_at"] <= run["ended_at"]
    changes = rows("SELECT slug, state FROM state_changes ORDER BY at, rowid")
    assert [(c["slug"], c["state"]) for c in changes] == [
        (None, "Running"),
        (run["slug"], "Running"),
        (run["slug"], "Success"),
        (None, "Success"),
    ]


def test_a_failed_run_says_which_task_failed_and_why(double, reporter, rows):
    double.run(n=-1, reporter=reporter)
    [run] = rows("SELECT * FROM flow_runs")
    assert (run["state"], run["error"]) == ("Failed", "twice: ValueError('no -1')")
    assert rows("SELECT state, error FROM task_runs") == [
        {"state": "Failed", "error": "ValueError('no -1')"}
    ]


def test_a_retried_task_counts_its_attempts(reporter, rows):
    tries = iter([ValueError("not yet"), None])

    @task(max_retries=1, retry_delay=timedelta(milliseconds=1))
    def stubborn():
        error = next(tries)
        if error:
            raise error

    with Flow("stubborn") as flow:
        stubborn()
    flow.run(reporter=reporter)
    [run] = rows("SELECT * FROM task_runs")
    assert (run["state"], run["attempts"], run["error"]) == ("Success", 2, None)


def test_a_child_that_failed_is_named(reporter, rows):
    @task
    def half(n):
        if n == 2:
            raise ValueError("no 2")

    with Flow("halves") as flow:
        half.map([1, 2, 3])
    flow.run(reporter=reporter)
    assert rows("SELECT error FROM flow_runs") == [{"error": "half[1]: ValueError('no 2')"}]
    states = rows("SELECT name, state FROM task_runs WHERE name LIKE 'half[%' ORDER BY name")
    assert [row["state"] for row in states] == ["Success", "Failed", "Success"]


def test_a_task_run_says_where_its_value_is_kept(make_flow, reporter, rows, tmp_path):
    make_flow("words").run(date=date(2014, 1, 1), reporter=reporter)
    [load] = rows("SELECT target FROM task_runs WHERE name = 'load'")
    assert load["target"] == str(tmp_path / "words/2014-01-01.txt")


def test_a_run_that_finds_everything_there_leaves_no_trace(make_flow, state_dir, settings):
    flow = make_flow("words")
    flow.run(date=date(2014, 1, 1), settings=settings)
    with HistoryReporter(state_dir) as reporter:
        flow.run(date=date(2014, 1, 1), reporter=reporter, settings=settings)
    assert not state_dir.exists()


def test_a_run_is_there_while_it_goes_on(reporter, rows):
    seen = []

    @task
    def look():
        seen.extend(rows("SELECT state, ended_at FROM flow_runs"))

    with Flow("looking") as flow:
        look()
    flow.run(reporter=reporter)
    assert seen == [{"state": "Running", "ended_at": None}]


def test_what_is_new_is_written_while_a_task_goes_on(reporter, rows):
    @task
    def first():
        return 1

    @task
    def second(one):
        for _ in range(2000):
            found = rows("SELECT state FROM task_runs ORDER BY started_at")
            if [row["state"] for row in found] == ["Success", "Running"]:
                return True
            threading.Event().wait(0.005)
        return False

    with Flow("two") as flow:
        seen = second(first())
    assert flow.run(reporter=reporter).result[seen].result


def test_an_interrupted_run_is_cancelled(reporter, rows):
    @task
    def stop():
        raise KeyboardInterrupt

    with Flow("stopped") as flow:
        stop()
    with pytest.raises(KeyboardInterrupt):
        flow.run(reporter=reporter)
    assert rows("SELECT state FROM flow_runs") == [{"state": "Cancelled"}]
    assert rows("SELECT state FROM task_runs") == [{"state": "Cancelled"}]


def test_a_paused_run_is_open_and_goes_on_as_the_same(reporter, rows):
    @task
    def ask():
        signals.pause_task("look at it")

    with Flow("asking") as flow:
        ask()
    flow.run(reporter=reporter)
    [run] = rows("SELECT * FROM flow_runs")
    assert (run["state"], run["ended_at"]) == ("Paused", None)
    flow.run(reporter=reporter, context={"resume": True, "flow_run_id": run["id"]})
    [resumed] = rows("SELECT * FROM flow_runs")
    assert (resumed["state"], resumed["started_at"]) == ("Success", run["started_at"])


def test_facts_come_into_the_row_of_the_run(double, state_dir, rows):
    making = Making(made_by="command", command=("run", "x"), folder="/", cancel_by="signal")
    with HistoryReporter(state_dir, facts_follow=True, making=lambda run: making) as reporter:
        double.run(n=1, reporter=reporter)
        reporter.add_facts("double_1", {"rows": 7, "source": "there", "other": 1, "reason": ""})
        [run] = rows("SELECT * FROM flow_runs")
    assert (run["rows"], run["source"], run["reason"]) == (7, "there", None)
    assert (run["command"], run["cancel_by"]) == ('["run", "x"]', "signal")


def test_facts_come_into_a_row_that_was_written_before_them(double, state_dir, rows, wait_until):
    with HistoryReporter(state_dir, facts_follow=True, tick_s=0.001) as reporter:
        double.run(n=1, reporter=reporter)
        wait_until(
            "the end of the run is written",
            lambda: rows("SELECT state FROM flow_runs") == [{"state": "Success"}],
        )
        reporter.add_facts("double_1", {"rows": 7})
    assert rows("SELECT rows FROM flow_runs") == [{"rows": 7}]


def test_starts_and_ends_may_be_written_together_when_it_closes(double, state_dir, rows):
    with HistoryReporter(state_dir, behind_s=3600) as reporter:
        for n in range(3):
            double.run(n=n, reporter=reporter)
        assert not (state_dir / "history.sqlite").exists()
    assert rows("SELECT state FROM flow_runs") == [{"state": "Success"}] * 3


def test_starts_and_ends_that_may_wait_are_written_a_moment_later(
    double, state_dir, rows, wait_until
):
    def are_written() -> bool:
        try:
            return rows("SELECT state FROM flow_runs") == [{"state": "Success"}]
        except sqlite3.OperationalError:  # no file or no table yet
            return False

    state_dir.mkdir()
    with HistoryReporter(state_dir, behind_s=0.01, tick_s=3600) as reporter:
        double.run(n=1, reporter=reporter)
        wait_until("the end of the run is written", are_written)


def test_one_thread_writes_however_many_runs_begin(double, state_dir):
    others = set(threading.enumerate())
    with HistoryReporter(state_dir, behind_s=3600) as reporter:
        for n in range(3):
            double.run(n=n, reporter=reporter)
        threads = set(threading.enumerate()) - others
        assert [thread.name for thread in threads] == ["nemflow-history"]
    assert not threads.intersection(threading.enumerate())


def test_long_parameters_are_cut(reporter, rows):
    @task
    def look(n):
        return None

    with Flow("long", flow_run_name="long") as flow:
        look(Parameter("n"))
    flow.run(n="x" * 5000, reporter=reporter)
    [run] = rows("SELECT parameters FROM flow_runs")
    assert len(json.loads(run["parameters"])["n"]) < 1100


def test_many_threads_write_at_once(double, reporter, rows):
    threads = [
        threading.Thread(target=lambda n=n: double.run(n=n, reporter=reporter)) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows("SELECT count(*) n FROM flow_runs WHERE state = 'Success'") == [{"n": 20}]


def test_tasks_in_threads_are_all_kept(reporter, rows):
    @task
    def half(n):
        return n / 2

    with Flow("halves") as flow:
        half.map(list(range(50)))
    flow.run(reporter=reporter, executor=ThreadExecutor(num_workers=4))
    assert rows("SELECT count(*) n FROM task_runs WHERE name LIKE 'half[%'") == [{"n": 50}]


WRITE = """
import sys
from pathlib import Path
from nemflow import Flow, Parameter, task
from nemflow.flows.history.writer import HistoryReporter

@task
def twice(n):
    return 2 * n

with Flow("double", flow_run_name="double_{n}") as flow:
    twice(Parameter("n"))

first = int(sys.argv[2])
with HistoryReporter(Path(sys.argv[1])) as reporter:
    for n in range(first, first + 50):
        flow.run(n=n, reporter=reporter)
"""


def test_two_processes_write_at_once(state_dir, rows):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(state_dir), str(first)], stderr=subprocess.PIPE
        )
        for first in (0, 50)
    ]
    ends = [writer.communicate()[1] for writer in writers]
    assert ends == [b"", b""]
    assert rows("SELECT count(*) n FROM flow_runs WHERE state = 'Success'") == [{"n": 100}]


def test_a_locked_history_is_one_warning_and_written_when_it_is_free(
    double, state_dir, rows, caplog
):
    with closing(open_history(state_dir / FILE)) as other:
        with HistoryReporter(state_dir) as reporter:
            double.run(n=1, reporter=reporter)
            other.execute("BEGIN IMMEDIATE")
            for n in (2, 3):
                assert double.run(n=n, reporter=reporter).is_successful()
            other.execute("ROLLBACK")
        assert rows("SELECT name FROM flow_runs ORDER BY 1") == [
            {"name": f"double_{n}"} for n in (1, 2, 3)
        ]
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "locked" in record.getMessage()
    assert str(state_dir / FILE) in record.getMessage()


def test_a_history_that_cannot_be_made_for_a_while_is_made_later(double, state_dir, rows, caplog):
    state_dir.mkdir()
    with closing(sqlite3.connect(state_dir / FILE, isolation_level=None)) as other:
        with HistoryReporter(state_dir) as reporter:
            other.execute("BEGIN EXCLUSIVE")
            assert double.run(n=1, reporter=reporter).is_successful()
            other.execute("ROLLBACK")
        assert rows("SELECT name FROM flow_runs") == [{"name": "double_1"}]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"this is no SQLite file, but a text\n" * 100, "damaged"), (None, "cannot be used")],
)
def test_a_history_that_cannot_be_used_is_one_warning(content, words, double, state_dir, caplog):
    state_dir.mkdir()
    if content is None:
        (state_dir / FILE).mkdir()
    else:
        (state_dir / FILE).write_bytes(content)
    with HistoryReporter(state_dir) as reporter:
        assert double.run(n=1, reporter=reporter).is_successful()
        assert double.run(n=2, reporter=reporter).is_successful()
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert words in record.getMessage()


FULL_DISK = """
import logging, resource, signal, sys
from pathlib import Path
from nemflow import Flow, Parameter, task
from nemflow.flows.history.writer import HistoryReporter

logging.basicConfig(format="%(message)s")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

@task
def twice(n):
    return 2 * n

with Flow("double", flow_run_name="double_{n}") as flow:
    twice(Parameter("n"))

with HistoryReporter(Path(sys.argv[1])) as reporter:
    print(sum(flow.run(n=n, reporter=reporter).is_successful() for n in range(100)))
"""


def test_a_full_disk_is_one_warning(state_dir):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(state_dir)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "100\n"), done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "the work goes on without" in done.stderr
    with closing(sqlite3.connect(state_dir / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_folder_that_cannot_be_written_to_is_one_warning(double, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with HistoryReporter(tmp_path / "file" / "state") as reporter:
        assert double.run(n=1, reporter=reporter).is_successful()
    assert [r.levelno for r in caplog.records] == [logging.WARNING]


def test_nothing_heavy_is_loaded_before_there_is_work():
    code = (
        "import sys; from pathlib import Path\n"
        "from nemflow.flows.history.writer import HistoryReporter\n"
        "HistoryReporter(Path('nowhere')).close()\n"
        "print({'sqlite3', 'subprocess', 'nemflow.flows.version'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
