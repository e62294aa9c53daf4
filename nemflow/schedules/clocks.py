"""``prefect.schedules.clocks``."""

from nemflow.flows.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock

__all__ = [
    "CronClock",
    "DatesClock",
    "IntervalClock",
    "RRuleClock",
]
