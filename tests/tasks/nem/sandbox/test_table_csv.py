"""Rules of the synthetic monthly tables: AEMO's form, the market's numbers."""

import csv
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from nemflow.tasks.nem.market_time import Month, parse_stamp
from nemflow.tasks.nem.sandbox import market
from nemflow.tasks.nem.sandbox.table_csv import (
    dispatchprice_columns,
    tradingprice_columns,
    tradingprice_csv,
)


def _rows(body: bytes, every: int = 1) -> list[dict[str, str]]:
    """Return the first twelve fields of every n-th D row by column name, checking all widths."""
    lines = body.decode("ascii").splitlines()
    header = lines[1].split(",")
    assert {line.count(",") for line in lines[2:-1]} == {len(header) - 1}
    wanted = header[4:16]
    return [
        dict(zip(wanted, next(csv.reader([line]))[4:16], strict=True)) for line in lines[2:-1:every]
    ]


@pytest.fixture(scope="module")
def dispatch_rows(dispatch_2018_05: bytes) -> list[dict[str, str]]:
    """All rows of a month with interventions."""
    return _rows(dispatch_2018_05)


def test_footers_count_every_line(
    dispatch_2018_05: bytes, dispatch_2024_08: bytes, trading_2018_05: bytes
) -> None:
    for body in (dispatch_2018_05, dispatch_2024_08, trading_2018_05):
        lines = body.splitlines()
        assert lines[-1] == b'C,"END OF REPORT",%d' % len(lines)


def test_a_month_with_interventions_has_rows_for_both_runs(dispatch_2018_05: bytes) -> None:
    assert len(dispatch_2018_05.splitlines()) == 71_898  # as AEMO's own file of that month


def test_dvd_months_end_every_line_with_crlf(dispatch_2018_05: bytes) -> None:
    assert dispatch_2018_05.endswith(b"\r\n")
    assert dispatch_2018_05.count(b"\n") == dispatch_2018_05.count(b"\r\n") == 71_898


def test_archive_months_mix_their_line_ends(dispatch_2024_08: bytes) -> None:
    first, rest = dispatch_2024_08.split(b"\n", 1)
    assert b"\r" not in first
    assert rest.count(b"\n") == rest.count(b"\r\n") == 44_641
    assert rest.endswith(b'\r\nC,"END OF REPORT",44643')


def test_the_first_line_says_that_all_is_synthetic(
    dispatch_2018_05: bytes, dispatch_2024_08: bytes
) -> None:
    assert dispatch_2018_05.startswith(
        b"C,SYNTHETIC.WORLD,DVD_DISPATCHPRICE,AEMO,PUBLIC,2018/06/07,00:30:02,0"
    )
    assert b",MONTHLY_ARCHIVE," in dispatch_2024_08.split(b"\n", 1)[0]


@pytest.mark.parametrize(
    "month", [Month(2018, 5), Month(2020, 1), Month(2024, 7), Month(2024, 8), Month(2025, 1)]
)
def test_columns_are_those_of_the_real_files(aemo_files: Path, month: Month) -> None:
    for folder, columns in (
        ("mmsdm_dispatchprice", dispatchprice_columns(month)),
        ("mmsdm_tradingprice", tradingprice_columns(month)),
    ):
        (file,) = (aemo_files / folder / str(month)).glob("*.zip")
        with zipfile.ZipFile(file) as archive:
            lines = archive.read(archive.namelist()[0]).splitlines()
        assert lines[1].decode().split(",")[4:] == list(columns)


def test_column_sets_and_versions_follow_the_eras(
    dispatch_2018_05: bytes, dispatch_2024_08: bytes
) -> None:
    counts = [
        len(dispatchprice_columns(Month(*when))) for when in ((2009, 7), (2024, 7), (2024, 8))
    ]
    assert counts == [54, 54, 66]
    assert dispatch_2018_05.split(b"\n", 2)[1].startswith(b"I,DISPATCH,PRICE,1,")
    assert dispatch_2024_08.split(b"\n", 2)[1].startswith(b"I,DISPATCH,PRICE,5,")


def test_stamps_are_quoted_and_other_text_is_bare(dispatch_2018_05: bytes) -> None:
    row = dispatch_2018_05.splitlines()[2]
    assert row.count(b'"') == 4
    assert b",FIRM," in row


def test_rows_are_not_in_time_order_and_none_is_lost(dispatch_rows: list[dict[str, str]]) -> None:
    settled = [row for row in dispatch_rows if row["INTERVENTION"] == "0"]
    stamps = [row["SETTLEMENTDATE"] for row in settled]
    assert stamps != sorted(stamps)
    keys = {(row["SETTLEMENTDATE"], row["REGIONID"]) for row in settled}
    assert len(keys) == len(settled) == 31 * 288 * 5
    assert min(stamps) == "2018/05/01 00:05:00"
    assert max(stamps) == "2018/06/01 00:00:00"


def test_rows_hold_the_prices_of_the_market(dispatch_rows: list[dict[str, str]]) -> None:
    for row in dispatch_rows[::4_999]:
        end = parse_stamp(row["SETTLEMENTDATE"])
        is_settled = row["INTERVENTION"] == "0"
        price = market.price if is_settled else market.intervention_price
        assert Decimal(row["RRP"]) == price(row["REGIONID"], end)
        if is_settled:
            fcas = market.fcas_price("RAISE6SEC", row["REGIONID"], end)
            assert Decimal(row["RAISE6SECRRP"]) == fcas


def test_either_run_may_come_first(dispatch_rows: list[dict[str, str]]) -> None:
    first = {}
    for row in dispatch_rows:
        first.setdefault((row["SETTLEMENTDATE"], row["REGIONID"]), row["INTERVENTION"])
    assert set(first.values()) == {"0", "1"}


def test_the_dispatch_interval_counts_from_four_in_the_morning(
    dispatch_rows: list[dict[str, str]],
) -> None:
    numbers = {row["SETTLEMENTDATE"]: row["DISPATCHINTERVAL"] for row in dispatch_rows}
    assert numbers["2018/05/16 04:05:00"] == "20180516001"
    assert numbers["2018/05/16 00:00:00"] == "20180515240"
    assert numbers["2018/05/16 00:05:00"] == "20180515241"
    assert numbers["2018/05/16 04:00:00"] == "20180515288"


def test_prices_at_the_cap_carry_flag_4_and_a_dearer_offer(dispatch_2024_08: bytes) -> None:
    at_cap = [line for line in dispatch_2024_08.splitlines() if b",17500,0," in line]
    assert at_cap
    assert all(b",17500,0,52500.15851,4,0," in line for line in at_cap)


def test_trading_prices_are_half_hours_from_midnight(trading_2018_05: bytes) -> None:
    rows = _rows(trading_2018_05)
    assert len(rows) == 31 * 48 * 5
    for row in rows[::499]:
        end = parse_stamp(row["SETTLEMENTDATE"])
        assert Decimal(row["RRP"]) == market.trading_price(row["REGIONID"], end)
        start = end - timedelta(minutes=30)
        assert int(row["PERIODID"]) == (start.hour * 60 + start.minute) // 30 + 1


def test_trading_prices_have_five_minutes_since_october_2021() -> None:
    body = tradingprice_csv(Month(2021, 10))
    assert len(body.splitlines()) == 31 * 288 * 5 + 3
    assert b'"2021/11/01 00:00:00",1,NSW1,288,' in body
    for row in _rows(body, every=4_999):
        end = parse_stamp(row["SETTLEMENTDATE"])
        assert Decimal(row["RRP"]) == market.trading_price(row["REGIONID"], end)
