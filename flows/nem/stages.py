"""The stages of a data set: a flow each, one run a day, built with the reusable ``build_etl``.

::

    nem_prices_raw    AEMO's published file ──> the day's rows, text unchanged ──> raw/…parquet
    nem_prices_clean  the day's raw file ──> typed, tidy, checked ──> clean/…parquet

A stage is a flow of its own, so that its targets carry its name and either can be run alone; the clean
stage's extract reads the raw stage's target. Building a flow does no work and loads nothing heavy: the
work of a stage lies in ``raw.py`` and ``clean.py``, which are imported when a task runs.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import Flow, Parameter, build_etl, parquet, signals
from nemflow.flows.nem.handover import Handover
from nemflow.flows.nem.months import CleanPlace, CleanResult, write_clean
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.raw_result import RawResult
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.datasets import DATASETS, Dataset

if TYPE_CHECKING:
    import pyarrow as pa

    from nemflow.tasks.nem.archive import Published

RUN_NAME = "{flow_name}_{date:%Y-%m-%d}"


class NOT_PUBLISHED(signals.SKIP):  # noqa: N801  # signals shout, as the engine's own do
    """The day is not published yet: neither a failure nor a hole."""

    not_published = True


class UNCHANGED(signals.SKIP):  # as above
    """The day is as it was kept: AEMO has nothing better yet."""

    unchanged = True


def build_raw(dataset: Dataset, settings: MarketSettings) -> Flow:
    """Build the flow that keeps AEMO's rows of one day, text unchanged, with their provenance.

    With ``renew`` it looks for something better or newer than what is kept of the day, and leaves
    that alone if there is nothing.
    """

    def extract(date: date, renew: bool) -> "Published":
        from nemflow.flows.nem.fetching import fetch
        from nemflow.tasks.nem.fetch import NotPublishedYet

        try:
            return fetch(date, dataset, settings, renew=renew)
        except NotPublishedYet as error:
            if error.overdue:
                raise
            raise NOT_PUBLISHED(str(error)) from error

    def transform(published: "Published", date: date, renew: bool) -> "pa.Table":
        from nemflow.flows.nem.raw import keep_as_it_is, select_day

        rows = select_day(published, dataset, settings)
        if renew and (reason := keep_as_it_is(rows, published, dataset, settings)):
            raise UNCHANGED(reason)
        return rows

    maker = _Maker(build_raw, dataset.name, settings.versioned)
    handover = Handover()

    def load(rows: "pa.Table", date: date, path: Path) -> None:
        signed = maker.sign(rows)
        parquet.write_table(signed, path, statistics_columns=[])
        handover.put(path, signed.schema.metadata)
        if settings.desk is not None:
            settings.desk.put_raw(date, rows)

    return build_etl(
        f"{dataset.name}_raw",
        extract=extract,
        transform=transform,
        load=load,
        parameters=[Parameter("date"), Parameter("renew", default=False)],
        target=raw_target(dataset.name),
        result=RawResult(settings.data_dir, dataset.name, handover),
        flow_run_name=RUN_NAME,
    )


def build_clean(dataset: Dataset, settings: MarketSettings) -> Flow:
    """Build the flow that makes a typed, tidy and checked table of one day's raw file.

    It goes into a file of the day; where the month is compacted, into the month's file, in place of
    what that held of the day.
    """

    def extract(date: date) -> "pa.Table":
        from nemflow.flows.nem.clean import read_raw

        return read_raw(dataset, settings.data_dir, date, settings.desk)

    def transform(raw: "pa.Table", date: date) -> "pa.Table":
        from nemflow.flows.nem.clean import tidy_day

        return tidy_day(raw, dataset, date, settings.desk)

    maker = _Maker(build_clean, dataset.name, settings.versioned)
    handover = Handover()

    def load(clean: "pa.Table", date: date, path: Path) -> None:
        signed = maker.sign(clean)
        write_clean(signed, path)
        handover.put(path, signed.schema.metadata)

    return build_etl(
        f"{dataset.name}_clean",
        extract=extract,
        transform=transform,
        load=load,
        parameters=[Parameter("date")],
        target=CleanPlace(settings.data_dir, dataset.name),
        result=CleanResult(settings.data_dir, handover),
        flow_run_name=RUN_NAME,
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Writes into a table which version of a stage's flow makes it.

    Tasks close over it, so that it is no part of that version itself (flows/version.py).
    """

    build: Callable[[Dataset, MarketSettings], Flow]
    dataset: str
    is_asked: bool

    def sign(self, table: "pa.Table") -> "pa.Table":
        """Return the table with the version in its metadata."""
        if not self.is_asked:
            return table
        version = _version_of(self.build, self.dataset)
        known = {**(table.schema.metadata or {}), b"nemflow.flow_version": version.encode()}
        return table.replace_schema_metadata(known)


@functools.cache
def _version_of(build: Callable[[Dataset, MarketSettings], Flow], dataset: str) -> str:
    return build(DATASETS[dataset], MarketSettings(Path(), Path())).version
