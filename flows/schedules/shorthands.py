"""Schedules of a single clock, in one call."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.clocks import CronClock, IntervalClock, RRuleClock

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset


def IntervalSchedule(  # noqa: N802  # Prefect Core's name
    start_date: datetime | None = None,
    interval: timedelta | None = None,
    end_date: datetime | None = None,
) -> Schedule:
    """Return a schedule at equal intervals; the start date comes first, as in Prefect Core.

    Raises:
        TypeError: there is no interval, or it is no timedelta.
        DefinitionError: the interval is not greater than 0.
    """
    if interval is None:
        raise TypeError("a schedule at intervals needs its interval, such as timedelta(hours=1)")
    return Schedule([IntervalClock(interval, start_date, end_date)])


def CronSchedule(  # noqa: N802  # Prefect Core's name
    cron: str,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    day_or: bool | None = True,
) -> Schedule:
    """Return a schedule by a cron expression, in the zone of the start date.

    Raises:
        DefinitionError: the expression cannot be read.
    """
    return Schedule([CronClock(cron, start_date, end_date, day_or=day_or)])


def RRuleSchedule(  # noqa: N802  # Prefect Core's name
    rrule_obj: "rrule | rruleset",
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> Schedule:
    """Return a schedule by a recurrence rule of dateutil.

    Raises:
        TypeError: that is no rule.
    """
    return Schedule([RRuleClock(rrule_obj, start_date, end_date)])
