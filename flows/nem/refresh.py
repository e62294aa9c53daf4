"""Looking for something better than what is stored: days that are due, and months issued again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow.errors import MarketError, one_line
from nemflow.flows.nem.batch import Conditions, run_batch
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.changes import Change, compare, read_values
from nemflow.flows.nem.on_disk import look
from nemflow.flows.nem.outcome import SCHEMA, FlowRunRecord, Outcome
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.standing import clean_standing, raw_standing, read_standing
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.market_time import Month

if TYPE_CHECKING:
    pass

DUE = "something better is due"
REISSUED = "the published file was issued again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a look at one stored day came to.

    Attributes:
        why: it was looked at.
        outcome: of the stage that ended worst, else of the raw stage.
        reason: why it came out like this; may be empty.
        error: one sentence on what failed, else None.
        changes: the values of the clean day that are others now.
    """

    dataset: str
    date: date
    why: str
    outcome: Outcome
    source_before: str = ""
    quality_before: str = ""
    source: str = ""
    quality: str = ""
    reason: str = ""
    error: str | None = None
    changes: tuple[Change, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the day as a JSON object."""
        return {
            "schema": SCHEMA,
            "dataset": self.dataset,
            "date": self.date.isoformat(),
            "why": self.why,
            "outcome": str(self.outcome),
            "source_before": self.source_before,
            "quality_before": self.quality_before,
            "source": self.source,
            "quality": self.quality,
            "reason": self.reason,
            "error": self.error,
            "changes": [change.as_json() for change in self.changes],
        }


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `start` to `end`, both included."""

    start: date
    end: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.start <= day <= self.end


def stored_days(data_dir: Path, dataset: str, span: Span) -> Iterator[date]:
    """Yield the days of which a raw file is kept, in order."""
    yield from sorted(look(data_dir, dataset, "raw", span.start, span.end).files)


def due_days(data_dir: Path, dataset: str, span: Span, now: datetime) -> Iterator[date]:
    """Yield the stored days that it is time to look at again, in order."""
    for day in stored_days(data_dir, dataset, span):
        paths = (raw_standing(data_dir, dataset, day), clean_standing(data_dir, dataset, day))
        standings = (read_standing(path) for path in paths)
        if any(standing is not None and standing.due_at <= now for standing in standings):
            yield day


def refresh_days(
    dataset: Dataset,
    days: Sequence[date],
    market: MarketSettings,
    conditions: Conditions,
    tell: Callable[[Refreshed], None],
    tell_run: Callable[[FlowRunRecord], None] = lambda record: None,
    *,
    why: str = DUE,
) -> None:
    """Run the stages of stored days again, and say what changed.

    Args:
        market: the settings that flows are built with.
        conditions: how; with `force` files are made again of what lies in the archive.
        tell: is given what became of each day.
        tell_run: is given the record of each flow run.
    """
    flows = [entry.build(market) for entry in CATALOG.dataset(dataset.name)]
    for day in days:
        before = read_values(market.data_dir, dataset, day)
        records: list[FlowRunRecord] = []

        def note(record: FlowRunRecord, kept: list[FlowRunRecord] = records) -> None:
            kept.append(record)
            tell_run(record)

        run_batch(flows, [day], conditions, note)
        written = any(record.outcome is Outcome.WRITTEN for record in records)
        after = read_values(market.data_dir, dataset, day) if written else before
        told = _worst(records)
        tell(
            Refreshed(
                dataset=dataset.name,
                date=day,
                why=why,
                outcome=told.outcome,
                source_before=before.source,
                quality_before=before.quality,
                source=after.source,
                quality=after.quality,
                reason=told.reason,
                error=told.error,
                changes=tuple(compare(before, after)),
            )
        )


def refresh_months(
    dataset: Dataset,
    span: Span,
    market: MarketSettings,
    conditions: Conditions,
    tell: Callable[[Refreshed], None],
    tell_run: Callable[[FlowRunRecord], None] = lambda record: None,
) -> None:
    """Ask whether the files of stored months were issued again, and take those that were.

    A conditional request for each file. A month that cannot be asked for is told as failed for its
    first day, and the others go on.
    """
    from nemflow.flows.nem.reissued import days_by_file, is_reissued
    from nemflow.tasks.nem.fetch import open_client

    with open_client(market) as client:
        stored = stored_days(market.data_dir, dataset.name, span)
        for (month, source), days in days_by_file(market, dataset, stored).items():
            try:
                changed = is_reissued(market, dataset, month, source, days, client)
            except MarketError as error:
                tell(_unasked(dataset, days, error))
                continue
            again = [day for day in days if day in changed]
            forced = replace(conditions, force=True)
            refresh_days(dataset, again, market, forced, tell, tell_run, why=REISSUED)


def _unasked(dataset: Dataset, days: Sequence[date], error: MarketError) -> Refreshed:
    return Refreshed(
        dataset=dataset.name,
        date=days[0],
        why=f"whether {Month.of(days[0])} was issued again",
        outcome=Outcome.FAILED,
        error=one_line(str(error)),
    )


def _planned(dataset: Dataset, day: date, why: str) -> Refreshed:
    return Refreshed(dataset=dataset.name, date=day, why=why, outcome=Outcome.PLANNED)


def planned(
    dataset: Dataset,
    span: Span,
    market: MarketSettings,
    days: Sequence[date],
    *,
    reissued: bool = False,
) -> Iterator[Refreshed]:
    """Yield what a refresh would look at: the due `days`, and each month of final ones."""
    yield from (_planned(dataset, day, DUE) for day in days)
    if reissued:
        from nemflow.flows.nem.reissued import days_by_file  # imports pyarrow

        stored = stored_days(market.data_dir, dataset.name, span)
        for (month, source), final in days_by_file(market, dataset, stored).items():
            yield _planned(dataset, final[0], f"whether {source} issued {month} again")


_BADNESS = (
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.OVERDUE,
    Outcome.HELD,
    Outcome.NOT_PUBLISHED,
    Outcome.WRITTEN,
)


def _worst(records: Sequence[FlowRunRecord]) -> FlowRunRecord:
    """Return the record that says most of what became of the day."""
    for outcome in _BADNESS:
        for record in records:
            if record.outcome is outcome:
                return record
    return records[0]
