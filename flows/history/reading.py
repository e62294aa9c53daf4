"""Questions to the history: which runs there were, what became of one, which run a word means."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Self

from nemflow.errors import HistoryError
from nemflow.flows.history.lost import LOST, mark_lost
from nemflow.flows.history.schema import explain, open_history, transaction
from nemflow.flows.history.stamps import stamp, utc_now

FAILED_STATES = ("Failed", "TimedOut", "TriggerFailed", "ValidationFailed", LOST)
"""The states of runs that did not do what they should have."""

_SHORTEST_ID = 4
_MOST_NAMES = 5000  # looked through for a name like the one that was typed

Row = sqlite3.Row


class UnknownRun(HistoryError):
    """No run is meant by a word, or more than one; ``known`` are names that could have been meant."""

    def __init__(self, message: str, known: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.known = list(known)


class History:
    """The history, open for reading; runs that have died are marked Lost first.

    Args:
        path: the file; it need not be there, and is not made.
        now: the present moment, aware.

    Raises:
        HistoryError: it is there but cannot be read.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._path = path
        self._now = now
        self._connection = open_history(path) if path.exists() else None
        self.look_for_lost()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._connection is not None:
            self._connection.close()

    @property
    def is_there(self) -> bool:
        """Whether there is a history at all."""
        return self._connection is not None

    def look_for_lost(self) -> None:
        """Mark the runs that have no process any more; where that cannot be written, later."""
        if self._connection is None:
            return
        try:
            mark_lost(self._connection, self._now())
        except sqlite3.OperationalError:  # locked, or a disk that is read-only
            return
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def runs(
        self,
        *,
        flow: str | None = None,
        since: datetime | None = None,
        states: Iterable[str] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """Return flow runs, the newest first."""
        where, values = _conditions(flow, since, states)
        words = f"SELECT * FROM flow_runs {where} ORDER BY started_at DESC, rowid DESC"
        if limit is not None:
            words, values = f"{words} LIMIT ?", [*values, limit]
        return self._ask(words, values)

    def count(
        self,
        *,
        flow: str | None = None,
        since: datetime | None = None,
        states: Iterable[str] = (),
    ) -> int:
        """Return how many flow runs there are."""
        where, values = _conditions(flow, since, states)
        found = self._ask(f"SELECT count(*) FROM flow_runs {where}", values)
        return int(found[0][0]) if found else 0

    def flows(self) -> list[str]:
        """Return the names of the flows that have run."""
        return [row[0] for row in self._ask("SELECT DISTINCT flow FROM flow_runs ORDER BY 1")]

    def find(self, word: str) -> Row:
        """Return the run that a word means: the last of a name, or one by its id or its beginning.

        Raises:
            UnknownRun: there is none, or more than one.
        """
        by_name = (
            "SELECT * FROM flow_runs WHERE name = ? ORDER BY started_at DESC, rowid DESC LIMIT 1"
        )
        found = self._ask(by_name, [word])
        if found:
            return found[0]
        prefix = word.lower()
        is_id = len(prefix) >= _SHORTEST_ID and all(c in "0123456789abcdef-" for c in prefix)
        if is_id:
            ids = "SELECT * FROM flow_runs WHERE id >= ? AND id < ? LIMIT 10"
            found = self._ask(ids, [prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)])
        if len(found) == 1:
            return found[0]
        if found:
            meant = ", ".join(f"{row['id'][:12]} ({row['name']})" for row in found)
            raise UnknownRun(f"{len(found)} runs have ids that begin with {word!r}: {meant}")
        raise UnknownRun(f"there is no run {word!r} in the history", self.names())

    def names(self) -> list[str]:
        """Return the names of the latest runs, each once, the latest first."""
        words = "SELECT name FROM flow_runs ORDER BY started_at DESC LIMIT ?"
        return list(dict.fromkeys(row[0] for row in self._ask(words, [_MOST_NAMES])))

    def get(self, run_id: str) -> Row:
        """Return a run that is there, as it is now."""
        return self._ask("SELECT * FROM flow_runs WHERE id = ?", [run_id])[0]

    def tasks(self, run_id: str) -> list[Row]:
        """Return the task runs of a flow run, in the order in which they began."""
        words = (
            "SELECT * FROM task_runs WHERE flow_run_id = ? "
            "ORDER BY coalesce(started_at, ended_at, 'Z'), length(slug), slug"
        )
        return self._ask(words, [run_id])

    def changes(self, run_id: str) -> list[Row]:
        """Return the changes of state of a flow run and its tasks, in order."""
        words = "SELECT * FROM state_changes WHERE flow_run_id = ? ORDER BY at, rowid"
        return self._ask(words, [run_id])

    def last_of_each(self, since: datetime | None = None) -> list[Row]:
        """Return the last run of each name, the oldest first."""
        where, values = _conditions(None, since, ())
        words = (
            f"SELECT *, max(started_at) FROM flow_runs {where} GROUP BY name ORDER BY started_at"
        )
        return self._ask(words, values)

    def last_of_flow(self, flow: str, *, without_rows: Iterable[int] | None = ()) -> list[Row]:
        """Return the last run of each name of a flow; of its columns what tells how it came out.

        Args:
            without_rows: leave out runs that have written so many rows; None for any number.
        """
        usual = list(without_rows or ())
        kept = "" if without_rows is None else f" OR rows NOT IN ({', '.join('?' * len(usual))})"
        words = (
            "SELECT name, state, outcome, message, error, target, rows, bytes, version, duration_s, "
            "max(started_at) AS started_at FROM flow_runs WHERE flow = ? GROUP BY name "
            f"HAVING outcome IS NOT 'written' OR state != 'Success'{kept}"
        )
        return self._ask(words, [flow, *usual])

    def of_last_command(self) -> list[Row]:
        """Return the runs of the process that started one last, the oldest first."""
        words = (
            "SELECT runs.* FROM flow_runs runs JOIN (SELECT * FROM flow_runs "
            "ORDER BY started_at DESC, rowid DESC LIMIT 1) last USING (host, boot_id, pid, "
            "process_started) ORDER BY runs.started_at, runs.rowid"
        )
        return self._ask(words)

    def ask_to_cancel(self, run_id: str) -> None:
        """Ask the process of a run to cancel it.

        Raises:
            HistoryError: that cannot be written.
        """
        words = "UPDATE flow_runs SET cancel_asked_at = ? WHERE id = ? AND state = 'Running'"
        self._write([(words, [stamp(self._now()), run_id])])

    def cancel_paused(self, run_id: str) -> None:
        """Mark a paused run, which has no process, as cancelled.

        Raises:
            HistoryError: that cannot be written.
        """
        now, message = stamp(self._now()), "cancelled while it was paused"
        run = (
            "UPDATE flow_runs SET state = 'Cancelled', message = ?, ended_at = ? "
            "WHERE id = ? AND state = 'Paused'"
        )
        tasks = (
            "UPDATE task_runs SET state = 'Cancelled', message = ?, ended_at = ? "
            "WHERE flow_run_id = ? AND ended_at IS NULL"
        )
        change = "INSERT INTO state_changes VALUES (?, NULL, ?, 'Cancelled', ?)"
        self._write(
            [
                (run, [message, now, run_id]),
                (tasks, [message, now, run_id]),
                (change, [run_id, now, message]),
            ]
        )

    def _ask(self, words: str, values: Iterable[object] = ()) -> list[Row]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(words, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise explain(self._path, error) from error

    def _write(self, statements: list[tuple[str, list[object]]]) -> None:
        assert self._connection is not None  # there is a run to be written
        try:
            with transaction(self._connection):
                for words, values in statements:
                    self._connection.execute(words, values)
        except sqlite3.Error as error:
            raise explain(self._path, error) from error


def _conditions(
    flow: str | None, since: datetime | None, states: Iterable[str]
) -> tuple[str, list[object]]:
    chosen = list(states)
    conditions = []
    values: list[object] = []
    if flow is not None:
        conditions.append("flow = ?")
        values.append(flow)
    if since is not None:
        conditions.append("started_at >= ?")
        values.append(stamp(since))
    if chosen:
        conditions.append(f"state IN ({', '.join('?' * len(chosen))})")
        values += chosen
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), values
