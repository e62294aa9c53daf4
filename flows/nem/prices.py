"""The price flows: one run a day and stage, built with the reusable extract-transform-load flow.

::

    nem_prices_raw    AEMO's published file ──> the day's rows, text unchanged ──> raw/…parquet
    nem_prices_clean  the day's raw file ──> typed, tidy, checked ──> clean/…parquet

A stage is a flow of its own, so that its targets carry its name and either can be run alone; the clean
stage's extract reads the raw stage's target. Building a flow does no work and loads nothing heavy: the
work of a stage lies in ``raw.py`` and ``clean.py``, which are imported when a task runs.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow import FileResult, Flow, Parameter, build_etl, parquet, signals
from nemflow.flows.nem.places import clean_target, raw_target
from nemflow.flows.nem.settings import MarketSettings

if TYPE_CHECKING:
    import pyarrow as pa

    from nemflow.tasks.nem.archive import Published

RUN_NAME = "{flow_name}_{date:%Y-%m-%d}"
RAW_TARGET = raw_target("nem_prices")
CLEAN_TARGET = clean_target("nem_prices")


class NOT_PUBLISHED(signals.SKIP):  # noqa: N801  # signals shout, as the engine's own do
    """The day's prices are not published yet: neither a failure nor a hole."""

    not_published = True


def build_prices_raw(settings: MarketSettings) -> Flow:
    """Build the flow that keeps AEMO's rows of one day, text unchanged, with their provenance."""

    def extract(date: date) -> "Published":
        from nemflow.flows.nem.raw import fetch
        from nemflow.tasks.nem.fetch import NotPublishedYet

        try:
            return fetch(date, settings)
        except NotPublishedYet as error:
            raise NOT_PUBLISHED(str(error)) from error

    def transform(published: "Published") -> "pa.Table":
        from nemflow.flows.nem.raw import select_day

        return select_day(published, settings)

    def load(rows: "pa.Table", date: date, path: Path) -> None:
        parquet.write_table(rows, path)

    return build_etl(
        "nem_prices_raw",
        extract=extract,
        transform=transform,
        load=load,
        parameters=[Parameter("date")],
        target=RAW_TARGET,
        result=FileResult(settings.data_dir, check=parquet.check_parquet_magic),
        flow_run_name=RUN_NAME,
    )


def build_prices_clean(settings: MarketSettings) -> Flow:
    """Build the flow that makes typed, tidy and checked prices of one day's raw file."""

    def extract(date: date) -> "pa.Table":
        from nemflow.flows.nem.clean import read_raw

        return read_raw(settings.data_dir / RAW_TARGET.format(date=date), date)

    def transform(raw: "pa.Table", date: date) -> "pa.Table":
        from nemflow.flows.nem.clean import tidy_day

        return tidy_day(raw, date)

    def load(prices: "pa.Table", date: date, path: Path) -> None:
        parquet.write_table(prices, path, dictionary_columns=["region", "source", "price_status"])

    return build_etl(
        "nem_prices_clean",
        extract=extract,
        transform=transform,
        load=load,
        parameters=[Parameter("date")],
        target=CLEAN_TARGET,
        result=FileResult(settings.data_dir, check=parquet.check_parquet_magic),
        flow_run_name=RUN_NAME,
    )
