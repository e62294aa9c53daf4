"""Tables of many days, taken apart."""

import random
from datetime import date

import pyarrow as pa
import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.day_slices import split_clean_days, split_days
from nemflow.tasks.nem.tables import DISPATCHPRICE
from nemflow.tasks.nem.tidy import tidy

DAYS = (date(2018, 4, 30), date(2018, 5, 1), date(2018, 5, 2))
STAMP = DISPATCHPRICE.stamp


def rows_of(table: pa.Table) -> list[dict[str, str]]:
    return table.to_pylist()


def test_each_day_gets_its_rows_midnight_going_to_the_day_before(text_table, day_rows) -> None:
    rows = [row for day in DAYS for row in day_rows(day)]
    split = split_days(text_table(rows), STAMP)
    assert list(split) == list(DAYS)
    for day in DAYS:
        assert rows_of(split[day]) == day_rows(day)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_any_order_keep_it_within_their_day(text_table, day_rows, seed: int) -> None:
    rows = [row for day in DAYS for row in day_rows(day)]
    random.Random(seed).shuffle(rows)
    split = split_days(text_table(rows), STAMP)
    for day in DAYS:
        expected = {(row[STAMP], row["REGIONID"]) for row in day_rows(day)}
        in_order = [row for row in rows if (row[STAMP], row["REGIONID"]) in expected]
        assert rows_of(split[day]) == in_order


def test_stamps_without_seconds_are_read() -> None:
    rows = pa.table({STAMP: ["1998/12/07 02:00", "1998/12/08 00:00", "1998/12/08 00:30"]})
    split = split_days(rows, STAMP)
    assert {day: table.num_rows for day, table in split.items()} == {
        date(1998, 12, 7): 2,
        date(1998, 12, 8): 1,
    }


def test_no_rows_are_of_no_day(text_table, day_rows) -> None:
    assert split_days(text_table(day_rows(DAYS[0])).slice(0, 0), STAMP) == {}


def test_a_text_that_is_no_stamp_is_a_broken_file() -> None:
    with pytest.raises(BrokenFile, match="SETTLEMENTDATE cannot be read"):
        split_days(pa.table({STAMP: ["2018/05/01 00:05:00", "soon"]}), STAMP)


def test_a_clean_table_splits_into_what_each_day_gives_alone(text_table, day_rows) -> None:
    raw = [text_table(day_rows(day)) for day in DAYS]
    together = tidy(pa.concat_tables(raw), NEM_PRICES, DISPATCHPRICE, source="here")
    split = split_clean_days(together)
    for day, rows in zip(DAYS, raw, strict=True):
        assert split[day].equals(tidy(rows, NEM_PRICES, DISPATCHPRICE, source="here"))
