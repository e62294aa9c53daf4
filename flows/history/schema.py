"""The tables of the history and how the file is opened.

``docs/history.md`` tells what each column means. A change of the tables is one more step in `STEPS`:
its number is the file's ``PRAGMA user_version``. Times are stamps (``stamps.py``), JSON is text.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from nemflow.errors import HistoryError
from nemflow.flows.write_ahead import write_ahead

STEPS = (
    """
    CREATE TABLE flow_runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        flow TEXT NOT NULL,
        version TEXT,
        parameters TEXT NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT,
        message TEXT,
        error TEXT,
        started_at TEXT NOT NULL,
        ended_at TEXT,
        duration_s REAL,
        target TEXT,
        rows INTEGER,
        bytes INTEGER,
        source TEXT,
        quality TEXT,
        reason TEXT,
        synthetic INTEGER NOT NULL DEFAULT 0,
        made_by TEXT NOT NULL,
        command TEXT,
        folder TEXT,
        log TEXT,
        nemflow_version TEXT NOT NULL,
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        pid INTEGER NOT NULL,
        process_started TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        cancel_by TEXT,
        cancel_asked_at TEXT
    );
    CREATE INDEX flow_runs_by_name ON flow_runs (name, started_at);
    CREATE INDEX flow_runs_by_flow ON flow_runs (flow, started_at);
    CREATE INDEX flow_runs_by_time ON flow_runs (started_at);
    CREATE INDEX flow_runs_by_state ON flow_runs (state, started_at);
    CREATE TABLE task_runs (
        flow_run_id TEXT NOT NULL REFERENCES flow_runs (id),
        slug TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL,
        message TEXT,
        error TEXT,
        started_at TEXT,
        ended_at TEXT,
        duration_s REAL,
        attempts INTEGER NOT NULL,
        target TEXT,
        progress INTEGER,
        progress_unit TEXT,
        PRIMARY KEY (flow_run_id, slug)
    ) WITHOUT ROWID;
    CREATE TABLE state_changes (
        flow_run_id TEXT NOT NULL REFERENCES flow_runs (id),
        slug TEXT,
        at TEXT NOT NULL,
        state TEXT NOT NULL,
        message TEXT
    );
    CREATE INDEX state_changes_by_run ON state_changes (flow_run_id);
    """,
)
"""What makes a file of each version out of one of the version before."""

_CHECKPOINT_PAGES = (
    4000  # 16 MB: only then is the disk flushed, which takes longer than all the rest
)
_WAIT_S = 2.0  # for another process that is writing


def open_history(path: Path, *, wait_s: float = _WAIT_S) -> sqlite3.Connection:
    """Open the history, made or brought up to date where that is needed.

    The connection may be used by any thread, by one at a time.

    Raises:
        HistoryError: it cannot be opened, is damaged, or is of a newer nemflow.
    """
    connection = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=wait_s, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        _bring_up_to_date(connection, path, wait_s)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, (OSError, sqlite3.Error)):
            raise explain(path, error) from error
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write what the block writes, all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def explain(path: Path, error: Exception) -> HistoryError:
    """Return an error of the history as a sentence that says what to do."""
    if isinstance(error, sqlite3.OperationalError) or not isinstance(error, sqlite3.Error):
        words = getattr(error, "strerror", None) or error
        return HistoryError(f"the history {path} cannot be used: {words}")
    return HistoryError(
        f"the history {path} is damaged ({error}): move it away; nothing but the list of past "
        "runs is lost"
    )


def _bring_up_to_date(connection: sqlite3.Connection, path: Path, wait_s: float) -> None:
    if _version(connection, path) == len(STEPS):
        return
    write_ahead(connection, wait_s)
    with transaction(connection):
        for step in STEPS[_version(connection, path) :]:  # another process may have been quicker
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    with closing(connection.execute("PRAGMA user_version")) as cursor:
        version = int(cursor.fetchone()[0])
    if version > len(STEPS):
        raise HistoryError(
            f"the history {path} is of a newer nemflow (version {version} of its tables; this one "
            f"knows {len(STEPS)}): upgrade nemflow, or move the file away"
        )
    return version
