"""A backfill on this machine: every unit in one lane, from download to last flow run.

A lane is a thread of this process. There are more of them than downloads may be open at once, so that
the network is busy while others work; and no more benches than there are workers, each a place at the
processors and in memory for one parsed file. So memory does not grow with the number of files.
"""

import functools
import logging
import threading
from collections import deque
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from nemflow import Executor, LocalExecutor, ThreadExecutor
from nemflow.flows.nem.backfill_order import Account, Backfill
from nemflow.flows.nem.bench import Bench, Benches, Seat
from nemflow.flows.nem.desk import Found
from nemflow.flows.nem.plan import Unit
from nemflow.flows.nem.stretch import fetch_days

if TYPE_CHECKING:
    from nemflow.tasks.nem.download import Client

# How long flow runs that are under way may take to end after an interruption.
_GRACE_S = 10.0

_log = logging.getLogger(__name__)


class Lanes:
    """Takes the units of a backfill through their lanes.

    Args:
        backfill: what is to be done.
        benches: where it is done.
        client: downloads; None where nothing has to be.
    """

    def __init__(self, backfill: Backfill, benches: Benches, client: "Client | None") -> None:
        self._backfill = backfill
        self._client = client
        self._benches = benches
        self._accounts = {unit.name: Account(backfill, unit) for unit in backfill.plan.units}
        self._at_work: set[str] = set()
        self._changed = threading.Condition()
        self._is_interrupted = False

    def run(self) -> None:
        """Take all units through, or as many as are begun before it is stopped."""
        lanes, width = self._lanes()
        waiting = deque(self._backfill.plan.units)
        under_way: set[str] = set()
        with lanes.start():
            try:
                while (waiting and not self._backfill.stop.is_set()) or under_way:
                    while waiting and len(under_way) < width and not self._backfill.stop.is_set():
                        unit = waiting.popleft()
                        under_way.add(unit.name)
                        lanes.submit(unit.name, self._lane, unit)
                    if under_way:
                        self._take(lanes, under_way)
            except BaseException:
                self._is_interrupted = True
                self._backfill.stop.set()
                self._let_end()
                raise

    def _lanes(self) -> tuple[Executor, int]:
        if isinstance(self._backfill.executor, LocalExecutor):
            return self._backfill.executor, 1
        width = self._backfill.workers + self._backfill.market.connections
        width = min(width, len(self._backfill.plan.units))
        return ThreadExecutor(width), width

    def _take(self, lanes: Executor, under_way: set[str]) -> None:
        for done in lanes.completed(None):
            under_way.discard(done.token)
            if done.error is not None:  # an interruption: what fails is told by its lane
                raise done.error

    def _let_end(self) -> None:
        """Give the flow runs that are under way the time to end; downloads are not waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work, _GRACE_S)

    def _lane(self, unit: Unit) -> None:
        backfill, seat = self._backfill, Seat(self._benches)
        found: dict[date, Found] = {}
        backfill.watcher.unit_begun(unit)
        try:
            to_fetch = unit.lacking.get("raw", ())
            if to_fetch and self._client is not None:
                progress = functools.partial(backfill.watcher.unit_fetching, unit)
                found = fetch_days(
                    *(to_fetch, backfill.dataset, backfill.market, self._client, progress),
                    verify=seat.read,
                    renew=not backfill.force,
                )
            self._make(unit, found, seat.bench())
        except Exception as error:  # beside the flow runs: its days fail with it, other files go on
            _log.debug("%s failed beside its flow runs", unit.name, exc_info=True)
            if not self._is_interrupted:  # by which its bench may have gone
                self._accounts[unit.name].fail(error)
        finally:
            seat.leave()
            backfill.watcher.unit_ended(unit)

    def _make(self, unit: Unit, found: Mapping[date, Found], bench: Bench) -> None:
        backfill = self._backfill
        with self._changed:
            if backfill.stop.is_set():
                return
            self._at_work.add(unit.name)
        try:
            backfill.watcher.unit_making(unit)
            bench.make(unit, found, self._accounts[unit.name].tell)
        finally:
            with self._changed:
                self._at_work.discard(unit.name)
                self._changed.notify_all()
