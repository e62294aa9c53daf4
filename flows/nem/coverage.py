"""Coverage: how each day of a data set stands, from one look at each folder; no data file is opened.

What only the history knows (that a day failed, how many rows a file was given) comes in as an
argument, for it is advice. What takes a look into the files comes in too (`stale`).
"""

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from nemflow.flows.nem.on_disk import STAGES, Stored, StoredFile, look
from nemflow.flows.nem.standing import read_standing
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.market_time import today
from nemflow.tasks.nem.regions import REGIONS, regions_on
from nemflow.tasks.nem.sources import Quality, ladder

USUAL_ROWS = (len(REGIONS) * 288, len(REGIONS) * 48)
"""The rows of nearly every clean day."""

_DAY = timedelta(days=1)
_LATEST_TO_COME = timedelta(days=100)  # what is older is published, or never will be
# File systems of network drives count in steps of two seconds.
_COARSEST_CLOCK_S = 2.0


class DayStatus(enum.StrEnum):
    """How a day stands; of the stages of a day the one that stands first here counts."""

    FAILED = "failed"
    MISSING = "missing"
    ODD = "odd"
    STALE = "stale"
    LIVE = "live"
    PRELIMINARY = "preliminary"
    NOT_PUBLISHED = "not_published"
    FINAL = "final"

    @property
    def words(self) -> str:
        """The status as a person reads it."""
        return _WORDS.get(self, str(self))

    @property
    def asks_for_work(self) -> bool:
        """Whether there is something to do about it."""
        return self in _TO_DO


_WORDS = {DayStatus.ODD: "odd number of rows", DayStatus.NOT_PUBLISHED: "not published yet"}
_TO_DO = frozenset({DayStatus.FAILED, DayStatus.MISSING, DayStatus.ODD, DayStatus.STALE})
_ABSENT = frozenset({DayStatus.FAILED, DayStatus.MISSING, DayStatus.NOT_PUBLISHED})
_SEVERITY = {status: number for number, status in enumerate(DayStatus)}


@dataclass(frozen=True, slots=True)
class DayState:
    """How one day stands.

    Args:
        why: where the status does not say it all.
        due: it is time to look for something better.
        stages: which of the stages stand so.
    """

    status: DayStatus
    why: str = ""
    due: bool = False
    stages: tuple[str, ...] = STAGES

    @property
    def is_there(self) -> bool:
        """Whether the day has a file."""
        return self.status not in _ABSENT

    @property
    def is_begun(self) -> bool:
        """Whether the day has a file, or a run that failed."""
        return self.is_there or self.status is DayStatus.FAILED

    @property
    def asks_for_work(self) -> bool:
        """Whether there is something to do about it."""
        return self.due or self.status.asks_for_work


@dataclass(frozen=True, slots=True)
class Written:
    """What the history says that a file was given.

    Args:
        rows: in the file.
        size: of the file in bytes.
    """

    rows: int | None
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the history knows; nothing, if there is none.

    Args:
        failures: the sentence on each day whose last run failed, by stage and day.
        unpublished: the days of which the last run found nothing published, by stage and day.
        written: of files, by their path.
        stale: why a day is to be made again, by stage and day, from a look into the files; None if
            nobody has looked: then the times of the files count.
    """

    failures: Mapping[tuple[str, date], str] = field(default_factory=dict)
    unpublished: frozenset[tuple[str, date]] = frozenset()
    written: Mapping[str, Written] = field(default_factory=dict)
    stale: Mapping[tuple[str, date], str] | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Neighbouring days that one thing is to be done about.

    Args:
        first, last: the days, both included.
        state: how the first of them stands.
    """

    first: date
    last: date
    state: DayState

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """How the days of a data set stand, in order; of one stage, or of all together."""

    dataset: str
    days: Mapping[date, DayState]

    def totals(self) -> Counter[DayStatus]:
        """Return how many days stand how."""
        return Counter(state.status for state in self.days.values())

    def due(self) -> int:
        """Return of how many days something better is due."""
        return sum(state.due for state in self.days.values())

    def trimmed(self) -> "Coverage":
        """Return it without the days before the first that is there or failed, and years of none."""
        begun = [day for day, state in self.days.items() if state.is_begun]
        years = {day.year for day in begun}
        kept = {
            day: state for day, state in self.days.items() if day.year in years and day >= begun[0]
        }
        return Coverage(self.dataset, kept)

    def gaps(self) -> Iterator[Gap]:
        """Yield the stretches of days that ask for the same work, in order."""
        gap: Gap | None = None
        for day, state in self.days.items():
            if gap is not None and (_kind(state) != _kind(gap.state) or day - gap.last > _DAY):
                yield gap
                gap = None
            if state.asks_for_work:
                gap = Gap(day, day, state) if gap is None else Gap(gap.first, day, gap.state)
        if gap is not None:
            yield gap


