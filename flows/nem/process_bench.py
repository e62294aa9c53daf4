"""Benches in processes of their own.

Threads would wait for each other: half of the work of a day is Python's, and the memory that they take
and give back is one. The process of a bench keeps its part of the history itself, so that this process
has to hear no more of a flow run than its record.
"""

import atexit
import functools
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nemflow import NemflowError, ProcessExecutor
from nemflow.flows.nem.backfill_order import Backfill, Recorded
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.bench import Bench, BenchLost
from nemflow.flows.nem.desk import Found
from nemflow.flows.nem.outcome import FlowRunRecord
from nemflow.flows.nem.plan import Unit
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.stretch import Errand, Worktop, errand_for
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import TABLES, Table

if TYPE_CHECKING:
    from nemflow.tasks.nem.verify import FileFacts

T = TypeVar("T")

# A process tells how far it is, and can be stopped, this often.
_TOLD_EVERY_S = 0.5
# Whoever waits for a process looks this often whether it is still wanted.
_LOOK_EVERY_S = 0.1

_log = logging.getLogger(__name__)


class ProcessBench(Bench):
    """A bench in a process of its own, which is started at once, to be ready when it is wanted.

    Should the process die, another does again what it was at, and reads the file anew.

    Raises:
        BenchLost: no process can be started.
    """

    def __init__(self, backfill: Backfill) -> None:
        self._backfill = backfill
        self._there = functools.partial(
            _There,
            replace(backfill.market, desk=None),
            backfill.prepare,
            backfill.recording,
            fail_fast=backfill.fail_fast,
        )
        self._process = ProcessExecutor(1)
        self._using = threading.Lock()
        self._is_closed = False
        self._tokens = itertools.count()
        with ExitStack() as opened:
            opened.enter_context(self._process.start())
            self._begin(_There.begin)
            self._opened = opened.pop_all()

    def read(self, path: Path, table: Table, month: Month) -> "FileFacts":
        """As `Bench.read`."""
        return self._call(_There.read, path, table.name, month)

    def make(
        self, unit: Unit, found: Mapping[date, Found], tell: Callable[[FlowRunRecord], None]
    ) -> None:
        """As `Bench.make`; what it has done is heard of twice a second."""
        conditions = self._backfill.conditions_elsewhere(unit)
        left = self._backfill.work(unit)
        before: dict[date, FlowRunRecord] = {}
        while any(left.values()) and not self._backfill.stop.is_set():
            errand = errand_for(left, found, before)
            for record in self._call(_There.make, errand, conditions):
                before[record.date] = record
                left[record.flow] = tuple(d for d in left[record.flow] if d != record.date)
                tell(record)

    def clear(self) -> None:
        """As `Bench.clear`; it is not waited for."""
        self._begin(_There.clear)

    def close(self, *, wait: bool) -> None:
        """As `Bench.close`; a process that is at work is told to end, and who waits for it too."""
        try:
            if wait:
                self._call(_There.leave)
        except NemflowError as error:  # all is made by now
            _log.warning("the history of some flow runs may lack their end: %s", error)
        finally:
            with self._using:
                self._is_closed = True
                self._opened.close()

    def _call(self, work: Callable[..., T], *arguments: object) -> T:
        """Have something done in the process; return what comes of it, or raise its error.

        Raises:
            CancelledError: the bench was closed meanwhile.
            BenchLost: the process died, and no other can be started.
        """
        token = self._begin(work, *arguments)
        while True:
            with self._in_use():
                ended = self._process.completed(_LOOK_EVERY_S)
            for done in ended:
                if done.token == token:  # others were not waited for
                    if done.error is not None:
                        raise done.error
                    outcome: T = done.outcome
                    return outcome

    def _begin(self, work: Callable[..., Any], *arguments: object) -> int:
        """Have something done in the process, when it has done what it is at."""
        token = next(self._tokens)
        with self._in_use():
            self._process.submit(token, _do_there, self._there, work, *arguments)
        return token

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._using:
            if self._is_closed:
                raise CancelledError
            try:
                yield
            except OSError as error:  # of this process: what is raised there comes as an outcome
                raise BenchLost(
                    f"no process can be started to work on it ({error}); --workers 1 needs none"
                ) from error


class _There:
    """The bench of a process, as it is in that process.

    Args:
        market: where prices come from and go to.
        prepare: called at once.
        recording: makes what hears of its flow runs.
        fail_fast: begin nothing more after a failure.
    """

    def __init__(
        self,
        market: MarketSettings,
        prepare: Callable[[], object],
        recording: Callable[[], AbstractContextManager[Recorded]] | None,
        *,
        fail_fast: bool,
    ) -> None:
        prepare()
        self._place = Worktop(market)
        self._opened = ExitStack()
        atexit.register(self._opened.close)
        self._recorded = self._opened.enter_context(recording()) if recording else None
        self._fail_fast = fail_fast

    def begin(self) -> None:
        """Do nothing but be there."""

    def read(self, path: Path, table: str, month: Month) -> "FileFacts":
        """As `Bench.read`, of the table of that name."""
        return self._place.read(path, TABLES[table], month)

    def make(self, errand: Errand, conditions: Conditions) -> list[FlowRunRecord]:
        """Do flow runs of an errand, at least one, for half a second or so; return their records."""
        records: list[FlowRunRecord] = []
        until = time.monotonic() + _TOLD_EVERY_S

        def tell(record: FlowRunRecord) -> None:
            records.append(record)
            if self._recorded is not None:
                self._recorded.add(record)

        def is_stopped() -> bool:
            is_over = time.monotonic() > until
            return bool(records) and (
                is_over or (self._fail_fast and records[-1].outcome.has_failed)
            )

        conditions = replace(conditions, is_stopped=is_stopped)
        if self._recorded is not None:
            conditions = replace(conditions, reporter=self._recorded.reporter)
        self._place.make(errand, conditions, tell)
        return records

    def clear(self) -> None:
        """As `Bench.clear`."""
        self._place.clear()

    def leave(self) -> None:
        """Let what hears of flow runs write down what it has heard."""
        self._opened.close()


_here: _There | None = None
"""The bench of this process, where it was started to be one."""


def _do_there(there: Callable[[], _There], work: Callable[..., T], *arguments: object) -> T:
    """Do something at the bench of this process, which is made when it is first wanted."""
    global _here
    _here = _here or there()
    return work(_here, *arguments)
