"""Daily_Reports: the regional prices of a trading day twice, among other tables."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

from nemflow.tasks.nem.sandbox.daily_csv import public_daily_csv, public_prices_csv
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL

CURRENT, ARCHIVE = "/Reports/CURRENT/Daily_Reports/", "/Reports/ARCHIVE/Daily_Reports/"

Fetch = Callable[..., Any]
Listing = Callable[[str], list[Any]]


def test_the_same_prices_stand_in_both_versions_and_in_public_prices(sections: Any) -> None:
    day = date(2026, 2, 17)
    daily = sections(public_daily_csv(day, ORIGINAL))
    second, third = (daily.rows["DREGION", "", version] for version in "23")
    assert second == sections(public_prices_csv(day, ORIGINAL)).rows["DREGION", "", "2"]
    assert len(third) == 288 * 5
    assert [{name: row[name] for name in second[0]} for row in third] == second
    assert third[0]["RAISE6SECACTUALAVAILABILITY"] == "170.72406"


def test_files_come_and_go_as_public_prices(fetch: Fetch, listed: Listing) -> None:
    files, prices = listed(CURRENT), listed("/Reports/CURRENT/Public_Prices/")
    assert [f.name.replace("DAILY", "PRICES") for f in files] == [f.name for f in prices]
    assert len(fetch(files[-1].href).body) == files[-1].size


def test_a_month_holds_daily_zips(fetch: Fetch, listed: Listing) -> None:
    with zipfile.ZipFile(io.BytesIO(fetch(listed(ARCHIVE)[-1].href).body)) as month:
        assert len(month.namelist()) == 31
        assert month.namelist()[0].startswith("PUBLIC_DAILY_202512010000_2025120204050")
