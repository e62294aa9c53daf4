"""What a question's start and end mean."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from nemflow.errors import ParameterError
from nemflow.flows.nem.span import FIRST_DAY, first_day_of, read_span
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds

NOW = datetime(2026, 11, 5, 9, tzinfo=NEM_TIME)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2014-01-05", "2014-01-05", "2014-01-05", "2014-01-05"),
        (date(2014, 1, 5), date(2014, 1, 6), "2014-01-05", "2014-01-06"),
        ("2014-02", "2014-02", "2014-02-01", "2014-02-28"),
        ("2012", "2012", "2012-01-01", "2012-12-31"),
        ("2014", date(2014, 1, 2), "2014-01-01", "2014-01-02"),
        ("yesterday", " Today ", "2026-11-04", "2026-11-05"),
    ],
)
def test_a_date_means_its_whole_market_days_at_both_ends(start, end, first, last):
    span = read_span(start, end, NOW)
    assert (span.since, span.until) == (
        day_bounds(date.fromisoformat(first))[0],
        day_bounds(date.fromisoformat(last))[1],
    )
    assert (str(span.first), str(span.last)) == (first, last)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2014, 1, 1, 10, tzinfo=NEM_TIME),
        datetime(2014, 1, 1, 0, tzinfo=UTC),
        datetime(2014, 1, 1, 11, tzinfo=ZoneInfo("Australia/Sydney")),
        pd.Timestamp("2014-01-01T10:00+10:00"),
        "2014-01-01T10:00+10:00",
        "2014-01-01 00:00Z",
    ],
)
def test_an_aware_time_is_that_instant(start):
    span = read_span(start, "2014-01-01", NOW)
    assert span.since == datetime(2014, 1, 1, 10, tzinfo=NEM_TIME)
    assert span.first == date(2014, 1, 1)


def test_an_end_at_midnight_belongs_to_the_day_before():
    assert read_span("2014-01-01", "2014-01-03T00:00+10:00", NOW).last == date(2014, 1, 2)


@pytest.mark.parametrize("naive", [datetime(2014, 1, 1, 10), "2014-01-01T10:00"])
def test_a_time_without_zone_is_refused_with_what_to_write(naive):
    with pytest.raises(ParameterError, match=r"start 2014-01-01 10:00:00 has no time zone; give"):
        read_span(naive, "2014-01-02", NOW)


@pytest.mark.parametrize("word", ["January", "2014-13", "2014-02-30", "14-01-01", "", "0000"])
def test_a_word_that_is_no_date_is_refused_with_the_forms(word):
    with pytest.raises(ParameterError, match=r"end '.*' is no date.*; write a day \(2014-01-31\)"):
        read_span("2014", word, NOW)


def test_what_is_no_date_at_all_is_refused():
    with pytest.raises(ParameterError, match="start must be a date, text or an aware datetime"):
        read_span(2014, "2014", NOW)


def test_an_end_before_the_start_is_refused():
    with pytest.raises(ParameterError, match="end 2014-01-01 lies before start 2014-01-02"):
        read_span("2014-01-02", "2014-01-01", NOW)


def test_days_to_come_and_before_the_market_do_not_count():
    assert read_span("1998", "1998", NOW).days(NOW)[0] == FIRST_DAY == date(1998, 12, 7)
    assert read_span("2026", "2026", NOW).days(NOW)[-1] == date(2026, 11, 5)
    assert read_span("2027", "2027", NOW).days(NOW) == []


def test_a_span_covers_days_only_with_all_their_intervals():
    day = date(2014, 1, 1)
    assert read_span(day, day, NOW).covers(day, day)
    later = day_bounds(day)[0] + timedelta(minutes=5)
    assert not read_span(later, day, NOW).covers(day, day)


def test_each_data_set_begins_with_the_first_day_of_its_oldest_source():
    assert {name: str(first_day_of(dataset)) for name, dataset in DATASETS.items()} == {
        "nem_prices": "1998-12-07",
        "nem_trading_prices": "1998-12-07",
        "nem_average_prices": "2024-08-01",
        "nem_demand": "1998-12-07",
        "nem_rooftop_pv": "2009-07-01",
    }
