"""PRICE_AND_DEMAND: AEMO's csv of one region and month, energy price in cents and demand.

One header line, then a row for each interval; dates quoted up to 2016-05, line ends CRLF or LF,
rows not always in time order.
"""

import csv
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.arrow_values import text
from nemflow.tasks.nem.csv_rows import CsvRows, read_day_rows
from nemflow.tasks.nem.tables import PRICE_AND_DEMAND


def read_region_day(data: bytes, region: str, day: date, *, file: str = "the file") -> pa.Table:
    """Return the rows of `region` whose interval lies in the calendar `day`, all as text.

    Columns as in the file; rows in the file's order.

    Raises:
        BrokenFile: no such header, a column missing, or ragged rows.
    """
    rows = read_day_rows(find_region_rows(data, file=file), day)
    return rows.filter(pc.equal(rows[PRICE_AND_DEMAND.region_column], text(region)))


def find_region_rows(data: bytes, *, file: str = "the file") -> CsvRows:
    """Return where the rows lie. Raises `BrokenFile` where the header is not the expected one."""
    header, _, _ = data[:4096].partition(b"\n")
    try:
        columns = next(csv.reader([header.decode("ascii").strip()]), [])
    except (csv.Error, UnicodeDecodeError) as error:
        raise BrokenFile(f"{file} does not begin with a csv header: {error}") from error
    body = data[len(header) + 1 :].rstrip()
    lines = body.count(b"\n") + 1 if body else 0
    label = f"{PRICE_AND_DEMAND.name} in {file}"
    rows = CsvRows(label, tuple(columns), 0, memoryview(body), lines)
    rows.require_columns(PRICE_AND_DEMAND.required)
    return rows
