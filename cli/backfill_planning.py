"""What a backfill has to do, and how that is said without doing it."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from nemflow.cli.backfill_order import Order
from nemflow.cli.backfill_summary import describe_plan
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.flows.nem.on_disk import days_on_disk, look
from nemflow.flows.nem.outcome import NOT_OVER, SCHEMA
from nemflow.flows.nem.plan import BackfillPlan, plan_backfill, span_finder
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import today
from nemflow.tasks.nem.sources import Source

if TYPE_CHECKING:  # what does its work does not pay for it
    from nemflow.cli.forecast import Forecast

Key = tuple[str, date]
"""A flow and a day."""


def plan_order(order: Order, settings: Settings) -> tuple[BackfillPlan, Mapping[Key, str]]:
    """Return what is to be done, and why what is there is to be made again if it is stale."""
    first, last = min(order.days), max(order.days)
    there = {
        entry.stage: days_on_disk(
            *(settings.data_dir, order.dataset, entry.stage, first, last), now=order.now
        )
        for entry in order.entries
    }
    stale: Mapping[Key, str] = {}
    if order.stale:
        # what only makes what is missing does not pay for it
        from nemflow.cli.known import stale_runs

        stale = stale_runs(settings, order.dataset, order.days)
        for flow, day in stale:
            there.get(flow.removeprefix(f"{order.dataset}_"), set()).discard(day)
    source = None if settings.source == "auto" else Source(settings.source)
    plan = plan_backfill(
        order.days,
        there,
        span_finder(DATASETS[order.dataset], order.now, source),
        force=order.force,
        newest_first=order.newest_first,
    )
    return plan, stale


def say_plan(
    order: Order, plan: BackfillPlan, settings: Settings, stale: Mapping[Key, str]
) -> None:
    """Say what would be done, why, and what it would take."""
    # what does its work does not pay for it
    from nemflow.cli.forecast import forecast

    work = {
        e.stage: [day for unit in plan.units for day in unit.lacking.get(e.stage, ())]
        for e in order.entries
    }
    first, last = min(order.days), max(order.days)
    reasons = {}
    for e in order.entries:
        there = look(settings.data_dir, order.dataset, e.stage, first, last).files
        reasons[e.stage] = {
            day: stale.get((e.name, day)) or _reason(order, day, is_there=day in there)
            for day in work[e.stage]
        }
    told = forecast(settings, order.dataset, work, order.now)
    if not order.as_json:
        counts = Counter(why for days in reasons.values() for why in days.values())
        lines = describe_plan(plan, order.dataset, order.days, str(settings.data_dir), counts)
        lines += [f"  {told}"] if plan.units else []
        put_lines(f"{SYNTHETIC} {line}" if order.sandbox else line for line in lines)
        return
    put_json(_as_json(order, plan, reasons, told))


def _as_json(
    order: Order,
    plan: BackfillPlan,
    reasons: Mapping[str, Mapping[date, str]],
    told: "Forecast",
) -> dict[str, object]:
    units = [
        {
            "name": u.name,
            "lacking": {stage: list(map(str, days)) for stage, days in u.lacking.items()},
            "reasons": {
                stage: {str(day): reasons[stage][day] for day in days}
                for stage, days in u.lacking.items()
            },
        }
        for u in plan.units
    ]
    return {
        "schema": SCHEMA,
        "dataset": order.dataset,
        "days": plan.asked,
        "present": plan.present,
        "units": units,
        "forecast": told.as_json(),
    }


def _reason(order: Order, day: date, *, is_there: bool) -> str:
    if day >= today(order.now):
        return NOT_OVER
    if not is_there:
        return "missing"
    return "forced" if order.force else "something better is due"
