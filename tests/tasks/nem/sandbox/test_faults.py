"""Every kind of fault, seen from a client over real sockets."""

import csv
import http.client
import io
import re
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer
from nemflow.tasks.nem.sandbox.damage import damaged
from nemflow.tasks.nem.sandbox.zips import Member, as_zip64, is_zip64, zip_bytes

Fetch = Callable[..., Any]

MMSDM = "/Data_Archive/Wholesale_Electricity/MMSDM/"
DATA_2018_05 = f"{MMSDM}2018/MMSDM_2018_05/MMSDM_Historical_Data_SQLLoader/DATA/"
TRADING = f"{DATA_2018_05}PUBLIC_DVD_TRADINGPRICE_201805010000.zip"
REGION_FILE = "/aemo/data/nem/priceanddemand/PRICE_AND_DEMAND_201805_SA1.csv"
ARCHIVE_FILE = (
    f"{MMSDM}2024/MMSDM_2024_08/MMSDM_Historical_Data_SQLLoader/DATA/"
    "PUBLIC_ARCHIVE%23AUCTION%23FILE01%23202408010000.zip"
)
NOON = "2018/05/03 12:00:00"


def _csv_of(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


def _table(body: bytes) -> list[dict[str, str]]:
    lines = list(csv.reader(io.StringIO(body.decode(), newline="")))
    if lines[0][0] == "C":
        assert int(lines[-1][2]) == len(lines)
        lines = lines[1:-1]
    return [dict(zip(lines[0], row, strict=True)) for row in lines[1:]]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.FORBIDDEN, 403),
        (FaultKind.NOT_FOUND, 404),
        (FaultKind.TOO_MANY, 429),
        (FaultKind.UNAVAILABLE, 503),
        (FaultKind.HTML_200, 200),
    ],
)
def test_a_refusal_is_a_web_page(
    sandbox: SandboxServer, fetch: Fetch, kind: FaultKind, status: int
) -> None:
    sandbox.faults = [Fault(kind=kind, path_contains="TRADINGPRICE", retry_after_s=7)]
    answer = fetch(TRADING)
    assert answer.status == sandbox.requests[-1].status == status
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.body.startswith(b"<html>")
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert fetch(REGION_FILE).headers["Content-Type"] == "text/csv"


def test_a_fault_strikes_as_often_as_it_says(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.UNAVAILABLE, path_contains="TRADINGPRICE", times=2)]
    assert [fetch(TRADING).status for _ in range(3)] == [503, 503, 200]


def test_faults_that_stay_on_keep_their_count(sandbox: SandboxServer, fetch: Fetch) -> None:
    once = Fault(kind=FaultKind.UNAVAILABLE, times=1)
    sandbox.faults = [once]
    assert fetch(MMSDM).status == 503
    sandbox.faults = [*sandbox.faults, Fault(kind=FaultKind.FORBIDDEN, path_contains="nowhere")]
    assert fetch(MMSDM).status == 200


def test_equal_faults_are_two(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.UNAVAILABLE, times=1) for _ in range(2)]
    # Both strike the first request, which only one of them can refuse.
    assert [fetch(MMSDM).status for _ in range(2)] == [503, 200]


def test_slow_bytes_arrive_whole(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = fetch(REGION_FILE).body
    pace = len(whole) * 4
    sandbox.faults = [Fault(kind=FaultKind.SLOW, bytes_per_s=pace)]
    started = time.monotonic()
    assert fetch(REGION_FILE).body == whole
    assert time.monotonic() - started > 0.15


def test_a_late_answer_arrives_whole(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = fetch(REGION_FILE).body
    sandbox.faults = [Fault(kind=FaultKind.LATE, delay_s=0.15)]
    started = time.monotonic()
    assert fetch(REGION_FILE).body == whole
    assert time.monotonic() - started >= 0.15


def test_a_stalled_answer_sends_some_bytes_and_no_more(sandbox: SandboxServer) -> None:
    sandbox.faults = [Fault(kind=FaultKind.STALLED, after_bytes=100)]
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=0.2)
    connection.request("GET", TRADING)
    response = connection.getresponse()
    assert len(response.read(100)) == 100
    with pytest.raises(TimeoutError):
        response.read(1)
    response.close()
    connection.close()


def test_a_reset_connection_is_an_error(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.RESET)]
    with pytest.raises(ConnectionResetError):
        fetch(TRADING)


