import sqlite3
from contextlib import closing

import pytest

from nemflow.flows.write_ahead import write_ahead


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new.sqlite"


@pytest.fixture
def other(path):
    """Another user of the file, who has it alone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


@pytest.fixture
def connection(path):
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        yield connection


def test_it_waits_while_another_has_the_file(other, connection):
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        other.execute("COMMIT")

    write_ahead(connection, 60, sleep)
    assert len(waits) == 1
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_gives_up_when_the_time_is_over(other, connection):
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(connection, 0)
