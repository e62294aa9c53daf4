"""The market's price limits by day."""

import csv
from collections.abc import Callable
from datetime import date
from itertools import pairwise

import pytest

from nemflow.tasks.nem.limits import PRICE_LIMITS, limits_on


@pytest.mark.parametrize(
    ("day", "cap"),
    [
        (date(1998, 12, 7), 5_000),
        (date(2002, 3, 31), 5_000),
        (date(2002, 4, 1), 10_000),
        (date(2010, 6, 30), 10_000),
        (date(2010, 7, 1), 12_500),
        (date(2014, 1, 1), 13_100),
        (date(2024, 6, 30), 16_600),
        (date(2024, 7, 1), 17_500),
        (date(2031, 1, 1), 23_200),
        (date(1990, 1, 1), 5_000),
    ],
)
def test_the_cap_of_a_day_is_the_last_that_began(day: date, cap: float) -> None:
    assert limits_on(day).price_cap == cap


def test_limits_only_ever_rose() -> None:
    for former, latter in pairwise(PRICE_LIMITS):
        assert former.since < latter.since
        assert former.price_cap < latter.price_cap


def test_they_are_those_of_aemos_own_table(real_csv: Callable[[str], bytes]) -> None:
    text = real_csv("mmsdm_other/2021-05/*MARKET_PRICE_THRESHOLDS*").decode()
    rows = [row for row in csv.reader(text.splitlines()) if row[0] == "D"]
    assert len(rows) == 12
    for row in rows:
        day = date.fromisoformat(row[4][:10].replace("/", "-"))
        assert limits_on(day).price_cap == float(row[6])
        if row[8]:
            assert limits_on(day).cumulative_threshold == float(row[8])
