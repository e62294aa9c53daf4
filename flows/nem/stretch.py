"""The work for the days of one published file: fetch it, and run the flows of its days."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import Flow, Relay, Told
from nemflow.flows.nem.batch import Conditions, run_stages
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.desk import Desk, Found
from nemflow.flows.nem.outcome import FlowRunRecord
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.standing import is_due
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.recall import RecallingArchive
from nemflow.tasks.nem.tables import Table

if TYPE_CHECKING:  # these import requests and pyarrow, which days with raw files do not need
    import pyarrow as pa

    from nemflow.tasks.nem.answers import Progress
    from nemflow.tasks.nem.download import Client
    from nemflow.tasks.nem.verify import FileFacts, VerifyTable


def fetch_days(
    days: Iterable[date],
    dataset: str,
    market: MarketSettings,
    client: "Client",
    progress: "Progress | None" = None,
    verify: "VerifyTable | None" = None,
    *,
    renew: bool = False,
) -> dict[date, Found]:
    """Return what there is of each day: the files that hold it, fetched, or why they cannot be had.

    Args:
        client: shared by all that fetch at once.
        progress: called with the bytes so far and in all, for each file anew.
        verify: verifies a table's file; by default that is done in this thread.
        renew: ask the server whether the files of days that are due have changed.
    """
    from nemflow.tasks.nem.datasets import DATASETS
    from nemflow.tasks.nem.fetch import fetch_day
    from nemflow.tasks.nem.fetch_settings import open_archive

    archive = open_archive(market, RecallingArchive)
    found: dict[date, Found] = {}
    now = market.now()
    for day in days:
        target = str(market.data_dir / raw_target(dataset).format(date=day))
        is_renewed = renew and is_due(target, day, now)
        try:
            found[day] = fetch_day(
                *(day, DATASETS[dataset], market, client, progress),
                archive=archive,
                verify=verify,
                renew_since=now if is_renewed else None,
            )
        except Exception as error:  # the day's own flow run fails with it, and tells it
            found[day] = error
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Flow runs for the days of one file, wherever they are done.

    Attributes:
        work: the days by the name of the flow; the flows in the order of the stages.
        found: of each day the files that hold it, or why they cannot be had.
        before: how the last flow run of a day ended, of days that an earlier stage is done of.
    """

    work: Mapping[str, tuple[date, ...]]
    found: Mapping[date, Found]
    before: Mapping[date, FlowRunRecord] = field(default_factory=dict)


class Worktop:
    """A desk and the flows that work at it: they are kept, since their versions take a while to find out.

    Args:
        market: where prices come from and go to.
    """

    def __init__(self, market: MarketSettings) -> None:
        self._desk = Desk()
        self._market = replace(market, desk=self._desk)
        self._flows: dict[str, Flow] = {}

    def read(self, path: Path, table: Table, month: Month) -> "FileFacts":
        """Verify a table's file and keep its rows on the desk.

        Raises:
            BrokenFile: it is not whole, or not what its name says.
        """
        from pyarrow import default_memory_pool  # heavy

        from nemflow.tasks.nem.verify import verify_table_file  # imports pyarrow

        def keep(rows: "pa.Table") -> None:
            self._desk.put_file(path, table, rows)

        facts = verify_table_file(path, table, month, keep)
        default_memory_pool().release_unused()  # what reading it took
        return facts

    def make(
        self, errand: Errand, conditions: Conditions, tell: Callable[[FlowRunRecord], None]
    ) -> None:
        """Do the flow runs of an errand, as far as the conditions let them be begun.

        Args:
            tell: is given the record of each flow run when it has ended.
        """
        self._desk.put_published(errand.found)
        work = [(self._flow(name), days) for name, days in errand.work.items()]
        run_stages(work, conditions, tell, errand.before)

    def clear(self) -> None:
        """Clear the desk; the memory of what lay on it goes back to the system."""
        from pyarrow import default_memory_pool  # heavy

        self._desk.clear()
        default_memory_pool().release_unused()

    def _flow(self, name: str) -> Flow:
        if name not in self._flows:
            self._flows[name] = CATALOG.get(name).build(self._market)
        return self._flows[name]


def errand_for(
    work: Mapping[str, tuple[date, ...]],
    found: Mapping[date, Found],
    before: Mapping[date, FlowRunRecord] | None = None,
) -> Errand:
    """Return an errand with no more than it takes: for what is sent to another process."""
    days = set().union(*work.values())
    return Errand(
        work=dict(work),
        found={day: each for day, each in found.items() if day in days},
        before={day: record for day, record in (before or {}).items() if day in days},
    )


def run_errand(
    errand: Errand,
    market: MarketSettings,
    conditions: Conditions,
    versions: Mapping[str, str] | None,
) -> tuple[list[FlowRunRecord], list[Told]]:
    """Do the flow runs of an errand where they were sent to.

    Args:
        market: without a desk.
        versions: of the flows, by name; None where nobody listens to what flow runs report.

    Returns:
        Their records, and what they reported.
    """
    records: list[FlowRunRecord] = []
    relay = Relay(versions)
    if versions is not None:
        conditions = replace(conditions, reporter=relay)
    Worktop(market).make(errand, conditions, records.append)
    return records, relay.told
