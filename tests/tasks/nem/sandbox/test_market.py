"""Rules of the synthetic market's numbers."""

import hashlib
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month, day_bounds, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import market

DAY = timedelta(days=1)


def _at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=NEM_TIME)


def test_the_numbers_never_change() -> None:
    days = (date(1998, 12, 7), date(2014, 1, 1), date(2018, 5, 3), date(2025, 8, 20))
    numbers = [
        (market.day_prices(region, day), market.day_demands(region, day)[::12])
        for region in REGIONS
        for day in days
    ]
    fcas = [market.day_fcas_prices(region, days[-1]) for region in ("NSW1", "TAS1")]
    digest = hashlib.sha256(repr((numbers, fcas)).encode()).hexdigest()
    assert digest == "ae58db024b938c368a61699463d2bfb1b83840fe0e5bf7c4b347e71f7fc8dcf1"


def test_other_processes_have_the_same_numbers() -> None:
    code = (
        "from datetime import date\n"
        "from nemflow.tasks.nem.sandbox.market import day_prices\n"
        "print(day_prices('VIC1', date(2022, 6, 15)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(market.day_prices("VIC1", date(2022, 6, 15)))


@pytest.mark.parametrize("year", [1999, 2008, 2014, 2022, 2025])
def test_prices_keep_cap_and_floor(year: int) -> None:
    for region in REGIONS:
        for day in Month(year, 3).days():
            prices = market.day_prices(region, day)
            assert len(prices) == 288
            assert min(prices) >= -1_000 * market.UNITS
            assert max(prices) <= market.price_cap(day) * market.UNITS


def test_prices_reach_the_cap_of_their_year() -> None:
    prices = [p for day in Month(2014, 7).days() for p in market.day_prices("NSW1", day)]
    prices += [p for n in range(60) for p in market.day_prices("SA1", date(2014, 8, 1) + n * DAY)]
    assert max(prices) == 13_500 * market.UNITS


def test_the_cap_changes_on_the_first_of_july() -> None:
    assert market.price_cap(date(2014, 6, 30)) == 13_100
    assert market.price_cap(date(2014, 7, 1)) == 13_500


def test_midday_prices_fall_below_zero_once_there_is_sun() -> None:
    noon = range(120, 168)
    days = list(Month(2025, 10).days())
    assert any(market.day_prices("SA1", day)[i] < 0 for day in days for i in noon)
    days = list(Month(2005, 10).days())
    assert min(market.day_prices("SA1", day)[i] for day in days for i in noon) > 0


def test_mainland_regions_move_together() -> None:
    days = list(Month(2014, 1).days())
    nsw, vic = (
        [sorted(market.day_prices(region, day))[144] for day in days] for region in ("NSW1", "VIC1")
    )
    high = {i for i in range(31) if nsw[i] > sorted(nsw)[15]}
    also_high = {i for i in range(31) if vic[i] > sorted(vic)[15]}
    assert len(high & also_high) > 9


def test_a_price_has_at_most_five_decimals() -> None:
    price = market.price("NSW1", _at(2014, 1, 1, 0, 5))
    assert price == price.quantize(Decimal("0.00001"))


def test_half_hours_are_means_rounded_half_up() -> None:
    for end in interval_ends(date(2018, 5, 3), 30):
        six = [market.price("SA1", end - timedelta(minutes=5 * n)) for n in range(6)]
        mean = (sum(six, Decimal(0)) / 6).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert market.trading_price("SA1", end) == mean


def test_half_cents_are_rounded_away_from_zero() -> None:
    assert market.round_to_cents([12_500]) == 13
    assert market.round_to_cents([-12_500]) == -13
    assert market.round_to_cents([12_499]) == 12
    assert market.round_to_cents([1_000, 1_000, 1_000, 2_000, 2_000, 2_000]) == 2


def test_five_minute_settlement_starts_after_the_last_half_hour() -> None:
    market.trading_price("NSW1", _at(2021, 10, 1))
    market.trading_price("NSW1", _at(2021, 10, 1, 0, 5))
    with pytest.raises(ValueError, match="half hour"):
        market.trading_price("NSW1", _at(2021, 9, 30, 23, 55))


def test_averages_are_means_of_half_hours_to_this_day() -> None:
    for end in interval_ends(date(2024, 8, 3), 30):
        six = [market.price("SA1", end - timedelta(minutes=5 * n)) for n in range(6)]
        mean = (sum(six, Decimal(0)) / 6).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert market.average_price("SA1", end) == mean
    with pytest.raises(ValueError, match="ends no half hour"):
        market.average_price("SA1", _at(2024, 8, 3, 0, 5))


def test_interventions_have_their_periods() -> None:
    assert market.intervention(_at(2014, 2, 3, 0, 5))
    assert market.intervention(_at(2014, 2, 5))
    assert not market.intervention(_at(2014, 2, 3))
    assert not market.intervention(_at(2014, 2, 5, 0, 5))
    assert list(market.day_interventions(date(2014, 2, 17))) == list(range(168, 240))


def test_the_other_run_never_has_the_settled_price() -> None:
    for units in (-1_000 * market.UNITS, -1, 0, 1, 5, 999_999):
        assert market.physical_price(units) != units
    end = _at(2018, 5, 1, 0, 5)
    assert market.intervention_price("SA1", end) != market.price("SA1", end)


def test_tasmania_has_frequency_prices_of_its_own() -> None:
    end = _at(2018, 5, 1, 12)
    raise6 = {region: market.fcas_price("RAISE6SEC", region, end) for region in REGIONS}
    assert raise6["NSW1"] == raise6["SA1"] != raise6["TAS1"]


def test_demand_is_of_the_size_of_the_region() -> None:
    assert 5_000 < market.demand("NSW1", _at(2014, 1, 1, 18)) < 15_000
    assert 500 < market.demand("SA1", _at(2014, 1, 1, 18)) < 3_500


def test_only_the_market_has_regions_and_intervals() -> None:
    with pytest.raises(ValueError, match="'WA1' is not a region"):
        market.price("WA1", _at(2014, 1, 1, 0, 5))
    with pytest.raises(ValueError, match="5-minute interval"):
        market.price("NSW1", _at(2014, 1, 1, 0, 7))


def test_midnight_belongs_to_the_day_before() -> None:
    _, end = day_bounds(date(2014, 1, 1))
    last = Decimal(market.day_prices("NSW1", date(2014, 1, 1))[287]) / market.UNITS
    assert market.price("NSW1", end) == last
