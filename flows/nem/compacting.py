"""The work of a compaction: one month under its locks."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from nemflow import CannotSwap, NemflowError, TargetLock, parquet, sweep_leftovers
from nemflow.errors import one_line
from nemflow.flows.nem.exchange import (
    Place,
    Retired,
    discard,
    exchange,
    heal,
    make_workspace,
    remove,
)
from nemflow.flows.nem.holdings import MonthHolding, look_up_month
from nemflow.flows.nem.month_plan import (
    WORKSPACES,
    Compacted,
    MonthRecord,
    Surroundings,
    plan_month,
)
from nemflow.flows.nem.month_table import (
    Day,
    FileMark,
    put_days_into,
    read_day_file,
    write_month_file,
)
from nemflow.flows.nem.months import facts_of
from nemflow.flows.nem.places import clean_partition
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sources import Quality


class _Held(Exception):
    """Somebody else writes to the month."""


class _NotFinal(Exception):
    """A day says of itself that it is not final."""


class Compactor:
    """Compacts months of a data set; as a context manager it removes old folders at its end."""

    def __init__(self, where: Surroundings, dataset: str) -> None:
        self._where = where
        self._dataset = dataset
        self._retired: list[Retired] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._remove_retired(wait=True)

    def compact(self, month: Month) -> MonthRecord | None:
        """Heal what is left of the month, and compact it if it is whole and final; say what came of it.

        None if there is nothing of it.
        """
        self._remove_retired(wait=False)
        plan = plan_month(self._where.data_dir, self._dataset, month)
        place = self._place(month)
        try:
            with self._locks(place):
                self._retired += heal(place, self._where.clock)
                plan = plan_month(self._where.data_dir, self._dataset, month)
                if plan is None or plan.outcome is not Compacted.PLANNED:
                    return plan
                return self._work(plan, place)
        except _Held as holder:
            outcome, reason = Compacted.HELD, str(holder)
        except _NotFinal as day:
            outcome, reason = Compacted.NOT_FINAL, str(day)
        except CannotSwap as error:
            outcome = Compacted.CANNOT_SWAP
            reason = f"{error}: the day files stay as they are, which readers take as well"
        except (NemflowError, OSError) as error:
            outcome, reason = Compacted.FAILED, one_line(str(error))
        return plan and replace(plan, outcome=outcome, reason=reason)

    def _work(self, plan: MonthRecord, place: Place) -> MonthRecord:
        holding = look_up_month(self._where.data_dir, self._dataset, plan.month)
        _sweep(holding)
        days = [read_day_file(holding.folder / name, day) for day, name in holding.days.items()]
        target = place.folder / place.file
        if holding.compacted is not None:
            put_days_into(target, days)
            for day in days:
                _remove_if_unchanged(holding.folder / holding.days[day.day], day)
        else:
            _check_final(days)
            self._build(place, days, holding)
        return replace(
            plan,
            outcome=Compacted.COMPACTED,
            reason="",
            rows=int(parquet.read_metadata(target)["nemflow.rows"]),
            bytes_after=target.stat().st_size,
        )

    def _build(self, place: Place, days: list[Day], holding: MonthHolding) -> None:
        workspace = make_workspace(place)
        marks = {holding.days[day.day]: day.mark for day in days}
        try:
            write_month_file(days, workspace / "month" / place.file)
            exchange(place, workspace, marks, self._settle)
        except BaseException:
            discard(workspace)
            raise
        self._retired.append(Retired(workspace, self._where.clock()))

    def _settle(self) -> None:
        if self._where.settle_s:
            self._where.sleep(self._where.settle_s)

    def _place(self, month: Month) -> Place:
        folder = self._where.data_dir / clean_partition(self._dataset).format(date=month.first_day)
        return Place(
            folder=Path(os.path.realpath(folder)),
            file=f"{self._dataset}_{month}.parquet",
            days={f"{self._dataset}_{day}.parquet": day for day in month.days()},
            workspaces=self._where.data_dir / WORKSPACES,
            name=f"{self._dataset}_{month}",
        )

    @contextmanager
    def _locks(self, place: Place) -> Iterator[None]:
        """Hold the locks of the month and its days; none are waited for.

        Raises:
            _Held: one of them is another's.
        """
        with ExitStack() as stack:
            for name in (place.file, *place.days):
                if self._where.lock_dir is None:
                    break
                lock = TargetLock(self._where.lock_dir, str(place.folder / name))
                if not lock.try_acquire():
                    raise _Held(f"{lock.target} is being made by another process")
                stack.callback(lock.release)
            yield

    def _remove_retired(self, *, wait: bool) -> None:
        """Remove the old folders that have been kept long enough; *wait* for those that have not."""
        while self._retired:
            left = self._retired[0].since + self._where.grace_s - self._where.clock()
            if left > 0 and not wait:
                return
            if left > 0:
                self._where.sleep(left)
            remove(self._retired.pop(0).workspace)


def _sweep(holding: MonthHolding) -> None:
    """Remove unfinished files that the dead left; the locks of the days are held.

    Raises:
        _Held: there are some of another host, which may be at work.
    """
    if not any(name.endswith(".part") for name in holding.others):
        return
    for name in holding.days.values():
        sweep_leftovers(str(holding.folder / name))
    for name in os.listdir(holding.folder):
        if name.endswith(".part"):
            raise _Held(f"another host may be writing {holding.folder / name}")


def _check_final(days: list[Day]) -> None:
    for day in days:
        quality = facts_of(day.rows).get("nemflow.quality") or Quality.FINAL
        if quality != Quality.FINAL:
            raise _NotFinal(f"{day.day} says that it is {quality}")


def _remove_if_unchanged(path: Path, day: Day) -> None:
    """Remove a day file that the month holds now, unless another host has made it anew."""
    if day.mark == FileMark.of(path.stat()):
        path.unlink()
