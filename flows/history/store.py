"""Writes records to the history's file: several at once in one transaction, all or nothing.

What cannot be written is kept for the next attempt, and told once: the work does not depend on it.
"""

import functools
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from nemflow.errors import HistoryError
from nemflow.flows.history.lost import mark_lost
from nemflow.flows.history.pruning import prune_daily
from nemflow.flows.history.records import RunRecord
from nemflow.flows.history.schema import explain, open_history, transaction
from nemflow.flows.history.stamps import stamp

log = logging.getLogger(__name__)

_PAUSE_S = 5.0  # after an attempt that failed
_TASK_COLUMNS = 13

_PUT_TASK = f"INSERT OR REPLACE INTO task_runs VALUES ({', '.join('?' * _TASK_COLUMNS)})"
_PUT_CHANGE = "INSERT INTO state_changes VALUES (?, ?, ?, ?, ?)"


class Store:
    """The history's file, open for writing. Not safe for threads: who has it lets one in at a time.

    Opened at the first write; a file that cannot be used is left alone from then on.

    Args:
        path: the file.
        days: for how many days runs are kept; 0 for ever.
        clock: seconds.
    """

    def __init__(
        self, path: Path, days: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._days = days
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._next_attempt = 0.0
        self._is_off = False
        self._has_warned = False

    def write(self, records: Iterable[RunRecord], now: datetime, *, insist: bool = False) -> bool:
        """Write what is new of some records; tell whether that worked.

        Args:
            records: the flow runs.
            now: the present moment.
            insist: try even where an attempt has failed just now.
        """
        records = [record for record in records if record.is_unwritten or record.unwritten]
        if not records:
            return True
        connection = self._ready(now, insist=insist)
        if connection is None:
            return False
        try:
            with transaction(connection):
                for record in records:
                    _put(connection, record, now)
        except sqlite3.Error as error:
            self._failed(explain(self._path, error), off=False)
            return False
        for record in records:
            record.is_unwritten = False
            record.unwritten.clear()
            record.changes.clear()
        return True

    def say_alive(self, ids: Iterable[str], now: datetime) -> None:
        """Note that runs go on."""
        connection = self._ready(now)
        if connection is None:
            return
        try:
            with transaction(connection):
                words = "UPDATE flow_runs SET seen_at = ? WHERE id = ?"
                connection.executemany(words, [(stamp(now), run_id) for run_id in ids])
        except sqlite3.Error as error:
            self._failed(explain(self._path, error), off=False)

    def asked_to_cancel(self) -> set[str]:
        """Return the ids of the running runs that somebody wants cancelled."""
        if self._connection is None:
            return set()
        asked = "SELECT id FROM flow_runs WHERE state = 'Running' AND cancel_asked_at IS NOT NULL"
        try:
            return {row["id"] for row in self._connection.execute(asked).fetchall()}
        except sqlite3.Error:  # writing says so
            return set()

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ready(self, now: datetime, *, insist: bool = False) -> sqlite3.Connection | None:
        if self._is_off or (self._clock() < self._next_attempt and not insist):
            return None
        if self._connection is None:
            try:
                self._connection = open_history(self._path)
                mark_lost(self._connection, now)
                self._prune(self._connection, now)
            except HistoryError as error:
                is_busy = "locked" in str(error)
                self._failed(error, off=not is_busy)
            except sqlite3.Error as error:
                self._failed(explain(self._path, error), off=False)
        return self._connection

    def _prune(self, connection: sqlite3.Connection, now: datetime) -> None:
        try:
            prune_daily(connection, self._path.parent, self._days, now)
        except (sqlite3.Error, OSError) as error:  # old runs do no harm: another day
            log.debug("old runs stay in the history: %s", error)

    def _failed(self, error: HistoryError, *, off: bool) -> None:
        self._is_off = off
        self._next_attempt = self._clock() + _PAUSE_S
        if not self._has_warned:
            self._has_warned = True
            log.warning("%s; the work goes on without", error)


def _put(connection: sqlite3.Connection, record: RunRecord, now: datetime) -> None:
    if record.is_unwritten:
        row = record.row(now)
        connection.execute(_put_run(tuple(row)), row)
    rows = [record.tasks[slug].row(record.info.id) for slug in record.unwritten]
    connection.executemany(_PUT_TASK, rows)
    connection.executemany(_PUT_CHANGE, record.changes)


@functools.cache
def _put_run(columns: tuple[str, ...]) -> str:
    """Return the statement that writes a flow run; one that went on after a pause keeps its start."""
    marks = ", ".join(f":{name}" for name in columns)
    changing = [name for name in columns if name not in ("id", "started_at")]
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return (
        f"INSERT INTO flow_runs ({', '.join(columns)}) VALUES ({marks}) "
        f"ON CONFLICT (id) DO UPDATE SET {changes}"
    )
