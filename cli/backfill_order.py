"""What was ordered of ``nemflow backfill``: the words of the command line, understood."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from nemflow.cli.options import Verbosity
from nemflow.flows.catalog import Entry
from nemflow.flows.executors.base import Executor
from nemflow.flows.nem.backfill_record import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, beside settings.

    Attributes:
        entries: the flows, in the order of their stages.
        days: the days, in order.
        known: what had failed in the last backfill, where just that is to be done.
        force: make files again.
        stale: make those again that are stale.
        newest_first: begin with the last days.
        fail_fast: begin nothing more after a failure.
        compact: put months that are whole and final into one file each, at the end.
        dry_run: only say what would be done.
        large_download: whole month bundles of 2 GB may be fetched.
        sandbox: use the synthetic market.
        as_json: JSON instead of lines.
        verbosity: how much is said on standard error.
        executor: where days are made; None for threads of this process.
        workers: how many published files may be worked on at once.
        again: the command without its dates, for doing it once more.
        pinned: words that make a later run use the settings in force now.
        now: when it was ordered.
    """

    entries: tuple[Entry, ...]
    days: Sequence[date]
    known: tuple[Failure, ...] = ()
    force: bool = False
    stale: bool = False
    newest_first: bool = False
    fail_fast: bool = False
    compact: bool = True
    dry_run: bool = False
    large_download: bool = False
    sandbox: bool = False
    as_json: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    executor: Executor | None = None
    workers: int = 1
    again: Sequence[str] = ()
    pinned: Sequence[str] = ()
    now: datetime

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return self.entries[0].dataset
