"""The market's price limits, by financial year: for warnings, never to change a price.

Sources: AEMO's MARKET_PRICE_THRESHOLDS table up to 2020; AEMC and AEMO notices for 2021 and 2024;
single reports for 2022, 2023, 2025 and 2026.
"""

from dataclasses import dataclass
from datetime import date

# AUD/MWh, throughout the market's history.
ENERGY_FLOOR = -1_000.0
FCAS_FLOOR = 0.0


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """The limits in force from one day until the next entry.

    Args:
        since: the first day.
        price_cap: market price cap (before: value of lost load), AUD/MWh; for FCAS too.
        cumulative_threshold: cumulative price threshold in AUD/MWh: the sum over 336 half hours
            (since 2021 over 2,016 five-minute intervals) that starts administered pricing;
            None before there was one.
    """

    since: date
    price_cap: float
    cumulative_threshold: float | None


PRICE_LIMITS = (
    PriceLimits(date(1997, 11, 4), 5_000, None),
    PriceLimits(date(2002, 4, 1), 10_000, 150_000),
    PriceLimits(date(2010, 7, 1), 12_500, 187_500),
    PriceLimits(date(2012, 7, 1), 12_900, 193_900),
    PriceLimits(date(2013, 7, 1), 13_100, 197_100),
    PriceLimits(date(2014, 7, 1), 13_500, 201_900),
    PriceLimits(date(2015, 7, 1), 13_800, 207_000),
    PriceLimits(date(2016, 7, 1), 14_000, 210_100),
    PriceLimits(date(2017, 7, 1), 14_200, 212_800),
    PriceLimits(date(2018, 7, 1), 14_500, 216_900),
    PriceLimits(date(2019, 7, 1), 14_700, 221_100),
    PriceLimits(date(2020, 7, 1), 15_000, 224_600),
    PriceLimits(date(2021, 7, 1), 15_100, 1_359_100),
    PriceLimits(date(2022, 7, 1), 15_500, 1_398_100),
    PriceLimits(date(2023, 7, 1), 16_600, 1_490_200),
    PriceLimits(date(2024, 7, 1), 17_500, 1_573_700),
    PriceLimits(date(2025, 7, 1), 20_300, 1_823_600),
    PriceLimits(date(2026, 7, 1), 23_200, 2_225_900),
)


def limits_on(day: date) -> PriceLimits:
    """Return the limits in force on `day`; before the first entry the first, after it the last."""
    past = [limits for limits in PRICE_LIMITS if limits.since <= day]
    return past[-1] if past else PRICE_LIMITS[0]
