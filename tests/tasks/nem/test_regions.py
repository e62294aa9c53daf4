"""Which regions the market has on a day."""

from datetime import date

import pytest

from nemflow.tasks.nem.market_time import format_stamp
from nemflow.tasks.nem.regions import REGIONS, first_interval_end, is_known_region, regions_on


@pytest.mark.parametrize(
    ("day", "regions"),
    [
        (date(1998, 12, 6), ()),
        (date(1998, 12, 7), ("NSW1", "QLD1", "SA1", "VIC1")),
        (date(2005, 5, 14), ("NSW1", "QLD1", "SA1", "VIC1")),
        (date(2005, 5, 15), REGIONS),
        (date(2026, 1, 1), REGIONS),
    ],
)
def test_a_region_is_there_from_the_day_of_its_first_interval(
    day: date, regions: tuple[str, ...]
) -> None:
    assert regions_on(day) == regions


def test_the_first_intervals_are_those_of_the_published_files() -> None:
    assert format_stamp(first_interval_end("TAS1")) == "2005/05/15 14:00:00"
    assert format_stamp(first_interval_end("SA1")) == "1998/12/07 02:00:00"


def test_a_region_that_is_none_is_named_with_the_true_ones() -> None:
    with pytest.raises(ValueError, match="'WA1' is not a region; there are NSW1, QLD1"):
        first_interval_end("WA1")


def test_snowy_is_known_until_it_was_dissolved() -> None:
    assert is_known_region("SNOWY1", date(2008, 6, 30))
    assert not is_known_region("SNOWY1", date(2008, 7, 1))
    assert not is_known_region("WA1", date(2008, 6, 30))
