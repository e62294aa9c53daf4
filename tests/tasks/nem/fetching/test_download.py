"""The client against real sockets: what is asked, what is refused, what is tried again."""

import hashlib
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from nemflow.errors import DownloadError, NotThere, RangeNotSupported
from nemflow.tasks.nem.answers import redirected_url
from nemflow.tasks.nem.retries import RetryPolicy

BODY = b"PK\x03\x04" + bytes(range(256)) * 1000


@pytest.fixture
def to(tmp_path):
    return tmp_path / "file"


def test_a_file_comes_with_its_size_sum_and_version(serve, make_client, answer, to):
    headers = {"ETag": '"1"', "Last-Modified": "Thu, 06 Feb 2014 14:30:02 GMT"}
    server = serve([answer(headers=headers, body=BODY)])
    download = make_client(server.url).download(f"{server.url}/x.zip", to)
    assert to.read_bytes() == BODY
    assert (download.size, download.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert (download.etag, download.last_modified) == ('"1"', headers["Last-Modified"])
    assert (download.url, download.synthetic) == (f"{server.url}/x.zip", False)


def test_progress_tells_bytes_so_far_and_in_all(serve, make_client, answer, to):
    server, told = serve([answer(body=BODY)]), []
    make_client(server.url).download(
        f"{server.url}/x", to, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (len(BODY), len(BODY))
    assert told == sorted(told)


def test_requests_bear_our_name_and_no_credentials(
    serve, make_client, answer, to, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve([answer(body=BODY)])
    make_client(server.url).download(f"{server.url}/x", to)
    (headers,) = server.headers
    assert headers["user-agent"].startswith("Mozilla/5.0 (compatible; nemflow/")
    assert headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie"} & set(headers)


@pytest.mark.parametrize("encoded", ["%23", "%2523", "%7e", "%2f", "%41"])
def test_an_address_goes_out_exactly_as_written(serve, make_client, answer, to, encoded):
    server = serve([answer(body=BODY)])
    path = f"/DATA/PUBLIC_ARCHIVE{encoded}DISPATCHPRICE{encoded}FILE01.zip"
    make_client(server.url).download(server.url + path, to)
    expected = path.replace("%7e", "%7E").replace("%2f", "%2F")  # same octets; only hex case
    assert server.lines == [f"GET {expected} HTTP/1.1"]


def test_a_bare_hash_is_never_asked_for(serve, make_client, to):
    server = serve([])
    with pytest.raises(DownloadError, match="bare #"):
        make_client(server.url).download(f"{server.url}/PUBLIC_ARCHIVE#X#FILE01.zip", to)
    assert server.lines == []


@pytest.mark.parametrize("status", [404, 410])
def test_an_absent_file_is_asked_for_once(serve, make_client, answer, to, waits, status):
    server = serve([answer(status)])
    with pytest.raises(NotThere, match=rf"^{server.url}/x is not there .*answered {status}\)$"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert waits == []


def test_an_absent_file_can_be_asked_for_twice(serve, make_client, answer, to, waits):
    server = serve([answer(404), answer(body=BODY)])
    client = make_client(server.url, retries=RetryPolicy(absent_tries=2))
    assert client.download(f"{server.url}/x", to).size == len(BODY)
    assert len(waits) == 1


@pytest.mark.parametrize("status", [403, 408, 425, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_tried_again(serve, make_client, answer, to, waits, caplog, status):
    server = serve([answer(status), answer(status), answer(body=BODY)])
    with caplog.at_level(logging.WARNING):
        make_client(server.url).download(f"{server.url}/x", to)
    assert to.read_bytes() == BODY
    assert len(waits) == 2
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith(f"{server.url}/x answered {status} ")
    assert told[0].endswith("s (try 2 of 5)")


def test_a_refusal_that_stays_ends_in_one_sentence(serve, make_client, answer, to, waits):
    server = serve(lambda line, headers: answer(403))
    with pytest.raises(DownloadError) as error:
        make_client(server.url).download(f"{server.url}/x.zip", to)
    assert str(error.value) == (
        f"{server.url}/x.zip answered 403 Forbidden (5 tries); "
        "403 from AEMO often means slow down: try again in some minutes"
    )
    assert len(server.lines) == 5
    assert len(waits) == 4


@pytest.mark.parametrize("status", [400, 401, 405, 416, 451])
def test_a_lasting_refusal_is_not_tried_again(serve, make_client, answer, to, status):
    server = serve([answer(status)])
    with pytest.raises(DownloadError, match=f"answered {status} "):
        make_client(server.url).download(f"{server.url}/x", to)


def test_retry_after_is_kept(serve, make_client, answer, to, waits, now):
    later = {"Retry-After": "Tue, 17 Feb 2026 23:00:42 GMT"}  # 09:00:42 market time
    server = serve([answer(429, {"Retry-After": "7"}), answer(503, later), answer(body=BODY)])
    make_client(server.url).download(f"{server.url}/x", to)
    assert waits == [7, 42]


def test_a_wait_of_more_than_five_minutes_is_left_to_the_user(
    serve, make_client, answer, to, waits
):
    server = serve([answer(429, {"Retry-After": "3600"})])
    with pytest.raises(DownloadError, match=r"try again after 2026-02-18 00:00 UTC$"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert waits == []


def test_a_web_page_with_status_200_is_not_taken_for_a_file(serve, make_client, answer, to):
    page = answer(headers={"Content-Type": "text/html"}, body=b"\r\n<!DOCTYPE html><html>busy")
    server = serve([page, answer(body=BODY)])
    make_client(server.url).download(f"{server.url}/x", to)
    assert to.read_bytes() == BODY


def test_a_body_shorter_than_promised_is_fetched_again(serve, make_client, answer, to, waits):
    server = serve([answer(body=BODY, cut=5000), answer(body=BODY)])
    make_client(server.url).download(f"{server.url}/x", to)
    assert to.read_bytes() == BODY
    assert len(waits) == 1


def test_a_body_that_is_always_cut_is_an_error(serve, make_client, answer, to):
    server = serve(lambda line, headers: answer(body=BODY, cut=5000))
    with pytest.raises(DownloadError, match=r"broke off before the end of its answer \(5 tries\)"):
        make_client(server.url).download(f"{server.url}/x", to)


def test_an_empty_body_is_not_a_file(serve, make_client, answer, to):
    server = serve(lambda line, headers: answer())
    with pytest.raises(DownloadError, match=r"sent an empty file"):
        make_client(server.url).download(f"{server.url}/x", to)


def test_a_part_that_nobody_asked_for_is_not_taken_for_the_file(serve, make_client, answer, to):
    part = answer(206, {"Content-Range": "bytes 0-4/5000"}, b"PK\x03\x04x")
    server = serve([part])
    with pytest.raises(DownloadError, match="answered 206 Partial Content"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert not to.exists()


def test_a_server_that_refuses_connections_is_named(make_client, to, waits):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DownloadError) as error:
            make_client(url).download(f"{url}/x", to)
    assert str(error.value) == (
        f"{url}/x could not be reached: Connection refused (5 tries); "
        "check the network, then try again"
    )


def test_a_server_that_never_answers_is_given_up(make_client, to, waits):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        client = make_client(url, read_timeout_s=0.05, retries=RetryPolicy(tries=2))
        with pytest.raises(DownloadError, match=r"sent nothing for 0.05 s \(2 tries\)"):
            client.download(f"{url}/x", to)


def test_a_certificate_that_cannot_be_trusted_is_refused_at_once(
    serve, make_client, to, tmp_path, waits
):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not here to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x"
    outputs = ["-keyout", key, "-out", certificate]
    subprocess.run(["openssl", *words.split(), *outputs], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = serve([])
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    url = server.url.replace("http:", "https:")
    with pytest.raises(DownloadError, match="certificate that cannot be trusted"):
        make_client(url).download(f"{url}/x", to)
    assert waits == []


def test_loopback_is_never_asked_for_through_a_proxy(serve, make_client, answer, to, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server = serve([answer(body=BODY)])
    assert make_client(server.url).download(f"{server.url}/x", to).size == len(BODY)


def test_other_hosts_are_asked_for_through_the_proxy(serve, make_client, answer, to, monkeypatch):
    proxy = serve([answer(body=BODY)])
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    make_client("http://nemweb.invalid").download("http://nemweb.invalid/a%2523.zip", to)
    assert proxy.lines == ["GET http://nemweb.invalid/a%2523.zip HTTP/1.1"]


def test_a_redirect_on_the_same_host_is_followed(serve, make_client, answer, to):
    server = serve([answer(307, {"Location": "/new%2523.zip"}), answer(body=BODY)])
    download = make_client(server.url).download(f"{server.url}/old.zip", to)
    assert server.lines[1] == "GET /new%2523.zip HTTP/1.1"
    assert download.url == f"{server.url}/new%2523.zip"


def test_a_redirect_to_another_host_is_refused(serve, make_client, answer, to):
    elsewhere = serve([])
    server = serve([answer(302, {"Location": f"{elsewhere.url}/x"})])
    with pytest.raises(DownloadError, match="leads away from"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert elsewhere.lines == []


def test_a_redirect_to_the_other_base_url_is_followed(serve, make_client, answer, to):
    other = serve([answer(body=BODY)])
    server = serve([answer(301, {"Location": f"{other.url}/x"})])
    make_client(server.url, other.url).download(f"{server.url}/x", to)
    assert to.read_bytes() == BODY


def test_a_redirect_away_from_https_is_refused():
    with pytest.raises(DownloadError, match="not https"):
        redirected_url("https://nemweb.com.au/x", "http://nemweb.com.au/x")


def test_a_host_with_and_without_www_is_the_same(serve, make_client, answer, to):
    server = serve([answer(body=BODY)])
    port = server.server_address[1]
    make_client(f"http://www.127.0.0.1:{port}").download(f"{server.url}/x", to)
    assert to.exists()


def test_a_circle_of_redirects_ends(serve, make_client, answer, to):
    server = serve(lambda line, headers: answer(302, {"Location": "/x"}))
    with pytest.raises(DownloadError, match="circle"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert len(server.lines) == 6


def test_a_synthetic_answer_is_refused_by_a_real_client(serve, make_client, answer, to):
    server = serve([answer(headers={"X-Nemflow-Synthetic": "1"}, body=BODY)])
    with pytest.raises(DownloadError, match=r"serves nemflow's SYNTHETIC market; use --sandbox"):
        make_client(server.url).download(f"{server.url}/x", to)
    assert not to.exists()


def test_a_real_answer_is_refused_by_a_synthetic_client(serve, make_client, answer, to):
    server = serve([answer(body=BODY)])
    with pytest.raises(DownloadError, match="does not serve nemflow's synthetic market"):
        make_client(server.url, synthetic=True).download(f"{server.url}/x", to)


def test_an_unchanged_file_is_not_sent_again(serve, make_client, answer, to):
    def script(line, headers):
        return answer(304) if headers.get("if-none-match") == '"1"' else answer(body=BODY)

    server = serve(script)
    client = make_client(server.url)
    assert client.download_if_changed(f"{server.url}/x", to, '"1"') is None
    assert client.download_if_changed(f"{server.url}/x", to, '"0"').size == len(BODY)


def test_a_page_is_read_as_text(serve, make_client, answer):
    server = serve([answer(headers={"Content-Type": "text/html"}, body=b"<pre>x</pre>")])
    assert make_client(server.url).get_text(server.url) == "<pre>x</pre>"


def test_a_range_comes_with_the_size_of_the_whole(serve, make_client, answer):
    part = answer(206, {"Content-Range": "bytes 2-5/1000", "ETag": '"1"'}, b"abcd")
    server = serve([part])
    found = make_client(server.url).get_range(f"{server.url}/x", 2, 6)
    assert (found.data, found.total, found.etag) == (b"abcd", 1000, '"1"')
    assert server.headers[0]["range"] == "bytes=2-5"


@pytest.mark.parametrize(
    ("content_range", "body"),
    [
        ("bytes 0-3/1000", b"abcd"),
        ("bytes 2-9/1000", b"abcd"),
        ("", b"abcd"),
        ("bytes 2-5/1000", b"abc"),
        ("bytes 2-5/1000", b"abcde"),
    ],
)
def test_a_range_that_is_not_the_one_asked_for_is_refused(
    serve, make_client, answer, content_range, body
):
    wrong = answer(206, {"Content-Range": content_range}, body)
    right = answer(206, {"Content-Range": "bytes 2-5/1000"}, b"abcd")
    server = serve([wrong, right])
    assert make_client(server.url).get_range(f"{server.url}/x", 2, 6).data == b"abcd"
    assert len(server.lines) == 2


def test_a_whole_file_in_place_of_a_range_is_not_read(serve, make_client, answer):
    size = 2_030_943_690
    server = serve([answer(200, {"Content-Length": str(size)}, bytes(50_000_000))])
    with pytest.raises(RangeNotSupported) as error:
        make_client(server.url).get_range(f"{server.url}/MMSDM_2014_01.zip", 0, 1)
    assert str(error.value) == (
        "the server does not send parts of MMSDM_2014_01.zip "
        "(2.0 GB; --allow-large-download fetches it whole)"
    )
    assert server.body_bytes < 20_000_000  # what fits into the buffers of the sockets


def test_a_range_without_the_size_of_the_whole_is_of_no_use(serve, make_client, answer):
    server = serve([answer(206, {"Content-Range": "bytes 0-0/*"}, b"a")])
    with pytest.raises(RangeNotSupported):
        make_client(server.url).get_range(f"{server.url}/x", 0, 1)


def test_a_host_is_asked_by_few_connections_at_a_time(serve, make_client, answer, tmp_path):
    changed, pairs, running, most = threading.Condition(), threading.Barrier(2), [], []

    def script(line, headers):
        with changed:
            running.append(line)
            most.append(len(running))
            changed.notify_all()
        pairs.wait(10)  # for the second, which must come
        with changed:
            changed.wait_for(lambda: max(most) > 2, 0.1)  # for a third, which must not
            running.remove(line)
        return answer(body=BODY)

    server = serve(script)
    client = make_client(server.url, connections=2)
    with ThreadPoolExecutor(6) as pool:
        names = [str(number) for number in range(6)]
        list(pool.map(lambda name: client.download(f"{server.url}/{name}", tmp_path / name), names))
    assert max(most) == 2


def test_ctrl_c_in_a_transfer_leaves_no_connection_in_use(serve, make_client, answer, to):
    def interrupt(done, total):
        raise KeyboardInterrupt

    server = serve(lambda line, headers: answer(body=BODY))
    client = make_client(server.url, connections=1)
    for _ in range(3):  # a connection still in use would block the second
        with suppress(KeyboardInterrupt):
            client.download(f"{server.url}/x", to, progress=interrupt)
    assert client.download(f"{server.url}/x", to).size == len(BODY)
