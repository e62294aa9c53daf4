"""Dispatch against trading prices and PRICE_AND_DEMAND, average against trading, to the cent."""

from datetime import datetime, timedelta

import pytest

from nemflow.flows.nem.second_source import average_disagreement, disagreement, prices_of
from nemflow.tasks.nem.market_time import NEM_TIME

START = datetime(2021, 9, 30, 12, tzinfo=NEM_TIME)


def prices(values, minutes=5, region="SA1"):
    ends = [START + timedelta(minutes=minutes * (n + 1)) for n in range(len(values))]
    return prices_of(ends, [region] * len(values), values)


@pytest.mark.parametrize(
    ("six", "mean"),
    [
        ([10.0] * 6, 10.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.03], 3.51),  # 3.505, half up
        ([220.26879, 1.1, -3.3, 0.0, 14_700.0, 2.0], 2486.68),
        ([-0.005] * 6, -0.01),
        ([-0.005] * 6, 0.0),
    ],
)
def test_a_half_hour_is_the_mean_of_six_in_cents(six, mean):
    assert disagreement(prices(six), prices([mean], 30), 30) is None


@pytest.mark.parametrize(
    ("price", "cents"), [(220.26879, 220.27), (-2.69976, -2.70), (0.005, 0.01)]
)
def test_five_minutes_are_the_price_in_cents(price, cents):
    assert disagreement(prices([price]), prices([cents]), 5) is None


def test_a_cent_more_is_told_with_the_first_interval():
    found = disagreement(prices([1.0, 2.0, 3.004]), prices([1.0, 2.01, 3.01]), 5)
    assert str(found) == (
        "2 of 3 prices disagree, the first at 2021-09-30 12:10 in SA1: 2 here, 2.01 there"
    )


def test_a_half_hour_that_lacks_a_price_is_left_out():
    assert disagreement(prices([1.0] * 5), prices([9.0], 30), 30) is None


def test_what_only_one_source_has_is_left_out():
    assert disagreement(prices([1.0]), prices([9.0], region="VIC1"), 5) is None


@pytest.mark.parametrize("mean", [68.63, 68.63167, 68.64, 68.625])
def test_an_average_is_the_mean_of_six_trading_prices_however_it_was_rounded(mean):
    trading = [68.71, 68.5, 68.66, 68.64, 68.63, 68.65]  # 68.631666…
    assert average_disagreement(prices([mean], 30), prices(trading)) is None


def test_an_average_that_is_more_than_a_cent_off_is_told():
    found = average_disagreement(prices([10.02, 10.0], 30), prices([10.0] * 12))
    assert str(found) == (
        "1 of 2 prices disagree, the first at 2021-09-30 12:30 in SA1: 10.02 here, 10 there"
    )
