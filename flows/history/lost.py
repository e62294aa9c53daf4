"""Runs that have no process any more: killed, or cut off by a power cut.

Whoever opens the history marks them Lost, so that nothing stays Running for ever.
"""

import sqlite3
from datetime import datetime

from nemflow.flows.history.processes import ProcessMark, is_alive
from nemflow.flows.history.schema import transaction
from nemflow.flows.history.stamps import HEARTBEAT, read_stamp, stamp

LOST = "Lost"
"""The state of a run whose process has died; only the history knows it."""

_QUIET = 10 * HEARTBEAT  # what cannot be seen from here has ended when it has said nothing so long


def mark_lost(connection: sqlite3.Connection, now: datetime) -> list[str]:
    """Mark the runs that have no process any more; return their ids.

    Raises:
        sqlite3.Error: the history cannot be read or written.
    """
    open_runs = connection.execute("SELECT * FROM flow_runs WHERE state = 'Running'").fetchall()
    dead = [row for row in open_runs if _has_died(row, now)]
    if not dead:
        return []
    with transaction(connection):
        return [row["id"] for row in dead if _mark(connection, row, now)]


def _has_died(row: sqlite3.Row, now: datetime) -> bool:
    mark = ProcessMark(row["host"], row["boot_id"], row["pid"], row["process_started"])
    alive = is_alive(mark)
    return now - read_stamp(row["seen_at"]) > _QUIET if alive is None else not alive


def _mark(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> bool:
    """Mark one run, unless its process has just written its end, or runs it anew."""
    message = f"its process (number {row['pid']} on {row['host']}) ended without a word"
    marked = connection.execute(
        "UPDATE flow_runs SET state = ?, message = ?, ended_at = seen_at, "
        "duration_s = (julianday(seen_at) - julianday(started_at)) * 86400 "
        "WHERE id = ? AND state = 'Running' AND pid = ? AND process_started = ?",
        (LOST, message, row["id"], row["pid"], row["process_started"]),
    )
    if marked.rowcount == 0:
        return False
    connection.execute(
        "UPDATE task_runs SET state = ?, ended_at = ?, message = ? "
        "WHERE flow_run_id = ? AND started_at IS NOT NULL AND ended_at IS NULL",
        (LOST, row["seen_at"], message, row["id"]),
    )
    connection.execute(
        "INSERT INTO state_changes VALUES (?, NULL, ?, ?, ?)",
        (row["id"], stamp(now), LOST, message),
    )
    return True
