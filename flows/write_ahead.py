"""SQLite files whose changes go into a log first: who reads and who writes do not wait for each other."""

import sqlite3
import time
from collections.abc import Callable

_AGAIN_S = 0.01


def write_ahead(
    connection: sqlite3.Connection, wait_s: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Have changes written to a log first; wait while another process does the same to a new file.

    SQLite's own waiting does not cover this.

    Args:
        wait_s: how long to wait, in seconds.
        sleep: waits so many seconds.

    Raises:
        sqlite3.OperationalError: another process was at it all the time.
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            sleep(_AGAIN_S)
        else:
            return
