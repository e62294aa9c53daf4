"""How AEMO writes numbers, stamps and interval numbers in the fields of its files."""

from datetime import datetime, timedelta

from nemflow.tasks.nem.market_time import NEM_TIME, format_stamp
from nemflow.tasks.nem.sandbox.market import UNITS


def price_text(units: int) -> str:
    """Return a price in units as AEMO writes it: no zeros at the end, ``61`` for 61.00000."""
    return f"{units / UNITS:.5f}".rstrip("0").rstrip(".")


def cents_text(cents: int) -> str:
    """Return hundredths without zeros at the end: ``48.1`` for 4810."""
    return f"{cents / 100:.2f}".rstrip("0").rstrip(".")


def energy_texts(units: int, cap: int) -> tuple[str, str, str]:
    """Return RRP, ROP and APCFLAG: at the cap the offer was dearer than it allows (flag 4)."""
    rrp = price_text(units)
    return (rrp, price_text(units * 3 + 15_851), "4") if units == cap else (rrp, rrp, "0")


def quoted_stamp(instant: datetime) -> str:
    """Return ``"2014/01/01 00:05:00"``, in quotes."""
    return f'"{format_stamp(instant)}"'


def dispatch_interval(end: datetime) -> str:
    """Return DISPATCHINTERVAL: the trading day, which starts at 04:00, and the number in it."""
    start = end.astimezone(NEM_TIME) - timedelta(hours=4, minutes=5)
    return f"{start:%Y%m%d}{(start.hour * 60 + start.minute) // 5 + 1:03}"


def run_at(end: datetime, index: int) -> datetime:
    """Return when the day's `index`-th interval was run: seconds after its (last) five minutes began."""
    return end - timedelta(seconds=297 - index % 4)
