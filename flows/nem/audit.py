"""Verification: stored files are read again, month by month, and held against each other.

::

    archive   sha256 against the sidecar
    raw       whole Parquet; as many rows as told; every interval; made of the archive's files; the
              text of the archive's rows (of one day a month, or of all)
    clean     whole Parquet; as many rows as told; every interval once; the same as raw gives (of all)
    prices    dispatch against trading prices and against PRICE_AND_DEMAND, average against trading
              prices, where both are here

Nothing is changed. One month is in memory at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from nemflow import parquet
from nemflow.errors import MarketError, UnreadableTarget, one_line
from nemflow.flows.nem.clean import tidy_day
from nemflow.flows.nem.desk import Desk
from nemflow.flows.nem.facts import DayFacts, read_facts
from nemflow.flows.nem.findings import Finding, Kind, Looked, Remedy
from nemflow.flows.nem.on_disk import STAGES, Stored, StoredFile, look
from nemflow.flows.nem.raw import read_again
from nemflow.flows.nem.second_source import comparisons
from nemflow.tasks.nem.archive_index import archived_files
from nemflow.tasks.nem.check import check_clean_day, check_raw_day
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.day_slices import split_clean_days
from nemflow.tasks.nem.holding import Holding, is_intact
from nemflow.tasks.nem.market_time import Month, market_day
from nemflow.tasks.nem.published import Published
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import TABLES


@dataclass(slots=True)
class Audit:
    """Verification of a data set from one day to another.

    Args:
        full: compare every day with the archive's rows, not one a month.
        tell: is given each month when it is begun.
        looked: how much was looked at.
    """

    data_dir: Path
    dataset: Dataset
    first: date
    last: date
    full: bool = False
    tell: Callable[[Month], None] = lambda month: None
    looked: Looked = field(default_factory=Looked)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, month by month."""
        archived = defaultdict(list)
        for held in archived_files(self.data_dir / "archive"):
            archived[Month.of(market_day(held.sidecar.last_stamp))].append(held)
        by_url = {h.file.url: h for holdings in archived.values() for h in holdings}
        stored = {
            stage: look(self.data_dir, self.dataset.name, stage, self.first, self.last)
            for stage in STAGES
        }
        first, last = Month.of(self.first), Month.of(self.last)
        months = {Month.of(day) for stage in STAGES for day in stored[stage].files}
        months |= {month for month in archived if first <= month <= last}
        for month in sorted(months):
            self.tell(month)
            for held in archived[month]:
                yield from self._archived(held, month)
            yield from _Month(self, month, stored, by_url).findings()

    def _archived(self, held: Holding, month: Month) -> Iterator[Finding]:
        self.looked.archived += 1
        if not is_intact(held):
            yield Finding(
                kind=Kind.ARCHIVE_DAMAGED,
                stage="archive",
                first=month.first_day,
                last=month.last_day,
                path=str(held.file.path),
                says="is no longer what was fetched: its size or sha256 is not that of its sidecar",
                remedy=Remedy.REMAKE_RAW,
            )


