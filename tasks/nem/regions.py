"""The market's regions, and the first interval of each.

>>> regions_on(date(2005, 5, 14))
('NSW1', 'QLD1', 'SA1', 'VIC1')
"""

from datetime import date, datetime

from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds

REGIONS = ("NSW1", "QLD1", "SA1", "TAS1", "VIC1")

# The first interval ends in PRICE_AND_DEMAND; the market itself opened on 1998-12-13.
_OPENING = datetime(1998, 12, 7, 2, tzinfo=NEM_TIME)
_TASMANIA_JOINED = datetime(2005, 5, 15, 14, tzinfo=NEM_TIME)

# A region between NSW1 and VIC1 without a PRICE_AND_DEMAND file; dissolved on this day.
SNOWY = "SNOWY1"
SNOWY_DISSOLVED = date(2008, 7, 1)


def first_interval_end(region: str) -> datetime:
    """Return the end of the first interval for which AEMO publishes a price of `region`.

    Raises:
        ValueError: no such region.
    """
    if region not in REGIONS:
        raise ValueError(f"{region!r} is not a region; there are {', '.join(REGIONS)}")
    return _TASMANIA_JOINED if region == "TAS1" else _OPENING


def regions_on(day: date) -> tuple[str, ...]:
    """Return the regions with at least one price on `day`, in order; none before 1998-12-07."""
    _, end = day_bounds(day)
    return tuple(region for region in REGIONS if first_interval_end(region) <= end)


def is_known_region(region: str, day: date) -> bool:
    """Tell whether rows of `region` may stand in a file of `day`."""
    return region in REGIONS or (region == SNOWY and day < SNOWY_DISSOLVED)
