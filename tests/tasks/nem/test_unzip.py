"""Opening a published file: only what is whole, wanted and of sane size comes through."""

import contextlib
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.unzip import open_nested, open_published

_CSV = b"C,SETP.WORLD\r\n" * 400


def _zip_bytes(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes as a file."""

    def write(data: bytes, name: str = "MONTH.zip") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_the_member_with_the_stem_of_the_zip_is_returned(put, compression: int) -> None:
    assert open_published(put(_zip_bytes({"MONTH.CSV": _CSV}, compression))) == _CSV


@pytest.mark.parametrize("member", ["MONTH.csv", "month.Csv"])
def test_the_case_of_the_member_does_not_matter(put, member: str) -> None:
    assert open_published(put(_zip_bytes({member: _CSV}))) == _CSV


@pytest.mark.parametrize("mark", ["#", "%23", "%2523"])
def test_the_hash_of_an_archive_name_may_be_encoded_once_or_twice(put, mark: str) -> None:
    packed = _zip_bytes({"PUBLIC_ARCHIVE#X#FILE01#202501010000.CSV": _CSV})
    name = f"PUBLIC_ARCHIVE{mark}X{mark}FILE01{mark}202501010000.zip"
    assert open_published(put(packed, name)) == _CSV


def test_an_empty_member_is_returned_empty(put) -> None:
    assert open_published(put(_zip_bytes({"MONTH.CSV": b""}))) == b""


def test_other_members_are_left_alone(put) -> None:
    assert open_published(put(_zip_bytes({"README.TXT": b"x", "MONTH.CSV": _CSV}))) == _CSV


def test_a_bare_csv_is_returned_as_it_is(put) -> None:
    assert open_published(put(_CSV, "MONTH.CSV")) == _CSV


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"OTHER.CSV": _CSV}, r"should hold one MONTH\.CSV and holds OTHER\.CSV"),
        ({"MONTH.TXT": _CSV}, r"holds MONTH\.TXT"),
        ({"MONTH.CSV": _CSV, "month.csv": _CSV}, r"holds MONTH\.CSV, month\.csv"),
        ({"../MONTH.CSV": _CSV}, "carries a path"),
        ({"/MONTH.CSV": _CSV}, "carries a path"),
        ({"a/MONTH.CSV": _CSV}, "carries a path"),
        ({"a\\MONTH.CSV": _CSV}, "carries a path"),
        ({"..\\MONTH.CSV": _CSV}, "carries a path"),
        ({"C:\\MONTH.CSV": _CSV}, "carries a path"),
    ],
)
def test_a_zip_without_exactly_the_wanted_member_is_refused(
    put, members: dict[str, bytes], said: str
) -> None:
    with pytest.raises(BrokenFile, match=said):
        open_published(put(_zip_bytes(members)))


def test_an_encrypted_member_is_refused(put) -> None:
    packed = bytearray(_zip_bytes({"MONTH.CSV": _CSV}))
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BrokenFile, match="encrypted"):
        open_published(put(bytes(packed)))


def test_an_unusual_compression_is_refused(put) -> None:
    with pytest.raises(BrokenFile, match="method 14"):
        open_published(put(_zip_bytes({"MONTH.CSV": _CSV}, zipfile.ZIP_LZMA)))


def test_a_member_over_the_limit_is_refused_by_its_header(put) -> None:
    path = put(_zip_bytes({"MONTH.CSV": b"\0" * 100_000}))
    with pytest.raises(BrokenFile, match="100,000 bytes, more than the 50,000"):
        open_published(path, limit=50_000)


def test_a_bomb_that_lies_about_its_size_is_refused_while_inflating(put) -> None:
    packed = bytearray(_zip_bytes({"MONTH.CSV": b"\0" * 1_000_000}))
    struct.pack_into("<I", packed, packed.rindex(b"PK\x01\x02") + 24, 1_000)
    with pytest.raises(BrokenFile, match="1,001 bytes or more where 1,000 are announced"):
        open_published(put(bytes(packed)), limit=50_000)


def test_a_file_over_the_limit_is_not_even_read(put) -> None:
    with pytest.raises(BrokenFile, match="larger than the 1,000 bytes"):
        open_published(put(_CSV, "MONTH.CSV"), limit=1_000)


def test_a_wrong_check_sum_is_refused(put) -> None:
    packed = _zip_bytes({"MONTH.CSV": _CSV}, zipfile.ZIP_STORED).replace(b"SETP", b"SETQ", 1)
    with pytest.raises(BrokenFile, match=r"check sum of MONTH\.CSV is wrong"):
        open_published(put(packed))


def test_a_zip_cut_short_is_refused(put) -> None:
    packed = _zip_bytes({"MONTH.CSV": _CSV})
    with pytest.raises(BrokenFile, match="does not open as a zip"):
        open_published(put(packed[:-30]))


@pytest.mark.parametrize(
    "page",
    [
        b"<html><head><title>403\n Forbidden</title></head></html>",
        b"\r\n<!DOCTYPE html><html><TITLE>403 Forbidden</TITLE>",
    ],
)
def test_an_html_page_is_named_by_its_title(put, page: bytes) -> None:
    with pytest.raises(BrokenFile, match=r"MONTH\.zip is an HTML page \(403 Forbidden\), not data"):
        open_published(put(page))


@pytest.mark.parametrize("data", [b"", b" \r\n"])
def test_an_empty_file_is_refused(put, data: bytes) -> None:
    with pytest.raises(BrokenFile, match="is empty"):
        open_published(put(data))


@pytest.mark.parametrize("data", [b"PK\x05\x06" + b"\0" * 18, b"\x1f\x8b\0\0"])
def test_another_binary_file_is_refused(put, data: bytes) -> None:
    with pytest.raises(BrokenFile, match="neither a zip nor a csv"):
        open_published(put(data))


@given(st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_gives_its_data_or_a_broken_file(put, data: st.DataObject) -> None:
    packed = bytearray(_zip_bytes({"MONTH.CSV": _CSV}))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(4, len(packed) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BrokenFile):
        assert open_published(put(bytes(packed))) == _CSV


def test_an_archive_whose_members_have_no_names_at_all_is_no_crash(put) -> None:
    # The last 22 bytes of a zip end its directory; a directory entry has 46 bytes before its name.
    packed = bytearray(_zip_bytes({"x": b"1"}))
    entry = packed.index(b"PK\x01\x02")
    packed[entry + 28 : entry + 30] = b"\0\0"
    del packed[entry + 46]
    end = packed.index(b"PK\x05\x06")
    packed[end + 12 : end + 16] = struct.pack("<L", end - entry)
    assert open_nested(put(bytes(packed))).names == ("",)
