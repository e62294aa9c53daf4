"""What ``nemflow run`` and ``nemflow backfill`` are both ordered to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from nemflow.cli.options import Verbosity
from nemflow.flows.catalog import Entry
from nemflow.flows.executors.base import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOrder:
    """What was ordered, beside settings: the words of the command line, understood.

    Attributes:
        entries: the flows, in the order of their stages.
        days: the days, in order.
        force: make files again.
        stale: make those again that are stale.
        dry_run: only say what would be done.
        large_download: whole month bundles of 2 GB may be fetched.
        sandbox: use the synthetic market.
        as_json: JSON instead of lines.
        verbosity: how much is said on standard error.
        executor: where the work is done; None for the command's own choice.
        again: the command without its dates, for doing it once more.
        now: when it was ordered.
    """

    entries: tuple[Entry, ...]
    days: Sequence[date]
    force: bool = False
    stale: bool = False
    dry_run: bool = False
    large_download: bool = False
    sandbox: bool = False
    as_json: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    executor: Executor | None = None
    again: Sequence[str]
    now: datetime

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return self.entries[0].dataset
