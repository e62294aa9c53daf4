"""What AEMO calls its files, and where they lie below the two base URLs.

A table's month has had two names: ``PUBLIC_DVD_TABLE_YYYYMM010000`` and, since 2024-08,
``PUBLIC_ARCHIVE#TABLE#FILE01#YYYYMM010000``. In a URL the ``#`` is written ``%23``; for some weeks
of 2026 the server wanted ``%2523``. Paths are case-sensitive since 2026-04-21.

>>> from nemflow.tasks.nem.tables import DISPATCHPRICE
>>> table_file_stems(DISPATCHPRICE, Month(2014, 1))[0]
'PUBLIC_DVD_DISPATCHPRICE_201401010000'
"""

from urllib.parse import urlsplit

from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import Table

ARCHIVE_NAMES_SINCE = Month(2024, 8)

_MMSDM = "Data_Archive/Wholesale_Electricity/MMSDM"
_PRICE_AND_DEMAND = "aemo/data/nem/priceanddemand"


def table_file_stems(table: Table, month: Month) -> tuple[str, str]:
    """Return the two names of a table's month without suffix, the one of its era first."""
    stamp = f"{month.year:04}{month.month:02}010000"
    dvd = f"PUBLIC_DVD_{table.name}_{stamp}"
    archive = f"PUBLIC_ARCHIVE#{table.name}#FILE01#{stamp}"
    return (dvd, archive) if month < ARCHIVE_NAMES_SINCE else (archive, dvd)


def is_table_file(name: str, table: Table, month: Month, *suffixes: str) -> bool:
    """Tell whether `name`, in any case, is a table's month in one of `suffixes` (``.zip``)."""
    stems = table_file_stems(table, month)
    return name.upper() in {(stem + suffix).upper() for stem in stems for suffix in suffixes}


def month_folder(month: Month) -> str:
    """Return the month's folder name, which is also the stem of its bundle."""
    return f"MMSDM_{month.year:04}_{month.month:02}"


def data_folder_url(nemweb_url: str, month: Month) -> str:
    """Return the address of the folder of a month's single table files."""
    folder = month_folder(month)
    base = nemweb_url.rstrip("/")
    return f"{base}/{_MMSDM}/{month.year:04}/{folder}/MMSDM_Historical_Data_SQLLoader/DATA/"


def blind_table_urls(nemweb_url: str, table: Table, month: Month) -> tuple[str, ...]:
    """Return what a table's month may be called on the wire, for when no listing can be had."""
    folder = data_folder_url(nemweb_url, month)
    name = table_file_stems(table, month)[0] + ".zip"
    if "#" not in name:
        return (folder + name,)
    return (folder + name.replace("#", "%23"), folder + name.replace("#", "%2523"))


def bundle_url(nemweb_url: str, month: Month) -> str:
    """Return the address of the zip that holds everything of a month."""
    base = nemweb_url.rstrip("/")
    return f"{base}/{_MMSDM}/{month.year:04}/{month_folder(month)}.zip"


def region_file_name(region: str, month: Month) -> str:
    """Return the name of a region's PRICE_AND_DEMAND month."""
    return f"PRICE_AND_DEMAND_{month.year:04}{month.month:02}_{region}.csv"


def region_file_url(aemo_url: str, region: str, month: Month) -> str:
    """Return the address of a region's PRICE_AND_DEMAND month."""
    return f"{aemo_url.rstrip('/')}/{_PRICE_AND_DEMAND}/{region_file_name(region, month)}"


def site(url: str) -> str:
    """Return what tells one site from another: the host without ``www.``, and an unusual port.

    >>> site("https://www.nemweb.com.au/Reports/")
    'nemweb.com.au'
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}:{parts.port}" if parts.port else host


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine itself."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")
