"""The axis of prices: straight, or logarithmic where spikes demand it."""

import pytest

from nemflow.cli.price_scale import Scale, scale_for

USUAL = [20.0 + n % 60 for n in range(100)]


def test_usual_prices_have_a_straight_axis_from_zero():
    assert scale_for(USUAL) == Scale(0.0, 79.0, is_log=False)


def test_a_cap_price_among_usual_ones_makes_it_logarithmic():
    scale = scale_for([*USUAL, 14_700.0, -1000.0])
    assert scale.is_log
    assert (scale.height(-1000.0), scale.height(14_700.0)) == (0.0, 1.0)
    assert scale.height(70.0) - scale.height(20.0) > 0.05


def test_a_market_that_is_at_the_cap_all_day_keeps_it_straight():
    assert not scale_for([14_000.0 + n for n in range(100)]).is_log


@pytest.mark.parametrize("is_log", [True, False])
def test_heights_rise_with_values(is_log):
    scale = Scale(-1000.0, 15_000.0, is_log)
    heights = [scale.height(value) for value in (-1000, -100, -1, 0, 1, 99, 101, 1000, 15_000)]
    assert heights == sorted(set(heights))
    assert (heights[0], heights[-1]) == (0.0, 1.0)


def test_one_value_alone_lies_in_the_middle():
    assert scale_for([5.0, 5.0]).height(5.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0.0, 79.0, ["0", "20", "40", "60"]),
        (59.4, 60.6, ["59.5", "60.0", "60.5"]),
        (-45.0, 210.0, ["0", "100", "200"]),
    ],
)
def test_ticks_are_round_and_told_apart(low, high, labels):
    scale = Scale(low, high, is_log=False)
    assert [scale.label(tick, 4) for tick in scale.ticks(4)] == labels


def test_ticks_of_a_logarithmic_axis_are_powers_and_thin_out():
    scale = Scale(-1000.0, 14_700.0, is_log=True)
    assert scale.ticks(20) == [-1000, -300, -100, 0, 100, 300, 1000, 3000, 10_000]
    assert 300 not in scale.ticks(5)
