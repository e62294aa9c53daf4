"""The file: its version, its tables as docs/history.md tells them, and what is said of a bad one."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nemflow.errors import HistoryError
from nemflow.flows.history.schema import STEPS, open_history, transaction

PAGE = Path(__file__).resolve().parents[3] / "docs" / "history.md"
TABLES = ("flow_runs", "task_runs", "state_changes")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "history.sqlite"


def test_a_new_file_has_the_newest_tables_and_a_write_ahead_log(path):
    with closing(open_history(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 1  # NORMAL


def test_opening_it_again_changes_nothing(path):
    open_history(path).close()
    with closing(open_history(path)) as connection:
        assert connection.execute("SELECT count(*) FROM flow_runs").fetchone()[0] == 0


def test_a_file_of_a_newer_nemflow_is_refused_in_one_sentence(path):
    with closing(open_history(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(HistoryError, match=r"newer nemflow \(version 99.*upgrade nemflow"):
        open_history(path)


def test_a_damaged_file_is_told_with_what_to_do(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(HistoryError, match=r"damaged.*move it away"):
        open_history(path)


def test_a_transaction_that_fails_writes_nothing(path):
    with closing(open_history(path)) as connection:
        words = "INSERT INTO state_changes VALUES ('1', NULL, 'now', ?, NULL)"
        with pytest.raises(sqlite3.IntegrityError), transaction(connection):
            connection.executemany(words, [["Running"], [None]])
        assert connection.execute("SELECT count(*) FROM state_changes").fetchone()[0] == 0


@pytest.mark.parametrize("table", TABLES)
def test_the_page_tells_every_column_in_order(table, path):
    section = PAGE.read_text().partition(f"## {table}\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    with closing(open_history(path)) as connection:
        columns = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
    assert told == columns


def test_the_page_tells_every_table(path):
    with closing(open_history(path)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {row["name"] for row in found} == set(TABLES)
