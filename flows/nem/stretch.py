"""The work for the days of one published file, in whatever process it is done."""

import contextvars
import functools
import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

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
    from nemflow.tasks.nem.answers import Progress
    from nemflow.tasks.nem.download import Client
    from nemflow.tasks.nem.verify import FileFacts


T = TypeVar("T")


class Bench:
    """A place at the processors, with a thread, a desk and flows of its own; for one unit at a time.

    The thread is always the same, since memory that a thread has given back is not easily had by
    another; the flows are, since their versions take a while to find out.

    Args:
        market: where prices come from and go to.
    """

    def __init__(self, market: MarketSettings) -> None:
        self.desk = Desk()
        self._market = replace(market, desk=self.desk)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nemflow-bench")
        self._flows: dict[str, Flow] = {}

    def do(self, work: Callable[[], T]) -> T:
        """Do work in the bench's thread; return what comes of it."""
        return self._thread.submit(contextvars.copy_context().run, work).result()

    def flow(self, name: str) -> Flow:
        """Return the flow of that name, which works at this bench."""
        if name not in self._flows:
            self._flows[name] = CATALOG.get(name).build(self._market)
        return self._flows[name]

    def close(self, *, wait: bool) -> None:
        """End the thread, at once or after what it is at."""
        self._thread.shutdown(wait=wait, cancel_futures=True)


class Benches:
    """A few benches, handed out one by one.

    Args:
        number: how many.
        market: where prices come from and go to.
    """

    def __init__(self, number: int, market: MarketSettings) -> None:
        self._all = [Bench(market) for _ in range(number)]
        self._free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        self._reading = threading.Semaphore(-(-number // 2))
        for bench in self._all:
            self._free.put(bench)

    def take(self) -> Bench:
        """Return a bench that is free, when there is one."""
        return self._free.get()

    def read_at(self, bench: Bench, work: Callable[[], T]) -> T:
        """Do the work of reading a file at a bench, while no more than half of the benches read one.

        It is then that a file takes the most memory, as text and as rows; to make its days takes
        twice as long, so that the others are seldom kept waiting.
        """
        with self._reading:
            return bench.do(work)

    def give_back(self, bench: Bench) -> None:
        """Clear a bench and make it free; the memory of what lay on it goes back to the system."""
        from pyarrow import default_memory_pool  # heavy

        bench.desk.clear()
        default_memory_pool().release_unused()
        self._free.put(bench)

    def close(self, *, wait: bool) -> None:
        """End the threads of all benches."""
        for bench in self._all:
            bench.close(wait=wait)


class Seat:
    """The bench of one unit: taken when it is first needed, kept until it is left."""

    def __init__(self, benches: Benches) -> None:
        self._benches = benches
        self._bench: Bench | None = None

    def bench(self) -> Bench:
        """Return the unit's bench, waiting for one if it has none yet."""
        if self._bench is None:
            self._bench = self._benches.take()
        return self._bench

    def read(self, work: Callable[[], T]) -> T:
        """Do the work of reading a file at the unit's bench."""
        return self._benches.read_at(self.bench(), work)

    def leave(self) -> None:
        """Give the bench back, if one was taken."""
        if self._bench is not None:
            self._benches.give_back(self._bench)
            self._bench = None


def fetch_days(
    days: Iterable[date],
    dataset: str,
    market: MarketSettings,
    client: "Client",
    progress: "Progress | None" = None,
    seat: Seat | None = None,
    *,
    renew: bool = False,
) -> dict[date, Found]:
    """Return what there is of each day: the files that hold it, fetched, or why they cannot be had.

    Args:
        client: shared by all that fetch at once.
        progress: called with the bytes so far and in all, for each file anew.
        seat: gives the bench where a table's file is verified, and whose desk its rows go to; by
            default that is done in this thread, and the rows are let go.
        renew: ask the server whether the files of days that are due have changed.
    """
    from nemflow.flows.nem.fetching import fetch_settings
    from nemflow.tasks.nem.datasets import DATASETS
    from nemflow.tasks.nem.fetch import fetch_day
    from nemflow.tasks.nem.fetch_settings import open_archive

    settings = fetch_settings(market)
    archive = open_archive(settings, RecallingArchive)
    verify = None if seat is None else functools.partial(verify_at, seat)
    found: dict[date, Found] = {}
    now = market.now()
    for day in days:
        target = str(market.data_dir / raw_target(dataset).format(date=day))
        is_renewed = renew and is_due(target, day, now)
        try:
            found[day] = fetch_day(
                *(day, DATASETS[dataset], settings, client, progress),
                archive=archive,
                verify=verify,
                renew_since=now if is_renewed else None,
            )
        except Exception as error:  # the day's own flow run fails with it, and tells it
            found[day] = error
    return found


def verify_at(seat: Seat, path: Path, table: Table, month: Month) -> "FileFacts":
    """Verify a table's file at a bench and keep its rows on the desk."""
    from nemflow.tasks.nem.verify import verify_table_file  # imports pyarrow

    keep = functools.partial(seat.bench().desk.put_file, path, table)
    return seat.read(functools.partial(verify_table_file, path, table, month, keep))


@dataclass(frozen=True, slots=True)
class Errand:
    """The flow runs for the days of one file, as they are sent to another process.

    Attributes:
        work: the days by the name of the flow.
        found: of each day the files that hold it, or why they cannot be had.
        market: without a desk.
        conditions: without what cannot travel.
        reports: whether somebody listens to what the flow runs report.
        versions: of the flows, by name.
    """

    work: Mapping[str, tuple[date, ...]]
    found: Mapping[date, Found]
    market: MarketSettings
    conditions: Conditions
    reports: bool
    versions: Mapping[str, str]


def run_errand(errand: Errand) -> tuple[list[FlowRunRecord], list[Told]]:
    """Do the flow runs where they were sent to; return their records and what they reported."""
    records: list[FlowRunRecord] = []
    relay = Relay(errand.versions)
    conditions = errand.conditions
    if errand.reports:
        conditions = replace(conditions, reporter=relay)
    market = replace(errand.market, desk=Desk(errand.found))
    work = [(CATALOG.get(name).build(market), days) for name, days in errand.work.items()]
    run_stages(work, conditions, records.append)
    return records, relay.told
