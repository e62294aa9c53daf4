"""The sandbox speaks HTTP as NEMweb does, and cleans up after itself."""

import http.client
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer, serve_forever
from nemflow.tasks.nem.sandbox.files import tradingprice_zip
from nemflow.tasks.nem.sandbox.zips import is_zip64

Fetch = Callable[..., Any]

MMSDM = "/Data_Archive/Wholesale_Electricity/MMSDM/"
DATA_2018_05 = f"{MMSDM}2018/MMSDM_2018_05/MMSDM_Historical_Data_SQLLoader/DATA/"
TRADING = f"{DATA_2018_05}PUBLIC_DVD_TRADINGPRICE_201805010000.zip"
REGION_FILES = "/aemo/data/nem/priceanddemand/"


def _links(page: bytes) -> list[str]:
    return re.findall(r'<A HREF="([^"]*)">(?!\[To)', page.decode())


def test_a_table_is_found_by_following_links_from_the_top(fetch: Fetch) -> None:
    path = MMSDM
    for step in (
        "2018/",
        "MMSDM_2018_05/",
        "SQLLoader/",
        "/DATA/",
        "_TRADINGPRICE_201805010000.zip",
    ):
        (path,) = (link for link in _links(fetch(path).body) if link.endswith(step))
    answer = fetch(path)
    assert answer.status == 200
    assert answer.body == tradingprice_zip(Month(2018, 5))[1]


def test_every_answer_says_that_it_is_synthetic(fetch: Fetch) -> None:
    for path in (MMSDM, TRADING, "/nowhere"):
        assert fetch(path).headers["X-Nemflow-Synthetic"] == "1"


def test_sizes_in_listings_are_those_of_the_files(fetch: Fetch) -> None:
    listing = fetch(DATA_2018_05).body.decode()
    (size,) = re.findall(r"M +(\d+) <A HREF=\"[^\"]*_TRADINGPRICE_[^\"]*\">", listing)
    assert int(size) == len(fetch(TRADING).body)
    assert f'&lt;dir&gt; <A HREF="{DATA_2018_05}DUPLICATE/">' in listing


def test_everything_hangs_below_the_root(fetch: Fetch) -> None:
    assert _links(fetch("/").body) == ["/Data_Archive/", "/Reports/"]
    assert b"To Parent" not in fetch("/").body
    assert _links(fetch("/Data_Archive/Wholesale_Electricity/").body) == [MMSDM]
    assert _links(fetch("/Reports/").body) == ["/Reports/ARCHIVE/", "/Reports/CURRENT/"]
    names = [
        *("Daily_Reports", "Dispatch_Reports", "DISPATCHIS_PRICE_REVISIONS"),
        *("DispatchIS_Reports", "Public_Prices", "TradingIS_Reports"),
    ]
    in_both = [name for name in names if name != "DISPATCHIS_PRICE_REVISIONS"]
    for top, there in (("/Reports/CURRENT/", names), ("/Reports/ARCHIVE/", in_both)):
        assert _links(fetch(top).body) == [f"{top}{name}/" for name in there]


def test_years_before_2015_hold_bundles_only(fetch: Fetch) -> None:
    assert len(_links(fetch(f"{MMSDM}2009/").body)) == 6
    links = _links(fetch(f"{MMSDM}2014/").body)
    assert links == [f"{MMSDM}2014/MMSDM_2014_{month:02}.zip" for month in range(1, 13)]
    assert len(_links(fetch(f"{MMSDM}2015/").body)) == 24


@pytest.mark.parametrize(
    "path",
    [
        f"{MMSDM}2008/",
        f"{MMSDM}2009/MMSDM_2009_06.zip",
        f"{MMSDM}2014/MMSDM_2014_01/MMSDM_Historical_Data_SQLLoader/DATA/",
        TRADING.replace("2018", "2014"),
        TRADING.lower(),
        TRADING.replace(".zip", ".ZIP"),
        f"{MMSDM}2026/MMSDM_2026_02.zip",
        f"{MMSDM}0000/MMSDM_0000_01.zip",
        f"{REGION_FILES}PRICE_AND_DEMAND_199811_NSW1.csv",
        f"{REGION_FILES}PRICE_AND_DEMAND_202603_NSW1.csv",
        f"{REGION_FILES}PRICE_AND_DEMAND_201805_WA1.csv",
        "/../../etc/passwd",
    ],
)
def test_what_is_not_published_gives_404_with_a_web_page(fetch: Fetch, path: str) -> None:
    answer = fetch(path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.body.startswith(b"<html>")


def test_a_month_appears_eleven_days_after_its_end(now: datetime) -> None:
    clock = [datetime(2018, 6, 11, 23, 59, tzinfo=NEM_TIME)]
    with SandboxServer(now=lambda: clock[0]) as server:
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.url + TRADING, timeout=10)
        clock[0] += timedelta(minutes=1)
        with urllib.request.urlopen(server.url + TRADING, timeout=10) as answer:
            assert answer.status == 200


