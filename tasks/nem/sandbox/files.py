"""The files that the synthetic market publishes: names, bytes, and from when on they are there.

Everything follows from the month (and, for PRICE_AND_DEMAND, from `now`); see `market` for the
numbers and `table_csv` for the form of the monthly tables.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType

from nemflow.tasks.nem.market_time import (
    FIVE_MINUTE_SETTLEMENT,
    NEM_TIME,
    Month,
    day_bounds,
    format_stamp,
    interval_ends,
    month_bounds,
    today,
)
from nemflow.tasks.nem.regions import REGIONS, first_interval_end
from nemflow.tasks.nem.sandbox.field_text import cents_text
from nemflow.tasks.nem.sandbox.market import (
    INTERVALS,
    chance,
    day_demands,
    day_interventions,
    round_to_cents,
)
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition
from nemflow.tasks.nem.sandbox.rooftop import FIRST_ROOFTOP
from nemflow.tasks.nem.sandbox.table_csv import (
    averageprice_csv,
    created_at,
    dispatchprice_csv,
    dispatchregionsum_csv,
    is_archive_era,
    report_csv,
    rooftop_csv,
    tradingprice_csv,
)
from nemflow.tasks.nem.sandbox.zips import Member, as_zip64, sized_zip, zip_bytes

FIRST_BUNDLE = Month(2009, 7)
FIRST_TABLES = Month(2015, 1)
BUNDLE_SIZE = 16_000_000  # bytes; AEMO's have 2 GB, most of it no prices

# In and before this month PRICE_AND_DEMAND quotes its stamps and trims zeros.
_LAST_QUOTED = Month(2016, 5)
_UNSORTED = {
    ("QLD1", Month(2016, 6)),
    *(("NSW1", Month(2017, number)) for number in (3, 4, 7, 8, 11)),
}

# What lies beside the price tables; some names contain theirs.
_OTHER_TABLES = ("AUCTION", "DISPATCH_LOCAL_PRICE", "PREDISPATCHPRICE")

_TABLE_CSV: Mapping[str, Callable[[Month, Edition], bytes]] = MappingProxyType(
    {
        "DISPATCHPRICE": dispatchprice_csv,
        "DISPATCHREGIONSUM": dispatchregionsum_csv,
        "ROOFTOP_PV_ACTUAL": rooftop_csv,
        "TRADINGPRICE": tradingprice_csv,
        "AVERAGEPRICE30": averageprice_csv,
    }
)


def tables_of(month: Month) -> tuple[str, ...]:
    """Return the names of all tables in the DATA folder of `month`, sorted."""
    tables = {*_TABLE_CSV, *_OTHER_TABLES}
    if not is_archive_era(month):
        tables.remove("AVERAGEPRICE30")
    if month < FIRST_ROOFTOP:
        tables.remove("ROOFTOP_PV_ACTUAL")
    return tuple(sorted(tables))


def known_table_size(table: str, month: Month) -> int | None:
    """Return how many bytes the zip of a large table has, where that is so without making it."""
    days = month.last_day.day
    if table == "ROOFTOP_PV_ACTUAL":
        return 5_000 + 400 * 20 * (days + 1)
    if table == "DISPATCHREGIONSUM":
        directed = sum(len(day_interventions(day)) for day in month.days())
        return 30_000 + 34 * len(REGIONS) * (INTERVALS * days + directed)
    return None


def table_file_name(table: str, month: Month) -> str:
    """Return the name of a table's zip, with raw ``#`` since 2024-08."""
    stamp = f"{month.year}{month.month:02}010000"
    if is_archive_era(month):
        return f"PUBLIC_ARCHIVE#{table}#FILE01#{stamp}.zip"
    return f"PUBLIC_DVD_{table}_{stamp}.zip"


def published_at(month: Month) -> datetime:
    """Return when the MMSDM files of `month` appear: eleven days after its end."""
    return day_bounds(month.next().first_day)[0] + timedelta(days=11)


def table_zip(table: str, month: Month, edition: Edition = ORIGINAL) -> tuple[str, bytes]:
    """Return name and bytes of a table's monthly zip; most tables have no rows."""
    name = table_file_name(table, month)
    make = _TABLE_CSV.get(table, partial(_empty_csv, table))
    written_at, inside = edition.written_at(created_at(month)), name.removesuffix(".zip") + ".CSV"
    csv, streamed = make(month, edition), is_archive_era(month)
    if size := known_table_size(table, month):
        return name, sized_zip(inside, csv, written_at, size, streamed=streamed)
    return name, zip_bytes([Member(inside, csv, written_at)], streamed=streamed)


def _empty_csv(table: str, month: Month, edition: Edition) -> bytes:
    return report_csv(table, month, f"{table},,1", ("SETTLEMENTDATE",), [], edition)


