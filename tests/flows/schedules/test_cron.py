"""CronClock."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.clocks import CronClock

START = datetime(2050, 1, 1, tzinfo=UTC)
SYDNEY = ZoneInfo("Australia/Sydney")


def first(n, clock, after=None):
    return list(itertools.islice(clock.events(after), n))


def walls(n, clock, after):
    return [f"{event.start_time:%d %H:%M%z}" for event in first(n, clock, after)]


def test_it_ticks_in_utc_without_a_start_date():
    events = first(2, CronClock("30 6 * * *"), datetime(2014, 1, 1, 12))
    assert events == [datetime(2014, 1, 2, 6, 30), datetime(2014, 1, 3, 6, 30)]
    assert events[0].start_time.tzinfo is UTC


def test_it_ticks_in_the_zone_of_its_start_date():
    clock = CronClock("0 9 * * *", datetime(2014, 1, 1, tzinfo=SYDNEY))
    assert walls(2, clock, datetime(2014, 6, 1)) == ["02 09:00+1000", "03 09:00+1000"]


def test_it_ticks_strictly_after():
    clock = CronClock("0 * * * *")
    assert first(1, clock, datetime(2014, 1, 1, 6)) == [datetime(2014, 1, 1, 7)]
    assert first(1, clock, datetime(2014, 1, 1, 5, 59, 59, 999_999)) == [datetime(2014, 1, 1, 6)]


def test_trap_20_the_start_date_itself_counts():
    assert first(2, CronClock("0 0 * * *", START)) == [START, START + timedelta(days=1)]


def test_a_start_off_the_beat_waits_for_the_next_tick():
    clock = CronClock("0 0 * * *", START + timedelta(hours=6))
    assert first(1, clock) == [START + timedelta(days=1)]


def test_microseconds_of_the_start_round_up_to_the_next_tick():
    clock = CronClock("0 0 * * *", START.replace(microsecond=1))
    assert first(1, clock) == [START + timedelta(days=1)]


def test_the_start_date_counts_in_a_far_year_too():
    # where a float of seconds no longer tells one microsecond from the next
    start = datetime(5000, 1, 1, tzinfo=UTC)
    assert first(1, CronClock("0 0 * * *", start)) == [start]


def test_the_end_date_is_included():
    clock = CronClock("0 0 * * *", START, START + timedelta(days=1))
    assert first(9, clock) == [START, START + timedelta(days=1)]


def test_day_or_weekday_is_enough_unless_both_are_asked_for():
    either, both = CronClock("0 0 1-7 * 2"), CronClock("0 0 1-7 * 2", day_or=False)
    after = datetime(2014, 1, 1)
    assert [event.start_time.day for event in first(7, either, after)] == [2, 3, 4, 5, 6, 7, 14]
    assert [event.start_time.day for event in first(3, both, after)] == [7, 4, 4]  # Tuesdays


def test_day_or_none_means_the_default():
    assert CronClock("* * * * *", day_or=None).day_or is True


@pytest.mark.parametrize("cron", ["*", "hello world", "* * 32 1 1", "", "60 * * * *"])
def test_an_expression_that_cannot_be_read_is_a_definition_error(cron):
    with pytest.raises(DefinitionError, match="cannot read the cron expression"):
        CronClock(cron)


def test_an_expression_that_is_no_text_is_a_type_error():
    with pytest.raises(TypeError, match="must be a text, not 5"):
        CronClock(5)


def test_a_day_that_never_comes_is_an_error_when_its_moments_are_asked_for():
    clock = CronClock("0 0 31 2 *")
    with pytest.raises(DefinitionError, match=r"'0 0 31 2 \*' fits no day"):
        first(1, clock, START)


def test_a_leap_day_comes():
    assert first(1, CronClock("0 0 29 2 *"), datetime(2097, 1, 1)) == [datetime(2104, 2, 29)]


def test_an_expression_with_a_year_ends_with_it():
    clock = CronClock("0 0 1 1,7 * 0 2030")
    assert first(9, clock, START) == []
    assert len(first(9, clock, datetime(2029, 1, 1))) == 2


def test_it_has_more_than_a_thousand_events_and_ends_with_the_calendar():
    assert len(first(1500, CronClock("* * * * *"), START)) == 1500
    assert len(first(9, CronClock("0 * * * *"), datetime(9999, 12, 31, 22))) == 1


def test_every_event_carries_the_parameters_and_labels_of_the_clock():
    (event,) = first(1, CronClock("@daily", parameter_defaults={"n": 1}, labels=["a"]))
    assert (event.parameter_defaults, event.labels) == ({"n": 1}, ["a"])


class TestThroughDaylightSaving:
    def test_hourly_pauses_two_hours_where_clocks_go_back(self):
        clock = CronClock("0 * * * *", datetime(2023, 4, 1, tzinfo=SYDNEY))
        after = datetime(2023, 4, 2, 0, tzinfo=SYDNEY)
        assert walls(3, clock, after) == ["02 01:00+1100", "02 02:00+1100", "02 03:00+1000"]

    def test_the_second_of_two_equal_hours_does_not_tick(self):
        clock = CronClock("30 2 * * *", datetime(2023, 4, 1, tzinfo=SYDNEY))
        in_second = datetime(2023, 4, 2, 2, 15, tzinfo=SYDNEY, fold=1)
        assert walls(1, clock, in_second) == ["03 02:30+1000"]

    def test_hourly_loses_nothing_where_clocks_go_ahead(self):
        clock = CronClock("0 * * * *", datetime(2023, 9, 1, tzinfo=SYDNEY))
        after = datetime(2023, 10, 1, 0, tzinfo=SYDNEY)
        assert walls(3, clock, after) == ["01 01:00+1000", "01 03:00+1100", "01 04:00+1100"]

    @pytest.mark.parametrize("hour", [0, 3])
    def test_a_job_in_the_skipped_hour_runs_an_hour_later_that_day(self, hour):
        clock = CronClock("30 2 * * *", datetime(2023, 9, 1, tzinfo=SYDNEY))
        after = datetime(2023, 10, 1, hour, 15, tzinfo=SYDNEY)
        assert walls(2, clock, after) == ["01 03:30+1100", "02 02:30+1100"]

    def test_ticks_that_a_short_gap_moves_past_others_come_sorted(self):
        lord_howe = ZoneInfo("Australia/Lord_Howe")  # skips 02:00 to 02:30
        clock = CronClock("20,30 2 * * *", datetime(2023, 9, 1, tzinfo=lord_howe))
        after = datetime(2023, 10, 1, 0, tzinfo=lord_howe)
        assert walls(3, clock, after) == ["01 02:30+1100", "01 02:50+1100", "02 02:20+1100"]

    def test_a_whole_day_that_a_country_skips_ticks_on_the_next(self):
        apia = ZoneInfo("Pacific/Apia")  # there was no 30 December 2011, a Friday
        clock = CronClock("0 9 * * fri", datetime(2011, 12, 28, tzinfo=apia))
        after = datetime(2011, 12, 31, 8, tzinfo=apia)
        assert walls(2, clock, after) == ["31 09:00+1400", "06 09:00+1400"]
