"""Schedule: clocks merged, filtered, adjusted, sorted, once."""

import itertools
import subprocess
import sys
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.schedules import ClockEvent, CronSchedule, Schedule, adjustments, filters
from nemflow.flows.schedules.clocks import Clock, CronClock, DatesClock, IntervalClock

START = datetime(2019, 1, 1, tzinfo=UTC)  # a Tuesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BEFORE = START - HOUR

hourly = IntervalClock(HOUR, START)
daily = IntervalClock(DAY, START)


class Endless(Clock):
    """A clock that counts how often it ticked."""

    def __init__(self):
        super().__init__()
        self.ticks = 0

    def moments(self, after):
        for k in itertools.count():
            self.ticks += 1
            yield START + k * HOUR


def test_importing_schedules_loads_the_standard_library_alone():
    code = (
        "import sys, nemflow.flows.schedules, nemflow.flows.scheduled;"
        "print([m for m in ('croniter', 'dateutil', 'pytz') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class TestClocks:
    def test_next_returns_times_or_events(self):
        schedule = Schedule([IntervalClock(DAY, START, parameter_defaults={"n": 1})])
        assert schedule.next(2, BEFORE) == [START, START + DAY]
        assert schedule.next(1, BEFORE, return_events=True) == [ClockEvent(START, {"n": 1})]
        assert type(schedule.next(1, BEFORE)[0]) is datetime

    def test_events_come_after_now_if_nothing_is_said(self):
        now = datetime.now(UTC)
        (moment,) = Schedule([hourly]).next(1)
        assert now < moment <= now + HOUR + timedelta(minutes=1)
        assert next(Schedule([hourly]).events()) >= moment

    def test_clocks_are_merged_by_time(self):
        half_days = IntervalClock(DAY / 2, START + 2 * DAY)
        assert Schedule([daily, half_days]).next(5, BEFORE) == [
            START,
            START + DAY,
            START + 2 * DAY,
            START + 2.5 * DAY,
            START + 3 * DAY,
        ]

    def test_clocks_of_different_zones_are_merged_by_instant_and_keep_their_zones(self):
        east = CronClock("0 9 * * *", datetime(2019, 3, 14, tzinfo=ZoneInfo("America/New_York")))
        west = CronClock(
            "30 6 * * *", datetime(2019, 3, 14, tzinfo=ZoneInfo("America/Los_Angeles"))
        )
        moments = Schedule([west, east]).next(4, datetime(2019, 5, 1))
        assert [f"{moment:%d %H:%M}" for moment in moments] == [
            "01 09:00",
            "01 06:30",
            "02 09:00",
            "02 06:30",
        ]

    def test_clocks_are_read_only_as_far_as_needed(self):
        clock = Endless()
        Schedule([clock]).next(3, BEFORE)
        assert clock.ticks == 3

    def test_trap_20_events_equal_in_time_parameters_and_labels_count_once(self):
        half_days = IntervalClock(DAY / 2, START)
        assert Schedule([daily, half_days, daily]).next(3, BEFORE) == [
            START,
            START + DAY / 2,
            START + DAY,
        ]

    @pytest.mark.parametrize("other", [{"parameter_defaults": {"n": 2}}, {"labels": ["b"]}])
    def test_trap_20_events_of_other_parameters_or_labels_do_not(self, other):
        first = IntervalClock(DAY, START, parameter_defaults={"n": 1}, labels=["a"])
        second = IntervalClock(
            DAY, START, **{"parameter_defaults": {"n": 1}, "labels": ["a"]} | other
        )
        assert Schedule([first, second, first]).next(3, BEFORE) == [START, START, START + DAY]

    def test_the_span_is_that_of_all_clocks(self):
        early = IntervalClock(DAY, START, START + DAY)
        late = IntervalClock(DAY, START + DAY, START + 2 * DAY)
        schedule = Schedule([late, early, IntervalClock(DAY)])
        assert (schedule.start_date, schedule.end_date) == (START, START + 2 * DAY)

    def test_the_span_is_none_if_no_clock_has_one(self):
        schedule = Schedule([IntervalClock(DAY)])
        assert (schedule.start_date, schedule.end_date) == (None, None)

    def test_no_clocks_are_no_events(self):
        assert Schedule([]).next(3) == []
        assert list(Schedule([]).events()) == []
        assert Schedule([]).start_date is None

    @pytest.mark.parametrize("clocks", [daily, [CronSchedule("@daily")], [HOUR], 5])
    def test_clocks_must_be_a_list_of_clocks(self, clocks):
        with pytest.raises(TypeError, match="clocks"):
            Schedule(clocks)

    @pytest.mark.parametrize("name", ["filters", "or_filters", "not_filters", "adjustments"])
    @pytest.mark.parametrize("value", [filters.is_weekday, [time(9)]])
    def test_functions_must_be_lists_of_functions(self, name, value):
        with pytest.raises(TypeError, match=name):
            Schedule([daily], **{name: value})


class TestFilters:
    def test_all_filters_must_accept(self):
        morning, weekday = filters.between_times(time(9), time(10)), filters.is_weekday
        moments = Schedule([hourly], filters=[morning, weekday]).next(9, datetime(2019, 1, 4))
        assert [f"{moment:%a %H}" for moment in moments[:3]] == ["Fri 09", "Fri 10", "Mon 09"]

    def test_one_or_filter_must_accept_if_there_are_any(self):
        nine, three = filters.at_time(time(9)), filters.at_time(time(15))
        moments = Schedule([hourly], or_filters=[nine, three]).next(3, START)
        assert [moment.hour for moment in moments] == [9, 15, 9]

    def test_no_not_filter_may_accept(self):
        night, noon = filters.between_times(time(13), time(10)), filters.at_time(time(12))
        moments = Schedule([hourly], not_filters=[night, noon]).next(2, START)
        assert [moment.hour for moment in moments] == [11, 11]

    def test_all_three_kinds_work_together(self):
        schedule = Schedule(
            [hourly],
            filters=[filters.is_weekday],
            or_filters=[filters.at_time(time(9)), filters.at_time(time(15))],
            not_filters=[filters.between_dates(1, 7, 1, 7)],
        )
        moments = schedule.next(4, datetime(2019, 1, 3, 10))
        assert [f"{moment:%d %H}" for moment in moments] == ["03 15", "04 09", "04 15", "08 09"]

    def test_filters_see_the_time_of_the_clocks_zone(self):
        clock = IntervalClock(HOUR, datetime(2019, 1, 1, tzinfo=ZoneInfo("Australia/Brisbane")))
        (moment,) = Schedule([clock], filters=[filters.at_time(time(6))]).next(1, START)
        assert moment.isoformat() == "2019-01-02T06:00:00+10:00"

    def test_filters_see_the_time_before_it_is_adjusted(self):
        schedule = Schedule(
            [hourly], filters=[filters.at_time(time(9))], adjustments=[adjustments.add(3 * HOUR)]
        )
        assert schedule.next(1, START) == [START + 12 * HOUR]


class TestBound:
    def test_next_ends_after_examining_ten_thousand_events(self):
        assert len(Schedule([hourly]).next(10_001, START)) == 10_000

    def test_next_returns_what_it_found_until_then(self):
        on_new_year = Schedule([hourly], filters=[filters.on_date(1, 1)])
        assert len(on_new_year.next(100, START)) == 23 + 24
        assert Schedule([hourly], filters=[lambda moment: False]).next(3, START) == []

    def test_events_go_on_as_long_as_the_filters_let_some_through(self):
        schedule = Schedule([hourly], filters=[filters.on_date(1, 1)])
        assert sum(1 for _ in itertools.islice(schedule.events(START), 100)) == 100

    def test_events_end_in_an_error_if_ten_thousand_in_a_row_are_rejected(self):
        schedule = Schedule([hourly], filters=[filters.at_time(time(9, 30))])
        with pytest.raises(DefinitionError, match=r"10,000 events in a row, up to 2020-02-21"):
            next(schedule.events(START))

    def test_what_an_adjustment_makes_look_back_at_is_not_counted(self):
        minutely = IntervalClock(timedelta(minutes=1), START)
        schedule = Schedule([minutely], adjustments=[lambda moment: moment])
        after = START + 30 * DAY
        assert schedule.next(2, after) == [after + timedelta(minutes=k) for k in (1, 2)]
        none = Schedule(
            [minutely], filters=[lambda moment: False], adjustments=[lambda moment: moment]
        )
        assert none.next(2, after) == []


class TestAdjustments:
    def test_they_are_applied_in_order(self):
        to_friday_night = adjustments.add(-HOUR)
        schedule = Schedule([daily], adjustments=[to_friday_night, adjustments.next_weekday])
        moments = schedule.next(3, datetime(2019, 1, 4))
        assert [f"{moment:%a %d %H}" for moment in moments] == [
            "Fri 04 23",
            "Mon 07 23",
            "Tue 08 23",
        ]

    def test_events_that_fall_together_come_once(self):
        schedule = Schedule([daily], adjustments=[adjustments.next_weekday])
        moments = schedule.next(4, datetime(2019, 1, 3))
        assert [f"{moment:%a %d}" for moment in moments] == ["Fri 04", "Mon 07", "Tue 08", "Wed 09"]

    def test_events_that_are_moved_past_others_come_sorted(self):
        every_six_hours = IntervalClock(6 * HOUR, START)
        schedule = Schedule([every_six_hours], adjustments=[adjustments.next_weekday])
        moments = schedule.next(6, datetime(2019, 1, 4, 12))
        assert [f"{moment:%a %H}" for moment in moments] == [
            "Fri 18",
            "Mon 00",
            "Mon 06",
            "Mon 12",
            "Mon 18",
            "Tue 00",
        ]

    def test_an_event_that_is_moved_back_past_others_comes_first(self):
        def tuesday_to_sunday(moment):
            return moment - 2 * DAY if moment.weekday() == 1 else moment

        schedule = Schedule([daily], adjustments=[tuesday_to_sunday])
        moments = schedule.next(4, datetime(2019, 1, 5))
        assert [f"{moment:%a %d}" for moment in moments] == ["Sun 06", "Mon 07", "Wed 09", "Thu 10"]

    def test_an_event_before_the_moment_that_is_moved_after_it_is_not_lost(self):
        monthly = CronClock("0 9 1 * *", START)  # 1 June 2019 was a Saturday
        schedule = Schedule([monthly], adjustments=[adjustments.next_weekday])
        on_sunday = datetime(2019, 6, 2)
        assert schedule.next(1, on_sunday) == [datetime(2019, 6, 3, 9, tzinfo=UTC)]

    def test_times_are_strictly_after_as_adjusted(self):
        schedule = Schedule([daily], adjustments=[adjustments.add(-HOUR)])
        assert schedule.next(1, START) == [START + 23 * HOUR]
        assert schedule.next(1, START + 23 * HOUR) == [START + 47 * HOUR]

    def test_a_shift_of_years_works(self):
        schedule = Schedule([daily], adjustments=[adjustments.add(400 * DAY)])
        assert schedule.next(2, START + 401 * DAY) == [START + 402 * DAY, START + 403 * DAY]

    def test_parameters_and_labels_stay(self):
        clock = DatesClock([START], parameter_defaults={"n": 1}, labels=["a"])
        (event,) = Schedule([clock], adjustments=[adjustments.add(HOUR)]).next(1, BEFORE, True)
        assert event == ClockEvent(START + HOUR, {"n": 1}, ["a"])

    def test_only_what_could_be_overtaken_is_looked_ahead_at(self):
        clock = Endless()
        next(Schedule([clock], adjustments=[adjustments.next_weekday]).events(BEFORE))
        assert clock.ticks == 1

    def test_an_adjustment_that_goes_too_far_is_a_definition_error(self):
        schedule = Schedule([daily], adjustments=[lambda moment: moment + 8 * DAY])
        with pytest.raises(DefinitionError, match="further than"):
            schedule.next(1, START)
