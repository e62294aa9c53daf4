"""The plan of a backfill: which days lack what, put together by the published file that holds them.

Pure: what lies on the disk and what the market publishes come in as arguments.

>>> january = [date(2014, 1, 30), date(2014, 1, 31), date(2014, 2, 1)]
>>> plan = plan_backfill(january, {"raw": {january[0]}, "clean": set()}, month_name)
>>> [(unit.name, len(unit.days), len(unit.lacking["raw"])) for unit in plan.units]
[('2014-01', 2, 1), ('2014-02', 1, 1)]
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nemflow.errors import SettingsError
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.feeds import Grain
from nemflow.tasks.nem.market_time import Month, today
from nemflow.tasks.nem.sources import Shelf, Source, ladder

# No report is kept for longer; the oldest lie in the archives of 54 weeks.
_REPORTS_REACH = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Unit:
    """Days to be worked on together, since one published file holds them.

    Attributes:
        name: of the file's span, such as ``2014-01``.
        days: that lack something, in the order in which they are to be made.
        lacking: the days that lack a stage, by the name of the stage; the stages in their order.
    """

    name: str
    days: tuple[date, ...]
    lacking: Mapping[str, tuple[date, ...]]

    @property
    def flow_runs(self) -> int:
        """How many flow runs it takes."""
        return sum(map(len, self.lacking.values()))


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill has to do.

    Attributes:
        units: in the order in which they are to be begun.
        asked: how many days were asked for.
    """

    units: tuple[Unit, ...]
    asked: int

    @property
    def lacking(self) -> int:
        """How many days lack something."""
        return sum(len(unit.days) for unit in self.units)

    @property
    def present(self) -> int:
        """How many days are all there."""
        return self.asked - self.lacking


def plan_backfill(
    days: Sequence[date],
    there: Mapping[str, Set[date]],
    span_of: Callable[[date], str],
    *,
    force: bool = False,
    newest_first: bool = False,
) -> BackfillPlan:
    """Plan the work for some days.

    Args:
        days: in order, each once.
        there: the days that are on the disk, by the name of the stage; the stages in their order.
        span_of: names the span of days that one published file holds, for one of its days.
        force: take what is there for missing.
        newest_first: begin with the last days.
    """
    ordered = list(reversed(days)) if newest_first else list(days)
    missing = {
        stage: set(ordered) if force else set(ordered).difference(found)
        for stage, found in there.items()
    }
    lacking_any: set[date] = set().union(*missing.values())
    spans: dict[str, list[date]] = {}
    for day in ordered:
        if day in lacking_any:
            spans.setdefault(span_of(day), []).append(day)
    units = tuple(_unit(name, found, missing) for name, found in spans.items())
    return BackfillPlan(units, len(ordered))


def month_name(day: date) -> str:
    """Return the name of the span of days in a file that holds a calendar month."""
    return str(Month.of(day))


def span_finder(
    dataset: Dataset, now: datetime, forced: Source | None = None
) -> Callable[[date], str]:
    """Return a function that names the span of days which share a published file, for one of them.

    It is that of the best source that is open. The small reports of trading days, of which each holds
    parts of two days, are taken together by the week.

    Args:
        dataset: what is asked for.
        now: the aware instant that says what is published.
        forced: the one source to use.
    """

    def span_of(day: date) -> str:
        # Long ago there are months alone: the ladder need not be asked day by day.
        if forced is None and today(now) - day > _REPORTS_REACH:
            return month_name(day)
        try:
            rungs = ladder(dataset, day, now, forced)
        except SettingsError:  # which the day's own flow run tells
            return month_name(day)
        rung = next((rung for rung in rungs if now >= rung.opens_at), None)
        if rung is None or rung.shelf is Shelf.MONTH or rung.folder.grain is Grain.MONTH:
            return month_name(day)
        if rung.folder.grain in (Grain.INTERVAL, Grain.DAY):
            return day.isoformat()
        sunday = day - timedelta(days=(day.weekday() + 1) % 7)  # as AEMO's weeks begin
        return f"week of {sunday}"

    return span_of


def _unit(name: str, days: Iterable[date], missing: Mapping[str, Set[date]]) -> Unit:
    kept = tuple(days)
    lacking = {
        stage: tuple(day for day in kept if day in lacks) for stage, lacks in missing.items()
    }
    return Unit(name, kept, lacking)
