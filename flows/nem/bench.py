"""Benches: places at the processors and in memory, each for the file of one unit at a time.

::

    lane ──verify a file──> bench ──its facts──> lane ──its days──> bench ──records of flow runs──> lane

What a file's verification has read stays at its bench. One bench is a thread of this process; the
others are processes (`process_bench`).
"""

import contextvars
import functools
import logging
import queue
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from nemflow import NemflowError
from nemflow.flows.nem.backfill_order import Backfill
from nemflow.flows.nem.desk import Found
from nemflow.flows.nem.outcome import FlowRunRecord
from nemflow.flows.nem.plan import Unit
from nemflow.flows.nem.stretch import Errand, Worktop
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import Table

if TYPE_CHECKING:
    from nemflow.tasks.nem.verify import FileFacts

T = TypeVar("T")

_log = logging.getLogger(__name__)


class BenchLost(NemflowError):
    """A bench cannot be worked at any more."""


class Bench(ABC):
    """A place where a file is read and its days are made."""

    @abstractmethod
    def read(self, path: Path, table: Table, month: Month) -> "FileFacts":
        """Verify a table's file, and keep its rows for the days that are made next.

        Raises:
            BrokenFile: it is not whole, or not what its name says.
        """

    @abstractmethod
    def make(
        self, unit: Unit, found: Mapping[date, Found], tell: Callable[[FlowRunRecord], None]
    ) -> None:
        """Do the flow runs of a unit, until the backfill is stopped.

        Args:
            found: of each day the files that hold it, or why they cannot be had.
            tell: is given the record of each flow run when it has ended.
        """

    @abstractmethod
    def clear(self) -> None:
        """Let go of what was read."""

    @abstractmethod
    def close(self, *, wait: bool) -> None:
        """Give the bench up, at once or after what is done at it."""


class ThreadBench(Bench):
    """A bench in a thread of this process.

    The thread is always the same, since memory that a thread has given back is not easily had by
    another.
    """

    def __init__(self, backfill: Backfill) -> None:
        self._backfill = backfill
        self._place = Worktop(backfill.market)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nemflow-bench")

    def read(self, path: Path, table: Table, month: Month) -> "FileFacts":
        """As `Bench.read`."""
        return self._do(functools.partial(self._place.read, path, table, month))

    def make(
        self, unit: Unit, found: Mapping[date, Found], tell: Callable[[FlowRunRecord], None]
    ) -> None:
        """As `Bench.make`."""
        errand = Errand(work=self._backfill.work(unit), found=found)
        conditions = self._backfill.conditions(unit)
        self._do(functools.partial(self._place.make, errand, conditions, tell))

    def clear(self) -> None:
        """As `Bench.clear`; flow runs may hold on to the desk until Python looks for cycles."""
        self._place.clear()

    def close(self, *, wait: bool) -> None:
        """As `Bench.close`."""
        self._thread.shutdown(wait=wait, cancel_futures=True)

    def _do(self, work: Callable[[], T]) -> T:
        return self._thread.submit(contextvars.copy_context().run, work).result()


class Benches:
    """The benches of a backfill, handed out one by one; at the end of its context they are given up.

    Args:
        benches: all of them.
    """

    def __init__(self, benches: Sequence[Bench]) -> None:
        self._all = benches
        self._free: queue.SimpleQueue[Bench] = queue.SimpleQueue()
        for bench in benches:
            self._free.put(bench)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        for bench in self._all:
            bench.close(wait=kind is None)

    def take(self) -> Bench:
        """Return a bench that is free, when there is one."""
        return self._free.get()

    def give_back(self, bench: Bench) -> None:
        """Clear a bench and make it free; the memory of what lay on it goes back to the system.

        One that is lost is given up: there is always one in this process.
        """
        try:
            bench.clear()
        except BenchLost as error:
            _log.warning("fewer files are worked on at once: %s", error)
        else:
            self._free.put(bench)


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

    def read(self, path: Path, table: Table, month: Month) -> "FileFacts":
        """Verify a table's file at the unit's bench, and keep its rows there."""
        return self.bench().read(path, table, month)

    def leave(self) -> None:
        """Give the bench back, if one was taken."""
        if self._bench is not None:
            self._benches.give_back(self._bench)
            self._bench = None
