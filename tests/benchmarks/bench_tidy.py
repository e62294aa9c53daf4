"""Tidy a whole month at once, beside the bare casts of the same columns with pyarrow.

The floor parses stamps, casts the numbers and sorts, as a careless script would: no choice between
rows of one interval and region, no nulls for empty text, no columns of our own.
"""

import io
import time
import zipfile
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from timing import Row, best_in_turns, print_rows

from nemflow.tasks.nem.aemo_csv import read_table
from nemflow.tasks.nem.columns import Kind
from nemflow.tasks.nem.datasets import NEM_PRICES, NEM_TRADING_PRICES, Dataset
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.files import table_zip
from nemflow.tasks.nem.tables import STAMP, Table
from nemflow.tasks.nem.tidy import tidy

ROUNDS = 12
BAR = 2.0
CASES = (
    (NEM_PRICES, Month(2024, 10), "a month of prices, 44,640 rows"),
    (NEM_PRICES, Month(2018, 5), "one of interventions, 71,895 rows"),
    (NEM_TRADING_PRICES, Month(2024, 10), "a month of trading prices, 44,640 rows"),
)


def month_rows(table: Table, month: Month) -> pa.Table:
    """Return a synthetic month as text."""
    _, packed = table_zip(table.name, month)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        [name] = archive.namelist()
        return read_table(archive.read(name), table)


def cast_barely(rows: pa.Table, table: Table) -> pa.Table:
    """Cast what the clean table keeps, and sort."""
    numbers = [
        c.aemo for c in table.clean if c.kind is not Kind.TEXT and c.aemo in rows.column_names
    ]
    iso = pc.replace_substring(rows[STAMP], "/", "-")
    columns = [iso.cast(pa.timestamp("us")), rows["REGIONID"]]
    columns += [rows[name].cast(pa.float64()) for name in numbers]
    cast = pa.table(columns, names=["end", "region", *numbers])
    return cast.sort_by([("end", "ascending"), ("region", "ascending")])


def compare(dataset: Dataset, month: Month, name: str) -> Row:
    """Measure one month, in milliseconds of CPU."""
    table = dataset.best_table
    rows = month_rows(table, month)
    floor, ours = best_in_turns(
        ROUNDS,
        partial(cast_barely, rows, table),
        partial(tidy, rows, dataset, table, source="x"),
        clock=time.process_time,
    )
    return Row(name, floor * 1e3, ours * 1e3, ours / floor, BAR)


def main() -> None:
    """Measure all."""
    rows = [compare(*case) for case in CASES]
    print_rows("Tidying a month", "ms of CPU", "bare casts", "ratio", rows)


if __name__ == "__main__":
    main()
