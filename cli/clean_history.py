"""Old runs of the history, for ``nemflow clean --history``."""

from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nemflow.cli.settings import Settings
from nemflow.cli.wording import count_of
from nemflow.tasks.nem.market_time import NEM_TIME


@dataclass(frozen=True, slots=True)
class OldRuns:
    """Runs that are to be taken out of the history, with their logs.

    Args:
        count: how many.
        before: they began earlier.
    """

    count: int
    before: datetime

    def __str__(self) -> str:
        runs = count_of(self.count, "run")
        before = self.before.astimezone(NEM_TIME)
        return f"{runs} of the history that began before {before:%Y-%m-%d %H:%M}+10:00, with their logs"


def find_old_runs(settings: Settings, before: datetime | None) -> OldRuns | None:
    """Return the old runs of the history; None where there are none, or all are kept.

    Args:
        before: runs that began earlier; without, what the setting ``history_days`` says.

    Raises:
        HistoryError: the history cannot be read.
    """
    if before is None and settings.history_days:
        before = datetime.now(UTC) - timedelta(days=settings.history_days)
    if before is None or not settings.history_file.exists():
        return None
    import sqlite3  # only where there is a history

    from nemflow.flows.history.pruning import count_old
    from nemflow.flows.history.schema import explain, open_history

    with closing(open_history(settings.history_file)) as connection:
        try:
            count = count_old(connection, before)
        except sqlite3.Error as error:
            raise explain(settings.history_file, error) from error
    return OldRuns(count, before) if count else None


def remove_old_runs(settings: Settings, old: OldRuns) -> int:
    """Take the runs out of the history, and make its file smaller; return how many went.

    Raises:
        HistoryError: the history cannot be written.
    """
    import sqlite3  # as above

    from nemflow.flows.history.pruning import AT_A_TIME, prune
    from nemflow.flows.history.schema import explain, open_history

    gone = 0
    with closing(open_history(settings.history_file)) as connection:
        try:
            # a few at a time: others write meanwhile
            while (last := prune(connection, settings.state_dir, old.before)) == AT_A_TIME:
                gone += last
        except sqlite3.Error as error:
            raise explain(settings.history_file, error) from error
        with suppress(
            sqlite3.OperationalError
        ):  # another process is at it: its pages are used again
            connection.execute("VACUUM")
    return gone + last
