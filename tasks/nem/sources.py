"""Which published files hold a day's prices: the ladder of sources, best first.

* ``MMSDM``: monthly table files, 5-minute DISPATCHPRICE of all regions; single files from 2015.
* ``BUNDLE``: the same files of 2009-07 to 2014-12, kept only inside a month's 2 GB zip.
* ``PRICE_AND_DEMAND``: a file for each region and month since 1998-12; energy price in cents.
"""

import enum
from datetime import date

MMSDM_FIRST_DAY = date(2015, 1, 1)
BUNDLE_FIRST_DAY = date(2009, 7, 1)


class Source(enum.StrEnum):
    """A kind of file that AEMO publishes market data in; reports have a CURRENT and an ARCHIVE folder."""

    MMSDM = "mmsdm"
    BUNDLE = "bundle"
    PUBLIC_PRICES = "public-prices"
    DAILY_REPORTS = "daily-reports"
    DISPATCHIS = "dispatchis"
    TRADINGIS = "tradingis"
    PRICE_AND_DEMAND = "price-and-demand"


class Quality(enum.StrEnum):
    """How settled the data of a day are."""

    LIVE = "live"  # from the reports of single intervals: may change within the half hour
    PRELIMINARY = "preliminary"  # from daily reports, or coarser than a source that is to come
    FINAL = "final"  # from the best source that AEMO ever publishes for the day


def ladder(day: date) -> tuple[Source, ...]:
    """Return the sources that can hold `day`, the best first."""
    if day >= MMSDM_FIRST_DAY:
        return (Source.MMSDM, Source.PRICE_AND_DEMAND)
    if day >= BUNDLE_FIRST_DAY:
        return (Source.BUNDLE, Source.PRICE_AND_DEMAND)
    return (Source.PRICE_AND_DEMAND,)
