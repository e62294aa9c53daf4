import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.flows.history.pruning import MARKER, count_old, prune, prune_daily
from nemflow.flows.history.run_logs import Keeping, RunLogs
from nemflow.flows.history.schema import open_history
from nemflow.flows.history.writer import FILE, HistoryReporter

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ran(state_dir, double):
    """Run the flow at some moments, with logs."""

    def run(*moments, **options):
        for number, moment in enumerate(moments):
            logs = RunLogs(state_dir, UTC, Keeping())
            clock = {"now": lambda moment=moment: moment}
            with HistoryReporter(state_dir, logs=logs, **clock, **options) as reporter:
                double.run(n=number, reporter=reporter)

    return run


@pytest.fixture
def history(state_dir):
    with closing(open_history(state_dir / FILE)) as connection:
        yield connection


def logs_of(state_dir):
    return sorted(path.name.rpartition("-")[0] for path in state_dir.glob("logs/*/*.log"))


def test_old_runs_go_with_their_tasks_states_and_logs(state_dir, ran, rows, history):
    ran(NOW - 11 * DAY, NOW - 9 * DAY)
    [old, _] = rows("SELECT * FROM flow_runs ORDER BY started_at")
    aside = state_dir / f"{old['log']}.1"
    aside.write_text("the older part")
    assert prune(history, state_dir, NOW - 10 * DAY) == 1
    assert [row["name"] for row in rows("SELECT name FROM flow_runs")] == ["double_1"]
    for table in ("task_runs", "state_changes"):
        ids = {row["flow_run_id"] for row in rows(f"SELECT flow_run_id FROM {table}")}
        assert ids == {row["id"] for row in rows("SELECT id FROM flow_runs")}
    assert logs_of(state_dir) == ["double_1"]
    assert not aside.exists()


@pytest.mark.parametrize("state", ["Running", "Paused"])
def test_what_has_not_ended_stays(state_dir, ran, history, state):
    ran(NOW - 11 * DAY)
    history.execute("UPDATE flow_runs SET state = ?", (state,))
    assert count_old(history, NOW) == 0
    assert prune(history, state_dir, NOW) == 0


def test_the_oldest_go_first_and_no_more_than_was_said(state_dir, ran, rows, history):
    ran(NOW - 12 * DAY, NOW - 14 * DAY, NOW - 13 * DAY)
    assert count_old(history, NOW) == 3
    assert prune(history, state_dir, NOW, most=2) == 2
    assert [row["name"] for row in rows("SELECT name FROM flow_runs")] == ["double_0"]


def test_only_logs_are_removed_whatever_the_file_says(state_dir, ran, history):
    ran(NOW - 11 * DAY)
    precious = state_dir / "precious.log"
    precious.touch()
    history.execute("UPDATE flow_runs SET log = 'logs/../precious.log'")
    assert prune(history, state_dir, NOW) == 1
    assert precious.exists()


def test_it_is_done_once_a_day(state_dir, ran, history):
    ran(NOW - 20 * DAY)
    assert prune_daily(history, state_dir, 10, NOW) == 1
    ran(NOW - 15 * DAY)
    assert prune_daily(history, state_dir, 10, NOW + DAY / 2) == 0
    assert prune_daily(history, state_dir, 10, NOW + DAY) == 1


def test_what_was_too_much_at_once_goes_on_the_same_day(state_dir, ran, history):
    ran(*(NOW - n * DAY for n in (20, 21, 22)))
    gone = [prune_daily(history, state_dir, 10, NOW, most=2) for _ in range(3)]
    assert gone == [2, 1, 0]


def test_without_days_all_stay(state_dir, ran, history):
    ran(NOW - 9000 * DAY)
    assert prune_daily(history, state_dir, 0, NOW) == 0
    assert not (state_dir / MARKER).exists()


def test_a_run_that_is_written_takes_the_old_ones_out(ran, rows):
    ran(NOW - 11 * DAY, NOW)
    assert len(rows("SELECT id FROM flow_runs")) == 2
    ran(NOW, days=10)
    assert [row["started_at"][:10] for row in rows("SELECT * FROM flow_runs")] == [
        "2026-11-24",
        "2026-11-24",
    ]


def test_old_runs_that_cannot_be_taken_out_do_not_fail_the_work(state_dir, ran, rows, caplog):
    ran(NOW - 11 * DAY)
    with closing(sqlite3.connect(state_dir / FILE)) as connection:
        connection.execute(
            "CREATE TRIGGER keep BEFORE DELETE ON flow_runs "
            "BEGIN SELECT RAISE(ABORT, 'these stay'); END"
        )
    ran(NOW, days=10)
    assert len(rows("SELECT id FROM flow_runs")) == 2
    assert len(rows("SELECT slug FROM task_runs")) == 2
    assert not caplog.records