class _Month:
    """The days of one month."""

    def __init__(
        self,
        audit: Audit,
        month: Month,
        stored: Mapping[str, Stored],
        archive: Mapping[str, Holding],
    ) -> None:
        self._audit = audit
        self._dataset = audit.dataset
        self._files = {
            stage: {d: f for d, f in sorted(stored[stage].files.items()) if Month.of(d) == month}
            for stage in STAGES
        }
        self._archive = archive
        self._desk = Desk()  # so that a published file is parsed once for all its days
        self._raw: dict[date, pa.Table] = {}

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong."""
        raws = self._files["raw"]
        sample = set(raws) if self._audit.full else set(list(raws)[-1:])
        for day, file in raws.items():
            yield from self._raw_day(day, file, is_compared=day in sample)
        for file, group in groupby(self._files["clean"].items(), lambda item: item[1]):
            days = [day for day, _ in group]
            yield from self._clean_file(file, days)
        self._desk.clear()

    def _raw_day(self, day: date, file: StoredFile, *, is_compared: bool) -> Iterator[Finding]:
        def found(kind: Kind, says: str) -> Finding:
            return _finding(kind, "raw", day, file, says, Remedy.REMAKE_RAW)

        try:
            rows, facts = parquet.read_table(file.path), read_facts(file, day)
        except UnreadableTarget as error:
            yield found(Kind.UNREADABLE, str(error))
            return
        self._audit.looked.raw += 1
        if facts.rows is not None and facts.rows != rows.num_rows:
            yield found(Kind.OTHER_COUNT, f"has {rows.num_rows:,} rows and tells of {facts.rows:,}")
        table = TABLES.get(facts.get("table"))
        if table is None:
            yield found(
                Kind.UNREADABLE, f"is of the table {facts.get('table')!r}, which is not known"
            )
            return
        try:
            check_raw_day(rows, self._dataset, table, day, regions=regions_on(day))
        except (MarketError, KeyError) as error:
            yield found(Kind.NOT_WHOLE, f"is not whole: {error}")
            return
        if self._audit.full:
            self._raw[day] = rows
        other = _other_file(facts, self._archive)
        if other:
            yield found(Kind.OTHER_SOURCE, other)
        elif is_compared:
            says = self._other_text(day, rows, facts)
            if says:
                yield found(Kind.OTHER_TEXT, says)

    def _other_text(self, day: date, rows: pa.Table, facts: DayFacts) -> str:
        """Return how the rows differ from those of the archive's files, if these are all here."""
        published = _published(facts, day, self._archive)
        if published is None:
            return ""
        self._audit.looked.compared += 1
        try:
            again = read_again(published, self._dataset, self._desk)
        except MarketError as error:
            return f"is of a published file that does not give the day any more: {error}"
        return _difference(rows, again, "the published file")

    def _clean_file(self, file: StoredFile, days: list[date]) -> Iterator[Finding]:
        try:
            table = parquet.read_table(file.path)
            parts = split_clean_days(table)
        except (UnreadableTarget, MarketError, KeyError) as error:
            yield _finding(Kind.UNREADABLE, "clean", days[0], file, str(error), Remedy.REMAKE_CLEAN)
            return
        for day in days:
            yield from self._clean_day(day, file, parts.get(day, table.slice(0, 0)))

    def _clean_day(self, day: date, file: StoredFile, rows: pa.Table) -> Iterator[Finding]:
        def found(kind: Kind, says: str, remedy: Remedy = Remedy.REMAKE_CLEAN) -> Finding:
            return _finding(kind, "clean", day, file, says, remedy)

        self._audit.looked.clean += 1
        told = read_facts(file, day).rows
        if told is not None and told != rows.num_rows:
            yield found(Kind.OTHER_COUNT, f"has {rows.num_rows:,} rows and tells of {told:,}")
        try:
            check_clean_day(rows, self._dataset, day)
        except (MarketError, KeyError) as error:
            yield found(Kind.NOT_WHOLE, f"is not whole: {error}")
            return
        if day in self._raw:
            says = self._other_clean(day, rows)
            if says:
                yield found(Kind.OTHER_CLEAN, says)
        for name, says in self._second_sources(day, rows):
            yield found(Kind.SECOND_SOURCE, f"{name}: {says}", Remedy.ASK_AGAIN)

    def _other_clean(self, day: date, rows: pa.Table) -> str:
        try:
            again = tidy_day(self._raw[day], self._dataset, day)
        except MarketError as error:
            return f"is of raw rows that cannot be made clean: {error}"
        return _difference(rows, again, "the raw day, made clean again")

    def _second_sources(self, day: date, rows: pa.Table) -> Iterator[tuple[str, str]]:
        """Yield how prices differ from other sources of them that are here."""
        for name, found in comparisons(rows, self._dataset, day, self._audit.data_dir):
            self._audit.looked.second += 1
            if found is not None:
                yield name, str(found)


def _finding(
    kind: Kind, stage: str, day: date, file: StoredFile, says: str, remedy: Remedy
) -> Finding:
    last = Month.of(day).last_day if file.is_month and kind is Kind.UNREADABLE else day
    words = one_line(says)
    return Finding(
        kind=kind, stage=stage, first=day, last=last, path=file.path, says=words, remedy=remedy
    )


def _other_file(facts: DayFacts, archive: Mapping[str, Holding]) -> str:
    for made_of in facts.files:
        held = archive.get(made_of.url)
        if held is not None and held.file.sha256 != made_of.sha256:
            return f"was made of another {held.file.path.name} than the archive has"
    return ""


def _published(facts: DayFacts, day: date, archive: Mapping[str, Holding]) -> Published | None:
    """Return the published files that a day was made of; None if not all are here."""
    held = [archive.get(made_of.url) for made_of in facts.files]
    files = tuple(one.file for one in held if one is not None)
    if not files or len(files) < len(held):
        return None
    return Published(day, Source(facts.get("source").removeprefix("SYNTHETIC ")), files, "")


def _difference(ours: pa.Table, theirs: pa.Table, what: str) -> str:
    """Say how rows differ from what they should be; empty where they do not."""
    missing = [name for name in theirs.column_names if name not in ours.column_names]
    if missing:
        return f"lacks columns that {what} has: {', '.join(missing)}"
    if ours.num_rows != theirs.num_rows:
        return f"has {ours.num_rows:,} rows where {what} has {theirs.num_rows:,}"
    for name in theirs.column_names:
        if ours[name].equals(theirs[name]):
            continue
        pairs = zip(ours[name].to_pylist(), theirs[name].to_pylist(), strict=True)
        wrong = [(n, a, b) for n, (a, b) in enumerate(pairs) if a != b]
        if wrong:
            row, mine, other = wrong[0]
            return (
                f"differs from {what} in {len(wrong):,} values of {name}, the first in row {row}: "
                f"{mine!r} instead of {other!r}"
            )
    return ""
