"""Backfills: years of days, put together by the published file that holds them.

::

    days ──plan──> units ──> fetch ──> verify and parse, once ──> a flow run for each day and stage

A *unit* is the days of one published file. Downloads run ahead of the work by a bounded number of
files. In threads of this process (`backfill_here`) what verification has parsed goes straight to the
flow runs; in processes and on Dask (`backfill_elsewhere`) the file is parsed where its days are made.
Nothing is kept of a backfill that its next start would need: what is on the disk is done, what is not
is planned anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nemflow.flows.nem.backfill_elsewhere import Errands
from nemflow.flows.nem.backfill_here import Lanes
from nemflow.flows.nem.backfill_order import Backfill

if TYPE_CHECKING:
    from nemflow.tasks.nem.download import Client


def run_backfill(backfill: Backfill) -> None:
    """Do what a backfill's plan says; what comes of it goes to its watcher.

    A day or file that fails stops no other.
    """
    if not backfill.plan.units:
        return
    executor = backfill.executor
    with _connected(backfill) as client:
        if executor is None or executor.shares_memory:
            backfill.prepare()
            Lanes(backfill, client).run()
        else:
            Errands(backfill, client, executor).run()


@contextmanager
def _connected(backfill: Backfill) -> "Iterator[Client | None]":
    """Give the client that all downloads share; None where nothing has to be fetched."""
    if not any(unit.lacking.get("raw") for unit in backfill.plan.units):
        yield None
        return
    from nemflow.flows.nem.fetching import fetch_settings
    from nemflow.tasks.nem.fetch_settings import open_client  # imports requests

    with open_client(fetch_settings(backfill.market)) as client:
        yield client
