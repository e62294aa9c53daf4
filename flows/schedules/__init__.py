"""When a flow runs: clocks that tick, filters that choose, adjustments that move.

>>> from datetime import UTC, datetime
>>> mornings = Schedule(
...     clocks=[clocks.CronClock("30 6 * * *", start_date=datetime(2014, 1, 1, tzinfo=UTC))],
...     filters=[filters.is_weekday],
... )
>>> [f"{moment:%a %d %H:%M}" for moment in mornings.next(3, after=datetime(2014, 1, 2, 12))]
['Fri 03 06:30', 'Mon 06 06:30', 'Tue 07 06:30']
"""

from nemflow.flows.schedules import adjustments, clocks, filters
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.events import ClockEvent
from nemflow.flows.schedules.shorthands import CronSchedule, IntervalSchedule, RRuleSchedule

__all__ = [
    "ClockEvent",
    "CronSchedule",
    "IntervalSchedule",
    "RRuleSchedule",
    "Schedule",
    "adjustments",
    "clocks",
    "filters",
]
