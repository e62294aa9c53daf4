import sqlite3

import pytest

from nemflow.errors import SettingsError
from nemflow.flows.agent.store import VERSION, Store


def test_nothing_stays_of_a_transaction_that_raises(store):
    def write_and_fail():
        with store.writing() as rows:
            rows.execute("INSERT INTO backoffs VALUES ('a', 'b', 1, '2026')")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    assert store.rows.execute("SELECT count(*) FROM backoffs").fetchone()[0] == 0


def test_a_store_of_a_newer_nemflow_is_left_alone(store):
    store.rows.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(SettingsError, match="written by a newer nemflow"), Store(store.path):
        raise AssertionError("it opened")


def test_a_file_that_is_no_store_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "agent.sqlite").write_text("something else, longer than a hundred characters" * 5)
    with pytest.raises(SettingsError, match="cannot be opened"), Store(tmp_path / "agent.sqlite"):
        raise AssertionError("it opened")


def test_its_tables_are_open_to_other_programs(store):
    with sqlite3.connect(store.path) as other:
        names = {
            name for [name] in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    other.close()
    assert names == {"registrations", "schedules", "runs", "backoffs"}