def test_a_truncated_answer_is_shorter_than_stated(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.TRUNCATED, after_bytes=500)]
    with pytest.raises(http.client.IncompleteRead) as caught:
        fetch(TRADING)
    assert len(caught.value.partial) == 500


def test_a_truncated_file_may_look_whole_to_http(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = fetch(TRADING).body
    sandbox.faults = [Fault(kind=FaultKind.TRUNCATED, after_bytes=500, consistent_length=True)]
    answer = fetch(TRADING)
    assert answer.body == whole[:500]
    assert answer.headers["Content-Length"] == "500"


def test_a_server_without_ranges_sends_all(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.NO_RANGE)]
    answer = fetch(TRADING, {"Range": "bytes=0-0"})
    assert answer.status == 200
    assert len(answer.body) == int(answer.headers["Content-Length"]) > 1_000
    assert "Content-Range" not in answer.headers


def test_hashes_may_have_to_be_encoded_twice(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = fetch(ARCHIVE_FILE).body
    sandbox.faults = [Fault(kind=FaultKind.ENCODED_HASH)]
    assert fetch(ARCHIVE_FILE).status == 400
    answer = fetch(ARCHIVE_FILE.replace("%23", "%2523"))
    assert (answer.status, answer.body) == (200, whole)


def test_a_listing_may_hide_a_file_that_is_there(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.LISTING_HIDES, path_contains="DVD_TRADINGPRICE")]
    listing = fetch(DATA_2018_05).body
    assert b"DVD_TRADINGPRICE" not in listing
    assert b"DVD_DISPATCHPRICE" in listing
    assert fetch(TRADING).status == 200


def test_a_broken_zip_cannot_be_inflated(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.BROKEN_ZIP)]
    with pytest.raises((zipfile.BadZipFile, zlib.error)):
        _csv_of(fetch(TRADING).body)


def test_a_wrong_checksum_is_seen(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.WRONG_CRC)]
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        _csv_of(fetch(TRADING).body)


def test_a_member_may_have_a_path(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = _csv_of(fetch(TRADING).body)
    sandbox.faults = [Fault(kind=FaultKind.PATH_MEMBER)]
    body = fetch(TRADING).body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == ["../../evil.CSV"]
    assert _csv_of(body) == whole


def test_a_zip_may_have_two_members(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.EXTRA_MEMBER)]
    with zipfile.ZipFile(io.BytesIO(fetch(TRADING).body)) as archive:
        names = archive.namelist()
    assert names == ["PUBLIC_DVD_TRADINGPRICE_201805010000.CSV", "EXTRA.CSV"]


@pytest.mark.parametrize("understated", [False, True])
def test_a_bomb_inflates_far(sandbox: SandboxServer, fetch: Fetch, understated: bool) -> None:
    bomb = Fault(kind=FaultKind.BOMB, inflated_bytes=20_000_000, understated=understated)
    sandbox.faults = [bomb]
    body = fetch(TRADING).body
    assert len(body) < 100_000
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (member,) = archive.infolist()
    assert member.file_size == (1_000 if understated else 20_000_000)


def test_a_footer_may_count_wrongly(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.WRONG_FOOTER)]
    lines = _csv_of(fetch(TRADING).body).splitlines()
    assert lines[-1] == b'C,"END OF REPORT",%d' % (len(lines) + 1)


@pytest.mark.parametrize("path", [TRADING, REGION_FILE])
def test_the_price_may_be_missing(sandbox: SandboxServer, fetch: Fetch, path: str) -> None:
    sandbox.faults = [Fault(kind=FaultKind.MISSING_COLUMN)]
    body = fetch(path).body
    rows = _table(_csv_of(body) if path is TRADING else body)
    assert all("RRP" not in row and "SETTLEMENTDATE" in row for row in rows)


@pytest.mark.parametrize("path", [TRADING, REGION_FILE])
def test_a_price_may_be_text(sandbox: SandboxServer, fetch: Fetch, path: str) -> None:
    sandbox.faults = [Fault(kind=FaultKind.TEXT_IN_NUMBER, stamps=(NOON,))]
    body = fetch(path).body
    rows = _table(_csv_of(body) if path is TRADING else body)
    assert {row["SETTLEMENTDATE"] for row in rows if row["RRP"] == "n/a"} == {NOON}


