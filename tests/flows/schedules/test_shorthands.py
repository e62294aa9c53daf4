"""Schedules of one clock."""

from datetime import UTC, datetime, timedelta

import pytest
from dateutil.rrule import DAILY, rrule

from nemflow.errors import DefinitionError
from nemflow.flows.schedules import CronSchedule, IntervalSchedule, RRuleSchedule, Schedule

START = datetime(2018, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BEFORE = START - timedelta(seconds=1)


def test_an_interval_schedule_takes_its_start_date_first():
    schedule = IntervalSchedule(START, DAY, START + DAY)
    assert isinstance(schedule, Schedule)
    assert schedule.next(9, BEFORE) == [START, START + DAY]
    assert (schedule.start_date, schedule.end_date) == (START, START + DAY)


def test_an_interval_schedule_needs_an_interval():
    with pytest.raises(TypeError, match="needs its interval"):
        IntervalSchedule(START)
    with pytest.raises(DefinitionError, match="greater than 0"):
        IntervalSchedule(interval=timedelta())


def test_a_cron_schedule_has_a_span():
    schedule = CronSchedule("0 0 * * *", START, START + DAY)
    assert schedule.next(9, BEFORE) == [START, START + DAY]


def test_a_cron_schedule_hands_day_or_on():
    schedule = CronSchedule("0 0 1-7 * 2", day_or=False)
    assert [moment.day for moment in schedule.next(2, datetime(2014, 1, 1))] == [7, 4]


def test_a_rule_schedule_has_a_span():
    schedule = RRuleSchedule(rrule(DAILY, dtstart=START - 9 * DAY), START, START + DAY)
    assert schedule.next(9, datetime(2000, 1, 1)) == [START, START + DAY]
