import re
from datetime import UTC, date, datetime

import pytest

from nemflow.cli.dates import read_days, read_span
from nemflow.errors import SettingsError

# 2014-03-05 in market time, still the 4th in UTC
NOW = datetime(2014, 3, 4, 14, 30, tzinfo=UTC)


def test_a_day_is_a_day():
    assert read_days(["2014-01-31"], NOW) == [date(2014, 1, 31)]


def test_today_is_the_markets_today():
    assert read_days(["today"], NOW) == [date(2014, 3, 5)]


def test_yesterday_is_the_day_before_the_markets_today():
    assert read_days(["Yesterday"], NOW) == [date(2014, 3, 4)]


def test_a_month_is_all_its_days():
    days = read_days(["2014-02"], NOW)
    assert days == [date(2014, 2, day) for day in range(1, 29)]


def test_the_current_month_ends_today():
    assert read_days(["2014-03"], NOW) == [date(2014, 3, day) for day in range(1, 6)]


def test_the_markets_first_month_begins_with_its_first_day():
    days = read_days(["1998-12"], NOW)
    assert (days[0], days[-1]) == (date(1998, 12, 7), date(1998, 12, 31))


def test_days_keep_their_order_and_come_once():
    words = ["2014-01-03", "2014-01-01", "2014-01-03", "yesterday", "2014-03-04"]
    assert read_days(words, NOW) == [date(2014, 1, 3), date(2014, 1, 1), date(2014, 3, 4)]


def test_no_words_are_no_days():
    assert read_days([], NOW) == []


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("01/02/2014", "not a date; write a day as 2014-01-31"),
        ("", "not a date"),
        ("2014-1-1", "not a date"),
        ("2014", "not a date"),
        ("tomorrow", "not a date"),
        ("2014-01-01T00:00", "not a date"),
        ("\u0662014-01-01", "not a date"),
        ("2014-13-01", "no such date, month must be in 1..12"),
        ("2014-13", "no such date, month must be in 1..12"),
        ("2014-02-30", "no such date, day is out of range for month"),
        ("2014-00", "no such date"),
        ("0000-01", "no such date"),
        ("2014-03-06", "lies in the future; today is 2014-03-05 in market time"),
        ("2014-04", "lies in the future; today is 2014-03-05 in market time"),
        ("9999-12", "lies in the future"),
        ("1998-12-06", "lies before the market's first day, 1998-12-07"),
        ("1998-11", "lies before the market's first day, 1998-12-07"),
    ],
)
def test_what_is_no_day_of_the_market_is_named_in_the_error(word, message):
    with pytest.raises(SettingsError) as error:
        read_days(["2014-01-01", word], NOW)
    assert str(error.value).startswith(f"--date {word}: ")
    assert message in str(error.value)


def test_day_zero_is_no_date():
    with pytest.raises(SettingsError, match="no such date"):
        read_days(["2014-01-00"], NOW)


NOON = datetime(2026, 11, 25, 2, tzinfo=UTC)  # of the 25th in market time


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2014-01-01", "2014-12-31", date(2014, 1, 1), date(2014, 12, 31)),
        ("2014", "2014", date(2014, 1, 1), date(2014, 12, 31)),
        ("2012-02", "2012-02", date(2012, 2, 1), date(2012, 2, 29)),
        ("1998", "1998", date(1998, 12, 7), date(1998, 12, 31)),
        ("1998-12", "1999-01", date(1998, 12, 7), date(1999, 1, 31)),
        ("2026-11", "2026-11", date(2026, 11, 1), date(2026, 11, 24)),
        ("2026", "2026", date(2026, 1, 1), date(2026, 11, 24)),
        ("2026-11-20", None, date(2026, 11, 20), date(2026, 11, 24)),
        ("yesterday", "today", date(2026, 11, 24), date(2026, 11, 25)),
        ("2026-11-25", "2026-11-25", date(2026, 11, 25), date(2026, 11, 25)),
    ],
)
def test_a_span_goes_from_the_start_of_one_word_to_the_end_of_the_other(start, end, first, last):
    days = read_span(start, end, NOON)
    assert (days[0], days[-1], len(days)) == (first, last, (last - first).days + 1)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2014-02-30", None, "--start 2014-02-30: no such date"),
        ("2014-1", None, "--start 2014-1: not a date"),
        ("1997", "1998", "--start 1997: lies before the market's first day"),
        ("2014", "2027", "--end 2027: lies in the future"),
        ("2014", "2026-11-26", "--end 2026-11-26: lies in the future"),
        ("2014-02", "2014-01", "--start 2014-02 lies after --end 2014-01"),
        ("today", None, "--start today lies after yesterday, 2026-11-24"),
    ],
)
def test_a_span_that_makes_no_sense_is_said_with_its_option(start, end, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        read_span(start, end, NOON)
