"""What is asked of a backfill, who hears of it, and the account of its flow runs."""

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from nemflow import Executor, Reporter, RunSettings, Silent
from nemflow.errors import NemflowError, one_line
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import FlowRunRecord, Outcome
from nemflow.flows.nem.plan import BackfillPlan, Unit
from nemflow.flows.nem.settings import MarketSettings


class Watcher(Protocol):
    """Hears how a backfill goes on, from several threads at once."""

    def unit_begun(self, unit: Unit) -> None:
        """Work on a unit begins."""

    def unit_fetching(self, unit: Unit, done: int, total: int | None) -> None:
        """A download is so far, in bytes; less than before is another file of the unit."""

    def unit_making(self, unit: Unit) -> None:
        """The files of a unit are here; its days are made."""

    def flow_run_ended(self, unit: Unit, record: FlowRunRecord) -> None:
        """A flow run has ended."""

    def unit_ended(self, unit: Unit) -> None:
        """Nothing more happens with a unit."""


class Recorded(Protocol):
    """Hears of flow runs, in the process where they are done."""

    @property
    def reporter(self) -> Reporter:
        """Hears what flow runs report, from several threads at once."""

    def add(self, record: FlowRunRecord) -> None:
        """Hear of a flow run that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What is to be done, and how.

    Attributes:
        plan: the units.
        dataset: its name.
        flows: the name of the flow of each stage of the plan, in the order of the stages.
        market: where prices come from and go to.
        settings: the engine's.
        watcher: hears how it goes on.
        reporter: hears of every flow run, from several threads at once; None for nobody.
        recording: makes what hears of flow runs in another process of this machine, so that they
            need not be told of here; it is sent there. Without it, but with a reporter, all that
            this machine does is done in threads of this process.
        executor: where days are made; None for this process and others that are started for it.
        workers: how many units may use a processor at once, on this machine.
        force: make files again though they are there.
        remake: why flow runs are to make their targets again, by flow and day.
        fail_fast: begin nothing more after a failure.
        synthetic: the market is the sandbox.
        stop: set it to have nothing more begun.
        prepare: called when the first downloads are about to begin, if files are parsed here.
    """

    plan: BackfillPlan
    dataset: str
    flows: dict[str, str]
    market: MarketSettings
    settings: RunSettings
    watcher: Watcher
    reporter: Reporter | None = None
    recording: Callable[[], AbstractContextManager[Recorded]] | None = None
    executor: Executor | None = None
    workers: int = 1
    force: bool = False
    remake: Mapping[tuple[str, date], str] = field(default_factory=dict)
    fail_fast: bool = False
    synthetic: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    prepare: Callable[[], object] = lambda: None

    def conditions(self, unit: Unit) -> Conditions:
        """Return how the flow runs of a unit are to be done in this process."""
        return replace(
            self.conditions_elsewhere(unit),
            reporter=self.reporter or Silent(),
            is_stopped=self.stop.is_set,
        )

    def conditions_elsewhere(self, unit: Unit) -> Conditions:
        """Return how the flow runs of a unit are to be done in another process."""
        days = set(unit.days)
        return Conditions(
            settings=self.settings,
            force=self.force,
            remake={key: why for key, why in self.remake.items() if key[1] in days},
            synthetic=self.synthetic,
            now=self.market.now,
        )

    def work(self, unit: Unit) -> dict[str, tuple[date, ...]]:
        """Return the days of a unit by the name of the flow."""
        return {self.flows[stage]: days for stage, days in unit.lacking.items() if days}


class Account:
    """The records of the flow runs of one unit.

    Args:
        backfill: whose unit it is.
        unit: the days.
    """

    def __init__(self, backfill: Backfill, unit: Unit) -> None:
        self._backfill = backfill
        self._unit = unit
        self._told: set[tuple[str, date]] = set()

    def tell(self, record: FlowRunRecord) -> None:
        """Tell of a flow run that has ended; after a failure nothing more may be begun."""
        self._told.add((record.flow, record.date))
        if self._backfill.fail_fast and record.outcome.has_failed:
            self._backfill.stop.set()
        self._backfill.watcher.flow_run_ended(self._unit, record)

    def fail(self, error: BaseException) -> None:
        """Tell that all flow runs which have not ended failed, because of an error beside them."""
        expected = isinstance(error, (NemflowError, OSError)) and str(error)
        words = one_line(str(error) if expected else f"{type(error).__name__}: {error}")
        for flow, days in self._backfill.work(self._unit).items():
            for day in days:
                if (flow, day) not in self._told:
                    self.tell(_failed(flow, day, words, synthetic=self._backfill.synthetic))


def _failed(flow: str, day: date, error: str, *, synthetic: bool) -> FlowRunRecord:
    return FlowRunRecord(
        flow_run=f"{flow}_{day}",
        flow=flow,
        date=day,
        state="Failed",
        outcome=Outcome.FAILED,
        synthetic=synthetic,
        error=error,
    )
