"""Quality gates: what a whole day is."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from nemflow.errors import IncompleteDay
from nemflow.tasks.nem.check import check_clean_day, check_raw_day, price_warnings
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import format_stamp, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import DISPATCHPRICE, PRICE_AND_DEMAND
from nemflow.tasks.nem.tidy import clean_schema, tidy

_DAY = date(2018, 5, 2)


def _demand_rows(day: date, regions, minutes: int = 30) -> list[dict[str, str]]:
    return [
        {"REGION": region, "SETTLEMENTDATE": format_stamp(end), "RRP": "1.5"}
        for region in regions
        for end in interval_ends(day, minutes)
    ]


@pytest.fixture
def check_raw(text_table):
    """Check DISPATCHPRICE rows of the day."""
    return lambda rows: check_raw_day(
        text_table(rows), NEM_PRICES, DISPATCHPRICE, _DAY, regions=REGIONS
    )


@pytest.fixture
def clean_day(text_table, day_rows) -> pa.Table:
    """A whole clean day."""
    return tidy(text_table(day_rows(_DAY)), NEM_PRICES, DISPATCHPRICE, source="here")


def _replaced(table: pa.Table, column: str, row: int, value) -> pa.Table:
    values = table[column].to_pylist()
    values[row] = value
    field = clean_schema(NEM_PRICES).field(column)
    index = clean_schema(NEM_PRICES).get_field_index(column)
    return table.set_column(index, field, pa.array(values, field.type))


@pytest.mark.parametrize("gone", [0, 700, -1])
def test_a_whole_raw_day_passes_and_one_that_lacks_any_row_does_not(
    check_raw, day_rows, gone: int
) -> None:
    rows = day_rows(_DAY)
    check_raw(rows)
    del rows[gone]
    with pytest.raises(IncompleteDay, match="lacks 1 of 288 intervals"):
        check_raw(rows)


def test_rows_of_interventions_may_stand_beside_a_whole_day_but_make_none(
    check_raw, day_rows
) -> None:
    physical = day_rows(_DAY, INTERVENTION="1")
    check_raw([*physical, *day_rows(_DAY)])
    with pytest.raises(IncompleteDay, match="SA1 lacks all 288 intervals"):
        check_raw(physical)


def test_missing_intervals_are_listed_compactly(check_raw, day_rows) -> None:
    gone = {("SA1", f"2018/05/02 {time}:00") for time in ("14:05", "14:10", "14:15", "15:00")}
    gone |= {("VIC1", "2018/05/03 00:00:00")}
    rows = [row for row in day_rows(_DAY) if (row["REGIONID"], row["SETTLEMENTDATE"]) not in gone]
    said = (
        "DISPATCHPRICE of 2018-05-02 is not whole: SA1 lacks 4 of 288 intervals: 14:05-14:15, 15:00; "
        "VIC1 lacks 1 of 288 intervals: 24:00"
    )
    with pytest.raises(IncompleteDay, match=said):
        check_raw(rows)


def test_many_gaps_are_counted_and_not_all_listed(check_raw, day_rows) -> None:
    rows = [
        row
        for row in day_rows(_DAY)
        if row["SETTLEMENTDATE"][15] != "5" or row["REGIONID"] != "SA1"
    ]
    with pytest.raises(
        IncompleteDay, match=r"SA1 lacks 144 of 288 intervals: 00:05, .* and 139 more"
    ):
        check_raw(rows)


def test_a_region_that_is_not_there_lacks_all(check_raw, day_rows) -> None:
    with pytest.raises(IncompleteDay, match="TAS1 lacks all 288 intervals"):
        check_raw(day_rows(_DAY, regions=["NSW1", "QLD1", "SA1", "VIC1"]))


def test_a_physical_run_does_not_stand_for_the_pricing_run(check_raw, day_rows) -> None:
    rows = day_rows(_DAY)
    rows[7] = {**rows[7], "INTERVENTION": "1"}
    with pytest.raises(IncompleteDay, match="SA1 lacks 1 of 288 intervals: 00:10"):
        check_raw(rows)


def test_a_row_without_a_price_is_no_price(check_raw, day_rows) -> None:
    rows = day_rows(_DAY)
    rows[7] = {**rows[7], "RRP": ""}
    with pytest.raises(IncompleteDay, match="SA1 lacks 1 of 288 intervals: 00:10"):
        check_raw(rows)


def test_an_unknown_region_is_named(check_raw, day_rows) -> None:
    with pytest.raises(IncompleteDay, match="1 regions are unknown: 'WA1'"):
        check_raw(day_rows(_DAY, regions=[*REGIONS, "WA1"]))


@pytest.mark.parametrize("stamp", ["2018/05/02 00:07:00", "2018/05/03 00:05:00", "rubbish"])
def test_a_stamp_off_the_days_grid_is_named(check_raw, day_rows, stamp: str) -> None:
    rows = day_rows(_DAY)
    with pytest.raises(IncompleteDay, match=f"1 stamps are no interval end of the day: {stamp}"):
        check_raw([*rows, {**rows[0], "SETTLEMENTDATE": stamp}])


def test_all_that_is_wrong_is_said_at_once(check_raw, day_rows) -> None:
    rows = [*day_rows(_DAY)[5:], *day_rows(_DAY, regions=["WA1"])]
    with pytest.raises(IncompleteDay) as caught:
        check_raw(rows)
    assert str(caught.value).count("lacks 1 of 288") == 5
    assert "WA1" in str(caught.value)


def test_price_and_demand_days_are_gridded_by_their_era(text_table) -> None:
    for day, minutes in ((date(2021, 9, 30), 30), (date(2021, 10, 1), 5)):
        rows = text_table(_demand_rows(day, REGIONS, minutes))
        check_raw_day(rows, NEM_PRICES, PRICE_AND_DEMAND, day, regions=REGIONS)
    rows = text_table(_demand_rows(date(2021, 10, 1), REGIONS, 30))
    with pytest.raises(IncompleteDay, match="NSW1 lacks 240 of 288"):
        check_raw_day(rows, NEM_PRICES, PRICE_AND_DEMAND, date(2021, 10, 1), regions=REGIONS)


def test_a_regions_first_day_begins_with_its_first_interval(text_table) -> None:
    day = date(2005, 5, 15)
    rows = [
        row
        for row in _demand_rows(day, REGIONS)
        if row["REGION"] != "TAS1" or row["SETTLEMENTDATE"] >= "2005/05/15 14:00:00"
    ]
    check_raw_day(text_table(rows), NEM_PRICES, PRICE_AND_DEMAND, day, regions=REGIONS)
    check_clean_day(
        tidy(text_table(rows), NEM_PRICES, PRICE_AND_DEMAND, source="x"), NEM_PRICES, day
    )
    cut = text_table([row for row in rows if row["SETTLEMENTDATE"] != "2005/05/16 00:00:00"])
    with pytest.raises(IncompleteDay, match="TAS1 lacks 1 of 21 intervals: 24:00"):
        check_raw_day(cut, NEM_PRICES, PRICE_AND_DEMAND, day, regions=REGIONS)


def test_snowy_may_stand_in_files_of_its_time_alone(text_table) -> None:
    last, next_day = date(2008, 6, 30), date(2008, 7, 1)
    rows, later = (text_table(_demand_rows(day, [*REGIONS, "SNOWY1"])) for day in (last, next_day))
    check_raw_day(rows, NEM_PRICES, PRICE_AND_DEMAND, last, regions=REGIONS)
    with pytest.raises(IncompleteDay, match="1 regions are unknown: 'SNOWY1'"):
        check_raw_day(later, NEM_PRICES, PRICE_AND_DEMAND, next_day, regions=REGIONS)


@pytest.mark.parametrize("gone", [0, 700, 1439])
def test_a_whole_clean_day_passes_and_one_that_lacks_any_row_does_not(clean_day, gone: int) -> None:
    check_clean_day(clean_day, NEM_PRICES, _DAY)
    cut = pa.concat_tables([clean_day.slice(0, gone), clean_day.slice(gone + 1)])
    with pytest.raises(IncompleteDay, match="lacks 1 of 288 intervals"):
        check_clean_day(cut, NEM_PRICES, _DAY)


def test_a_clean_day_of_half_hours_has_48(text_table) -> None:
    day = date(2015, 1, 31)
    rows = text_table(_demand_rows(day, REGIONS))
    clean = tidy(rows, NEM_PRICES, PRICE_AND_DEMAND, source="x")
    check_clean_day(clean, NEM_PRICES, day)
    with pytest.raises(IncompleteDay, match="lacks 1 of 48 intervals"):
        check_clean_day(clean.slice(1), NEM_PRICES, day)


def test_another_days_clean_table_is_refused(clean_day) -> None:
    with pytest.raises(
        IncompleteDay, match=r"NSW1 lacks all 288.*stamps are no interval end of the day"
    ):
        check_clean_day(clean_day, NEM_PRICES, _DAY + timedelta(days=1))


def test_a_null_price_is_refused(clean_day) -> None:
    with pytest.raises(IncompleteDay, match="1 rows have no rrp: SA1 00:10"):
        check_clean_day(_replaced(clean_day, "rrp", 7, None), NEM_PRICES, _DAY)


def test_a_price_that_is_not_finite_is_refused(clean_day) -> None:
    with pytest.raises(IncompleteDay, match="1 rows have no rrp: SA1 00:10"):
        check_clean_day(_replaced(clean_day, "rrp", 7, float("nan")), NEM_PRICES, _DAY)


def test_a_repeated_row_is_refused(clean_day) -> None:
    twice = pa.concat_tables([clean_day.slice(0, 3), clean_day.slice(2)])
    with pytest.raises(IncompleteDay, match="1 rows repeat an interval and region: SA1 00:05"):
        check_clean_day(twice, NEM_PRICES, _DAY)


def test_rows_out_of_order_are_refused(clean_day) -> None:
    turned = pa.concat_tables([clean_day.slice(1), clean_day.slice(0, 1)])
    with pytest.raises(IncompleteDay, match="not sorted"):
        check_clean_day(turned, NEM_PRICES, _DAY)


def test_an_interval_of_another_length_is_refused(clean_day) -> None:
    start = clean_day["interval_start"][0].as_py() - timedelta(minutes=25)
    with pytest.raises(IncompleteDay, match="1 intervals do not take 5 minutes"):
        check_clean_day(_replaced(clean_day, "interval_start", 0, start), NEM_PRICES, _DAY)


def test_mixed_resolutions_are_refused(clean_day) -> None:
    with pytest.raises(IncompleteDay, match=r"should have one resolution, 5 or 30, not \[30, 5\]"):
        check_clean_day(_replaced(clean_day, "resolution_minutes", 0, 30), NEM_PRICES, _DAY)


def test_an_empty_clean_table_is_refused() -> None:
    with pytest.raises(IncompleteDay, match=r"not \[\]"):
        check_clean_day(clean_schema(NEM_PRICES).empty_table(), NEM_PRICES, _DAY)


def test_prices_at_the_limits_give_no_warning(clean_day) -> None:
    table = _replaced(_replaced(clean_day, "rrp", 0, 14_200.0), "rrp", 1, -1_000.0)
    assert price_warnings(table, NEM_PRICES, _DAY) == []


def test_prices_beyond_the_limits_give_one_line_with_the_worst(clean_day) -> None:
    table = _replaced(_replaced(clean_day, "rrp", 0, 14_200.01), "rrp", 7, -1_500.0)
    assert price_warnings(table, NEM_PRICES, _DAY) == [
        "rrp: 2 of 1440 prices of 2018-05-02 beyond -1,000 to 14,200 AUD/MWh, "
        "worst -1,500.00 at 00:10 in SA1"
    ]


def test_a_negative_fcas_price_gives_a_warning(clean_day) -> None:
    table = _replaced(clean_day, "raisereg_rrp", 1439, -0.01)
    (line,) = price_warnings(table, NEM_PRICES, _DAY)
    assert line.startswith("raisereg_rrp: 1 of 1440 prices")
    assert line.endswith("worst -0.01 at 24:00 in VIC1")


def test_the_price_before_capping_gives_no_warning(clean_day) -> None:
    assert price_warnings(_replaced(clean_day, "rop", 0, 119_721.15851), NEM_PRICES, _DAY) == []
