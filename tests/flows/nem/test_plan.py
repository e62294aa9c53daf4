"""Plans: days and what is there make units, one a published file."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.plan import month_name, plan_backfill, span_finder
from nemflow.tasks.nem.datasets import NEM_DEMAND, NEM_PRICES, NEM_TRADING_PRICES
from nemflow.tasks.nem.sources import Source

NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


YEAR = days_between(date(2014, 1, 1), date(2014, 12, 31))
NOTHING = {"raw": set(), "clean": set()}


def test_each_month_is_a_unit_with_its_days_in_order() -> None:
    plan = plan_backfill(YEAR, NOTHING, month_name)
    assert [unit.name for unit in plan.units] == [f"2014-{month:02}" for month in range(1, 13)]
    assert [day for unit in plan.units for day in unit.days] == YEAR
    assert (plan.asked, plan.lacking, plan.present) == (365, 365, 0)
    assert plan.units[0].flow_runs == 62


def test_newest_first_turns_units_and_days_round() -> None:
    plan = plan_backfill(YEAR, NOTHING, month_name, newest_first=True)
    assert [day for unit in plan.units for day in unit.days] == YEAR[::-1]


def test_what_is_there_is_left_out_stage_by_stage() -> None:
    first, second, third = YEAR[:3]
    there = {"raw": {first, second}, "clean": {first}}
    (unit,) = plan_backfill(YEAR[:3], there, month_name).units
    assert unit.days == (second, third)
    assert unit.lacking == {"raw": (third,), "clean": (second, third)}


def test_all_there_is_no_unit() -> None:
    plan = plan_backfill(YEAR, {"raw": set(YEAR), "clean": set(YEAR)}, month_name)
    assert (plan.units, plan.present) == ((), 365)


def test_force_takes_what_is_there_for_missing() -> None:
    there = {"raw": set(YEAR), "clean": set(YEAR)}
    assert plan_backfill(YEAR, there, month_name, force=True).lacking == 365


def test_every_day_asked_for_is_in_exactly_one_unit_whatever_the_source() -> None:
    days = days_between(date(1998, 12, 7), date(2026, 11, 24))
    for dataset in (NEM_PRICES, NEM_TRADING_PRICES, NEM_DEMAND):
        plan = plan_backfill(days, NOTHING, span_finder(dataset, NOW))
        names = [unit.name for unit in plan.units]
        assert len(set(names)) == len(names)
        assert [day for unit in plan.units for day in unit.days] == days


@pytest.mark.parametrize(
    ("day", "forced", "span"),
    [
        (date(1999, 1, 5), None, "1999-01"),
        (date(2012, 2, 29), None, "2012-02"),
        (date(2026, 9, 30), None, "2026-09"),
        (date(2026, 11, 20), None, "week of 2026-11-15"),
        (date(2026, 11, 22), None, "week of 2026-11-22"),
        (date(2026, 11, 20), Source.PRICE_AND_DEMAND, "2026-11"),
        (date(2026, 11, 20), Source.DISPATCHIS, "2026-11-20"),
        (date(2026, 6, 20), Source.PUBLIC_PRICES, "2026-06"),
        (date(2012, 6, 20), Source.PUBLIC_PRICES, "2012-06"),
    ],
)
def test_a_span_is_that_of_the_file_that_holds_the_day(day, forced, span) -> None:
    assert span_finder(NEM_PRICES, NOW, forced)(day) == span


def test_settlement_prices_of_past_weeks_go_by_the_week() -> None:
    span_of = span_finder(NEM_TRADING_PRICES, NOW, Source.TRADINGIS)
    spans = [span_of(day) for day in days_between(date(2026, 10, 11), date(2026, 10, 24))]
    assert spans == ["week of 2026-10-11"] * 7 + ["week of 2026-10-18"] * 7