@pytest.mark.parametrize("path", [TRADING, REGION_FILE])
def test_intervals_may_be_missing(sandbox: SandboxServer, fetch: Fetch, path: str) -> None:
    sandbox.faults = [Fault(kind=FaultKind.MISSING_INTERVALS, count=2)]
    body = fetch(path).body
    rows = _table(_csv_of(body) if path is TRADING else body)
    assert len({row["SETTLEMENTDATE"] for row in rows}) == 31 * 48 - 2


def test_faults_strike_average_prices_by_their_own_stamp(
    sandbox: SandboxServer, fetch: Fetch
) -> None:
    path, noon = ARCHIVE_FILE.replace("AUCTION", "AVERAGEPRICE30"), "2024/08/03 12:00:00"
    whole = _table(_csv_of(fetch(path).body))
    sandbox.faults = [Fault(kind=FaultKind.MISSING_INTERVALS, stamps=(noon,))]
    rows = _table(_csv_of(fetch(path).body))
    assert rows == [row for row in whole if row["PERIODDATE"] != noon]
    assert len(whole) - len(rows) == 5


def test_rows_may_come_twice_the_right_one_changed_later(
    sandbox: SandboxServer, fetch: Fetch
) -> None:
    right = {row["REGIONID"]: row for row in _table(_csv_of(fetch(TRADING).body)) if _is_noon(row)}
    sandbox.faults = [Fault(kind=FaultKind.DUPLICATE_ROWS, stamps=(NOON,))]
    rows = _table(_csv_of(fetch(TRADING).body))
    assert len(rows) == 31 * 48 * 5 + 5
    for region, row in right.items():
        stale, again = (r for r in rows if _is_noon(r) and r["REGIONID"] == region)
        assert stale == {**row, "RRP": "-77.77"}
        assert {**again, "LASTCHANGED": row["LASTCHANGED"]} == row
        assert again["LASTCHANGED"] > row["LASTCHANGED"]


def _is_noon(row: dict[str, str]) -> bool:
    return row["SETTLEMENTDATE"] == NOON


@pytest.mark.parametrize("path", [TRADING, REGION_FILE])
def test_a_file_may_be_empty(sandbox: SandboxServer, fetch: Fetch, path: str) -> None:
    sandbox.faults = [Fault(kind=FaultKind.EMPTY_FILE)]
    answer = fetch(path)
    assert (answer.status, answer.body) == (200, b"")


def test_zip_faults_leave_region_files_alone(sandbox: SandboxServer, fetch: Fetch) -> None:
    whole = fetch(REGION_FILE).body
    sandbox.faults = [Fault(kind=FaultKind.BROKEN_ZIP), Fault(kind=FaultKind.WRONG_FOOTER)]
    assert fetch(REGION_FILE).body == whole


def test_bundles_are_struck_inside_their_nested_zips(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.WRONG_CRC), Fault(kind=FaultKind.BROKEN_ZIP, times=0)]
    body = fetch(f"{MMSDM}2014/MMSDM_2014_01.zip").body
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        assert bundle.testzip() is None
        for name in bundle.namelist():
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(bundle.read(name))) as nested:
                    is_read = re.search("_(DISPATCHPRICE|TRADINGPRICE|DISPATCHREGIONSUM)_", name)
                    assert (nested.testzip() is not None) is (is_read is not None)


def test_a_faulty_zip64_bundle_stays_zip64() -> None:
    stamp = datetime(2014, 2, 12, tzinfo=NEM_TIME)
    table = zip_bytes([Member("A.CSV", b'C,A\r\nC,"END OF REPORT",2\r\n', stamp)])
    name = "DATA/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip"
    bundle = as_zip64(zip_bytes([Member(name, table, stamp)]))
    changed = damaged(bundle, [Fault(kind=FaultKind.WRONG_CRC)])
    assert changed != bundle
    assert is_zip64(changed)


def test_faults_of_one_request_add_up_in_any_order(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [
        Fault(kind=FaultKind.WRONG_FOOTER),
        Fault(kind=FaultKind.MISSING_COLUMN),
        Fault(kind=FaultKind.NO_RANGE),
    ]
    answer = fetch(TRADING, {"Range": "bytes=0-9"})
    lines = _csv_of(answer.body).splitlines()
    assert answer.status == 200
    assert b",RRP," not in lines[1]
    assert lines[-1] == b'C,"END OF REPORT",%d' % (len(lines) + 1)