def test_hash_names_are_served_under_their_encoded_path(fetch: Fetch) -> None:
    folder = f"{MMSDM}2024/MMSDM_2024_08/MMSDM_Historical_Data_SQLLoader/DATA/"
    path = f"{folder}PUBLIC_ARCHIVE%23AUCTION%23FILE01%23202408010000.zip"
    assert fetch(path).status == 200
    assert fetch(path.replace("%23", "%2523")).status == 404


def test_the_region_file_of_this_month_grows_day_by_day() -> None:
    clock = [datetime(2026, 2, 17, 10, tzinfo=NEM_TIME)]
    path = f"{REGION_FILES}PRICE_AND_DEMAND_202602_TAS1.csv"
    with SandboxServer(now=lambda: clock[0]) as server:
        bodies = []
        for _ in range(2):
            with urllib.request.urlopen(server.url + path, timeout=10) as answer:
                bodies.append(answer.read())
            clock[0] += timedelta(days=1)
    assert bodies[1].startswith(bodies[0])
    assert bodies[1].count(b"\n") - bodies[0].count(b"\n") == 288


def test_head_gives_the_headers_alone(fetch: Fetch) -> None:
    head, whole = fetch(TRADING, method="HEAD"), fetch(TRADING)
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(whole.body))
    assert head.headers["ETag"] == whole.headers["ETag"]


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=-70", slice(-70, None)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=10-99999999", slice(10, None)),
    ],
)
def test_single_ranges_are_served(fetch: Fetch, asked: str, part: slice) -> None:
    whole = fetch(TRADING).body
    answer = fetch(TRADING, {"Range": asked})
    start, stop, _ = part.indices(len(whole))
    assert answer.status == 206
    assert answer.body == whole[part]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=0-1", "bytes=9-1", "bytes=-"])
def test_ranges_that_are_not_understood_give_the_whole_file(fetch: Fetch, asked: str) -> None:
    assert fetch(TRADING, {"Range": asked}).status == 200


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_range_behind_the_end_gives_416(fetch: Fetch, asked: str) -> None:
    answer = fetch(TRADING, {"Range": asked})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(fetch(TRADING).body)}"


def test_a_known_version_gives_304(fetch: Fetch) -> None:
    tag = fetch(TRADING).headers["ETag"]
    answer = fetch(TRADING, {"If-None-Match": f'"other", {tag}'})
    assert (answer.status, answer.body) == (304, b"")
    assert fetch(TRADING, {"If-None-Match": '"other"'}).status == 200


def test_if_range_gives_the_part_of_the_same_version_only(fetch: Fetch) -> None:
    whole = fetch(TRADING)
    for same in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        assert fetch(TRADING, {"Range": "bytes=0-9", "If-Range": same}).status == 206
    answer = fetch(TRADING, {"Range": "bytes=0-9", "If-Range": '"older"'})
    assert (answer.status, answer.body) == (200, whole.body)


def test_a_bundle_can_be_read_in_small_parts(sandbox: SandboxServer, fetch: Fetch) -> None:
    before = len(sandbox.requests)
    tail = fetch(f"{MMSDM}2014/MMSDM_2014_01.zip", {"Range": "bytes=-65536"}).body
    assert b"PUBLIC_DVD_DISPATCHPRICE_201401010000.zip" in tail
    (request,) = sandbox.requests[before:]
    assert (request.status, request.range) == (206, "bytes=-65536")
    assert request.bytes_sent == 65_536


def test_a_connection_serves_many_requests(sandbox: SandboxServer) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", MMSDM)
        connection.getresponse().read()
    assert connection.sock is first
    connection.close()


def test_requests_are_recorded(sandbox: SandboxServer, fetch: Fetch) -> None:
    body = fetch(MMSDM, {"User-Agent": "a test"}).body
    request = sandbox.requests[-1]
    assert (request.method, request.path, request.status) == ("GET", MMSDM, 200)
    assert request.headers["user-agent"] == "a test"
    assert request.range is None
    assert request.bytes_sent == len(body)


