"""RRuleClock."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, HOURLY, MONTHLY, rrule, rruleset

from nemflow.flows.schedules.clocks import RRuleClock

START = datetime(2018, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SYDNEY = ZoneInfo("Australia/Sydney")


def first(n, clock, after=None):
    return list(itertools.islice(clock.events(after), n))


def walls(n, clock, after):
    return [f"{event.start_time:%d %H:%M%z}" for event in first(n, clock, after)]


def test_it_ticks_as_the_rule_says_strictly_after():
    clock = RRuleClock(rrule(DAILY, dtstart=START))
    assert first(2, clock, START + DAY) == [START + 2 * DAY, START + 3 * DAY]


@pytest.mark.usefixtures("machine_in_sydney")
def test_a_naive_rule_is_utc():
    clock = RRuleClock(rrule(DAILY, dtstart=datetime(2018, 1, 1)))
    assert first(1, clock, START)[0].start_time == START + DAY
    assert first(1, clock, datetime(2018, 1, 1)) == [START + DAY]


def test_the_start_date_itself_counts_and_nothing_before_it():
    clock = RRuleClock(rrule(DAILY, dtstart=START), start_date=START + 5 * DAY)
    assert first(2, clock, datetime(2000, 1, 1)) == [START + 5 * DAY, START + 6 * DAY]


def test_the_end_date_is_included():
    clock = RRuleClock(rrule(DAILY, dtstart=START), end_date=START + DAY)
    assert first(9, clock, datetime(2000, 1, 1)) == [START, START + DAY]
    assert first(9, clock, START + DAY) == []


def test_it_ends_with_the_rule():
    assert len(first(9, RRuleClock(rrule(DAILY, dtstart=START, count=3)), START)) == 2


def test_a_set_of_rules_with_exceptions_is_a_rule():
    rules = rruleset()
    rules.rrule(rrule(DAILY, dtstart=START))
    rules.exdate(START + DAY)
    rules.rdate(START + DAY / 2)
    assert first(2, RRuleClock(rules), START) == [START + DAY / 2, START + 2 * DAY]


def test_a_rule_keeps_the_wall_clock_of_its_zone():
    rule = rrule(MONTHLY, bymonthday=1, dtstart=datetime(2023, 9, 1, 9, tzinfo=SYDNEY))
    assert walls(2, RRuleClock(rule), datetime(2023, 9, 2)) == ["01 09:00+1100", "01 09:00+1100"]
    assert walls(1, RRuleClock(rule), datetime(2023, 8, 2)) == ["01 09:00+1000"]


def test_a_tick_that_clocks_skip_moves_forward():
    rule = rrule(DAILY, dtstart=datetime(2023, 9, 30, 2, 30, tzinfo=SYDNEY))
    after = datetime(2023, 10, 1, 3, 15, tzinfo=SYDNEY)
    assert walls(2, RRuleClock(rule), after) == ["01 03:30+1100", "02 02:30+1100"]


def test_ticks_that_then_fall_together_are_one():
    rule = rrule(HOURLY, dtstart=datetime(2023, 9, 30, tzinfo=SYDNEY))
    after = datetime(2023, 10, 1, 0, tzinfo=SYDNEY)
    assert walls(3, RRuleClock(rule), after) == ["01 01:00+1000", "01 03:00+1100", "01 04:00+1100"]


@pytest.mark.parametrize("rule", [42, "FREQ=DAILY", None])
def test_what_is_no_rule_is_a_type_error(rule):
    with pytest.raises(TypeError, match="dateutil rrule or rruleset"):
        RRuleClock(rule)


def test_every_event_carries_the_parameters_and_labels_of_the_clock():
    rule = rrule(DAILY, dtstart=START)
    (event,) = first(1, RRuleClock(rule, parameter_defaults={"n": 1}, labels=["a"]))
    assert (event.parameter_defaults, event.labels) == ({"n": 1}, ["a"])
