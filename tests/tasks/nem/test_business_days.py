"""Business days against calendars as they were published."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks.nem.business_days import holidays_of, is_business_day

# The weekdays among the public holidays of New South Wales, month and day.
PUBLISHED = {
    2021: ["01-01", "01-26", "04-02", "04-05", "06-14", "10-04", "12-27", "12-28"],
    2022: ["01-03", "01-26", "04-15", "04-18", "04-25", "06-13", "10-03", "12-26", "12-27"],
    2023: ["01-02", "01-26", "04-07", "04-10", "04-25", "06-12", "10-02", "12-25", "12-26"],
    2024: ["01-01", "01-26", "03-29", "04-01", "04-25", "06-10", "10-07", "12-25", "12-26"],
    2025: ["01-01", "01-27", "04-18", "04-21", "04-25", "06-09", "10-06", "12-25", "12-26"],
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_all_published_holidays_are_none_but_those_and_an_anzac_day_put_off(year):
    published = {date.fromisoformat(f"{year}-{day}") for day in PUBLISHED[year]}
    more = holidays_of(year) - published
    assert published <= holidays_of(year)
    assert more <= {date(year, 4, 26), date(year, 4, 27)}
    assert (not more) == (date(year, 4, 25).weekday() < 5)


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2026, ["12-25", "12-28"]),  # a Friday
        (2027, ["12-27", "12-28"]),
        (2028, ["12-25", "12-26"]),
        (2033, ["12-26", "12-27"]),  # a Sunday
    ],
)
def test_christmas_on_a_weekend_is_made_up_for(year, days):
    found = sorted(day for day in holidays_of(year) if day.month == 12)
    assert [f"{day:%m-%d}" for day in found] == days


@given(st.integers(1998, 2099))
def test_every_year_has_eight_to_ten_holidays_of_the_week(year):
    # In 2011 Easter Monday and Anzac Day were one.
    assert 8 <= len(holidays_of(year)) <= 10
    assert all(day.year == year and day.weekday() < 5 for day in holidays_of(year))


@given(st.dates(date(1998, 1, 1), date(2099, 12, 31)))
def test_no_weekend_is_business_and_of_seven_days_two_are(day):
    assert not (day.weekday() >= 5 and is_business_day(day))
    assert sum(is_business_day(day + timedelta(days=n)) for n in range(7)) >= 2
