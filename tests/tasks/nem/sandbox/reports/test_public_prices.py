"""Public_Prices: a trading day in each file, 60 of them in CURRENT, months of them in ARCHIVE."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, parse_stamp
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import SandboxServer, market
from nemflow.tasks.nem.sandbox.daily_csv import public_prices_csv
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL

CURRENT, ARCHIVE = "/Reports/CURRENT/Public_Prices/", "/Reports/ARCHIVE/Public_Prices/"
DREGION = ("DREGION", "", "2")

Fetch = Callable[..., Any]
Listing = Callable[[str], list[Any]]


def test_current_holds_the_last_sixty_trading_days(listed: Listing) -> None:
    files = listed(CURRENT)
    assert len(files) == 60
    assert files[0].name.startswith("PUBLIC_PRICES_202512200000_20251221040")
    assert files[-1].name.startswith("PUBLIC_PRICES_202602170000_20260218040")
    assert files[-1].modified == datetime(2026, 2, 18, 4, 5, tzinfo=NEM_TIME)
    assert files[-1].href == CURRENT + files[-1].name


def test_archive_holds_twelve_months_up_to_the_last_but_one(listed: Listing) -> None:
    files = listed(ARCHIVE)
    assert [files[0].name, files[-1].name] == [
        "PUBLIC_PRICES_20250101.zip",
        "PUBLIC_PRICES_20251201.zip",
    ]
    assert len(files) == 12
    assert files[-1].modified == datetime(2026, 2, 1, 1, 10, tzinfo=NEM_TIME)


@pytest.mark.parametrize("folder", [CURRENT, ARCHIVE])
def test_listed_sizes_are_those_of_the_files(fetch: Fetch, listed: Listing, folder: str) -> None:
    for file in listed(folder)[::11]:
        assert len(fetch(file.href).body) == file.size


def test_a_file_holds_one_trading_day(fetch: Fetch, listed: Listing, member: Any, sections: Any):
    report = sections(member(fetch(listed(CURRENT)[-1].href).body))
    rows = report.rows[DREGION]
    stamps = [row["SETTLEMENTDATE"] for row in rows]
    assert (min(stamps), max(stamps)) == ("2026/02/17 04:05:00", "2026/02/18 04:00:00")
    assert stamps == sorted(stamps)
    assert Counter(row["REGIONID"] for row in rows) == dict.fromkeys(REGIONS, 288)


def test_prices_and_demands_are_those_of_the_market(sections: Any) -> None:
    report = sections(public_prices_csv(date(2025, 6, 30), ORIGINAL))
    for row in report.rows[DREGION][::37]:
        region, end = row["REGIONID"], parse_stamp(row["SETTLEMENTDATE"])
        assert Decimal(row["RRP"]) == market.price(region, end)
        assert Decimal(row["TOTALDEMAND"]) == market.demand(region, end)
        assert Decimal(row["RAISE6SECRRP"]) == market.fcas_price("RAISE6SEC", region, end)


def test_where_aemo_directed_there_are_two_rows(sections: Any) -> None:
    rows = sections(public_prices_csv(date(2021, 5, 20), ORIGINAL)).rows[DREGION]
    assert len(rows) == 2 * 288 * 5
    for row in rows[::53]:
        region, end = row["REGIONID"], parse_stamp(row["SETTLEMENTDATE"])
        is_settled = row["INTERVENTION"] == "0"
        price = market.price if is_settled else market.intervention_price
        assert Decimal(row["RRP"]) == price(region, end)
        assert (Decimal(row["TOTALDEMAND"]) == market.demand(region, end)) is not is_settled


def test_half_hours_stand_beside_them_up_to_september_2021(sections: Any) -> None:
    report = sections(public_prices_csv(date(2021, 9, 29), ORIGINAL))
    rows = report.rows["TREGION", "", "2"]
    assert len(rows) == 48 * 5
    for row in rows[::7]:
        end = parse_stamp(row["SETTLEMENTDATE"])
        assert Decimal(row["RRP"]) == market.trading_price(row["REGIONID"], end)
    assert list(sections(public_prices_csv(date(2021, 10, 1), ORIGINAL)).rows) == [DREGION]


def test_the_frame_is_that_of_reports(sections: Any) -> None:
    body = public_prices_csv(date(2026, 2, 17), ORIGINAL)
    assert body.startswith(b"C,SYNTHETIC.WORLD,PRICES,AEMO,PUBLIC,2026/02/18,04:05:0")
    assert body.count(b"\n") == body.count(b"\r\n")
    assert body.endswith(b"\r\n")
    lines = sections(body).lines
    assert lines[-1] == ["C", "END OF REPORT", str(len(lines))]


def test_a_month_holds_the_daily_zips_as_they_were(fetch: Fetch, listed: Listing) -> None:
    with zipfile.ZipFile(io.BytesIO(fetch(f"{ARCHIVE}PUBLIC_PRICES_20251201.zip").body)) as month:
        names = month.namelist()
        assert month.testzip() is None
        assert len(names) == 31
        assert names[0].startswith("PUBLIC_PRICES_202512010000_")
        assert names[-1] == listed(CURRENT)[11].name
        assert month.read(names[-1]) == fetch(CURRENT + names[-1]).body


def test_a_day_appears_after_its_last_interval(fetch: Fetch, now: datetime) -> None:
    clock = [datetime(2026, 2, 18, 4, 5, 1, tzinfo=NEM_TIME)]
    with SandboxServer(now=lambda: clock[0]) as server:
        counts = []
        for moment in (clock[0], now):
            clock[0] = moment
            page = server.tree.find(CURRENT, CURRENT)
            assert page is not None
            counts.append((page.body.count(b"_202602170000_"), page.body.count(b"_202512190000_")))
    # Each name stands twice in a line. The oldest file leaves when the newest comes.
    assert counts == [(0, 2), (2, 0)]


@pytest.mark.parametrize(
    "name",
    [
        "PUBLIC_PRICES_202602170000_20260218040459.zip",  # not when it was written
        "PUBLIC_PRICES_202602310000_20260218040502.zip",  # no such day
        "PUBLIC_PRICES_20260101.zip",
        "public_prices.zip",
    ],
)
def test_only_listed_names_are_there(fetch: Fetch, name: str) -> None:
    assert fetch(CURRENT + name).status == 404
    assert fetch(ARCHIVE + name).status == 404
