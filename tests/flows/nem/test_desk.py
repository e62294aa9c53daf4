"""The desk: what neighbouring days share in memory, and that it changes nothing but the time."""

import os
from datetime import date

import pyarrow as pa
import pytest

from nemflow.errors import BrokenFile, MarketError
from nemflow.flows.nem.desk import Desk
from nemflow.tasks.nem.aemo_csv import read_table
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.files import dispatchprice_zip
from nemflow.tasks.nem.tables import DISPATCHPRICE
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.unzip import open_published

MONTH = Month(2015, 2)
DAYS = tuple(MONTH.days())


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> pa.Table:
    name, body = dispatchprice_zip(MONTH)
    path = tmp_path_factory.mktemp("month") / name
    path.write_bytes(body)
    return read_table(open_published(path), DISPATCHPRICE)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "month.zip"
    path.write_bytes(b"whatever")
    return path


def never() -> pa.Table:
    raise AssertionError("the file is on the desk")


def test_rows_that_were_put_there_are_not_read_again(month, file) -> None:
    desk = Desk()
    desk.put_file(file, DISPATCHPRICE, month)
    days = [desk.rows(file, DISPATCHPRICE, day, never) for day in DAYS]
    assert sum(day.num_rows for day in days) == month.num_rows


def test_a_file_is_known_by_whatever_name_it_has_now(month, file) -> None:
    desk = Desk()
    desk.put_file(file, DISPATCHPRICE, month)
    final = file.with_name("final.zip")
    os.replace(file, final)
    assert desk.rows(final, DISPATCHPRICE, DAYS[0], never).num_rows


def test_a_file_that_has_changed_is_another(month, file) -> None:
    desk = Desk()
    desk.put_file(file, DISPATCHPRICE, month)
    file.write_bytes(b"other bytes")
    assert desk.rows(file, DISPATCHPRICE, DAYS[0], lambda: month.slice(0, 0)).num_rows == 0


def test_a_file_is_read_once_for_all_its_days(month, file) -> None:
    desk, times = Desk(), []

    def read() -> pa.Table:
        times.append(1)
        return month

    for day in DAYS:
        desk.rows(file, DISPATCHPRICE, day, read)
    assert times == [1]


def test_a_day_that_the_file_does_not_hold_has_no_rows_of_its_columns(month, file) -> None:
    found = Desk().rows(file, DISPATCHPRICE, date(2014, 1, 1), lambda: month)
    assert (found.num_rows, found.schema) == (0, month.schema)


def test_what_was_found_of_a_day_is_handed_out_or_raised() -> None:
    desk = Desk({DAYS[0]: MarketError("not to be had")})
    assert desk.published(DAYS[1]) is None
    with pytest.raises(MarketError, match="not to be had"):
        desk.published(DAYS[0])


@pytest.fixture
def desk(month, file) -> Desk:
    """A desk with all raw days of the month."""
    desk = Desk()
    desk.put_file(file, DISPATCHPRICE, month)
    for day in DAYS:
        desk.put_raw(day, desk.rows(file, DISPATCHPRICE, day, never))
    return desk


def make(rows: pa.Table) -> pa.Table:
    return tidy(rows, NEM_PRICES, DISPATCHPRICE, source="here")


def test_days_that_are_tidied_together_are_as_each_is_alone(desk) -> None:
    calls = []

    def counted(rows: pa.Table) -> pa.Table:
        calls.append(rows.num_rows)
        return make(rows)

    for day in DAYS:
        raw = desk.raw(day)
        assert desk.tidied(day, raw, counted).equals(make(raw))
    assert len(calls) < len(DAYS) / 4


def test_a_day_that_cannot_be_made_clean_fails_alone(desk) -> None:
    bad = desk.raw(DAYS[2])
    prices = ["much", *bad["RRP"].to_pylist()[1:]]
    bad = bad.set_column(bad.column_names.index("RRP"), "RRP", pa.array(prices))
    desk.put_raw(DAYS[2], bad)
    for day in DAYS[:6]:
        raw = desk.raw(day)
        if day == DAYS[2]:
            with pytest.raises(BrokenFile, match="RRP cannot be read"):
                desk.tidied(day, raw, make)
        else:
            assert desk.tidied(day, raw, make).equals(make(raw))


def test_rows_that_are_not_those_of_the_desk_are_tidied_by_themselves(desk) -> None:
    other = desk.raw(DAYS[0]).slice(5)
    assert desk.tidied(DAYS[0], other, make).equals(make(other))


def test_a_cleared_desk_has_nothing(desk, file) -> None:
    desk.clear()
    assert desk.raw(DAYS[0]) is None
    with pytest.raises(AssertionError, match="on the desk"):
        desk.rows(file, DISPATCHPRICE, DAYS[0], never)
