"""Longer intervals: time-weighted means by interval start, flags that were set at any time."""

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest

from nemflow.errors import ParameterError
from nemflow.flows.nem.resampling import read_width, resample, resampled_schema
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.tidy import clean_schema

MIDNIGHT = datetime(2021, 9, 30, tzinfo=NEM_TIME)


def rows(*given: dict, minutes: int = 5, region: str = "SA1", at: datetime = MIDNIGHT) -> pa.Table:
    """Return rows one after the other, each with what is given of it."""
    length = timedelta(minutes=minutes)
    full = [
        {
            "interval_start": at + number * length,
            "interval_end": at + (number + 1) * length,
            "region": region,
            "resolution_minutes": minutes,
            **more,
        }
        for number, more in enumerate(given)
    ]
    schema = clean_schema(NEM_PRICES)
    columns = [pa.array([row.get(f.name) for row in full], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def only(table: pa.Table, width: str) -> dict:
    [row] = resample(table, read_width(width)).to_pylist()
    return row


def test_a_price_counts_as_long_as_it_held():
    half_hour = rows({"rrp": 60.0}, minutes=30)
    fives = rows(*[{"rrp": 120.0}] * 6, at=MIDNIGHT + timedelta(minutes=30))
    hour = only(pa.concat_tables([half_hour, fives]), "1h")
    assert hour["rrp"] == 90.0
    assert hour["resolution_minutes"] == 60
    uneven = pa.concat_tables([half_hour, fives.slice(0, 3)])
    assert only(uneven, "1h")["rrp"] == pytest.approx((60 * 30 + 120 * 15) / 45)


def test_intervals_belong_where_they_start_by_market_time():
    table = rows(*[{"rrp": float(n)} for n in range(12)])
    made = resample(table, read_width("30min"))
    assert made["interval_start"].to_pylist() == [MIDNIGHT, MIDNIGHT + timedelta(minutes=30)]
    assert made["interval_end"].to_pylist()[-1] == MIDNIGHT + timedelta(hours=1)
    assert made["rrp"].to_pylist() == [2.5, 8.5]


def test_a_day_is_a_market_day_and_a_month_a_calendar_month():
    last = rows({"rrp": 1.0}, {"rrp": 2.0}, at=MIDNIGHT + timedelta(days=1, minutes=-5))
    days = resample(last, read_width("1d"))["interval_start"].to_pylist()
    assert [f"{day:%d %H:%M}" for day in days] == ["30 00:00", "01 00:00"]
    month = only(last.slice(0, 1), "1mo")
    assert (month["interval_start"].day, month["interval_end"].date()) == (1, date(2021, 10, 1))
    assert month["resolution_minutes"] == 30 * 1440


def test_frequency_prices_are_means_too_and_nulls_do_not_count():
    made = only(
        rows({"raise6sec_rrp": 1.0, "rop": None}, {"raise6sec_rrp": None}, {"raise6sec_rrp": 4.0}),
        "30min",
    )
    assert made["raise6sec_rrp"] == 2.5
    assert made["rop"] is None


def test_a_flag_is_set_if_it_was_at_any_time():
    made = only(rows({"market_suspended": False}, {"market_suspended": True}), "30min")
    assert made["market_suspended"] is True
    assert made["intervention"] is None


def test_bits_are_gathered_and_words_joined():
    made = only(
        rows({"apc_flag": 1, "source": "mmsdm"}, {"apc_flag": 4, "source": "bundle"}, {}), "1h"
    )
    assert made["apc_flag"] == 5
    assert made["source"] == "bundle, mmsdm"


def test_regions_stay_apart_and_in_order():
    table = pa.concat_tables([rows({"rrp": 2.0}, region="VIC1"), rows({"rrp": 1.0})])
    made = resample(table, read_width("5min"))
    assert list(zip(made["region"].to_pylist(), made["rrp"].to_pylist(), strict=True)) == [
        ("SA1", 1.0),
        ("VIC1", 2.0),
    ]


def test_no_rows_give_no_rows_with_the_same_columns():
    made = resample(rows(), read_width("1d"))
    assert made.num_rows == 0
    assert made.schema == resampled_schema(clean_schema(NEM_PRICES))


@pytest.mark.parametrize("word", ["7min", "0h", "5h", "2d", "1w", "min30", ""])
def test_a_width_that_does_not_divide_a_day_is_refused(word):
    with pytest.raises(ParameterError, match=r"is no width to resample to: write minutes or hours"):
        read_width(word)


@pytest.mark.parametrize("width", ["5min", "45min"])
def test_intervals_that_do_not_go_into_the_new_ones_are_refused(width):
    with pytest.raises(ParameterError, match="intervals of 30 minutes do not go into"):
        resample(rows({"rrp": 1.0}, minutes=30), read_width(width))
