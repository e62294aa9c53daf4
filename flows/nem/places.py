"""Where the files of a data set lie below the data directory.

::

    raw/nem_prices/2014/nem_prices_raw_2014-01-01.parquet
    clean/nem_prices/year=2014/month=01/nem_prices_2014-01-01.parquet     a day
    clean/nem_prices/year=2014/month=01/nem_prices_2014-01.parquet        a compacted month
    …/.nem_prices_2026-11-20.parquet.standing.json                        beside a day that is not final

A compacted month holds every day of the month, and then there are no day files beside it. A day whose
file has no standing beside it is final. Hidden files are no part of the data: readers of Parquet
folders pass over names that begin with a dot.
"""

import re
from datetime import date

_DAY = re.compile(r"_(\d{4}-\d\d-\d\d)\.parquet$")
_DAY_OF_MONTH = re.compile(r"(_\d{4}-\d\d)-\d\d(?=\.parquet$)")
_MONTH = re.compile(r"_\d{4}-\d\d\.parquet$")
_MONTH_LENGTH = len("_2014-01.parquet")


def raw_target(dataset: str) -> str:
    """Return the template of a raw day file; its key is ``date``.

    >>> from datetime import date
    >>> raw_target("nem_prices").format(date=date(2014, 1, 1))
    'raw/nem_prices/2014/nem_prices_raw_2014-01-01.parquet'
    """
    return f"raw/{dataset}/{{date:%Y}}/{dataset}_raw_{{date:%Y-%m-%d}}.parquet"


def clean_target(dataset: str) -> str:
    """Return the template of a clean day file; its key is ``date``."""
    return f"{clean_partition(dataset)}/{dataset}_{{date:%Y-%m-%d}}.parquet"


def clean_month(dataset: str) -> str:
    """Return the template of a compacted month of clean days; its key is ``date``, any day of it."""
    return f"{clean_partition(dataset)}/{dataset}_{{date:%Y-%m}}.parquet"


def clean_partition(dataset: str) -> str:
    """Return the template of the folder of a clean month; its key is ``date``."""
    return f"clean/{dataset}/year={{date:%Y}}/month={{date:%m}}"


def is_month(name: str) -> bool:
    """Tell whether a clean file is a compacted month, by its name.

    >>> is_month("nem_prices_2014-01.parquet"), is_month("nem_prices_2014-01-01.parquet")
    (True, False)
    """
    return _MONTH.match(name[-_MONTH_LENGTH:]) is not None


def day_of_file(name: str) -> date | None:
    """Return the day of a raw or clean day file, by its name; None of others.

    >>> day_of_file("raw/nem_prices_raw_2014-01-01.parquet"), day_of_file("nem_prices_2014-01.parquet")
    (datetime.date(2014, 1, 1), None)
    """
    match = _DAY.search(name)
    return date.fromisoformat(match[1]) if match else None


def month_of(name: str) -> str:
    """Return the name of the compacted month that a clean day's file would go into.

    >>> month_of("nem_prices_2014-01-01.parquet")
    'nem_prices_2014-01.parquet'
    """
    return _DAY_OF_MONTH.sub(r"\1", name)


def standing_of(target: str) -> str:
    """Return where it is written that a target is not final, and when a better source is due.

    >>> standing_of("clean/nem_prices_2026-11-20.parquet")
    'clean/.nem_prices_2026-11-20.parquet.standing.json'
    """
    folder, slash, name = target.rpartition("/")
    return f"{folder}{slash}.{name}.standing.json"
