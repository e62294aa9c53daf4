"""From AEMO's text to the clean table."""

import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem import tidy as tidying
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import ARROW_ZONE, NEM_TIME, Month, interval_ends, parse_stamp
from nemflow.tasks.nem.tables import DISPATCHPRICE, PRICE_AND_DEMAND
from nemflow.tasks.nem.tidy import clean_schema

_DAY = date(2018, 5, 2)


def _demand_row(stamp: str, price: str = "1.5", region: str = "SA1") -> dict[str, str]:
    return {"REGION": region, "SETTLEMENTDATE": stamp, "RRP": price, "PERIODTYPE": "TRADE"}


@pytest.fixture
def tidy(text_table):
    """Tidy DISPATCHPRICE rows."""
    return lambda rows: tidying.tidy(text_table(rows), NEM_PRICES, DISPATCHPRICE, source="here")


def test_a_dispatch_row_keeps_every_fact_under_our_names(tidy, day_rows) -> None:
    row = tidy(day_rows(_DAY)[:1]).to_pylist()[0]
    start = datetime(2018, 5, 2, tzinfo=NEM_TIME)
    assert row == {
        "interval_start": start,
        "interval_end": start + timedelta(minutes=5),
        "region": "NSW1",
        "rrp": 0.0,
        "rop": 50.0,
        "raise1sec_rrp": None,
        "raise6sec_rrp": 1.25,
        "raise60sec_rrp": 1.25,
        "raise5min_rrp": 1.25,
        "raisereg_rrp": 1.25,
        "lower1sec_rrp": None,
        "lower6sec_rrp": 1.25,
        "lower60sec_rrp": 1.25,
        "lower5min_rrp": 1.25,
        "lowerreg_rrp": 1.25,
        "apc_flag": 0,
        "market_suspended": False,
        "price_status": "FIRM",
        "intervention": False,
        "resolution_minutes": 5,
        "source": "here",
        "quality": "final",
    }


def test_the_schema_is_the_same_whatever_the_source(tidy, day_rows, text_table) -> None:
    dispatch = tidy(day_rows(_DAY)[:5])
    demand = tidying.tidy(
        text_table([_demand_row("2018/05/02 00:30:00")]), NEM_PRICES, PRICE_AND_DEMAND, source="x"
    )
    for table in (dispatch, demand):
        assert table.schema.equals(clean_schema(NEM_PRICES), check_metadata=True)


def test_every_field_says_its_unit_and_meaning() -> None:
    for field in clean_schema(NEM_PRICES):
        assert field.metadata[b"description"]
        assert b"unit" in field.metadata
    assert clean_schema(NEM_PRICES).field("rrp").metadata[b"unit"] == b"AUD/MWh"
    assert clean_schema(NEM_PRICES).field("interval_end").type == pa.timestamp("us", tz=ARROW_ZONE)


def test_rows_come_out_sorted_by_interval_and_region(tidy, day_rows) -> None:
    rows = day_rows(_DAY)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert tidy(shuffled).equals(tidy(rows))
    assert tidy(shuffled)["region"].to_pylist()[:6] == [
        "NSW1",
        "QLD1",
        "SA1",
        "TAS1",
        "VIC1",
        "NSW1",
    ]


def test_the_price_is_the_pricing_runs_and_the_interval_is_marked(tidy, day_rows) -> None:
    rows = day_rows(_DAY)[:10]
    physical = {**rows[2], "INTERVENTION": "1", "RRP": "61.86"}  # SA1 in the first interval
    for both in ([physical, *rows], [*rows, physical]):
        clean = tidy(both)
        assert clean.num_rows == 10
        assert clean["rrp"].to_pylist() == [float(row["RRP"]) for row in rows]
        assert clean["intervention"].to_pylist() == [True] * 5 + [False] * 5


def test_of_two_rows_the_last_changed_wins_and_then_the_later(tidy, day_rows) -> None:
    row = day_rows(_DAY)[0]
    old, new = "2018/05/02 00:00:05", "2018/05/02 00:29:00"
    versions = [
        {**row, "RRP": price, "LASTCHANGED": changed}
        for price, changed in [("1", old), ("2", new), ("3", new), ("4", old), ("5", "")]
    ]
    assert tidy(versions)["rrp"].to_pylist() == [3.0]


