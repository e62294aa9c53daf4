"""When a day that is not final is looked at again."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks.nem.datasets import DATASETS, NEM_PRICES, NEM_TRADING_PRICES
from nemflow.tasks.nem.due import next_due, settled_at
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sources import Quality, Shelf, Source, ladder


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=NEM_TIME)


def due(day, now, source, shelf, dataset=NEM_PRICES, made_at=None):
    return next_due(dataset, day, source, shelf, made_at=made_at or now, now=now)


@pytest.mark.parametrize(
    ("day", "settled"),
    [
        (date(2026, 11, 2), "2026-11-05T06:00"),  # Monday
        (date(2026, 11, 5), "2026-11-10T06:00"),  # Thursday: Friday and Monday
        (date(2026, 11, 6), "2026-11-11T06:00"),
        (date(2026, 11, 7), "2026-11-11T06:00"),  # Saturday
        (date(2026, 11, 8), "2026-11-11T06:00"),
        (date(2026, 4, 2), "2026-04-09T06:00"),  # Good Friday, Easter Monday; then two days
        (date(2026, 12, 24), "2026-12-31T06:00"),  # Boxing Day is on a Saturday: Monday as well
        (date(2026, 12, 31), "2027-01-06T06:00"),
    ],
)
def test_prices_settle_in_the_morning_after_two_business_days(day, settled):
    assert settled_at(day) == at(settled)


def test_live_prices_are_due_when_the_daily_report_comes():
    now = at("2026-04-20T00:10")
    found = due(date(2026, 4, 19), now, Source.DISPATCHIS, Shelf.CURRENT)
    assert at("2026-04-20T04:07") <= found <= at("2026-04-20T04:30")


def test_a_daily_report_is_due_when_its_prices_have_settled_and_then_when_the_month_comes():
    day = date(2026, 4, 14)  # Tuesday
    now = at("2026-04-15T09:00")
    assert due(day, now, Source.PUBLIC_PRICES, Shelf.CURRENT) == at("2026-04-17T06:00")
    now = at("2026-04-17T06:00")
    found = due(day, now, Source.PUBLIC_PRICES, Shelf.CURRENT)
    assert at("2026-05-12T00:00") <= found <= at("2026-05-12T01:00")


def test_a_month_that_is_late_is_looked_for_ever_more_seldom():
    day, made_at = date(2026, 4, 14), at("2026-04-15T09:00")
    now, waits = at("2026-05-12T00:15"), []
    for _ in range(12):
        later = due(day, now, Source.PUBLIC_PRICES, Shelf.CURRENT, made_at=made_at)
        waits.append(later - now)
        now = later
    assert waits[0] == timedelta(hours=6)
    assert waits == sorted(waits)
    assert waits[-1] <= timedelta(days=30)


def test_a_day_from_the_best_source_is_never_due():
    day, now = date(2026, 3, 3), at("2026-04-20T09:00")
    assert due(day, now, Source.MMSDM, Shelf.MONTH) is None
    assert due(date(2001, 1, 1), now, Source.PRICE_AND_DEMAND, Shelf.MONTH) is None


def test_cents_of_a_day_that_has_its_month_are_due_within_hours():
    now = at("2026-04-20T09:00")
    found = due(date(2016, 1, 1), now, Source.PRICE_AND_DEMAND, Shelf.MONTH)
    assert found == now + timedelta(hours=6)


def test_settlement_prices_wait_for_the_week():
    day = date(2026, 4, 6)
    now = at("2026-04-10T09:00")
    found = due(day, now, Source.TRADINGIS, Shelf.CURRENT, NEM_TRADING_PRICES)
    assert at("2026-04-19T01:00") <= found <= at("2026-04-19T02:00")


@given(st.dates(date(1998, 12, 7), date(2035, 12, 31)))
def test_holidays_put_off_when_prices_settle_and_never_bring_it_forward(day):
    left, weekday = 2, day
    while left:
        weekday += timedelta(days=1)
        left -= weekday.weekday() < 5
    without = datetime.combine(weekday + timedelta(days=1), time(6), NEM_TIME)
    # The longest row is that from Christmas on a Saturday to the Wednesday after it.
    assert without <= settled_at(day) <= without + timedelta(days=4)
    assert settled_at(day) <= settled_at(day + timedelta(days=1))


@given(st.integers(0, 500), st.integers(1, 400), st.sampled_from(sorted(DATASETS)))
def test_a_day_is_due_later_or_final_whatever_it_was_taken_from(offset, age, name):
    now = at("2025-01-01T00:00") + timedelta(days=offset, hours=offset % 24)
    day = now.date() - timedelta(days=age)
    for rung in ladder(DATASETS[name], day, now):
        found = due(day, now, rung.source, rung.shelf, DATASETS[name])
        if rung.quality is Quality.FINAL:
            assert found is None
        else:
            assert found is not None
            assert now < found <= now + timedelta(days=60)
