"""The ladder of sources by era."""

from datetime import date

import pytest

from nemflow.tasks.nem.sources import Source, ladder


@pytest.mark.parametrize(
    ("day", "best"),
    [
        (date(2026, 1, 1), Source.MMSDM),
        (date(2015, 1, 1), Source.MMSDM),
        (date(2014, 12, 31), Source.BUNDLE),
        (date(2009, 7, 1), Source.BUNDLE),
        (date(2009, 6, 30), Source.PRICE_AND_DEMAND),
        (date(1998, 12, 7), Source.PRICE_AND_DEMAND),
    ],
)
def test_the_best_source_of_a_day_follows_from_its_era(day: date, best: Source) -> None:
    assert ladder(day)[0] is best


def test_every_ladder_ends_with_price_and_demand() -> None:
    for year in range(1998, 2031):
        assert ladder(date(year, 12, 31))[-1] is Source.PRICE_AND_DEMAND
