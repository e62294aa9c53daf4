"""The monthly tables of the synthetic market as csv files, byte for byte.

The form is AEMO's: a C line, one I line with the columns of its era, D lines that are not in time
order, a footer that counts every line. The C line names the system ``SYNTHETIC.WORLD``, so that
nobody takes these bytes for AEMO's.

* Months to 2024-07 (``PUBLIC_DVD_…``): CRLF throughout, after the last line too.
* Months from 2024-08 (``PUBLIC_ARCHIVE#…``): LF after the first line, CRLF after the others,
  nothing after the footer.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from nemflow.tasks.nem.market_time import NEM_TIME, Month, day_bounds
from nemflow.tasks.nem.sandbox.average_price import AVERAGE_COLUMNS, AVERAGE_HEAD, average_blocks
from nemflow.tasks.nem.sandbox.dispatch_price import (
    MONTHLY_54,
    MONTHLY_66,
    PriceForm,
    dispatch_blocks,
)
from nemflow.tasks.nem.sandbox.market import chance
from nemflow.tasks.nem.sandbox.region_rows import REGIONSUM_COLUMNS, regionsum_blocks
from nemflow.tasks.nem.sandbox.report_form import SYSTEM
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition
from nemflow.tasks.nem.sandbox.rooftop import ROOFTOP_COLUMNS, ROOFTOP_HEAD, rooftop_lines
from nemflow.tasks.nem.sandbox.trading_price import (
    MONTHLY_30,
    MONTHLY_30_INSIDE,
    WITHOUT_1SEC,
    TradingForm,
    trading_blocks,
)

_FIRST_ARCHIVE = Month(2024, 8)
_FIRST_DISPATCH_V4 = Month(2021, 1)
_FIRST_TRADING_1SEC = Month(2023, 11)


def is_archive_era(month: Month) -> bool:
    """Tell whether files of `month` have ``#`` names and mixed line ends."""
    return month >= _FIRST_ARCHIVE


def created_at(month: Month) -> datetime:
    """Return the creation stamp in the C line: about a week after the month's end."""
    return day_bounds(month.next().first_day)[0] + timedelta(days=6, minutes=30, seconds=2)


def dispatchprice_form(month: Month) -> PriceForm:
    """Return the form of DISPATCHPRICE in `month`: 54 columns, from 2024-08 on 66."""
    if is_archive_era(month):
        return MONTHLY_66
    return MONTHLY_54[month >= _FIRST_DISPATCH_V4]


def dispatchprice_columns(month: Month) -> tuple[str, ...]:
    """Return the columns of DISPATCHPRICE in the order of `month`."""
    return dispatchprice_form(month).columns


def tradingprice_form(month: Month) -> TradingForm:
    """Return the form of TRADINGPRICE in `month`: 26 columns, later 30 in two orders."""
    if is_archive_era(month):
        return MONTHLY_30
    return MONTHLY_30_INSIDE if month >= _FIRST_TRADING_1SEC else WITHOUT_1SEC


def tradingprice_columns(month: Month) -> tuple[str, ...]:
    """Return the columns of TRADINGPRICE in the order of `month`."""
    return tradingprice_form(month).columns


def dispatchprice_csv(month: Month, edition: Edition = ORIGINAL) -> bytes:
    """Return DISPATCHPRICE of `month`: 5-minute prices, with a second row where AEMO directed."""
    form = dispatchprice_form(month)
    days = ((day, dispatch_blocks(form, day, edition)) for day in month.days())
    lines = [line for day, blocks in days for line in _unsorted(blocks, "dispatch", month, day)]
    return report_csv("DISPATCHPRICE", month, form.head, form.columns, lines, edition)


def tradingprice_csv(month: Month, edition: Edition = ORIGINAL) -> bytes:
    """Return TRADINGPRICE of `month`: 30-minute means up to 2021-09, then 5-minute prices."""
    form = tradingprice_form(month)
    days = ((day, trading_blocks(form, day, edition)) for day in month.days())
    lines = [line for day, blocks in days for line in _unsorted(blocks, "trading", month, day)]
    return report_csv("TRADINGPRICE", month, form.head, form.columns, lines, edition)


def averageprice_csv(month: Month, edition: Edition = ORIGINAL) -> bytes:
    """Return AVERAGEPRICE30 of `month`: the means of half hours; AEMO has it since 2024-08."""
    days = ((day, average_blocks(day, edition)) for day in month.days())
    lines = [line for day, blocks in days for line in _unsorted(blocks, "average", month, day)]
    return report_csv("AVERAGEPRICE30", month, AVERAGE_HEAD, AVERAGE_COLUMNS, lines, edition)


def regionsum_version(month: Month) -> int:
    """Return the version of DISPATCHREGIONSUM in `month`: with 105 columns, from 2024-08 on 126."""
    return 9 if is_archive_era(month) else 4


def dispatchregionsum_csv(month: Month, edition: Edition = ORIGINAL) -> bytes:
    """Return DISPATCHREGIONSUM of `month`: 5-minute demands; AEMO's months differ in columns more."""
    version = regionsum_version(month)
    days = ((day, regionsum_blocks(version, day)) for day in month.days())
    lines = [line for day, blocks in days for line in _unsorted(blocks, "regionsum", month, day)]
    head, columns = f"DISPATCH,REGIONSUM,{version}", REGIONSUM_COLUMNS[version]
    return report_csv("DISPATCHREGIONSUM", month, head, columns, lines, edition)


def rooftop_csv(month: Month, edition: Edition = ORIGINAL) -> bytes:
    """Return ROOFTOP_PV_ACTUAL of `month`, sorted, and of the first day of the next month."""
    days = (*month.days(), month.next().first_day)
    lines = [line for day in days for line in rooftop_lines(day)]
    return report_csv("ROOFTOP_PV_ACTUAL", month, ROOFTOP_HEAD, ROOFTOP_COLUMNS, lines, edition)


def report_csv(
    table: str,
    month: Month,
    head: str,
    columns: tuple[str, ...],
    lines: list[str],
    edition: Edition = ORIGINAL,
) -> bytes:
    """Return a whole report: C line, I line, the given D `lines`, footer; line ends by era."""
    written = edition.written_at(created_at(month))
    first = f"C,{SYSTEM},DVD_{table},AEMO,PUBLIC,{written.astimezone(NEM_TIME):%Y/%m/%d,%H:%M:%S},"
    rest = [f"I,{head},{','.join(columns)}", *lines, f'C,"END OF REPORT",{len(lines) + 3}']
    if is_archive_era(month):
        number = f"{int(written.timestamp() * 1000):015}"
        text = f"{first}{number},MONTHLY_ARCHIVE,{number}\n" + "\r\n".join(rest)
    else:
        number = f"0000000{month.year}{month.month:02}"
        text = f"{first}{number}001,,{number}000\r\n" + "\r\n".join(rest) + "\r\n"
    return text.encode("ascii")


def _unsorted(blocks: list[list[str]], table: str, month: Month, day: date) -> Iterator[str]:
    """Yield the lines of all intervals with some out of their order, as AEMO's months have them.

    Neighbours change places here and there; in DVD months also a block of hours goes to the front.
    """
    luck = chance("order", table, day, size=64)
    for byte in luck[:9]:
        index = byte * (len(blocks) - 1) // 256
        blocks[index], blocks[index + 1] = blocks[index + 1], blocks[index]
    if luck[9] < 128 and not is_archive_era(month):
        start = luck[10] * (len(blocks) - 12) // 256
        blocks = blocks[start : start + 12] + blocks[:start] + blocks[start + 12 :]
    for block in blocks:
        yield from block
