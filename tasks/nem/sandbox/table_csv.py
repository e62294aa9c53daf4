"""The monthly DISPATCHPRICE and TRADINGPRICE csv files of the synthetic market, byte for byte.

The form is AEMO's: a C line, one I line with the columns of its era, D lines that are not in time
order, a footer that counts every line. The C line names the system ``SYNTHETIC.WORLD``, so that
nobody takes these bytes for AEMO's.

* Months to 2024-07 (``PUBLIC_DVD_…``): CRLF throughout, after the last line too.
* Months from 2024-08 (``PUBLIC_ARCHIVE#…``): LF after the first line, CRLF after the others,
  nothing after the footer.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nemflow.tasks.nem.market_time import (
    FIVE_MINUTE_SETTLEMENT,
    NEM_TIME,
    Month,
    day_bounds,
    format_stamp,
    interval_ends,
)
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.market import (
    UNITS,
    chance,
    day_fcas_prices,
    day_interventions,
    day_prices,
    physical_price,
    price_cap,
    round_to_cents,
)
from nemflow.tasks.nem.tables import FCAS_SERVICES

SYSTEM = "SYNTHETIC.WORLD"

_FIRST_ARCHIVE = Month(2024, 8)
_FIRST_DISPATCH_V4 = Month(2021, 1)
_FIRST_TRADING_1SEC = Month(2023, 11)

# Positions in FCAS_SERVICES: the eight old services, and the 1-second pair.
_OLD_SERVICES = (1, 2, 3, 4, 6, 7, 8, 9)
_1SEC_SERVICES = (0, 5)

_Texts = list[list[str]]  # the 48 half-hour prices of each service, as text


def is_archive_era(month: Month) -> bool:
    """Tell whether files of `month` have ``#`` names and mixed line ends."""
    return month >= _FIRST_ARCHIVE


def created_at(month: Month) -> datetime:
    """Return the creation stamp in the C line: about a week after the month's end."""
    return day_bounds(month.next().first_day)[0] + timedelta(days=6, minutes=30, seconds=2)


