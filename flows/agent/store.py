"""The store: registered flows, schedules and the runs that were asked for, in one SQLite file.

All agents and commands of a machine share it, so it lies in the state folder, on a local disk. Unlike
the history it is no advice: who deletes it deletes the schedules.

::

    registrations    a version of a flow, saved so that it can be run as it was
    schedules        when a flow is to run, with which parameters
    runs             what is to be run, runs, or was run: by a schedule or on request
    backoffs         flows that failed, and until when their scheduled runs wait

Times are ISO 8601 in UTC, so that they compare as text; lists and mappings are JSON.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from nemflow.errors import SettingsError
from nemflow.flows.write_ahead import write_ahead

VERSION = 1
"""Of the tables; grows when they change."""

_BUSY_S = 30.0

_TABLES = """
CREATE TABLE IF NOT EXISTS registrations (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    version INTEGER NOT NULL,
    structure TEXT NOT NULL,        -- follows from tasks, edges and code: equal for an unchanged flow
    origin TEXT NOT NULL,           -- file.py:flow or package.module:flow, as it was named
    saved TEXT NOT NULL,            -- the file that holds this version
    labels TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    UNIQUE (project, flow, version)
);
CREATE TABLE IF NOT EXISTS schedules (
    name TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    registration INTEGER REFERENCES registrations (id),     -- NULL: a flow that comes with nemflow
    timetable TEXT NOT NULL,
    parameters TEXT NOT NULL,
    options TEXT NOT NULL,          -- words of the command line, such as --data-dir
    labels TEXT NOT NULL,
    missed TEXT NOT NULL,           -- latest, all or none: which missed events are made up for
    paused INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    seen_until TEXT NOT NULL        -- events up to here have been turned into runs
);
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    schedule TEXT,                  -- NULL: asked for by hand
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    registration INTEGER REFERENCES registrations (id),
    parameters TEXT NOT NULL,
    options TEXT NOT NULL,
    labels TEXT NOT NULL,
    scheduled_for TEXT NOT NULL,
    not_before TEXT NOT NULL,       -- later than scheduled_for where it is tried again
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    claim TEXT,                     -- of the agent that took it; another after every taking
    agent TEXT,
    give_back INTEGER NOT NULL DEFAULT 0,   -- its agent stops: interrupted is not cancelled
    pid INTEGER,
    started_at TEXT,
    ended_at TEXT,
    exit_code INTEGER,
    UNIQUE (schedule, scheduled_for, parameters)
);
CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state, not_before);
CREATE TABLE IF NOT EXISTS backoffs (
    project TEXT NOT NULL,
    flow TEXT NOT NULL,
    failures INTEGER NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (project, flow)
);
"""


class Store:
    """The store at `path`, made when it is first opened; a context manager, for one thread.

    Args:
        make: it where it is not there; else it is empty then, and what is written to it is lost.

    Raises:
        SettingsError: the file cannot be opened, or a newer nemflow made it.
    """

    def __init__(self, path: Path, *, make: bool = True) -> None:
        self.path = path
        self._is_made = make
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self._connection = sqlite3.connect(self._file(), timeout=_BUSY_S, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._prepare(self._connection)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise SettingsError(
                f"the store of schedules {self.path} cannot be opened ({error}); "
                "NEMFLOW_STATE_DIR names another folder for it"
            ) from error
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def rows(self) -> sqlite3.Connection:
        """The open connection, for reading; rows answer to the names of columns."""
        if self._connection is None:
            raise RuntimeError("the store is not open; use it in a with statement")
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, alone; nothing of it stays if the block raises."""
        connection = self.rows
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _file(self) -> Path | str:
        if self._is_made:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        elif not self.path.exists():
            return ":memory:"
        return self.path

    def _prepare(self, connection: sqlite3.Connection) -> None:
        write_ahead(connection, _BUSY_S)
        connection.execute("PRAGMA foreign_keys = ON")
        [found] = connection.execute("PRAGMA user_version").fetchone()
        if found > VERSION:
            raise SettingsError(
                f"{self.path} was written by a newer nemflow: update this one, or name another "
                "folder with NEMFLOW_STATE_DIR"
            )
        if found < VERSION:
            with self.writing():
                for statement in _TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")


def as_text(moment: datetime) -> str:
    """Return an aware instant as the store keeps it: UTC, a fixed width, so that texts compare."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def as_moment(text: str) -> datetime:
    """Return what `as_text` wrote."""
    return datetime.fromisoformat(text)
