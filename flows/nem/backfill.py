"""Backfills: years of days, put together by the published file that holds them.

::

    days ──plan──> units ──> fetch ──> verify and parse, once ──> a flow run for each day and stage

A *unit* is the days of one published file. Downloads run ahead of the work by a bounded number of
files. On this machine (`backfill_here`) what verification has parsed goes straight to the flow runs;
in an executor's processes and on Dask (`backfill_elsewhere`) the file is parsed again where its days
are made.
Nothing is kept of a backfill that its next start would need: what is on the disk is done, what is not
is planned anew.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nemflow.flows.nem.backfill_elsewhere import Errands
from nemflow.flows.nem.backfill_here import Lanes
from nemflow.flows.nem.backfill_order import Backfill
from nemflow.flows.nem.bench import Bench, Benches, BenchLost, ThreadBench
from nemflow.flows.nem.process_bench import ProcessBench

if TYPE_CHECKING:
    from nemflow.tasks.nem.download import Client

_log = logging.getLogger(__name__)


def run_backfill(backfill: Backfill) -> None:
    """Do what a backfill's plan says; what comes of it goes to its watcher.

    A day or file that fails stops no other.
    """
    if not backfill.plan.units:
        return
    executor = backfill.executor
    if executor is None or executor.shares_memory:
        backfill.prepare()
        # other processes take longer to start than the client
        with _set_up(backfill) as benches, _connected(backfill) as client:
            Lanes(backfill, benches, client).run()
    else:
        with _connected(backfill) as client:
            Errands(backfill, client, executor).run()


def _set_up(backfill: Backfill) -> Benches:
    """Return as many benches as a backfill has workers and use for."""
    number = min(backfill.workers, len(backfill.plan.units))
    benches: list[Bench] = [ThreadBench(backfill)]
    untold = backfill.reporter is not None and backfill.recording is None
    for _ in range(1, number):
        if backfill.executor is not None or untold:
            benches.append(ThreadBench(backfill))
            continue
        try:
            benches.append(ProcessBench(backfill))
        except BenchLost as error:
            _log.warning("fewer files are worked on at once: %s", error)
            break
    return Benches(benches)


@contextmanager
def _connected(backfill: Backfill) -> "Iterator[Client | None]":
    """Give the client that all downloads share; None where nothing has to be fetched."""
    if not any(unit.lacking.get("raw") for unit in backfill.plan.units):
        yield None
        return
    from nemflow.tasks.nem.fetch_settings import open_client  # imports requests

    with open_client(backfill.market) as client:
        yield client
