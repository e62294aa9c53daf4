"""The tally of a backfill: what is done, what goes on, what has failed, and how long it may yet take."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from nemflow.flows.nem.outcome import FlowRunRecord, Outcome
from nemflow.flows.nem.plan import BackfillPlan, Unit

_FAILURES = (Outcome.FAILED, Outcome.OVERDUE, Outcome.CANCELLED)
# What a day counts as, where its flow runs ended differently: the first of these that is among them.
_RANKS = (
    *_FAILURES,
    *(Outcome.HELD, Outcome.NOT_PUBLISHED, Outcome.NOT_RUN),
    *(Outcome.WRITTEN, Outcome.DONE, Outcome.PRESENT),
)


@dataclass(slots=True)
class UnitTally:
    """One published file under way or done.

    Attributes:
        unit: the days.
        phase: what is done with it now, in a word.
        fetched: bytes downloaded of files that are here.
        now: bytes of the file under way, and how many it has, if known.
        ended: how many flow runs have ended.
        began: when it was begun, in seconds.
        left: how many flow runs are to come, by day.
        outcomes: how those that have ended did, by day.
        failures: what failed.
    """

    unit: Unit
    began: float
    left: Counter[date]
    phase: str = "fetching"
    fetched: int = 0
    now: tuple[int, int | None] = (0, None)
    ended: int = 0
    outcomes: dict[date, set[Outcome]] = field(default_factory=dict)
    failures: list[FlowRunRecord] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Return how many bytes came."""
        return self.fetched + self.now[0]


class Screen(Protocol):
    """Shows a tally; called while the tally is locked."""

    def unit_ended(self, tally: "Tally", unit: UnitTally) -> None:
        """A published file is done with."""

    def log(self, level: int, text: str) -> None:
        """A log record has come, of a level of ``logging``."""

    def close(self, tally: "Tally") -> None:
        """Nothing more comes."""


class NoScreen:
    """The screen that shows nothing."""

    def unit_ended(self, tally: "Tally", unit: UnitTally) -> None:
        """Show nothing."""

    def log(self, level: int, text: str) -> None:
        """Show nothing."""

    def close(self, tally: "Tally") -> None:
        """Show nothing."""


class Tally:
    """Counts what a backfill tells it. Safe for threads.

    Args:
        plan: what there is to do.
        told: is given each record, while the tally is locked.
        clock: seconds.

    Attributes:
        lock: held while anything changes.
        screen: shows the tally.
        days: how many days have ended how.
        flow_runs: how many flow runs have ended how.
        rows: how many rows were written.
        sources: where they came from.
        failures: the records of what failed.
        reasons: why days came out as they did, with how many flow runs each.
        open: the published files under way, by name.
        units_ended: how many are done with.
        compacted: how many months were put into one file at the end.
    """

    def __init__(
        self,
        plan: BackfillPlan,
        told: Callable[[FlowRunRecord], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan = plan
        self.lock = threading.RLock()
        self.screen: Screen = NoScreen()
        self.days: Counter[Outcome] = Counter()
        self.flow_runs: Counter[Outcome] = Counter()
        self.rows = 0
        self.sources: set[str] = set()
        self.failures: list[FlowRunRecord] = []
        self.reasons: Counter[str] = Counter()
        self.open: dict[str, UnitTally] = {}
        self.units_ended = 0
        self.compacted = 0
        self._told = told
        self._clock = clock
        self._began = clock()
        self._bytes = 0

    @property
    def days_ended(self) -> int:
        """How many days have ended, of those that lacked something."""
        return self.days.total()

    @property
    def days_failed(self) -> int:
        """How many days have failed."""
        return sum(self.days[outcome] for outcome in _FAILURES)

    @property
    def bytes(self) -> int:
        """How many bytes were downloaded."""
        return self._bytes + sum(unit.bytes for unit in self.open.values())

    @property
    def began(self) -> float:
        """When it was begun, in seconds of the clock."""
        return self._began

    @property
    def elapsed_s(self) -> float:
        """Since when it goes on, in seconds."""
        return self._clock() - self._began

    @property
    def left_s(self) -> float | None:
        """How long it may yet take, in seconds; None before anything has ended."""
        ended = self.days_ended
        if not ended:
            return None
        return self.elapsed_s * (self.plan.lacking - ended) / ended

    def also_tell(self, told: Callable[[FlowRunRecord], None]) -> None:
        """Have somebody else, too, be given each record, before who was given it so far."""
        first = self._told

        def both(record: FlowRunRecord) -> None:
            told(record)
            first(record)

        self._told = both

    # what the backfill tells

    def unit_begun(self, unit: Unit) -> None:
        """Note it."""
        with self.lock:
            left = Counter(day for days in unit.lacking.values() for day in days)
            self.open[unit.name] = UnitTally(unit, self._clock(), left)

    def unit_fetching(self, unit: Unit, done: int, total: int | None) -> None:
        """Note how far the download is."""
        with self.lock:
            known = self.open[unit.name]
            if done < known.now[0]:  # another file
                known.fetched += known.now[0]
            known.now = (done, total)

    def unit_making(self, unit: Unit) -> None:
        """Note it."""
        with self.lock:
            self.open[unit.name].phase = "making"

    def flow_run_ended(self, unit: Unit, record: FlowRunRecord) -> None:
        """Count it."""
        with self.lock:
            known = self.open[unit.name]
            known.ended += 1
            self.flow_runs[record.outcome] += 1
            known.outcomes.setdefault(record.date, set()).add(record.outcome)
            known.left[record.date] -= 1
            if known.left[record.date] == 0:
                ends = known.outcomes.pop(record.date)
                self.days[next(rank for rank in _RANKS if rank in ends)] += 1
            self._note(known, record)
            self._told(record)

    def unit_ended(self, unit: Unit) -> None:
        """Show it."""
        with self.lock:
            known = self.open.pop(unit.name)
            self._bytes += known.bytes
            self.units_ended += 1
            self.screen.unit_ended(self, known)

    def _note(self, known: UnitTally, record: FlowRunRecord) -> None:
        if record.outcome is Outcome.WRITTEN:
            self.rows += record.rows or 0
            if record.source:
                self.sources.add(record.source)
        if record.outcome in _FAILURES:
            known.failures.append(record)
            self.failures.append(record)
        elif record.reason and record.outcome is not Outcome.NOT_RUN:
            self.reasons[record.reason] += 1

    def log(self, level: int, text: str) -> None:
        """Show a log record."""
        with self.lock:
            self.screen.log(level, text)


def group_failures(records: list[FlowRunRecord]) -> list[tuple[list[FlowRunRecord], str]]:
    """Put together what failed of neighbouring days for the same reason.

    Returns the records of each group and its sentence: that of the first.
    """
    groups: dict[tuple[str, str], list[FlowRunRecord]] = {}
    for record in records:
        sentence = _sentence(record)
        like = re.sub(re.escape(record.date.isoformat()), "…", sentence)
        groups.setdefault((record.flow, like), []).append(record)
    return [(group, _sentence(group[0])) for group in groups.values()]


def _sentence(record: FlowRunRecord) -> str:
    return record.error or record.reason or record.outcome.words
