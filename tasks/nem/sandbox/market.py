"""A synthetic electricity market: prices, demand and interventions that follow from a hash.

Nothing here is AEMO's. The numbers look like the market's (two daily peaks, a solar trough that
deepens over the years, weekends, seasons, regions that move together, spikes up to the cap, prices
below zero) and are the same on every machine, in every process and Python version: all arithmetic
is on whole numbers, all chance comes from SHAKE-256 of region and day.

Prices are counted in **units** of 0.00001 AUD/MWh, which holds AEMO's five decimals exactly. The
functions named ``day_…`` give a whole market day (288 intervals, the first ends at 00:05) and are
what files are built from; `price`, `trading_price` and the like answer for one interval.

>>> price("NSW1", datetime(2014, 1, 1, 0, 5, tzinfo=NEM_TIME))
Decimal('43.1046')
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT, NEM_TIME, day_bounds, market_day
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import FCAS_SERVICES

UNITS = 100_000  # in one AUD
INTERVALS = 288
FLOOR = -1_000 * UNITS

_CAPS_FROM_2010 = (
    *(12_500, 12_500, 12_900, 13_100, 13_500, 13_800, 14_000, 14_200, 14_500),
    *(14_700, 15_000, 15_100, 15_500, 16_600, 17_500, 20_300, 23_200),
)

# The market price cap in AUD/MWh from each day on, as AEMO's MARKET_PRICE_THRESHOLDS has it.
_CAPS = (
    (date(1997, 11, 4), 5_000),
    (date(2002, 4, 1), 10_000),
    *((date(2010 + year, 7, 1), cap) for year, cap in enumerate(_CAPS_FROM_2010)),
)

# Usual price in AUD/MWh from each year on.
_LEVELS = (
    *((1998, 24), (2000, 38), (2002, 32), (2007, 58), (2008, 42), (2010, 31), (2012, 52)),
    *((2015, 44), (2017, 92), (2020, 52), (2021, 66), (2022, 150), (2023, 90), (2025, 105)),
)

# In thousandths: price against NSW1; how deep the sun pushes the price at midday.
_REGION_LEVEL = {"NSW1": 1000, "QLD1": 960, "SA1": 1090, "TAS1": 860, "VIC1": 930}
_REGION_SUN = {"NSW1": 640, "QLD1": 900, "SA1": 1200, "TAS1": 120, "VIC1": 880}
_SEASON = (1180, 1120, 960, 930, 1010, 1120, 1160, 1060, 930, 900, 920, 1040)
_REGION_DEMAND = {"NSW1": 8000, "QLD1": 6000, "SA1": 1400, "TAS1": 1120, "VIC1": 5300}  # MW

# For each half hour of the day, in thousandths: price against the day's level, and sunlight.
_SHAPE = (
    *(820, 760, 700, 660, 630, 610, 600, 620, 660, 720, 800, 900, 1020, 1120, 1180, 1200),
    *(1180, 1150, 1120, 1100, 1080, 1060, 1050, 1040, 1040, 1050, 1060, 1080, 1110, 1150, 1200),
    *(1270, 1350, 1450, 1560, 1620, 1600, 1520, 1420, 1320, 1220, 1130, 1060, 1010, 970, 940),
    *(900, 860),
)
SUN = (
    *(0,) * 14,
    *(80, 180, 320, 460, 600, 720, 830, 920, 980, 1000, 1000, 980, 930, 860, 760, 640, 500),
    *(340, 200, 90),
    *(0,) * 14,
)

# Usual price of each frequency service in AUD/MWh, in the order of FCAS_SERVICES.
_FCAS_LEVEL = (2, 3, 3, 2, 14, 1, 1, 2, 2, 9)

# AEMO directed in these hours: two runs, two rows for each interval and region. Ends are market
# time; the first is excluded, the second included, as with days.
_INTERVENTIONS = (
    (datetime(2010, 1, 12, 13, tzinfo=NEM_TIME), datetime(2010, 1, 12, 17, 30, tzinfo=NEM_TIME)),
    (datetime(2014, 2, 3, tzinfo=NEM_TIME), datetime(2014, 2, 5, tzinfo=NEM_TIME)),
    (datetime(2014, 2, 17, 14, tzinfo=NEM_TIME), datetime(2014, 2, 17, 20, tzinfo=NEM_TIME)),
    (datetime(2017, 2, 9, 15, tzinfo=NEM_TIME), datetime(2017, 2, 9, 19, tzinfo=NEM_TIME)),
    (datetime(2018, 5, 1, tzinfo=NEM_TIME), datetime(2018, 5, 19, 22, 15, tzinfo=NEM_TIME)),
    (datetime(2019, 4, 29, tzinfo=NEM_TIME), datetime(2019, 5, 2, 6, tzinfo=NEM_TIME)),
    (datetime(2020, 1, 31, 12, tzinfo=NEM_TIME), datetime(2020, 2, 17, tzinfo=NEM_TIME)),
    (datetime(2021, 4, 6, 9, tzinfo=NEM_TIME), datetime(2021, 5, 27, tzinfo=NEM_TIME)),
)


def chance(*words: object, size: int) -> bytes:
    """Return `size` bytes that follow from `words` alone, on every machine."""
    return hashlib.shake_256("/".join(map(str, words)).encode()).digest(size)


def price_cap(day: date) -> int:
    """Return the market price cap of `day` in AUD/MWh."""
    return _CAPS[bisect_right(_CAPS, day, key=lambda row: row[0]) - 1][1]


def price(region: str, interval_end: datetime) -> Decimal:
    """Return the 5-minute price (INTERVENTION 0) in AUD/MWh, with up to five decimals.

    Raises:
        ValueError: no such region, or a stamp that ends no 5-minute interval.
    """
    day, index = _place(interval_end)
    return _as_decimal(day_prices(region, day)[index])


def intervention_price(region: str, interval_end: datetime) -> Decimal:
    """Return the price of the INTERVENTION 1 row, which is never that of the 0 row."""
    day, index = _place(interval_end)
    return _as_decimal(physical_price(day_prices(region, day)[index]))


def trading_price(region: str, interval_end: datetime) -> Decimal:
    """Return the settled price, rounded to cents: of half hours, since 5MS of 5 minutes.

    Up to 2021-10-01 00:00 an interval has 30 minutes, and its price is the mean of its six dispatch
    prices. Halves are rounded up (away from zero).
    """
    day, index = _place(interval_end)
    prices = day_prices(region, day)
    if interval_end > FIVE_MINUTE_SETTLEMENT:
        return Decimal(round_to_cents(prices[index : index + 1])) / 100
    if index % 6 != 5:
        raise ValueError(f"{interval_end} ends no half hour, and prices were by half hours then")
    return Decimal(round_to_cents(prices[index - 5 : index + 1])) / 100


def average_price(region: str, interval_end: datetime) -> Decimal:
    """Return the mean of the six 5-minute prices of a half hour, in cents as trading prices are."""
    day, index = _place(interval_end)
    if index % 6 != 5:
        raise ValueError(f"{interval_end} ends no half hour, and averages are of half hours")
    return Decimal(round_to_cents(day_prices(region, day)[index - 5 : index + 1])) / 100


def fcas_price(service: str, region: str, interval_end: datetime) -> Decimal:
    """Return the price of one frequency `service` in AUD/MWh; it changes at half hours only."""
    day, index = _place(interval_end)
    return _as_decimal(day_fcas_prices(region, day)[FCAS_SERVICES.index(service)][index // 6])


def demand(region: str, interval_end: datetime) -> Decimal:
    """Return TOTALDEMAND of a 5-minute interval in MW, with two decimals."""
    day, index = _place(interval_end)
    return Decimal(day_demands(region, day)[index]) / 100


def intervention(interval_end: datetime) -> bool:
    """Tell whether AEMO directed in the interval, so that files hold two rows for each region."""
    day, index = _place(interval_end)
    return index in day_interventions(day)


def day_prices(region: str, day: date) -> list[int]:
    """Return the 288 prices of a market day in units (see the module)."""
    if region not in REGIONS:
        raise ValueError(f"{region!r} is not a region; there are {', '.join(REGIONS)}")
    shared, own = chance("market", day, size=600), chance(region, day, size=900)
    level = _day_level(region, day, 850 + shared[590] + own[590])
    trough = level * _sunlight(region, day, shared[591] + own[591]) // 1000
    prices = []
    for index in range(INTERVALS):
        half_hour = index // 6
        wobble = 790 + shared[index] + own[index] // 2
        units = level * _SHAPE[half_hour] * wobble // 1_000_000
        units -= trough * SUN[half_hour] * wobble // 1_000_000
        prices.append(_quoted(units, own[300 + index]))
    _set_extremes(prices, region, day, shared=shared, own=own)
    return prices


def day_fcas_prices(region: str, day: date) -> list[list[int]]:
    """Return for each of FCAS_SERVICES the 48 half-hour prices in units; TAS1 stands apart."""
    area = "TAS1" if region == "TAS1" else "mainland"
    prices = []
    for service, level in zip(FCAS_SERVICES, _FCAS_LEVEL, strict=True):
        luck = chance("fcas", area, service, day, size=50)
        scale = 10 + luck[48] // (1 if luck[49] > 250 else 8)
        prices.append([_quoted(level * scale * luck[h] * 41, luck[h - 1]) for h in range(48)])
    return prices


def day_demands(region: str, day: date) -> list[int]:
    """Return TOTALDEMAND of the 288 intervals in hundredths of a MW."""
    luck = chance("demand", region, day, size=INTERVALS + 1)
    level = _REGION_DEMAND[region] * _SEASON[day.month - 1] * (960 + luck[INTERVALS] // 3)
    usual = level * (900 if day.weekday() >= 5 else 1000) // 10_000_000
    return [
        usual * (550 + _SHAPE[index // 6] * 45 // 100 + luck[index] // 8) // 1000
        for index in range(INTERVALS)
    ]


def day_interventions(day: date) -> range:
    """Return the indexes of the day's intervals in which AEMO directed: one span, often empty."""
    midnight, end = day_bounds(day)
    for first, last in _INTERVENTIONS:
        if first < end and last > midnight:
            start = max(0, int((first - midnight).total_seconds()) // 300)
            return range(start, min(INTERVALS, int((last - midnight).total_seconds()) // 300))
    return range(0)


def physical_price(units: int) -> int:
    """Return what the INTERVENTION 1 row says where the settled price is `units`."""
    return units * 9 // 10 - 7


def round_to_cents(prices: Sequence[int]) -> int:
    """Return the mean of prices in units, in cents: halves away from zero, without any error."""
    total, whole = sum(prices), 1000 * len(prices)
    cents, rest = divmod(abs(total), whole)
    cents += 2 * rest >= whole
    return cents if total >= 0 else -cents


def _place(interval_end: datetime) -> tuple[date, int]:
    day = market_day(interval_end)
    seconds = (interval_end - day_bounds(day)[0]).total_seconds()
    if seconds % 300:
        raise ValueError(f"{interval_end} is not the end of a 5-minute interval")
    return day, int(seconds) // 300 - 1


def _as_decimal(units: int) -> Decimal:
    return Decimal(units) / UNITS


def _day_level(region: str, day: date, luck: int) -> int:
    level = _LEVELS[bisect_right(_LEVELS, day.year, key=lambda row: row[0]) - 1][1]
    weekend = 870 if day.weekday() >= 5 else 1000
    thousandths = _REGION_LEVEL[region] * _SEASON[day.month - 1] * weekend * luck
    return level * UNITS * thousandths // 1200 // 1_000_000_000


def _sunlight(region: str, day: date, luck: int) -> int:
    """Return the depth of the midday trough in thousandths of the level: 0 up to 2010."""
    panels = min(1000, max(0, (day.year - 2010) * 80))
    return _REGION_SUN[region] * panels * (500 + luck * 2) // 1_000_000


def _quoted(units: int, luck: int) -> int:
    """Bring a price to the steps that bids have: some in cents, half cents or whole dollars."""
    for threshold, step in ((12, UNITS), (80, 1000), (90, 500)):
        if luck < threshold:
            return units // step * step
    return units


def _set_extremes(prices: list[int], region: str, day: date, *, shared: bytes, own: bytes) -> None:
    """Write spikes and floors into `prices`: alone now and then, with all the mainland rarely."""
    cap = price_cap(day) * UNITS
    for luck, odds in ((own, 9), (shared, 3 if region != "TAS1" else 0)):
        if luck[592] < odds:
            start = 190 + luck[593] % 60
            height = cap if luck[595] < 90 else max(300 * UNITS, cap * luck[595] ** 2 // 65_536)
            for index in range(start, start + 1 + luck[594] % 6):
                prices[index] = height
    if _sunlight(region, day, own[596]) > 500 and own[597] < 8:
        start = 130 + own[598] % 40
        prices[start : start + 3] = [FLOOR] * 3
    prices[:] = [min(max(units, FLOOR), cap) for units in prices]
