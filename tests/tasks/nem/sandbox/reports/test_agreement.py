"""Every kind of file says the same of the same interval."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month, day_bounds, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import Revision
from nemflow.tasks.nem.sandbox.daily_csv import public_daily_csv, public_prices_csv
from nemflow.tasks.nem.sandbox.dispatchis_csv import dispatchis_csv
from nemflow.tasks.nem.sandbox.files import price_and_demand_csv
from nemflow.tasks.nem.sandbox.intervals import interval_ending
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL, Edition
from nemflow.tasks.nem.sandbox.table_csv import (
    dispatchprice_csv,
    dispatchregionsum_csv,
    tradingprice_csv,
)
from nemflow.tasks.nem.sandbox.tradingis_csv import tradingis_csv

LATER = datetime(2030, 1, 1, tzinfo=NEM_TIME)
CENT = Decimal("0.01")

Values = dict[tuple[str, str], Decimal]
Sections = Callable[[bytes], Any]


def _values(rows: list[dict[str, str]], column: str, run: str = "0") -> Values:
    return {
        (row["SETTLEMENTDATE"], row["REGIONID"]): Decimal(row[column])
        for row in rows
        if row.get("INTERVENTION", run) == run
    }


def _of_day(values: Values, day: date) -> Values:
    stamps = {f"{end:%Y/%m/%d %H:%M:%S}" for end in interval_ends(day, 5)}
    return {key: value for key, value in values.items() if key[0] in stamps}


def _month_rows(csv: bytes, day: date, sections: Sections) -> list[dict[str, str]]:
    """Read the lines of one day alone, of the 45 000 of a month."""
    dates = [f'"{when:%Y/%m/%d} '.encode() for when in (day, day + timedelta(days=1))]
    lines = csv.splitlines(keepends=True)
    kept = [
        line for line in lines if line.startswith(b"I,") or any(text in line[:40] for text in dates)
    ]
    (rows,) = sections(b"".join(kept)).rows.values()
    return rows


def _rounded(values: Values) -> Values:
    return {key: value.quantize(CENT, ROUND_HALF_UP) for key, value in values.items()}


def _single(make: Any, ends: list[datetime], minutes: int, sections: Sections, kind: str) -> list:
    rows = []
    for end in ends:
        report = sections(make(interval_ending(end, minutes), 1))
        rows += next(rows for head, rows in report.rows.items() if head[1] == kind)
    return rows


# A day of today, one on which AEMO directed, the first day of five-minute settlement.
DAYS = [date(2026, 1, 20), date(2021, 5, 20), date(2021, 10, 1)]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_dispatch_prices_agree(sections: Sections, day: date) -> None:
    month = Month.of(day)
    monthly = _month_rows(dispatchprice_csv(month), day, sections)
    truth = _of_day(_values(monthly, "RRP"), day)
    assert len(truth) == 288 * 5
    live = _single(dispatchis_csv, interval_ends(day, 5), 5, sections, "PRICE")
    assert _values(live, "RRP") == truth
    for make, version in (
        (public_prices_csv, "2"),
        (public_daily_csv, "2"),
        (public_daily_csv, "3"),
    ):
        rows = []
        for start in (day - timedelta(days=1), day):
            rows += sections(make(start, ORIGINAL)).rows["DREGION", "", version]
        assert _of_day(_values(rows, "RRP"), day) == truth


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_trading_prices_are_dispatch_prices_rounded(sections: Sections, day: date) -> None:
    monthly = _month_rows(tradingprice_csv(Month.of(day)), day, sections)
    truth = _of_day(_values(monthly, "RRP"), day)
    minutes = 5 if day >= date(2021, 10, 1) else 30
    live = _single(tradingis_csv, interval_ends(day, minutes), minutes, sections, "PRICE")
    assert _values(live, "RRP") == truth
    dispatch = _single(dispatchis_csv, interval_ends(day, 5), 5, sections, "PRICE")
    exact = _values(dispatch, "RRP")
    if minutes == 30:
        exact = {
            (f"{end:%Y/%m/%d %H:%M:%S}", region): sum(
                exact[f"{end - timedelta(minutes=5 * n):%Y/%m/%d %H:%M:%S}", region]
                for n in range(6)
            )
            / Decimal(6)
            for end in interval_ends(day, 30)
            for region in REGIONS
        }
    assert _rounded(exact) == truth


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_price_and_demand_repeats_them(sections: Sections, day: date) -> None:
    lines = price_and_demand_csv(Month.of(day), "SA1", LATER).decode().splitlines()
    rows = [line.replace('"', "").split(",") for line in lines[1:]]
    prices = _of_day({(row[1], row[0]): Decimal(row[3]) for row in rows}, day)
    monthly = _month_rows(tradingprice_csv(Month.of(day)), day, sections)
    truth = _of_day(_values(monthly, "RRP"), day)
    assert prices == {key: value for key, value in truth.items() if key[1] == "SA1"}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_demands_agree(sections: Sections, day: date) -> None:
    monthly = _month_rows(dispatchregionsum_csv(Month.of(day)), day, sections)
    live = _single(dispatchis_csv, interval_ends(day, 5), 5, sections, "REGIONSUM")
    daily = []
    for start in (day - timedelta(days=1), day):
        daily += sections(public_prices_csv(start, ORIGINAL)).rows["DREGION", "", "2"]
    for run in ("0", "1"):
        truth = _of_day(_values(monthly, "TOTALDEMAND", run), day)
        assert _values(live, "TOTALDEMAND", run) == truth
        assert _of_day(_values(daily, "TOTALDEMAND", run), day) == truth


def test_revised_prices_agree(sections: Sections) -> None:
    day = date(2026, 1, 20)
    edition = Edition((Revision(day=day, at=day_bounds(day)[1]),))
    monthly = _month_rows(dispatchprice_csv(Month.of(day), edition), day, sections)
    truth = _of_day(_values(monthly, "RRP"), day)
    rows = []
    for start in (day - timedelta(days=1), day):
        rows += sections(public_prices_csv(start, edition)).rows["DREGION", "", "2"]
    assert _of_day(_values(rows, "RRP"), day) == truth
    trading = _month_rows(tradingprice_csv(Month.of(day), edition), day, sections)
    assert _of_day(_values(trading, "RRP"), day) == _rounded(truth)


def test_a_bundle_holds_the_monthly_files(fetch: Callable[..., Any], member: Any) -> None:
    body = fetch("/Data_Archive/Wholesale_Electricity/MMSDM/2014/MMSDM_2014_01.zip").body
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        (name,) = (name for name in bundle.namelist() if "_DISPATCHPRICE_" in name)
        assert member(bundle.read(name)) == dispatchprice_csv(Month(2014, 1))