def dispatchprice_zip(month: Month) -> tuple[str, bytes]:
    """Return name and bytes of the monthly DISPATCHPRICE zip."""
    return table_zip("DISPATCHPRICE", month)


def tradingprice_zip(month: Month) -> tuple[str, bytes]:
    """Return name and bytes of the monthly TRADINGPRICE zip."""
    return table_zip("TRADINGPRICE", month)


def month_bundle(
    month: Month, *, zip64: bool = False, edition: Edition = ORIGINAL
) -> tuple[str, bytes]:
    """Return name and bytes of a month's bundle: the tables' zips, nested, among other things.

    The bundle has BUNDLE_SIZE bytes, nearly all of them filler that no compressor shrinks.
    DISPATCHPRICE lies in it as it is, TRADINGPRICE is compressed once more.
    """
    modified = edition.written_at(published_at(month))
    root = f"MMSDM_{month.year}_{month.month:02}/MMSDM_Historical_Data_SQLLoader/"
    tables = {table: table_zip(table, month, edition) for table in tables_of(month)}
    nested = [
        Member(f"{root}DATA/{name}", body, modified, stored=table != "TRADINGPRICE")
        for table, (name, body) in tables.items()
    ]
    filler = chance("filler", month, size=BUNDLE_SIZE)

    def build(padding: int) -> bytes:
        before, after = filler[: padding // 2], filler[padding // 2 : padding]
        members = [
            Member(f"{root}CTL/PUBLIC_DISPATCHPRICE.ctl", b"LOAD DATA\r\n", modified),
            Member(f"{root}DATA/PUBLIC_BIDPEROFFER_D.dat", before, modified, stored=True),
            *nested,
            Member(f"{root}PREDISP_ALL_DATA/PUBLIC_PREDISPATCH.dat", after, modified, stored=True),
        ]
        return as_zip64(zip_bytes(members)) if zip64 else zip_bytes(members)

    return f"MMSDM_{month.year}_{month.month:02}.zip", build(BUNDLE_SIZE - len(build(0)))


def region_file_name(month: Month, region: str) -> str:
    """Return the name of a PRICE_AND_DEMAND file."""
    return f"PRICE_AND_DEMAND_{month.year}{month.month:02}_{region}.csv"


def last_interval_end(month: Month, now: datetime) -> datetime:
    """Return the last stamp of a PRICE_AND_DEMAND file: the month's end, or today's 00:00."""
    return min(month_bounds(month)[1], day_bounds(today(now))[0])


def price_and_demand_csv(
    month: Month, region: str, now: datetime, edition: Edition = ORIGINAL
) -> bytes:
    """Return PRICE_AND_DEMAND of a region and month as published at the aware instant `now`.

    Empty where there is no such file: before the region's first interval, and for a month of
    which no day is over.
    """
    lines = [
        line
        for day in month.days()
        if day_bounds(day)[1] <= last_interval_end(month, now)
        for line in _region_day(region, month, day, edition)
    ]
    if not lines:
        return b""
    if (region, month) in _UNSORTED:
        lines = _step_back(lines, region, month)
    header = "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE"
    return ("\r\n".join([header, *lines]) + "\r\n").encode("ascii")


def _region_day(region: str, month: Month, day: date, edition: Edition) -> list[str]:
    first = first_interval_end(region)
    if day_bounds(day)[1] < first:
        return []
    minutes = 5 if day >= FIVE_MINUTE_SETTLEMENT.date() else 30
    count = minutes // 5
    prices, demands = edition.day_prices(region, day), day_demands(region, day)
    lines = []
    for index, end in enumerate(interval_ends(day, minutes)):
        if end < first:
            continue
        part = slice(index * count, (index + 1) * count)
        load = cents_text((2 * sum(demands[part]) + count) // (2 * count))
        price = _region_price(round_to_cents(prices[part]), month)
        lines.append(f"{region},{_region_stamp(end, month)},{load},{price},TRADE")
    return lines


def _region_stamp(end: datetime, month: Month) -> str:
    if month.year == 1998:
        return f'"{end.astimezone(NEM_TIME):%Y/%m/%d %H:%M}"'
    return f'"{format_stamp(end)}"' if month <= _LAST_QUOTED else format_stamp(end)


def _region_price(cents: int, month: Month) -> str:
    if month <= _LAST_QUOTED or cents % 100 == 0:
        return cents_text(cents)
    return f"{cents / 100:.2f}"


def _step_back(lines: list[str], region: str, month: Month) -> list[str]:
    """Return the lines with blocks of one to ten hours put behind the block that follows them."""
    luck = chance("step back", region, month, size=64)
    ordered, position = [], 0
    for byte in luck:
        first, second = 2 + byte % 19, 2 + byte // 19
        if byte % 2:
            ordered += lines[position + first : position + first + second]
            ordered += lines[position : position + first]
        else:
            ordered += lines[position : position + first + second]
        position += first + second
    return ordered + lines[position:]