def dispatchprice_columns(month: Month) -> tuple[str, ...]:
    """Return the columns of DISPATCHPRICE in the order of `month`: 54, from 2024-08 on 66."""
    columns = (
        *("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
        *("RRP", "EEP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG", "LASTCHANGED"),
        *(f"{name}{part}" for name in _names(_OLD_SERVICES) for part in ("RRP", "ROP", "APCFLAG")),
        "PRICE_STATUS",
        *(f"PRE_AP_{name}_PRICE" for name in ("ENERGY", *_short_names(_OLD_SERVICES))),
        *(f"CUMUL_PRE_AP_{name}_PRICE" for name in ("ENERGY", *_short_names(_OLD_SERVICES))),
    )
    if not is_archive_era(month):
        return columns
    return (
        *columns,
        *("OCD_STATUS", "MII_STATUS"),
        *(f"{name}{part}" for name in _names(_1SEC_SERVICES) for part in ("RRP", "ROP", "APCFLAG")),
        *(f"PRE_AP_{name}_PRICE" for name in _short_names(_1SEC_SERVICES)),
        *(f"CUMUL_PRE_AP_{name}_PRICE" for name in _short_names(_1SEC_SERVICES)),
    )


def tradingprice_columns(month: Month) -> tuple[str, ...]:
    """Return the columns of TRADINGPRICE in the order of `month`: 26, later 30 in two orders."""
    inside = _FIRST_TRADING_1SEC <= month < _FIRST_ARCHIVE
    return (
        *("SETTLEMENTDATE", "RUNNO", "REGIONID", "PERIODID", "RRP", "EEP", "INVALIDFLAG"),
        *("LASTCHANGED", "ROP"),
        *_trading_pairs(range(10) if inside else _OLD_SERVICES),
        "PRICE_STATUS",
        *(_trading_pairs(_1SEC_SERVICES) if is_archive_era(month) else ()),
    )


def dispatchprice_csv(month: Month) -> bytes:
    """Return DISPATCHPRICE of `month`: 5-minute prices, with a second row where AEMO directed."""
    version = 5 if is_archive_era(month) else 4 if month >= _FIRST_DISPATCH_V4 else 1
    head = f"DISPATCH,PRICE,{version}"
    lines = [line for day in month.days() for line in _dispatch_day(head, month, day)]
    return report_csv("DISPATCHPRICE", month, head, dispatchprice_columns(month), lines)


def tradingprice_csv(month: Month) -> bytes:
    """Return TRADINGPRICE of `month`: 30-minute means up to 2021-09, then 5-minute prices."""
    head = f"TRADING,PRICE,{3 if is_archive_era(month) else 2}"
    lines = [line for day in month.days() for line in _trading_day(head, month, day)]
    return report_csv("TRADINGPRICE", month, head, tradingprice_columns(month), lines)


def report_csv(
    table: str, month: Month, head: str, columns: tuple[str, ...], lines: list[str]
) -> bytes:
    """Return a whole report: C line, I line, the given D `lines`, footer; line ends by era."""
    created = f"{created_at(month):%Y/%m/%d,%H:%M:%S}"
    first = f"C,{SYSTEM},DVD_{table},AEMO,PUBLIC,{created},"
    rest = [f"I,{head},{','.join(columns)}", *lines, f'C,"END OF REPORT",{len(lines) + 3}']
    if is_archive_era(month):
        number = f"{int(created_at(month).timestamp() * 1000):015}"
        text = f"{first}{number},MONTHLY_ARCHIVE,{number}\n" + "\r\n".join(rest)
    else:
        text = (
            f"{first}0000000{month.year}{month.month:02}001,,0000000{month.year}{month.month:02}000"
        )
        text += "\r\n" + "\r\n".join(rest) + "\r\n"
    return text.encode("ascii")


def price_text(units: int) -> str:
    """Return a price in units as AEMO writes it: no zeros at the end, ``61`` for 61.00000."""
    return f"{units / UNITS:.5f}".rstrip("0").rstrip(".")


def cents_text(cents: int) -> str:
    """Return cents as AUD without zeros at the end: ``48.1`` for 4810."""
    return f"{cents / 100:.2f}".rstrip("0").rstrip(".")


def _names(services: tuple[int, ...]) -> list[str]:
    return [FCAS_SERVICES[service] for service in services]


def _short_names(services: tuple[int, ...]) -> list[str]:
    return [name.replace("SEC", "") for name in _names(services)]


def _trading_pairs(services: range | tuple[int, ...]) -> list[str]:
    return [f"{FCAS_SERVICES[service]}{part}" for service in services for part in ("RRP", "ROP")]


def _dispatch_day(head: str, month: Month, day: date) -> list[str]:
    """Return the day's D lines, five for each interval and ten where AEMO directed."""
    ends = interval_ends(day, 5)
    directed = day_interventions(day)
    per_region = {
        region: _DispatchTexts(region, month, day, directed=bool(directed)) for region in REGIONS
    }
    blocks = []
    for index, end in enumerate(ends):
        start = f"D,{head},{_quoted_stamp(end)},1,"
        interval = _dispatch_interval(end)
        changed = _quoted_stamp(end - timedelta(seconds=297 - index % 4))
        block = []
        for region, texts in per_region.items():
            row = f"{start}{region},{interval},"
            block.append(texts.line(row, index, changed))
            if index in directed:
                block.append(texts.physical_line(row, index, changed))
        # Either run may come first in the file.
        blocks.append(block[::-1] if index in directed and index % 3 == 0 else block)
    return list(_unsorted(blocks, "dispatch", day, far_apart=not is_archive_era(month)))


class _DispatchTexts:
    """The parts of one region's D lines of one day that are the same for a half hour or a day."""

    def __init__(self, region: str, month: Month, day: date, *, directed: bool) -> None:
        self._prices = day_prices(region, day)
        self._cap = price_cap(day) * UNITS
        fcas = day_fcas_prices(region, day)
        self._settled = self._half_hours([[price_text(p) for p in row] for row in fcas], month, day)
        self._physical = []
        if directed:  # the other run had other prices, too, and none below zero
            other = [[price_text(physical_price(p) + 14) for p in row] for row in fcas]
            self._physical = self._half_hours(other, month, day)

    def line(self, start: str, index: int, changed: str) -> str:
        """Return the INTERVENTION 0 line."""
        units = self._prices[index]
        return self._line(f"{start}0,", units, changed, self._settled[index // 6])

    def physical_line(self, start: str, index: int, changed: str) -> str:
        """Return the INTERVENTION 1 line."""
        units = physical_price(self._prices[index])
        return self._line(f"{start}1,", units, changed, self._physical[index // 6])

    def _line(self, start: str, units: int, changed: str, tail: tuple[str, str]) -> str:
        rrp = price_text(units)
        before_status, after_price = tail
        if units == self._cap:  # the offer was dearer than the cap allows: flag 4
            rop = price_text(units * 3 + 15_851)
            return f"{start}{rrp},0,{rop},4,0,{changed},{before_status}{rrp}{after_price}"
        return f"{start}{rrp},0,{rrp},0,0,{changed},{before_status}{rrp}{after_price}"

    def _half_hours(self, fcas: _Texts, month: Month, day: date) -> list[tuple[str, str]]:
        """Return for each half hour what follows LASTCHANGED, and what follows the energy price."""
        total = 20_000_00000 + sum(self._prices)
        if is_archive_era(month):
            sums, end = price_text(total), ",NOT_OCD,NOT_MII"
        else:
            sums, end = f"{total // UNITS}.7795333333333333333333", ""
        sums += "".join(f",{9000 + 7 * service}.{day.day:02}6020" for service in _OLD_SERVICES)
        parts = []
        for half_hour in range(48):
            old = [fcas[service][half_hour] for service in _OLD_SERVICES]
            status = "".join(f"{text},{text},0," for text in old) + "FIRM,"
            tail = f",{','.join(old)},{sums}{end}"
            if is_archive_era(month):
                up, down = (fcas[service][half_hour] for service in _1SEC_SERVICES)
                tail += f",{up},{up},0,{down},{down},0,{up},{down},2119.96971,25.29097"
            parts.append((status, tail))
        return parts


def _trading_day(head: str, month: Month, day: date) -> list[str]:
    minutes = 5 if day >= FIVE_MINUTE_SETTLEMENT.date() else 30
    ends = interval_ends(day, minutes)
    count = minutes // 5  # dispatch intervals in one row
    columns = tradingprice_columns(month)
    inside = "RAISE1SECRRP" in columns[: columns.index("PRICE_STATUS")]
    blocks: list[list[str]] = [[] for _ in ends]
    for region in REGIONS:
        prices, fcas = day_prices(region, day), day_fcas_prices(region, day)
        tails = [_trading_tail(fcas, half, inside, is_archive_era(month)) for half in range(48)]
        for index, end in enumerate(ends):
            cents = cents_text(round_to_cents(prices[index * count : (index + 1) * count]))
            changed = _quoted_stamp(end - timedelta(seconds=297 - index % 4))
            blocks[index].append(
                f"D,{head},{_quoted_stamp(end)},1,{region},{index + 1},{cents},0,0,{changed},"
                f"{cents},{tails[index * minutes // 30]}"
            )
    return list(_unsorted(blocks, "trading", day, far_apart=not is_archive_era(month)))


def _trading_tail(fcas: list[list[int]], half: int, inside: bool, archive: bool) -> str:
    texts = [cents_text(round_to_cents([row[half]])) for row in fcas]
    first = range(10) if inside else _OLD_SERVICES
    tail = "".join(f"{texts[service]},{texts[service]}," for service in first) + "FIRM"
    if archive:
        tail += "".join(f",{texts[service]},{texts[service]}" for service in _1SEC_SERVICES)
    return tail


def _quoted_stamp(instant: datetime) -> str:
    return f'"{format_stamp(instant)}"'


def _dispatch_interval(end: datetime) -> str:
    """Return DISPATCHINTERVAL: the trading day, which starts at 04:00, and the number in it."""
    start = end.astimezone(NEM_TIME) - timedelta(hours=4, minutes=5)
    return f"{start:%Y%m%d}{(start.hour * 60 + start.minute) // 5 + 1:03}"


def _unsorted(blocks: list[list[str]], table: str, day: date, *, far_apart: bool) -> Iterator[str]:
    """Yield the lines of all intervals with some out of their order, as AEMO's months have them.

    Neighbours change places here and there; in DVD months also a block of hours goes to the front.
    """
    luck = chance("order", table, day, size=64)
    for byte in luck[:9]:
        index = byte * (len(blocks) - 1) // 256
        blocks[index], blocks[index + 1] = blocks[index + 1], blocks[index]
    if far_apart and luck[9] < 128:
        start = luck[10] * (len(blocks) - 12) // 256
        blocks = blocks[start : start + 12] + blocks[:start] + blocks[start + 12 :]
    for block in blocks:
        yield from block
