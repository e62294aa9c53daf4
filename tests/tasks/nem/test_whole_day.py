"""The quick look at whole columns says yes only where the close look finds nothing."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import IncompleteDay
from nemflow.tasks.nem import check
from nemflow.tasks.nem.datasets import NEM_DEMAND, NEM_PRICES
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import DISPATCHPRICE
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.whole_day import is_whole_clean_day, is_whole_raw_day

DAY = date(2018, 5, 2)

# What can be wrong with a row: another text in one of its columns.
CHANGES = st.tuples(
    st.integers(0, 288 * 5 - 1),
    st.sampled_from(
        [
            ("RRP", ""),
            ("INTERVENTION", "1"),
            ("REGIONID", "WA1"),
            ("REGIONID", "SNOWY1"),
            ("REGIONID", "SA1"),
            ("SETTLEMENTDATE", "2018/05/02 00:05:00"),
            ("SETTLEMENTDATE", "2018/05/02 00:07:00"),
            ("SETTLEMENTDATE", "2018/05/02 00:00:00"),
            ("SETTLEMENTDATE", "soon"),
        ]
    ),
)


def looks_whole(rows: pa.Table) -> bool:
    return is_whole_raw_day(rows, NEM_PRICES, DISPATCHPRICE, DAY, REGIONS)


def is_whole_by_close_look(rows: pa.Table, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(check, "is_whole_raw_day", lambda *_: False)
    try:
        check.check_raw_day(rows, NEM_PRICES, DISPATCHPRICE, DAY, regions=REGIONS)
    except IncompleteDay:
        return False
    return True


def test_a_whole_day_passes(text_table, day_rows) -> None:
    assert looks_whole(text_table(day_rows(DAY)))


def test_a_whole_day_with_interventions_passes(text_table, day_rows) -> None:
    assert looks_whole(text_table([*day_rows(DAY, INTERVENTION="1"), *day_rows(DAY)]))


def test_the_physical_run_alone_is_whole_only_where_it_may_be_taken(text_table, day_rows) -> None:
    rows = text_table(day_rows(DAY, INTERVENTION="1")).append_column("TOTALDEMAND", [["1"] * 1440])
    assert not looks_whole(rows)
    assert is_whole_raw_day(rows, NEM_DEMAND, NEM_DEMAND.best_table, DAY, REGIONS)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(CHANGES, min_size=0, max_size=3), repeated=st.integers(0, 5))
def test_both_looks_agree_on_any_damage(
    text_table, day_rows, monkeypatch, changes, repeated
) -> None:
    rows = day_rows(DAY)
    for index, (column, text) in changes:
        rows[index] = {**rows[index], column: text}
    table = text_table([*rows, *rows[:repeated]])
    if looks_whole(table):
        assert is_whole_by_close_look(table, monkeypatch)
    elif not any(text == "SNOWY1" for _, (_, text) in changes):
        assert not is_whole_by_close_look(table, monkeypatch)


@pytest.fixture
def clean_day(text_table, day_rows) -> pa.Table:
    return tidy(text_table(day_rows(DAY)), NEM_PRICES, DISPATCHPRICE, source="here")


def test_a_whole_clean_day_passes(clean_day) -> None:
    assert is_whole_clean_day(clean_day, NEM_PRICES, DAY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda day: day.slice(1),
        lambda day: pa.concat_tables([day.slice(1), day.slice(0, 1)]),
        lambda day: pa.concat_tables([day.slice(1, 1), day.slice(1)]),
        lambda day: day.set_column(
            day.column_names.index("rrp"), "rrp", [[None, *day["rrp"].to_pylist()[1:]]]
        ),
        lambda day: day.set_column(
            day.column_names.index("rrp"), "rrp", [[float("nan"), *day["rrp"].to_pylist()[1:]]]
        ),
        lambda day: day.set_column(0, "interval_start", day["interval_end"]),
    ],
)
def test_a_clean_day_with_any_fault_does_not(clean_day, spoil) -> None:
    spoiled = spoil(clean_day)
    assert not is_whole_clean_day(spoiled, NEM_PRICES, DAY)
    with pytest.raises(IncompleteDay):
        check.check_clean_day(spoiled, NEM_PRICES, DAY)


def test_another_days_table_does_not(clean_day) -> None:
    assert not is_whole_clean_day(clean_day, NEM_PRICES, date(2018, 5, 3))
