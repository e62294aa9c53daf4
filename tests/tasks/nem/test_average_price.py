"""AVERAGEPRICE30: read by columns and by the names its rows may have, numbers held against stamps."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from nemflow.errors import BrokenFile, IncompleteDay
from nemflow.tasks.nem.aemo_csv import read_table
from nemflow.tasks.nem.check import check_raw_day
from nemflow.tasks.nem.csv_rows import texts_of
from nemflow.tasks.nem.datasets import NEM_AVERAGE_PRICES
from nemflow.tasks.nem.market_time import format_stamp, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import AVERAGEPRICE30
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.whole_day import is_whole_raw_day

DAY = date(2024, 8, 1)
COLUMNS = ("PERIODDATE", "REGIONID", "PERIODID", "RRP", "PRICE_CONFIDENCE", "LASTCHANGED")


def _day_rows(shift: int = 0, **values: str) -> list[dict[str, str]]:
    """Return the rows of a day; *shift* is added to their numbers."""
    return [
        {
            "PERIODDATE": format_stamp(end),
            "REGIONID": region,
            "PERIODID": str(number + shift),
            "RRP": f"{number}.5",
            "PRICE_CONFIDENCE": "NOT FIRM" if number == 3 else "FIRM",
            "LASTCHANGED": format_stamp(end - timedelta(minutes=5)),
            **values,
        }
        for number, end in enumerate(interval_ends(DAY, 30), 1)
        for region in REGIONS
    ]


def _report(name: str, columns: tuple[str, ...] = COLUMNS) -> bytes:
    """Return a file with the day's rows below an I row of this name."""
    lines = [
        "C,SETP.WORLD,DVD_AVERAGEPRICE30,AEMO,PUBLIC,2024/09/12,15:50:00",
        f"I,{name},1,{','.join(columns)}",
        *(f"D,{name},1,{','.join(row[c] for c in columns)}" for row in _day_rows()),
    ]
    return "\r\n".join([*lines, f'C,"END OF REPORT",{len(lines) + 1}']).encode()


@pytest.fixture
def check(text_table) -> Callable[[list[dict[str, str]]], None]:
    """Check rows of the day."""

    def check(rows: list[dict[str, str]]) -> None:
        table = text_table(rows)
        looks_whole = is_whole_raw_day(table, NEM_AVERAGE_PRICES, AVERAGEPRICE30, DAY, REGIONS)
        check_raw_day(table, NEM_AVERAGE_PRICES, AVERAGEPRICE30, DAY, regions=REGIONS)
        assert looks_whole

    return check


@pytest.mark.parametrize(
    "name", ["TRADING,AVERAGEPRICE30", "TRADING,AVERAGE_PRICE_30", "AVERAGEPRICE30,"]
)
def test_rows_are_read_under_each_name_that_they_may_have(name) -> None:
    rows = read_table(_report(name), AVERAGEPRICE30)
    assert rows.column_names == list(COLUMNS)
    assert rows.num_rows == 240


@pytest.mark.parametrize("name", ["TRADING,PRICE", "TRADING,", "PREDISPATCH,AVERAGEPRICE30"])
def test_rows_of_another_name_are_refused(name) -> None:
    with pytest.raises(BrokenFile, match="holds no TRADING AVERAGEPRICE30 rows"):
        read_table(_report(name), AVERAGEPRICE30)


@pytest.mark.parametrize("column", COLUMNS[:-1])
def test_no_name_makes_up_for_a_missing_column(column) -> None:
    fewer = tuple(name for name in COLUMNS if name != column)
    for name in ("TRADING,AVERAGEPRICE30", "AVERAGEPRICE30,"):
        with pytest.raises(BrokenFile, match=f"has no column {column}"):
            read_table(_report(name, fewer), AVERAGEPRICE30)


def test_the_likeliest_name_is_taken_where_a_file_has_two() -> None:
    first, second = _report("AVERAGEPRICE30,"), _report("TRADING,AVERAGEPRICE30")
    chosen = second.replace(b",FIRM,", b",CHOSEN,").split(b"\r\n")[1:]
    both = b"\r\n".join([*first.split(b"\r\n")[:-1], *chosen])
    confidence = read_table(both, AVERAGEPRICE30)["PRICE_CONFIDENCE"]
    assert set(texts_of(confidence)) == {"CHOSEN", "NOT FIRM"}


def test_a_whole_day_passes(check) -> None:
    check(_day_rows())


@pytest.mark.parametrize("shift", [-1, 1, 47])
def test_numbers_that_are_not_those_of_the_half_hours_ends_are_refused(check, shift) -> None:
    said = (
        "240 rows have a PERIODID that their PERIODDATE does not give: "
        f"NSW1 2024/08/01 00:30:00 says '{1 + shift}', "
    )
    with pytest.raises(IncompleteDay, match=said):
        check(_day_rows(shift))


def test_one_wrong_number_is_enough(check) -> None:
    rows = _day_rows()
    rows[-1] = {**rows[-1], "PERIODID": "0"}
    with pytest.raises(IncompleteDay, match=r"1 rows have .*: VIC1 2024/08/02 00:00:00 says '0'$"):
        check(rows)


def test_dates_without_times_are_no_whole_day(check) -> None:
    with pytest.raises(IncompleteDay, match="NSW1 lacks all 48 intervals"):
        check(_day_rows(PERIODDATE="2024/08/01 00:00:00"))


def test_the_clean_table_has_the_mean_and_its_confidence(text_table) -> None:
    clean = tidy(text_table(_day_rows()), NEM_AVERAGE_PRICES, AVERAGEPRICE30, source="x")
    assert clean.column_names == [
        *("interval_start", "interval_end", "region", "rrp", "price_confidence"),
        *("resolution_minutes", "source", "quality"),
    ]
    assert clean["rrp"].to_pylist()[:6] == [1.5] * 5 + [2.5]
    assert clean["price_confidence"].to_pylist()[9:12] == ["FIRM", "NOT FIRM", "NOT FIRM"]
    assert set(clean["resolution_minutes"].to_pylist()) == {30}