def read_coverage(
    data_dir: Path, dataset: Dataset, first: date, last: date, now: datetime, known: Known
) -> dict[str, Coverage]:
    """Return how the days from `first` to `last` stand, by stage.

    Args:
        now: decides what can be published and what is due, aware.
        known: what the history says.
    """
    stored = {stage: look(data_dir, dataset.name, stage, first, last) for stage in STAGES}
    reader = _Reader(dataset, stored, now, known)
    span = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    return {
        stage: Coverage(dataset.name, {day: reader.state(stage, day) for day in span})
        for stage in STAGES
    }


def combine(coverage: Mapping[str, Coverage]) -> Coverage:
    """Return how the days stand with all their stages: as the stage that is worst off."""
    [raw, clean] = (coverage[stage] for stage in STAGES)
    days = {day: _worse(state, clean.days[day]) for day, state in raw.days.items()}
    return Coverage(raw.dataset, days)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Tells how a day stands."""

    dataset: Dataset
    stored: Mapping[str, Stored]
    now: datetime
    known: Known

    def state(self, stage: str, day: date) -> DayState:
        """Return how a stage of a day stands."""
        file = self.stored[stage].files.get(day)
        if file is None:
            return self._absent(stage, day)
        if stage == "clean" and self._is_odd(file, day):
            rows = self.known.written[file.path].rows
            return DayState(DayStatus.ODD, f"{rows} rows", stages=(stage,))
        why = self._stale(stage, day, file)
        if why:
            return DayState(DayStatus.STALE, why, stages=(stage,))
        path = self.stored[stage].standings.get(day)
        return _FINAL[stage] if path is None else self._unsettled(stage, path)

    def _absent(self, stage: str, day: date) -> DayState:
        if (stage, day) in self.known.failures:
            return DayState(DayStatus.FAILED, self.known.failures[stage, day], stages=(stage,))
        has_source = stage == "clean" and day in self.stored["raw"].files
        if not has_source and self._is_to_come(stage, day):
            return DayState(DayStatus.NOT_PUBLISHED, stages=(stage,))
        return _MISSING[stage]

    def _is_to_come(self, stage: str, day: date) -> bool:
        """Tell whether nothing has the day yet, by the usual times or by the last run."""
        if today(self.now) - day > _LATEST_TO_COME:
            return False
        rungs = ladder(self.dataset, day, self.now)
        if not rungs:
            return False
        if all(self.now < rung.usual_at for rung in rungs):
            return True
        is_overdue = self.now >= min(rung.overdue_at for rung in rungs)
        return (stage, day) in self.known.unpublished and not is_overdue

    def _is_odd(self, file: StoredFile, day: date) -> bool:
        written = None if file.is_month else self.known.written.get(file.path)
        # A file of another size was put there by another machine: its rows are not known.
        if written is None or written.rows is None or written.size != file.size:
            return False
        return not _is_usual(written.rows, day)

    def _stale(self, stage: str, day: date, file: StoredFile) -> str:
        if self.known.stale is not None:
            return self.known.stale.get((stage, day), "")
        is_older = stage == "clean" and self._is_older(file, day)
        return "the raw file is newer" if is_older else ""

    def _is_older(self, clean: StoredFile, day: date) -> bool:
        raw = self.stored["raw"].files.get(day)
        return raw is not None and raw.changed_at > clean.changed_at + _COARSEST_CLOCK_S

    def _unsettled(self, stage: str, path: str) -> DayState:
        standing = read_standing(Path(path))
        if standing is None:  # it has just been removed
            return _FINAL[stage]
        is_live = standing.quality is Quality.LIVE
        return DayState(
            DayStatus.LIVE if is_live else DayStatus.PRELIMINARY,
            f"from {standing.source}" if standing.source else "",
            due=standing.due_at <= self.now,
            stages=(stage,),
        )


_FINAL = {stage: DayState(DayStatus.FINAL, stages=(stage,)) for stage in STAGES}
_MISSING = {stage: DayState(DayStatus.MISSING, stages=(stage,)) for stage in STAGES}
_ALL_FINAL, _ALL_MISSING = DayState(DayStatus.FINAL), DayState(DayStatus.MISSING)


def _worse(raw: DayState, clean: DayState) -> DayState:
    if raw.status is clean.status:
        if raw.status is DayStatus.FINAL:  # nearly all days
            return _ALL_FINAL
        if raw.status is DayStatus.MISSING:
            return _ALL_MISSING
        return DayState(raw.status, raw.why or clean.why, raw.due or clean.due)
    worse, other = sorted((raw, clean), key=lambda state: _SEVERITY[state.status])
    if other.due and not worse.due and worse.is_there:
        return DayState(worse.status, worse.why, True, worse.stages)
    return worse


def _kind(state: DayState) -> tuple[object, ...]:
    return (state.status, state.due, state.stages, state.asks_for_work)


def _is_usual(rows: int, day: date) -> bool:
    """Tell whether a clean day may have so many rows: 288 or 48 of each region."""
    regions = len(regions_on(day))
    if rows in (regions * 288, regions * 48):
        return True
    return regions_on(day - _DAY) != regions_on(day)  # a region begins within the day
