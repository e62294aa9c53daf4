"""Compaction: the day files of a clean month become one file, once the month is whole and final.

``compact_months`` is what ``nemflow compact`` calls, and the end of a backfill. Readers may read
meanwhile, writers of single days wait; killed at any moment, the next call heals (``exchange.py``).
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow.flows.nem.holdings import stored_months
from nemflow.flows.nem.month_plan import (
    WORKSPACES,
    Compacted,
    MonthRecord,
    Surroundings,
    plan_month,
)
from nemflow.tasks.nem.market_time import Month

if TYPE_CHECKING:
    from nemflow.flows.nem.compacting import Compactor


def compact_months(
    where: Surroundings,
    dataset: str,
    months: Iterable[Month] | None = None,
    *,
    dry_run: bool = False,
) -> Iterator[MonthRecord]:
    """Compact those months that are whole and final; yield a record of each when it is done.

    A month is whole when every market day of it has a clean file, and final when none of them has a
    standing beside it. Where day files lie beside a compacted month, they are put into it. What a
    killed call has left is healed first. Ends early where the file system cannot swap folders.
    Where there is nothing to do it takes one listing a month, and no pyarrow.

    Args:
        where: the data directory and locks.
        dataset: such as ``nem_prices``.
        months: None for all that have a folder.
        dry_run: only say what would be done; touch nothing.
    """
    wanted = stored_months(where.data_dir, dataset) if months is None else sorted(set(months))
    with ExitStack() as stack:
        work: Callable[[Month], MonthRecord | None] | None = None
        left = set() if dry_run else _left_by_the_dead(where.data_dir, dataset)
        for month in sorted({*wanted, *left}):
            record = plan_month(where.data_dir, dataset, month)
            is_due = record is not None and record.outcome is Compacted.PLANNED
            if month in left or (is_due and not dry_run):
                work = work or stack.enter_context(_compactor(where, dataset)).compact
                record = work(month)
            if record is not None:
                yield record
                if record.outcome is Compacted.CANNOT_SWAP:
                    return


def _compactor(where: Surroundings, dataset: str) -> "Compactor":
    from nemflow.flows.nem.compacting import Compactor  # pyarrow: only for work

    return Compactor(where, dataset)


def _left_by_the_dead(data_dir: Path, dataset: str) -> set[Month]:
    """Return the months that have a workspace: somebody is compacting them, or died at it."""
    try:
        names = os.listdir(data_dir / WORKSPACES)
    except (FileNotFoundError, NotADirectoryError):
        return set()
    matches = (re.match(rf"{re.escape(dataset)}_(\d{{4}})-(\d\d)\.", name) for name in names)
    return {Month(int(match[1]), int(match[2])) for match in matches if match}
