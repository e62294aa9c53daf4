"""A backfill whose days are made in other processes: this one downloads, verifies and sends.

Files travel as their paths in the archive, so those processes have to see the same data directory.
What comes back is a few records for each unit, and what its flow runs reported.
"""

import functools
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from nemflow import Executor, ThreadExecutor, tell_again
from nemflow.flows.nem.backfill_order import Account, Backfill
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.desk import Found
from nemflow.flows.nem.plan import Unit
from nemflow.flows.nem.stretch import errand_for, fetch_days, run_errand

if TYPE_CHECKING:
    from nemflow.tasks.nem.download import Client

_POLL_S = 0.02  # how soon the end of a download is noticed while days are made elsewhere


class Errands:
    """Fetches the units of a backfill here and has their days made by an executor.

    Args:
        backfill: what is to be done.
        client: downloads; None where nothing has to be.
        makers: where days are made.
    """

    def __init__(self, backfill: Backfill, client: "Client | None", makers: Executor) -> None:
        self._backfill = backfill
        self._client = client
        self._makers = makers
        self._fetchers = ThreadExecutor(backfill.market.connections)
        self._units = {unit.name: unit for unit in backfill.plan.units}
        self._accounts = {unit.name: Account(backfill, unit) for unit in backfill.plan.units}
        self._waiting = deque(backfill.plan.units)
        self._fetching: set[str] = set()
        self._fetched: deque[tuple[Unit, Mapping[date, Found]]] = deque()
        self._making: set[str] = set()
        flows = [CATALOG.get(name).build(backfill.market) for name in backfill.flows.values()]
        self._versions = None if backfill.reporter is None else {f.name: f.version for f in flows}

    def run(self) -> None:
        """Have all units made, or as many as are begun before it is stopped."""
        with self._fetchers.start(), self._makers.start():
            while True:
                self._hand_out()
                if not (self._fetching or self._making):
                    return
                self._take_in()

    def _hand_out(self) -> None:
        if self._backfill.stop.is_set():
            self._waiting.clear()
            self._fetched.clear()
        ahead = self._backfill.market.connections
        while self._waiting and len(self._fetching) + len(self._fetched) < ahead:
            unit = self._waiting.popleft()
            self._backfill.watcher.unit_begun(unit)
            self._fetching.add(unit.name)
            self._fetchers.submit(unit.name, self._fetch, unit)
        while self._fetched and len(self._making) < self._makers.room:
            self._send(*self._fetched.popleft())

    def _fetch(self, unit: Unit) -> Mapping[date, Found]:
        to_fetch = unit.lacking.get("raw", ())
        if not to_fetch or self._client is None:
            return {}
        progress = functools.partial(self._backfill.watcher.unit_fetching, unit)
        backfill = self._backfill
        return fetch_days(
            *(to_fetch, backfill.dataset, backfill.market, self._client, progress),
            renew=not backfill.force,
        )

    def _send(self, unit: Unit, found: Mapping[date, Found]) -> None:
        backfill = self._backfill
        backfill.watcher.unit_making(unit)
        self._making.add(unit.name)
        self._makers.submit(
            unit.name,
            run_errand,
            errand_for(backfill.work(unit), found),
            replace(backfill.market, desk=None),
            backfill.conditions_elsewhere(unit),
            self._versions,
        )

    def _take_in(self) -> None:
        if self._fetching:
            # only where nothing is made elsewhere is there time to wait
            for done in self._fetchers.completed(0 if self._making else None):
                self._fetching.discard(done.token)
                if done.error is None:
                    self._fetched.append((self._units[done.token], done.outcome))
                else:
                    self._fail(done.token, done.error)
        if self._making:
            for done in self._makers.completed(_POLL_S if self._fetching else None):
                self._making.discard(done.token)
                if done.error is not None:
                    self._fail(done.token, done.error)
                    continue
                records, told = done.outcome
                if self._backfill.reporter is not None:
                    tell_again(told, self._backfill.reporter)
                for record in records:
                    self._accounts[done.token].tell(record)
                self._backfill.watcher.unit_ended(self._units[done.token])

    def _fail(self, name: str, error: BaseException) -> None:
        if not isinstance(error, Exception):
            raise error
        self._accounts[name].fail(error)
        self._backfill.watcher.unit_ended(self._units[name])