def test_the_most_requests_at_one_time_are_counted(now: datetime) -> None:
    stalled = Fault(kind=FaultKind.STALLED, path_contains="MMSDM")
    with SandboxServer(now=lambda: now, faults=[stalled]) as server:
        connections = [
            http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10) for _ in range(3)
        ]
        for connection in connections:
            connection.request("GET", MMSDM)
        assert server.wait_for_requests(3, timeout_s=10)
        assert server.max_concurrent == 3
        for connection in connections:
            connection.close()


def test_whoever_has_the_answer_is_counted_no_more(now: datetime) -> None:
    with SandboxServer(now=lambda: now) as server:
        for _ in range(50):
            with urllib.request.urlopen(server.url + MMSDM, timeout=10) as answer:
                assert answer.read()
        assert server.max_concurrent == 1


def test_a_server_may_stand_for_two_hosts(sandbox: SandboxServer, fetch: Fetch) -> None:
    port = urlsplit(sandbox.url).port
    fetch(MMSDM, {"Host": f"localhost:{port}"})
    assert sandbox.max_concurrent_by_host[f"localhost:{port}"] == 1


def test_real_files_take_precedence_and_are_not_marked(now: datetime, tmp_path: Path) -> None:
    folder = tmp_path / DATA_2018_05.strip("/")
    folder.mkdir(parents=True)
    (folder / Path(TRADING).name).write_bytes(b"PK real")
    (folder / "A%23B.zip").write_bytes(b"PK hash")
    (tmp_path.parent / "secret.zip").write_bytes(b"outside")
    with SandboxServer(now=lambda: now, root=tmp_path) as server:
        with urllib.request.urlopen(server.url + TRADING, timeout=10) as answer:
            assert answer.read() == b"PK real"
            assert "X-Nemflow-Synthetic" not in answer.headers
        with urllib.request.urlopen(f"{server.url}{DATA_2018_05}A%23B.zip", timeout=10) as answer:
            assert answer.read() == b"PK hash"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{server.url}/..%2Fsecret.zip", timeout=10)
        with urllib.request.urlopen(f"{server.url}{MMSDM}2014/", timeout=10) as answer:
            assert answer.headers["X-Nemflow-Synthetic"] == "1"


def test_nothing_is_written_to_the_terminal(
    now: datetime, capfd: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer(now=lambda: now) as server, pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(server.url + "/nowhere", timeout=10)
    assert capfd.readouterr() == ("", "")


def test_leaving_joins_all_threads_quickly_even_with_clients_waiting(now: datetime) -> None:
    threads = threading.active_count()
    stalled = Fault(kind=FaultKind.STALLED)
    with SandboxServer(now=lambda: now, faults=[stalled]) as server:
        netloc = urlsplit(server.url).netloc
        idle = http.client.HTTPConnection(netloc, timeout=10)
        idle.connect()
        waiting = http.client.HTTPConnection(netloc, timeout=10)
        waiting.request("GET", MMSDM)
        assert server.wait_for_requests(1, timeout_s=10)
        started = time.monotonic()
    assert time.monotonic() - started < 0.5  # usually 0.05; machines may be busy
    assert threading.active_count() == threads
    idle.close()
    waiting.close()


def test_an_error_in_the_block_stops_the_server_and_comes_through(now: datetime) -> None:
    threads = threading.active_count()
    with pytest.raises(KeyError, match="mine"), SandboxServer(now=lambda: now):
        raise KeyError("mine")
    assert threading.active_count() == threads


def test_what_breaks_inside_the_server_is_raised_at_its_end() -> None:
    def broken_clock() -> datetime:
        raise ArithmeticError("no clock")

    with pytest.raises(ArithmeticError, match="no clock"):  # noqa: PT012, SIM117
        with SandboxServer(now=broken_clock) as server:
            with pytest.raises(http.client.RemoteDisconnected):
                urllib.request.urlopen(server.url + MMSDM, timeout=10)


def test_the_url_is_known_only_while_the_server_runs() -> None:
    with pytest.raises(RuntimeError, match="with statement"):
        _ = SandboxServer().url


def test_serving_for_ever_ends_with_an_interrupt() -> None:
    threads = threading.active_count()

    def interrupt(url: str) -> None:
        assert url.startswith("http://127.0.0.1:")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve_forever(0, announce=interrupt)
    assert threading.active_count() == threads


def test_a_port_has_one_server(sandbox: SandboxServer) -> None:
    port = urlsplit(sandbox.url).port
    assert port is not None
    with pytest.raises(OSError, match="in use"), SandboxServer(port=port):
        pass


def test_bundles_may_be_zip64(now: datetime) -> None:
    with SandboxServer(now=lambda: now, zip64=True) as server:
        url = f"{server.url}{MMSDM}2014/MMSDM_2014_01.zip"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert is_zip64(answer.read())
