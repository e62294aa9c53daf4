"""Open a published file safely: the one wanted member of its zip, or the bare csv.

Archives of reports hold zips, each with one csv: these are opened one by one, and no deeper. What
comes from the network is not trusted: every size and count is bounded before and while inflating,
member names may not carry a path, and the check sum must agree.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from nemflow.errors import BrokenFile

# A month of DISPATCHPRICE takes 17 MB, one with interventions throughout 28 MB.
MAX_CSV_BYTES = 256 << 20
# Daily_Reports takes 170 MB a month: 31 files of 6 MB, with 110 MB of csv each. A week of
# TradingIS has 2,016 files.
MAX_ARCHIVE_BYTES = 512 << 20
MAX_NESTED_BYTES = 64 << 20
MAX_NESTED = 4096
MAX_TOTAL_BYTES = 8 << 30

_ZIP_MAGIC = b"PK\x03\x04"
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_PACKED_PIECE = 1 << 14
_ENCRYPTED = 0x1
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)


def open_published(path: Path, *, limit: int = MAX_CSV_BYTES) -> bytes:
    """Return the csv text, as bytes, of a published zip or bare csv.

    Args:
        path: the file; a zip must hold one csv of the same stem (``%23`` stands for ``#``).
        limit: the most bytes that the csv may have.

    Raises:
        BrokenFile: no zip, no wanted member, encrypted, too large, damaged, or an HTML page.
    """
    if path.stat().st_size > limit:
        raise BrokenFile(f"{path.name} is larger than the {limit:,} bytes expected at most")
    content = path.read_bytes()
    if content.startswith(_ZIP_MAGIC):
        return _inflate_wanted(content, path.name, limit)
    _refuse_what_is_no_csv(content, path.name)
    return content


@dataclass(frozen=True, slots=True)
class NestedZip:
    """The directory of an archive, read and bounded; its members are inflated when asked for."""

    file: str
    content: bytes
    members: tuple[zipfile.ZipInfo, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the members, none of which carries a path."""
        return tuple(member.orig_filename for member in self.members)

    def inflate(self, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield name and csv text of these members, each a zip of one csv or a bare csv.

        Raises:
            BrokenFile: damaged, encrypted or too large, a member or all of them together.
        """
        by_name = {member.orig_filename: member for member in self.members}
        total = 0
        for name in names:
            data = _inflate(
                self.content, _bounded(by_name[name], MAX_NESTED_BYTES, self.file), self.file
            )
            if data.startswith(_ZIP_MAGIC):
                data = _inflate_wanted(data, name, MAX_CSV_BYTES)
            total += len(data)
            if total > MAX_TOTAL_BYTES:
                raise BrokenFile(f"{self.file} inflates to more than {MAX_TOTAL_BYTES:,} bytes")
            yield name, data


def open_nested(path: Path) -> NestedZip:
    """Read the directory of an archive of reports.

    Raises:
        BrokenFile: no zip, too large, too many members, a name that carries a path or stands twice.
    """
    if path.stat().st_size > MAX_ARCHIVE_BYTES:
        raise BrokenFile(f"{path.name} is larger than the {MAX_ARCHIVE_BYTES:,} bytes expected")
    content = path.read_bytes()
    if not content.startswith(_ZIP_MAGIC):
        _refuse_what_is_no_csv(content, path.name)
        raise BrokenFile(f"{path.name} is no zip of reports")
    # ZipInfo.is_dir fails on an empty name.
    members = tuple(m for m in _directory(content, path.name) if not m.filename.endswith("/"))
    if len(members) > MAX_NESTED:
        raise BrokenFile(f"{path.name} has {len(members):,} members, more than {MAX_NESTED:,}")
    names = [member.orig_filename for member in members]
    for name in names:
        _refuse_path(name, path.name)
    if len(set(names)) < len(names):
        raise BrokenFile(f"{path.name} names a member more than once")
    return NestedZip(path.name, content, members)


def _refuse_what_is_no_csv(content: bytes, file: str) -> None:
    start = content[:4096].lstrip().lower()
    if not start:
        raise BrokenFile(f"{file} is empty")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        title = _TITLE.search(content[:65536])
        named = " ".join(title[1].decode("utf-8", "replace").split())[:80] if title else "no title"
        raise BrokenFile(f"{file} is an HTML page ({named}), not data")
    if content.startswith(b"PK") or b"\0" in start:
        raise BrokenFile(f"{file} is neither a zip nor a csv")


def _inflate_wanted(content: bytes, file: str, limit: int) -> bytes:
    member = _choose_member(_directory(content, file), file)
    return _inflate(content, _bounded(member, limit, file), file)


def _directory(content: bytes, file: str) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.infolist()
    # zipfile raises all of these on a damaged directory.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise BrokenFile(f"{file} does not open as a zip ({error})") from error


def _bounded(member: zipfile.ZipInfo, limit: int, file: str) -> zipfile.ZipInfo:
    if member.flag_bits & _ENCRYPTED:
        raise BrokenFile(f"{file}: its member {member.filename} is encrypted")
    if member.file_size > limit:
        raise BrokenFile(
            f"{file}: its member {member.filename} has {member.file_size:,} bytes, "
            f"more than the {limit:,} expected at most"
        )
    return member


def _choose_member(members: list[zipfile.ZipInfo], file: str) -> zipfile.ZipInfo:
    """Return the one member that is a csv with the stem of the zip."""
    # orig_filename: what the zip says, before zipfile cuts or translates it.
    stem = _plain_stem(file)
    wanted = [member for member in members if _is_csv_of(stem, member.orig_filename)]
    if len(wanted) != 1:
        names = ", ".join(member.orig_filename for member in members[:5]) or "nothing"
        raise BrokenFile(f"{file} should hold one {stem}.CSV and holds {names}")
    _refuse_path(wanted[0].orig_filename, file)
    return wanted[0]


def _refuse_path(name: str, file: str) -> None:
    if "/" in name or "\\" in name or ":" in name:
        raise BrokenFile(f"{file}: its member {name} carries a path; it is refused")


def _is_csv_of(stem: str, name: str) -> bool:
    base = PurePosixPath(name.replace("\\", "/")).name
    return base.lower().endswith(".csv") and _plain_stem(base) == stem


def _plain_stem(name: str) -> str:
    # The server encodes "#" in names once or twice (%23, %2523); the member has it plain.
    return PurePosixPath(unquote(unquote(name))).stem.upper()


def _inflate(content: bytes, member: zipfile.ZipInfo, file: str) -> bytes:
    packed = _packed_bytes(content, member, file)
    if member.compress_type == zipfile.ZIP_STORED:
        data = bytes(packed)
    elif member.compress_type == zipfile.ZIP_DEFLATED:
        data = _inflate_bounded(packed, member.file_size, file)
    else:
        raise BrokenFile(f"{file} is compressed by method {member.compress_type}; 8 is expected")
    if len(data) != member.file_size:
        raise BrokenFile(
            f"{file}: its member {member.filename} has {len(data):,} bytes or more "
            f"where {member.file_size:,} are announced"
        )
    if zlib.crc32(data) != member.CRC:
        raise BrokenFile(f"{file}: the check sum of {member.filename} is wrong")
    return data


def _packed_bytes(content: bytes, member: zipfile.ZipInfo, file: str) -> memoryview:
    header = content[member.header_offset : member.header_offset + _LOCAL_HEADER.size]
    if member.header_offset < 0 or not header.startswith(_ZIP_MAGIC):
        raise BrokenFile(f"{file}: its directory points to no member")
    if len(header) < _LOCAL_HEADER.size:
        raise BrokenFile(f"{file} is cut short")
    _, name_size, extra_size = _LOCAL_HEADER.unpack(header)
    start = member.header_offset + _LOCAL_HEADER.size + name_size + extra_size
    return memoryview(content)[start : start + member.compress_size]


def _inflate_bounded(packed: memoryview, size: int, file: str) -> bytes:
    """Inflate at most one byte more than announced: enough to see that a header lies."""
    # Piece by piece into one place, which becomes the result as it is: zlib would gather the pieces
    # itself, at twice the memory.
    data, filled = io.BytesIO(), 0
    data.seek(size)
    data.write(b"\0")
    data.seek(0)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for start in range(0, len(packed), _PACKED_PIECE):
            left: bytes | memoryview = packed[start : start + _PACKED_PIECE]
            while left and filled <= size and not inflater.eof:
                filled += data.write(inflater.decompress(left, size + 1 - filled))
                left = inflater.unconsumed_tail
    except zlib.error as error:
        raise BrokenFile(f"{file} does not inflate ({error})") from error
    data.truncate(filled)
    return data.getvalue()
