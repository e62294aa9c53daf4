"""A file over HTTP ranges behaves as the file itself, and fetches little."""

import io
import os
import random

import pytest

from nemflow.errors import DownloadError
from nemflow.tasks.nem.ranges import RangeFile
from nemflow.tasks.nem.retries import RetryPolicy

CONTENT = random.Random(3).randbytes(500_000)


@pytest.fixture
def ranged(serve, answer):
    """A server of CONTENT that honours ranges; `versions` may be changed while it runs."""

    def script(line, headers):
        first, last = (int(number) for number in headers["range"][6:].split("-"))
        body = CONTENT[first : last + 1]
        extra = {"Content-Range": f"bytes {first}-{first + len(body) - 1}/{len(CONTENT)}"}
        return answer(206, {**extra, **server.version}, body)

    server = serve(script)
    server.version = {"ETag": '"1"'}
    return server


@pytest.fixture
def open_file(ranged, make_client):
    return lambda **options: RangeFile(make_client(ranged.url), f"{ranged.url}/x", **options)


def test_reads_at_any_place_agree_with_the_file(open_file):
    rng, here = random.Random(5), io.BytesIO(CONTENT)
    with open_file(tail_bytes=1000) as there:
        for _ in range(200):
            start, count = rng.randrange(len(CONTENT) + 50), rng.randrange(30_000)
            there.seek(start)
            here.seek(start)
            assert there.read(count) == here.read(count)
            assert there.tell() == max(start, here.tell())


def test_nothing_is_fetched_twice(open_file, ranged):
    rng = random.Random(6)
    with open_file(tail_bytes=1000) as file:
        for _ in range(300):
            file.seek(rng.randrange(len(CONTENT)))
            file.read(rng.randrange(20_000))
    assert ranged.body_bytes <= len(CONTENT) + 1


def test_opening_asks_for_one_byte_and_the_end(open_file, ranged):
    with open_file(tail_bytes=1000) as file:
        file.seek(-10, os.SEEK_END)
        assert file.read() == CONTENT[-10:]
    assert [headers["range"] for headers in ranged.headers] == [
        "bytes=0-0",
        f"bytes={len(CONTENT) - 1000}-{len(CONTENT) - 1}",
    ]


def test_a_prefetched_stretch_needs_no_further_request(open_file, ranged):
    with open_file(tail_bytes=1000) as file:
        file.prefetch(100_000, 300_000)
        asked = len(ranged.lines)
        file.seek(100_000)
        while file.tell() < 300_000:
            assert file.read(min(4096, 300_000 - file.tell()))
    assert asked == 3
    assert len(ranged.lines) == asked


def test_a_position_before_the_start_is_refused(open_file):
    with open_file() as file, pytest.raises(ValueError, match="before the start"):
        file.seek(-1)


@pytest.mark.parametrize("version", [{"ETag": '"2"'}, {"ETag": '"1"', "Last-Modified": "now"}, {}])
def test_a_file_that_changes_while_it_is_read_is_an_error(open_file, ranged, version):
    with open_file(tail_bytes=1000) as file:
        ranged.version = version
        with pytest.raises(DownloadError, match="changed while it was read"):
            file.read(10)


def test_a_file_smaller_than_its_tail_is_fetched_whole(open_file):
    with open_file(tail_bytes=10_000_000) as file:
        assert file.read() == CONTENT


@pytest.mark.parametrize(
    ("status", "headers"), [(416, {"Content-Range": "bytes */0"}), (416, {}), (200, {})]
)
def test_an_empty_file_is_called_so_however_the_server_says_it(
    serve, answer, make_client, status, headers
):
    server = serve(lambda line, sent: answer(status, headers))
    url = f"{server.url}/x"
    with pytest.raises(DownloadError) as error:
        RangeFile(make_client(server.url, retries=RetryPolicy(tries=2)), url)
    assert str(error.value) == (
        f"{url} is an empty file (2 tries); AEMO may be replacing it: try again later"
    )


def test_a_file_that_has_lost_its_end_while_it_is_read_is_an_error_at_once(
    open_file, ranged, answer
):
    with open_file(tail_bytes=1000) as file:
        ranged.script = lambda line, headers: answer(416, {"Content-Range": "bytes */7"})
        asked = len(ranged.lines)
        file.seek(1000)
        with pytest.raises(DownloadError, match="/x changed while it was read; try again"):
            file.read(10)
    assert len(ranged.lines) == asked + 1
