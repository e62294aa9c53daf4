from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import SettingsError
from nemflow.flows.agent.timetable import Timetable

THURSDAY = datetime(2026, 11, 26, 12, tzinfo=UTC)


def next_times(number=3, after=THURSDAY, **when):
    return [f"{moment:%a %H:%M}" for moment in Timetable(**when).schedule().next(number, after)]


def test_cron_is_read_on_the_wall_clock_of_its_zone():
    [moment] = Timetable(cron="30 4 * * *", zone="Australia/Brisbane").schedule().next(1, THURSDAY)
    assert moment == datetime(2026, 11, 27, 4, 30, tzinfo=ZoneInfo("Australia/Brisbane"))
    assert moment.utcoffset().total_seconds() == 10 * 3600


def test_an_interval_counts_from_midnight():
    assert next_times(every="6h") == ["Thu 18:00", "Fri 00:00", "Fri 06:00"]
    assert next_times(every="5m", number=2) == ["Thu 12:05", "Thu 12:10"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"weekdays": True}, ["Fri 00:00", "Mon 00:00", "Tue 00:00"]),
        ({"weekends": True}, ["Sat 00:00", "Sun 00:00", "Sat 00:00"]),
        ({"month_start": True}, ["Tue 00:00", "Fri 00:00", "Mon 00:00"]),
        ({"month_end": True}, ["Mon 00:00", "Thu 00:00", "Sun 00:00"]),
    ],
)
def test_filters_keep_only_some_days(filters, expected):
    assert next_times(every="1d", **filters) == expected


def test_between_keeps_only_some_times_of_day_and_may_go_over_midnight():
    assert next_times(every="6h", between="05:00-13:00", number=2) == ["Fri 06:00", "Fri 12:00"]
    assert next_times(every="6h", between="23:00-01:00", number=2) == ["Fri 00:00", "Sat 00:00"]


def test_it_survives_being_kept_as_text():
    timetable = Timetable(
        cron="0 * * * *", zone="Australia/Sydney", weekdays=True, between="04:00-20:00"
    )
    assert Timetable.from_json(timetable.as_json()) == timetable
    assert str(timetable) == "cron 0 * * * * (Australia/Sydney), weekdays, 04:00-20:00"


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "say when: --cron"),
        ({"cron": "0 4 * * *", "every": "5m"}, "one of the two"),
        ({"cron": "0 4 * *"}, "--cron '0 4 \\* \\*'"),
        ({"every": "5x"}, "--every 5x: write a number"),
        ({"every": "0m"}, "--every 0m"),
        ({"every": "5m", "zone": "Mars/Olympus"}, "--tz Mars/Olympus: no such time zone"),
        ({"every": "5m", "between": "4-20"}, "--between 4-20: write two times of day"),
        ({"every": "5m", "between": "04:00-25:00"}, "--between 04:00-25:00"),
    ],
)
def test_what_is_wrong_is_named_with_its_option(when, words):
    with pytest.raises(SettingsError, match=words):
        Timetable(**when)
