"""IntervalClock and DatesClock."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.clocks import DatesClock, IntervalClock

START = datetime(2018, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SYDNEY = ZoneInfo("Australia/Sydney")


def first(n, clock, after=None):
    return list(itertools.islice(clock.events(after), n))


def walls(n, clock, after):
    return [f"{event.start_time:%d %H:%M%z}" for event in first(n, clock, after)]


class TestIntervalClock:
    def test_it_ticks_at_the_start_plus_k_intervals(self):
        clock = IntervalClock(2 * HOUR, START)
        after = datetime(2025, 1, 5, 1, tzinfo=UTC)
        assert first(2, clock, after) == [after + HOUR, after + 3 * HOUR]

    def test_trap_20_it_ticks_strictly_after(self):
        clock = IntervalClock(HOUR, START)
        assert first(1, clock, START + HOUR) == [START + 2 * HOUR]
        assert first(1, clock, START + timedelta(microseconds=1)) == [START + HOUR]

    def test_the_start_itself_counts_if_after_lies_before_it(self):
        clock = IntervalClock(HOUR, START)
        assert first(2, clock, START - timedelta(microseconds=1)) == [START, START + HOUR]
        assert first(1, clock, datetime(2000, 1, 1)) == [START]
        assert first(1, clock, START) == [START + HOUR]

    def test_it_starts_in_2019_by_default(self):
        clock = IntervalClock(timedelta(days=7))
        assert first(2, clock, datetime(2000, 1, 1)) == [datetime(2019, 1, 1), datetime(2019, 1, 8)]
        assert clock.start_date is None

    def test_the_end_is_included(self):
        clock = IntervalClock(HOUR, START, START + 2 * HOUR)
        assert first(9, clock, START) == [START + HOUR, START + 2 * HOUR]
        assert first(9, clock, START + 2 * HOUR) == []

    def test_microseconds_of_the_start_are_kept(self):
        start = START.replace(microsecond=1)
        assert first(2, IntervalClock(HOUR, start), datetime(2010, 1, 1)) == [start, start + HOUR]

    @pytest.mark.parametrize("interval", [None, 3600, "1h"])
    def test_an_interval_that_is_no_timedelta_is_a_type_error(self, interval):
        with pytest.raises(TypeError, match="must be a timedelta"):
            IntervalClock(interval)

    @pytest.mark.parametrize("interval", [timedelta(), -HOUR])
    def test_an_interval_of_nothing_or_less_is_a_definition_error(self, interval):
        with pytest.raises(DefinitionError, match="greater than 0"):
            IntervalClock(interval)

    def test_every_event_carries_the_parameters_and_labels_of_the_clock(self):
        clock = IntervalClock(HOUR, START, parameter_defaults={"n": 1}, labels=["a"])
        (event,) = first(1, clock)
        assert (event.parameter_defaults, event.labels) == ({"n": 1}, ["a"])

    def test_the_events_are_in_the_zone_of_the_start(self):
        clock = IntervalClock(HOUR, datetime(2018, 1, 1, tzinfo=SYDNEY))
        assert first(1, clock)[0].start_time.tzinfo is SYDNEY

    def test_it_ends_with_the_calendar(self):
        start = datetime(9999, 12, 31, 22, tzinfo=SYDNEY)
        assert len(first(9, IntervalClock(HOUR, start), START)) == 2
        assert len(first(9, IntervalClock(timedelta.max, START), datetime.min)) == 1
        assert len(first(9, IntervalClock(timedelta(days=1)), datetime.max)) == 0


class TestIntervalClockThroughDaylightSaving:
    def test_hourly_follows_elapsed_time_though_it_started_days_before_clocks_go_back(self):
        clock = IntervalClock(HOUR, datetime(2023, 3, 1, tzinfo=SYDNEY))
        after = datetime(2023, 4, 2, 0, tzinfo=SYDNEY)
        hours = ["02 01:00+1100", "02 02:00+1100", "02 02:00+1000", "02 03:00+1000"]
        assert walls(4, clock, after) == hours

    def test_hourly_follows_elapsed_time_though_it_started_days_before_clocks_go_ahead(self):
        clock = IntervalClock(HOUR, datetime(2023, 9, 1, tzinfo=SYDNEY))
        after = datetime(2023, 10, 1, 0, tzinfo=SYDNEY)
        hours = ["01 01:00+1000", "01 03:00+1100", "01 04:00+1100"]
        assert walls(3, clock, after) == hours

    def test_daily_keeps_the_wall_clock_both_ways(self):
        clock = IntervalClock(timedelta(days=1), datetime(2023, 1, 1, 9, tzinfo=SYDNEY))
        ahead, back = datetime(2023, 9, 30, tzinfo=SYDNEY), datetime(2023, 4, 1, tzinfo=SYDNEY)
        assert walls(2, clock, ahead) == ["30 09:00+1000", "01 09:00+1100"]
        assert walls(2, clock, back) == ["01 09:00+1100", "02 09:00+1000"]

    def test_a_daily_tick_that_clocks_skip_comes_later_that_day_only(self):
        clock = IntervalClock(timedelta(days=1), datetime(2023, 1, 1, 2, 30, tzinfo=SYDNEY))
        after = datetime(2023, 9, 30, 12, tzinfo=SYDNEY)
        assert walls(2, clock, after) == ["01 03:30+1100", "02 02:30+1100"]
        in_between = datetime(2023, 10, 1, 3, 15, tzinfo=SYDNEY)
        assert walls(1, clock, in_between) == ["01 03:30+1100"]

    def test_a_daily_tick_whose_time_comes_twice_comes_once(self):
        clock = IntervalClock(timedelta(days=1), datetime(2023, 1, 1, 2, 30, tzinfo=SYDNEY))
        after = datetime(2023, 4, 1, 12, tzinfo=SYDNEY)
        assert walls(2, clock, after) == ["02 02:30+1100", "03 02:30+1000"]

    def test_a_start_in_the_second_of_two_equal_hours_is_kept(self):
        start = datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1)
        clock = IntervalClock(timedelta(days=1), start)
        assert walls(2, clock, START) == ["02 02:30+1000", "03 02:30+1000"]

    def test_a_start_that_clocks_skip_ticks_later_that_day_only(self):
        start = datetime(2023, 10, 1, 2, 30, tzinfo=SYDNEY)
        clock = IntervalClock(timedelta(days=1), start)
        assert walls(2, clock, START) == ["01 03:30+1100", "02 02:30+1100"]

    def test_a_day_that_a_country_skips_has_no_tick_of_its_own(self):
        apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011
        clock = IntervalClock(timedelta(days=1), datetime(2011, 12, 28, 9, tzinfo=apia))
        days = [event.start_time.day for event in first(4, clock, datetime(2011, 12, 1))]
        assert days == [28, 29, 31, 1]


class TestDatesClock:
    def test_it_ticks_at_its_dates_sorted_and_once(self):
        dates = [START + 2 * HOUR, START, START + HOUR, START]
        assert first(9, DatesClock(dates), datetime(2000, 1, 1)) == [
            START,
            START + HOUR,
            START + 2 * HOUR,
        ]

    def test_only_dates_after_the_moment_count(self):
        clock = DatesClock([START, START + HOUR])
        assert first(9, clock, START) == [START + HOUR]
        assert first(9, clock, START + HOUR) == []

    def test_its_span_is_from_the_first_to_the_last_date(self):
        clock = DatesClock([START + HOUR, START])
        assert (clock.start_date, clock.end_date) == (START, START + HOUR)

    @pytest.mark.usefixtures("machine_in_sydney")
    def test_each_date_keeps_its_zone_and_naive_is_utc(self):
        dates = [datetime(2018, 1, 1), datetime(2018, 1, 2, tzinfo=SYDNEY)]
        events = first(2, DatesClock(dates), datetime(2000, 1, 1))
        assert [event.start_time.tzinfo for event in events] == [UTC, SYDNEY]

    def test_dates_in_different_zones_are_sorted_by_instant(self):
        sydney, utc = datetime(2018, 1, 1, 9, tzinfo=SYDNEY), datetime(2017, 12, 31, 23, tzinfo=UTC)
        assert first(2, DatesClock([utc, sydney]), datetime(2000, 1, 1)) == [sydney, utc]

    def test_no_dates_are_a_definition_error(self):
        with pytest.raises(DefinitionError, match="at least one date"):
            DatesClock([])

    def test_a_date_that_is_no_datetime_is_a_type_error(self):
        with pytest.raises(TypeError, match="a date must be a datetime"):
            DatesClock([date(2018, 1, 1)])

    def test_every_event_carries_the_parameters_and_labels_of_the_clock(self):
        clock = DatesClock([START], parameter_defaults={"n": 1}, labels=["a"])
        (event,) = first(1, clock, datetime(2000, 1, 1))
        assert (event.parameter_defaults, event.labels) == ({"n": 1}, ["a"])
