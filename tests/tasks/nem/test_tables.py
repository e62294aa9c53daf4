"""The records of AEMO's tables."""

from datetime import date

import pytest

from nemflow.tasks.nem.tables import DISPATCHPRICE, PRICE_AND_DEMAND, TABLES, TRADINGPRICE


def test_tables_are_found_by_aemos_name() -> None:
    assert TABLES["DISPATCHPRICE"] is DISPATCHPRICE
    assert all(name == table.name for name, table in TABLES.items())


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TABLES["X"] = DISPATCHPRICE  # type: ignore[index]  # the very point


def test_dispatch_is_always_5_minutes_and_the_others_only_since_october_2021() -> None:
    before, after = date(2021, 9, 30), date(2021, 10, 1)
    assert [DISPATCHPRICE.minutes_on(day) for day in (before, after)] == [5, 5]
    for table in (TRADINGPRICE, PRICE_AND_DEMAND):
        assert [table.minutes_on(day) for day in (before, after)] == [30, 5]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_needs_its_stamp_and_its_region(table) -> None:
    assert {table.stamp, table.region_column} <= set(table.required)
