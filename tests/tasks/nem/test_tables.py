"""The records of AEMO's tables, and of the data sets that are kept in them."""

import pickle
from datetime import date

import pytest

from nemflow.tasks.nem.columns import Kind
from nemflow.tasks.nem.datasets import DATASETS, NEM_DEMAND, NEM_PRICES, NEM_TRADING_PRICES, Run
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import (
    AVERAGEPRICE30,
    DISPATCHPRICE,
    DISPATCHREGIONSUM,
    DREGION,
    PRICE_AND_DEMAND,
    ROOFTOP_PV_ACTUAL,
    TABLES,
    TRADINGPRICE,
    TREGION,
)

_every_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
_every_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)


def test_tables_are_found_by_aemos_name() -> None:
    assert TABLES["DISPATCHPRICE"] is DISPATCHPRICE
    assert all(name == table.name for name, table in TABLES.items())


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TABLES["X"] = DISPATCHPRICE  # type: ignore[index]  # the very point


def test_dispatch_is_always_5_minutes_and_the_others_only_since_october_2021() -> None:
    before, after = date(2021, 9, 30), date(2021, 10, 1)
    for table in (DISPATCHPRICE, DISPATCHREGIONSUM, DREGION):
        assert [table.minutes_on(day) for day in (before, after)] == [5, 5]
    for table in (TRADINGPRICE, TREGION, PRICE_AND_DEMAND):
        assert [table.minutes_on(day) for day in (before, after)] == [30, 5]
    for table in (ROOFTOP_PV_ACTUAL, AVERAGEPRICE30):
        assert [table.minutes_on(day) for day in (before, after)] == [30, 30]


@_every_table
def test_a_table_needs_its_stamp_and_its_region_which_tell_its_rows_apart(table) -> None:
    assert {table.stamp, table.region_column} <= set(table.required)
    assert {table.stamp, table.region_column} <= set(table.key)
    if table.grade_column:
        assert table.grade_column in table.key
    if table.period_column:
        assert table.period_column in table.required


def test_average_prices_are_published_since_august_2024() -> None:
    days = (date(2024, 7, 31), date(2024, 8, 1))
    assert [AVERAGEPRICE30.is_published_of(day) for day in days] == [False, True]
    assert [TRADINGPRICE.is_published_of(day) for day in days] == [True, True]


@_every_table
def test_what_is_read_as_a_number_must_be_one(table) -> None:
    numbers = {column.aemo for column in table.clean if column.kind is not Kind.TEXT}
    runs = {"INTERVENTION"} if "INTERVENTION" in table.required else set()
    assert set(table.numeric) == numbers | runs


@_every_table
def test_no_column_comes_out_twice(table) -> None:
    for names in ([c.name for c in table.clean], [c.aemo for c in table.clean]):
        assert len(names) == len(set(names))


@_every_dataset
def test_a_data_set_is_found_by_name_and_has_a_value_in_every_source(dataset) -> None:
    assert DATASETS[dataset.name] is dataset
    for table in dataset.tables.values():
        assert dataset.value_in(table) in table.required
    assert dataset.value in dataset.value_columns
    assert dataset.best_table is next(iter(dataset.tables.values()))


@_every_dataset
def test_every_clean_column_has_a_name_of_its_own_and_says_what_it_is(dataset) -> None:
    names = [column.name for column in dataset.columns]
    assert len(names) == len(set(names))
    assert names[:3] == ["interval_start", "interval_end", "region"]
    assert names[-3:] == ["resolution_minutes", "source", "quality"]
    assert all(column.description for column in dataset.columns)
    assert all(c.unit for c in dataset.columns if c.kind is Kind.NUMBER)


@_every_dataset
def test_a_data_set_travels_to_other_processes(dataset) -> None:
    assert pickle.loads(pickle.dumps(dataset)) == dataset


def test_prices_are_of_the_pricing_run_and_quantities_of_the_physical() -> None:
    assert (NEM_PRICES.run, NEM_TRADING_PRICES.run) == (Run.PRICING, Run.PRICING)
    assert NEM_DEMAND.run is Run.PHYSICAL


def test_a_table_without_the_value_is_named() -> None:
    with pytest.raises(ValueError, match="ROOFTOP_PV_ACTUAL has no column for rrp of nem_prices"):
        NEM_PRICES.value_in(ROOFTOP_PV_ACTUAL)


def test_only_prices_with_limits_are_price_columns() -> None:
    assert NEM_PRICES.price_columns[0] == "rrp"
    assert len(NEM_PRICES.price_columns) == 11
    assert "rop" not in NEM_PRICES.price_columns
    assert NEM_DEMAND.price_columns == ()


def test_reports_keep_prices_and_demand_in_the_tables_that_aemo_puts_there() -> None:
    assert NEM_PRICES.tables[Source.PUBLIC_PRICES] is DREGION
    assert NEM_DEMAND.tables[Source.DISPATCHIS] is DISPATCHREGIONSUM
    assert (DISPATCHREGIONSUM.row_type, DISPATCHREGIONSUM.row_subtype) == ("DISPATCH", "REGIONSUM")
    assert list(NEM_PRICES.tables)[-1] is Source.PRICE_AND_DEMAND
