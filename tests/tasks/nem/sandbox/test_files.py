"""Rules of the published files: zips, bundles, PRICE_AND_DEMAND."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month, parse_stamp
from nemflow.tasks.nem.sandbox import market
from nemflow.tasks.nem.sandbox.files import (
    BUNDLE_SIZE,
    price_and_demand_csv,
    published_at,
    table_zip,
    tradingprice_zip,
)
from nemflow.tasks.nem.sandbox.zips import Member, as_zip64, is_zip64, zip_bytes

LATER = datetime(2030, 1, 1, tzinfo=NEM_TIME)


def _prices(body: bytes) -> list[tuple[str, Decimal]]:
    rows = csv.DictReader(io.StringIO(body.decode("ascii"), newline=""))
    return [(row["SETTLEMENTDATE"], Decimal(row["RRP"])) for row in rows]


def test_dvd_zips_hold_one_member_of_their_name(trading_2018_05: bytes) -> None:
    name, body = tradingprice_zip(Month(2018, 5))
    assert name == "PUBLIC_DVD_TRADINGPRICE_201805010000.zip"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["PUBLIC_DVD_TRADINGPRICE_201805010000.CSV"]
        assert archive.read(archive.namelist()[0]) == trading_2018_05


def test_archive_zips_have_hash_names_and_sizes_behind_the_data() -> None:
    name, body = table_zip("AVERAGEPRICE30", Month(2024, 9))
    assert name == "PUBLIC_ARCHIVE#AVERAGEPRICE30#FILE01#202409010000.zip"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (member,) = archive.infolist()
        assert member.filename == "PUBLIC_ARCHIVE#AVERAGEPRICE30#FILE01#202409010000.CSV"
        assert member.flag_bits & 0x08
        assert archive.testzip() is None


def test_zips_are_the_same_at_every_call() -> None:
    assert table_zip("AUCTION", Month(2018, 5)) == table_zip("AUCTION", Month(2018, 5))


def test_a_zip64_directory_is_read_like_any_other() -> None:
    stamp = datetime(2024, 8, 23, 5, 5, tzinfo=NEM_TIME)
    members = [Member("A/1.zip", b"1" * 500, stamp), Member("A/2.zip", b"2", stamp, stored=True)]
    plain = zip_bytes(members)
    body = as_zip64(plain)
    assert is_zip64(body)
    assert not is_zip64(plain)
    assert body[-6:-2] == b"\xff" * 4  # the old field for the directory's place
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [b"1" * 500, b"2"]


def test_a_bundle_nests_the_tables_zips_and_is_mostly_other_things(
    fetch: Callable[..., Any],
) -> None:
    body = fetch("/Data_Archive/Wholesale_Electricity/MMSDM/2014/MMSDM_2014_01.zip").body
    assert len(body) == BUNDLE_SIZE
    inside = "MMSDM_2014_01/MMSDM_Historical_Data_SQLLoader/DATA/"
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        dispatch = archive.getinfo(f"{inside}PUBLIC_DVD_DISPATCHPRICE_201401010000.zip")
        assert dispatch.file_size < BUNDLE_SIZE // 5
        nested = archive.read(f"{inside}PUBLIC_DVD_TRADINGPRICE_201401010000.zip")
    assert nested == tradingprice_zip(Month(2014, 1))[1]


def test_months_are_published_eleven_days_after_their_end() -> None:
    assert published_at(Month(2014, 12)) == datetime(2015, 1, 12, tzinfo=NEM_TIME)


def test_the_first_month_starts_in_the_middle_without_seconds() -> None:
    lines = price_and_demand_csv(Month(1998, 12), "NSW1", LATER).split(b"\r\n")
    assert lines[0] == b"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE"
    assert lines[1].startswith(b'NSW1,"1998/12/07 02:00",')
    assert lines[-2].startswith(b'NSW1,"1999/01/01 00:00",')
    assert lines[-2].endswith(b",TRADE")
    assert lines[-1] == b""


def test_tasmania_starts_in_may_2005() -> None:
    assert price_and_demand_csv(Month(2005, 4), "TAS1", LATER) == b""
    stamps = [stamp for stamp, _ in _prices(price_and_demand_csv(Month(2005, 5), "TAS1", LATER))]
    assert stamps[0] == "2005/05/15 14:00:00"
    assert len(stamps) == 16 * 48 + 21


@pytest.mark.parametrize(
    ("month", "quoted", "count", "first"),
    [
        (Month(2016, 5), True, 1_488, "00:30:00"),
        (Month(2016, 7), False, 1_488, "00:30:00"),
        (Month(2021, 9), False, 1_440, "00:30:00"),
        (Month(2021, 10), False, 8_928, "00:05:00"),
    ],
)
def test_region_files_follow_the_eras(month: Month, quoted: bool, count: int, first: str) -> None:
    body = price_and_demand_csv(month, "VIC1", LATER)
    assert (b'"' in body) is quoted
    assert body.count(b"\r\n") == body.count(b"\n") == count + 1
    assert _prices(body)[0][0].endswith(first)


def test_prices_lose_their_zeros_up_to_may_2016_and_keep_two_decimals_later() -> None:
    early = price_and_demand_csv(Month(2016, 5), "VIC1", LATER).splitlines()[1:]
    late = price_and_demand_csv(Month(2016, 6), "VIC1", LATER).splitlines()[1:]
    texts = [[line.split(b",")[3].decode() for line in lines] for lines in (early, late)]
    assert any(re.fullmatch(r"-?\d+\.\d", text) for text in texts[0])
    assert all(re.fullmatch(r"-?\d+(\.\d|\.\d[1-9])?", text) for text in texts[0])
    assert any(re.fullmatch(r"-?\d+\.\d0", text) for text in texts[1])
    assert all(re.fullmatch(r"-?\d+(\.\d\d)?", text) for text in texts[1])
    assert not any(text.endswith(".00") for text in texts[1])


def test_five_minute_prices_are_dispatch_prices_in_cents() -> None:
    for stamp, price in _prices(price_and_demand_csv(Month(2022, 6), "SA1", LATER))[::97]:
        assert price == market.trading_price("SA1", parse_stamp(stamp))


def test_half_hour_prices_are_means_of_dispatch_prices() -> None:
    for stamp, price in _prices(price_and_demand_csv(Month(2014, 2), "SA1", LATER))[::17]:
        assert price == market.trading_price("SA1", parse_stamp(stamp))


def test_some_old_months_step_back_in_time_and_lose_nothing() -> None:
    stamps = [stamp for stamp, _ in _prices(price_and_demand_csv(Month(2017, 3), "NSW1", LATER))]
    assert stamps != sorted(stamps)
    assert len(set(stamps)) == len(stamps) == 1_488


def test_the_current_month_ends_at_the_last_midnight(now: datetime) -> None:
    part = price_and_demand_csv(Month(2026, 2), "VIC1", now)
    whole = price_and_demand_csv(Month(2026, 2), "VIC1", LATER)
    assert _prices(part)[-1][0] == "2026/02/18 00:00:00"
    assert whole.startswith(part)
    assert len(whole) > len(part)


def test_a_month_of_which_no_day_is_over_has_no_file(now: datetime) -> None:
    assert price_and_demand_csv(Month(2026, 3), "VIC1", now) == b""
    first_morning = datetime(2026, 2, 1, 9, tzinfo=NEM_TIME)
    assert price_and_demand_csv(Month(2026, 2), "VIC1", first_morning) == b""
