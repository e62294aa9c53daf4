"""Old runs go: their rows, those of their tasks, and their logs, together.

A command that writes the history takes out what has become too old, at most once a day and so few runs at
a time that nobody waits for it; what is left is for the next command. Runs that go on or are paused stay.
"""

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from nemflow.flows.history.run_logs import FOLDER, aside_of
from nemflow.flows.history.schema import transaction
from nemflow.flows.history.stamps import stamp

MARKER = "history.pruned"
"""The file beside the history whose time says when the last old run was taken out."""

AT_A_TIME = 500
"""So many runs are taken out in one transaction: some milliseconds."""

_DAY_S = 24 * 3600.0
_OLD = "started_at < ? AND state NOT IN ('Running', 'Paused')"


def prune_daily(
    connection: sqlite3.Connection,
    state_dir: Path,
    days: int,
    now: datetime,
    most: int = AT_A_TIME,
) -> int:
    """Take out the oldest runs that are more than so many days old; return how many.

    Does nothing where that was done to the end within a day.

    Args:
        connection: to the history.
        state_dir: where the history and logs lie.
        days: runs that began earlier go; 0 keeps all.
        now: the present moment.
        most: so many runs at a time.

    Raises:
        sqlite3.Error: the history cannot be written.
        OSError: the marker cannot be.
    """
    marker, moment = state_dir / MARKER, now.timestamp()
    if not days or _is_fresh(marker, moment):
        return 0
    gone = prune(connection, state_dir, now - timedelta(days=days), most)
    if gone < most:
        marker.touch()
        os.utime(marker, (moment, moment))
    return gone


def prune(
    connection: sqlite3.Connection, state_dir: Path, before: datetime, most: int = AT_A_TIME
) -> int:
    """Take out the oldest runs that began before a moment, up to so many; return how many.

    Raises:
        sqlite3.Error: the history cannot be written.
    """
    with transaction(connection):
        found = connection.execute(
            f"SELECT id, log FROM flow_runs WHERE {_OLD} ORDER BY started_at LIMIT ?",
            (stamp(before), most),
        ).fetchall()
        ids = [(row["id"],) for row in found]
        for table, column in (
            ("state_changes", "flow_run_id"),
            ("task_runs", "flow_run_id"),
            ("flow_runs", "id"),
        ):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", ids)
    _remove_logs(state_dir, [row["log"] for row in found if row["log"]])
    return len(found)


def count_old(connection: sqlite3.Connection, before: datetime) -> int:
    """Return how many runs `prune` would take out, if it took all.

    Raises:
        sqlite3.Error: the history cannot be read.
    """
    asked = f"SELECT count(*) FROM flow_runs WHERE {_OLD}"
    return int(connection.execute(asked, (stamp(before),)).fetchone()[0])


def _is_fresh(marker: Path, moment: float) -> bool:
    try:
        return moment - marker.stat().st_mtime < _DAY_S
    except FileNotFoundError:
        return False


def _remove_logs(state_dir: Path, logs: Sequence[str]) -> None:
    folder = state_dir / FOLDER
    for log in logs:
        path = Path(os.path.normpath(state_dir / log))
        if folder in path.parents:  # the history is a file that others can write too
            for one in (path, aside_of(path)):
                with contextlib.suppress(OSError):  # it goes by its age, later
                    one.unlink(missing_ok=True)
