"""ROOFTOP,ACTUAL: what panels on roofs make, in MW, by half hours, of regions and parts of them.

Each half hour and area has two rows: what was measured, and what satellites saw. A month's file
goes one day too far, as the real one of 2019-12 does.
"""

from datetime import date, timedelta

from nemflow.tasks.nem.market_time import Month, interval_ends
from nemflow.tasks.nem.sandbox.field_text import quoted_stamp
from nemflow.tasks.nem.sandbox.market import SUN, chance

FIRST_ROOFTOP = Month(2016, 8)
ROOFTOP_COLUMNS = ("INTERVAL_DATETIME", "REGIONID", "POWER", "QI", "TYPE", "LASTCHANGED")
ROOFTOP_HEAD = "ROOFTOP,ACTUAL,2"

# Areas in the order of the file: what each adds in a year in MW. A region is the sum of its parts.
_GROWTH = {"NSW1": 610, "QLDC": 70, "QLDN": 60, "QLDS": 390, "SA1": 190, "TASN": 14, "TASS": 12}
_GROWTH["VIC1"] = 450
_PARTS = {"QLD1": ("QLDC", "QLDN", "QLDS"), "TAS1": ("TASN", "TASS")}
AREAS = (
    *("NSW1", "QLD1", "QLDC", "QLDN", "QLDS"),
    *("SA1", "TAS1", "TASN", "TASS", "VIC1"),
)

_FIRST_YEAR = 2010  # before it there were next to none
_SEASON = (1000, 950, 850, 720, 600, 540, 570, 680, 800, 900, 970, 1010)  # thousandths, by month


def rooftop_power(area: str, day: date) -> list[int]:
    """Return what was measured in the 48 half hours of a market day, in thousandths of a MW."""
    if parts := _PARTS.get(area):
        return [sum(powers) for powers in zip(*(rooftop_power(p, day) for p in parts), strict=True)]
    luck = chance("rooftop", area, day, size=49)
    panels = _GROWTH[area] * max(1, day.year - _FIRST_YEAR) * _SEASON[day.month - 1]
    clear = 90 + luck[48] // 2  # out of 218
    return [
        panels * sun // 1000 * clear * (200 + luck[half_hour]) // (218 * 455)
        for half_hour, sun in enumerate(SUN)
    ]


def rooftop_lines(day: date) -> list[str]:
    """Return the D lines of a market day: two for each half hour and area."""
    powers = {area: rooftop_power(area, day) for area in AREAS}
    lines: list[str] = []
    for half_hour, end in enumerate(interval_ends(day, 30)):
        start = f"D,{ROOFTOP_HEAD},{quoted_stamp(end)}"
        seen, measured = (quoted_stamp(end + timedelta(minutes=20, seconds=s)) for s in (23, 38))
        for number, area in enumerate(AREAS, half_hour):
            power = powers[area][half_hour]
            quality = "0.7" if area.startswith("TAS") and number % 29 == 0 else "1"
            pair = (
                f"{start},{area},{_power_text(power * 31 // 32)},0.6,SATELLITE,{seen}",
                f"{start},{area},{_power_text(power)},{quality},MEASUREMENT,{measured}",
            )
            lines += pair[::-1] if number % 5 == 0 else pair
    return lines


def _power_text(thousandths: int) -> str:
    return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".")
