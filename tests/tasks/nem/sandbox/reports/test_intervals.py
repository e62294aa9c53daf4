"""DispatchIS, Dispatch and TradingIS: an interval in each file; days and weeks in ARCHIVE."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, parse_stamp
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import SandboxServer, market
from nemflow.tasks.nem.sandbox.dispatch_csv import dispatch_csv
from nemflow.tasks.nem.sandbox.dispatchis_csv import dispatchis_csv
from nemflow.tasks.nem.sandbox.intervals import interval_ending
from nemflow.tasks.nem.sandbox.tradingis_csv import tradingis_csv

DISPATCHIS = "/Reports/CURRENT/DispatchIS_Reports/"
TRADINGIS = "/Reports/CURRENT/TradingIS_Reports/"
DISPATCHIS_DAYS = "/Reports/ARCHIVE/DispatchIS_Reports/"
TRADINGIS_WEEKS = "/Reports/ARCHIVE/TradingIS_Reports/"
DISPATCH, DISPATCH_DAYS = "/Reports/CURRENT/Dispatch_Reports/", "/Reports/ARCHIVE/Dispatch_Reports/"

Fetch = Callable[..., Any]
Listing = Callable[[str], list[Any]]


def _at(*when: int) -> datetime:
    return datetime(*when, tzinfo=NEM_TIME)


def _names(server: SandboxServer, folder: str) -> list[str]:
    page = server.tree.find(folder, folder)
    assert page is not None
    return re.findall(r'">(PUBLIC_\w+\.zip)<', page.body.decode())


def test_current_dispatchis_holds_two_days_and_ends_with_the_interval_that_is_running(
    listed: Listing,
) -> None:
    files = listed(DISPATCHIS)  # it is ten in the morning, on the second
    assert len(files) == 577
    assert re.fullmatch(r"PUBLIC_DISPATCHIS_202602161000_\d{16}\.zip", files[0].name)
    assert re.fullmatch(r"PUBLIC_DISPATCHIS_202602181000_\d{16}\.zip", files[-1].name)
    assert files[-1].modified == _at(2026, 2, 18, 9, 55)
    assert [file.name for file in files] == sorted(file.name for file in files)


def test_an_interval_appears_seconds_after_it_has_begun() -> None:
    clock = [_at(2026, 2, 18, 10, 0, 5)]
    with SandboxServer(now=lambda: clock[0]) as server:
        before = _names(server, DISPATCHIS)
        clock[0] += timedelta(seconds=10)
        after = _names(server, DISPATCHIS)
    assert "_202602181000_" in before[-1]
    assert "_202602181005_" in after[-1]
    assert after[:-1] == before[1:]


def test_current_tradingis_holds_fourteen_days_and_duplicates(listed: Listing) -> None:
    folder, *files = listed(TRADINGIS)
    assert (folder.name, folder.size) == ("DUPLICATE", None)
    assert len(files) == 14 * 288 + 1
    assert "_202602041000_" in files[0].name
    assert listed(f"{TRADINGIS}DUPLICATE/") == []


def test_archived_days_appear_two_days_later(listed: Listing) -> None:
    files = listed(DISPATCHIS_DAYS)
    assert len(files) == 375
    assert files[-1].name == "PUBLIC_DISPATCHIS_20260216.zip"
    assert files[-1].modified == _at(2026, 2, 18, 1, 1)


def test_archived_weeks_run_from_sunday_to_saturday(listed: Listing) -> None:
    files = listed(TRADINGIS_WEEKS)
    assert len(files) == 54
    assert files[-1].name == "PUBLIC_TRADINGIS_20260201_20260207.zip"
    assert files[-1].modified == _at(2026, 2, 15, 1, 1)


def test_the_older_form_of_dispatchis_comes_and_goes_with_it_under_names_of_its_own(
    listed: Listing,
) -> None:
    folder, *files = listed(DISPATCH)
    assert (folder.name, folder.size) == ("DUPLICATE", None)
    assert files[-1].name == "PUBLIC_DISPATCH_202602181000_20260218095512_LEGACY.zip"
    assert [file.name[16:28] for file in files] == [f.name[18:30] for f in listed(DISPATCHIS)]
    days, others = listed(DISPATCH_DAYS), listed(DISPATCHIS_DAYS)
    assert [f.name.replace("DISPATCH_", "DISPATCHIS_") for f in days] == [f.name for f in others]


@pytest.mark.parametrize(
    "folder", [DISPATCHIS, TRADINGIS, DISPATCH, DISPATCHIS_DAYS, TRADINGIS_WEEKS, DISPATCH_DAYS]
)
def test_listed_sizes_are_those_of_the_files(fetch: Fetch, listed: Listing, folder: str) -> None:
    file = listed(folder)[-1]
    assert len(fetch(file.href).body) == file.size


def test_dispatch_prices_and_demands_are_those_of_the_market(
    fetch: Fetch, listed: Listing, member: Any, sections: Any
) -> None:
    for file in listed(DISPATCHIS)[::144]:
        tables = sections(member(fetch(file.href).body)).rows
        prices = tables["DISPATCH", "PRICE", "5"]
        assert [row["REGIONID"] for row in prices] == list(REGIONS)
        for row in prices:
            end = parse_stamp(row["SETTLEMENTDATE"])
            assert f"{end:_%Y%m%d%H%M_}" in file.name
            assert Decimal(row["RRP"]) == market.price(row["REGIONID"], end)
        for row in tables["DISPATCH", "REGIONSUM", "9"]:
            assert Decimal(row["TOTALDEMAND"]) == market.demand(row["REGIONID"], end)


def test_trading_prices_are_those_of_the_market(sections: Any) -> None:
    for end, minutes, version in (
        (_at(2019, 5, 1), 30, "2"),
        (_at(2021, 10, 1), 30, "2"),
        (_at(2021, 10, 1, 0, 5), 5, "2"),
        (_at(2026, 2, 18, 9, 55), 5, "3"),
    ):
        rows = sections(tradingis_csv(interval_ending(end, minutes), 1)).rows
        for row in rows["TRADING", "PRICE", version]:
            assert parse_stamp(row["SETTLEMENTDATE"]) == end
            assert Decimal(row["RRP"]) == market.trading_price(row["REGIONID"], end)
        number = (end.hour * 60 + end.minute) // minutes or 24 * 60 // minutes
        assert {row["PERIODID"] for table in rows.values() for row in table} == {str(number)}


def test_where_aemo_directed_a_report_has_both_runs(sections: Any) -> None:
    end = _at(2019, 4, 30, 10, 35)
    rows = sections(dispatchis_csv(interval_ending(end, 5), 1)).rows
    prices = rows["DISPATCH", "PRICE", "4"]
    assert len(prices) == len(rows["DISPATCH", "REGIONSUM", "4"]) == 10
    assert {row["INTERVENTION"] for row in rows["DISPATCH", "CASE_SOLUTION", "2"]} == {"1"}
    for row in prices:
        price = market.price if row["INTERVENTION"] == "0" else market.intervention_price
        assert Decimal(row["RRP"]) == price(row["REGIONID"], end)


def test_the_older_form_says_of_an_interval_what_dispatchis_says(sections: Any) -> None:
    for end in (_at(2019, 4, 30, 10, 35), _at(2026, 2, 18, 9, 55)):
        which = interval_ending(end, 5)
        reports = [sections(make(which, 1)).rows for make in (dispatch_csv, dispatchis_csv)]
        older = reports[0]["DREGION", "", "3"]
        tables = [rows for head, rows in reports[1].items() if head[1] in ("PRICE", "REGIONSUM")]
        for column, rows in (("RRP", tables[0]), ("TOTALDEMAND", tables[1])):
            texts = [
                sorted((row["REGIONID"], row["INTERVENTION"], row[column]) for row in given)
                for given in (older, rows)
            ]
            assert texts[0] == texts[1]


def test_a_table_may_be_missing(sections: Any) -> None:
    ends = [_at(2026, 2, 18) + timedelta(minutes=5 * number) for number in range(1, 29)]
    reports = [sections(dispatchis_csv(interval_ending(end, 5), 1)) for end in ends]
    missing = [("DISPATCH", "LOCAL_PRICE", "1") not in report.rows for report in reports]
    assert sum(missing) == 2


def test_the_frame_names_the_report_and_its_number(sections: Any) -> None:
    body = dispatchis_csv(interval_ending(_at(2026, 2, 18, 10), 5), 3542745617)
    first = (
        b"C,SYNTHETIC.WORLD,DISPATCHIS,AEMO,PUBLIC,2026/02/18,09:55:12,0000003542745617,"
        b"DISPATCHIS,0000003542745616\r\n"
    )
    assert body.startswith(first)
    assert body.count(b"\n") == body.count(b"\r\n")
    lines = sections(body).lines
    assert lines[-1] == ["C", "END OF REPORT", str(len(lines))]


def test_an_archived_day_holds_its_intervals_as_they_were(fetch: Fetch) -> None:
    body = fetch(f"{DISPATCHIS_DAYS}PUBLIC_DISPATCHIS_20260216.zip").body
    with zipfile.ZipFile(io.BytesIO(body)) as day:
        names = day.namelist()
        assert len(names) == 288
        assert ["_202602160005_" in names[0], "_202602170000_" in names[-1]] == [True, True]
        assert day.read(names[200]) == fetch(DISPATCHIS + names[200]).body


def test_an_archived_day_may_go_by_stamp(now: datetime) -> None:
    path = f"{DISPATCHIS_DAYS}PUBLIC_DISPATCHIS_20260216.zip"
    with SandboxServer(now=lambda: now, archive_by_stamp=True) as server:
        page = server.tree.find(path, path)
    assert page is not None
    with zipfile.ZipFile(io.BytesIO(page.body)) as day:
        names = day.namelist()
    assert len(names) == 288
    assert ["_202602160000_" in names[0], "_202602162355_" in names[-1]] == [True, True]


def test_intervals_change_from_thirty_minutes_to_five(now: datetime) -> None:
    with SandboxServer(now=lambda: _at(2021, 10, 1, 0, 6)) as server:
        names = _names(server, TRADINGIS)
    assert len(names) == 14 * 48 + 1 + 2
    assert [name[17:29] for name in names[-4:]] == [
        *("202109302330", "202110010000"),
        *("202110010005", "202110010010"),
    ]


def test_the_week_of_the_change_has_intervals_of_both_lengths(now: datetime) -> None:
    path = f"{TRADINGIS_WEEKS}PUBLIC_TRADINGIS_20210926_20211002.zip"
    with SandboxServer(now=lambda: _at(2021, 11, 1)) as server:
        page = server.tree.find(path, path)
    assert page is not None
    with zipfile.ZipFile(io.BytesIO(page.body)) as week:
        names = week.namelist()
    assert len(names) == 5 * 48 + 2 * 288
    assert ["_202109260030_" in names[0], "_202110030000_" in names[-1]] == [True, True]