def test_without_a_time_of_change_the_later_row_wins(tidy, day_rows) -> None:
    row = {name: text for name, text in day_rows(_DAY)[0].items() if name != "LASTCHANGED"}
    assert tidy([{**row, "RRP": "1"}, {**row, "RRP": "2"}])["rrp"].to_pylist() == [2.0]


def test_empty_text_is_null_and_not_zero(tidy, day_rows) -> None:
    empty = dict.fromkeys(("RRP", "APCFLAG", "MARKETSUSPENDEDFLAG", "PRICE_STATUS"), "")
    row = tidy(day_rows(_DAY, **empty)[:1]).to_pylist()[0]
    assert [row["rrp"], row["apc_flag"], row["market_suspended"], row["price_status"]] == [None] * 4


def test_flags_become_bits_and_truth(tidy, day_rows) -> None:
    row = tidy(day_rows(_DAY, APCFLAG="20", MARKETSUSPENDEDFLAG="1")[:1]).to_pylist()[0]
    assert (row["apc_flag"], row["market_suspended"]) == (20, True)


def test_any_number_of_days_goes_through_at_once(tidy, day_rows) -> None:
    month = tidy(day_rows(*Month(2018, 5).days(), regions=["SA1"]))
    assert month.num_rows == 31 * 288
    assert pc.min(month["interval_start"]).as_py() == datetime(2018, 5, 1, tzinfo=NEM_TIME)
    assert pc.max(month["interval_end"]).as_py() == datetime(2018, 6, 1, tzinfo=NEM_TIME)


def test_no_rows_give_an_empty_clean_table(text_table, day_rows) -> None:
    empty = text_table(day_rows(_DAY)[:1]).slice(0, 0)
    assert tidying.tidy(empty, NEM_PRICES, DISPATCHPRICE, source="x").equals(
        clean_schema(NEM_PRICES).empty_table()
    )


@pytest.mark.parametrize(
    ("column", "text"),
    [("RRP", "abc"), ("APCFLAG", "0.5"), ("SETTLEMENTDATE", "2018/02/30 00:05:00")],
)
def test_text_that_cannot_be_read_is_named(tidy, day_rows, column: str, text: str) -> None:
    with pytest.raises(BrokenFile, match=r"cannot be read: .*(abc|0\.5|2018-02-30)"):
        tidy(day_rows(_DAY, **{column: text})[:1])


def test_price_and_demand_knows_the_price_alone(text_table) -> None:
    rows = [
        _demand_row("2018/05/02 00:30", "7.5", "VIC1"),
        _demand_row("2018/05/02 01:00:00", "8", "NSW1"),
        _demand_row("2018/05/02 00:30:00", "-1.25", "NSW1"),
    ]
    clean = tidying.tidy(text_table(rows), NEM_PRICES, PRICE_AND_DEMAND, source="x")
    assert clean["region"].to_pylist() == ["NSW1", "VIC1", "NSW1"]
    assert clean["rrp"].to_pylist() == [-1.25, 7.5, 8.0]
    known = {
        "interval_start",
        "interval_end",
        "region",
        "rrp",
        "resolution_minutes",
        "source",
        "quality",
    }
    for name in set(clean.column_names) - known:
        assert clean[name].null_count == 3


def test_the_last_half_hour_ends_with_september_2021(text_table) -> None:
    stamps = ["2021/09/30 23:30:00", "2021/10/01 00:00:00", "2021/10/01 00:05:00"]
    clean = tidying.tidy(
        text_table([_demand_row(stamp) for stamp in stamps]),
        NEM_PRICES,
        PRICE_AND_DEMAND,
        source="x",
    )
    assert clean["resolution_minutes"].to_pylist() == [30, 30, 5]
    assert clean["interval_start"].to_pylist() == [
        parse_stamp(text)
        for text in ("2021/09/30 23:00:00", "2021/09/30 23:30:00", "2021/10/01 00:00:00")
    ]


@given(st.lists(st.decimals(-1000, 20300, places=5), min_size=1, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_price_reads_as_python_reads_it(text_table, prices) -> None:
    ends = interval_ends(_DAY, 5)
    rows = [
        _demand_row(f"{end:%Y/%m/%d %H:%M:%S}", str(price))
        for end, price in zip(ends, prices, strict=False)
    ]
    clean = tidying.tidy(text_table(rows), NEM_PRICES, PRICE_AND_DEMAND, source="x")
    assert clean["rrp"].to_pylist() == [float(str(price)) for price in prices]
