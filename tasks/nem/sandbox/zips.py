"""Zip files as AEMO makes them, with the same bytes at every call: one member, bundles, zip64."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nemflow.tasks.nem.market_time import NEM_TIME

_LEVEL = 3  # quick: a month of 18 MB in a tenth of a second

_END = struct.Struct("<4s4H2LH")  # the end record of a zip directory
_ENTRY = struct.Struct("<4s6H3L5H2L")  # one entry of the directory
_LOCAL = struct.Struct("<4s5H3L2H")  # what stands before a member's data
_OVER_32_BITS, _OVER_16_BITS = 0xFFFFFFFF, 0xFFFF
_VERSION, _DEFLATED = 20, 8
_FILLER = struct.Struct("<2H")  # an extra field: its kind, and how many bytes follow
_FILLER_KIND = 0x4D4E  # no kind that any zip program knows, so that all skip it
_MOST_FILLER = _OVER_16_BITS - _FILLER.size
_EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # of compressed data: stored, no bytes, not the last


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a zip; `stored` leaves it uncompressed."""

    name: str
    data: bytes
    modified: datetime
    stored: bool = False


class _Pipe:
    """A sink without positions: zipfile then puts CRC and sizes behind the data."""

    def __init__(self, sink: io.BytesIO) -> None:
        self._sink = sink

    def write(self, data: Any) -> int:
        return self._sink.write(data)

    def flush(self) -> None:
        self._sink.flush()


def zip_bytes(members: Iterable[Member], *, streamed: bool = False) -> bytes:
    """Return a zip of `members`.

    Args:
        members: files in the order they shall lie in.
        streamed: write CRC and sizes behind each member (general purpose bit 3), as the
            ARCHIVE files since 2024-08 have them.
    """
    sink = io.BytesIO()
    target: Any = _Pipe(sink) if streamed else sink
    with zipfile.ZipFile(target, "w") as archive:
        for member in members:
            stamp = member.modified.astimezone(NEM_TIME)
            info = zipfile.ZipInfo(member.name, stamp.timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if member.stored else zipfile.ZIP_DEFLATED
            info.create_system = 0
            archive.writestr(info, member.data, compresslevel=_LEVEL)
    return sink.getvalue()


def sized_zip(
    name: str, data: bytes, modified: datetime, size: int, *, streamed: bool = False
) -> bytes:
    """Return a zip of one member that has exactly `size` bytes, quickly.

    So the sizes of thousands of files are known before any is made. What the data leaves free is
    filled in the header before it, where readers skip what they do not know, and, where that is
    too small, with empty blocks at the end of the compressed data.

    Args:
        name: of the member.
        data: its content.
        modified: its time.
        size: of the whole zip.
        streamed: see zip_bytes.

    Raises:
        ValueError: the zip would be larger than `size`.
    """
    member = name.encode("ascii")
    overhead = _LOCAL.size + _ENTRY.size + _END.size + 2 * len(member) + streamed * 16
    packed, room = _packed(data, size - overhead - _FILLER.size)
    if room < 0:
        raise ValueError(f"{name} is to have {size} bytes and has {size - room}")
    filler = _FILLER.pack(_FILLER_KIND, room) + bytes(room)
    stamp = modified.astimezone(NEM_TIME)
    clock = stamp.hour << 11 | stamp.minute << 5 | stamp.second // 2
    day = (stamp.year - 1980) << 9 | stamp.month << 5 | stamp.day
    start = (streamed * 8, _DEFLATED, clock, day)
    sums = (zlib.crc32(data), len(packed), len(data))
    head = (_VERSION, *start, *((0, 0, 0) if streamed else sums), len(member), len(filler))
    local = _LOCAL.pack(b"PK\x03\x04", *head) + member + filler
    behind = struct.pack("<4s3L", b"PK\x07\x08", *sums) if streamed else b""
    facts = (_VERSION, _VERSION, *start, *sums, len(member))
    entry = _ENTRY.pack(b"PK\x01\x02", *facts, 0, 0, 0, 0, 0, 0) + member
    place = len(local) + len(packed) + len(behind)
    end = _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(entry), place, 0)
    return b"".join((local, packed, behind, entry, end))


def _packed(data: bytes, size: int) -> tuple[bytes, int]:
    """Return the data compressed, with as many empty blocks as leave little of `size`, and that."""
    pack = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = pack.compress(data) + pack.flush(zlib.Z_SYNC_FLUSH)
    end = pack.flush()
    room = size - len(packed) - len(end)
    blocks = max(0, room - _MOST_FILLER + len(_EMPTY_BLOCK) - 1) // len(_EMPTY_BLOCK)
    return packed + _EMPTY_BLOCK * blocks + end, room - len(_EMPTY_BLOCK) * blocks


def nested_zip(members: Iterable[Member]) -> bytes:
    """Return a zip of zips, which lie in it as they are."""
    return zip_bytes(Member(m.name, m.data, m.modified, stored=True) for m in members)


def nested_zip_size(sizes: Iterable[tuple[str, int]]) -> int:
    """Return how many bytes `nested_zip` makes of members with these names and sizes."""
    overhead = _LOCAL.size + _ENTRY.size
    return _END.size + sum(overhead + 2 * len(name) + size for name, size in sizes)


def as_zip64(body: bytes) -> bytes:
    """Return the zip `body` with every number of its directory in the zip64 fields.

    So are bundles above 4 GB written (from 2015 on); a reader that knows only the old fields
    finds 0xFFFFFFFF for sizes and offsets.
    """
    end = body.rindex(b"PK\x05\x06")
    *_, count, _, size, start, _ = _END.unpack_from(body, end)
    directory = b"".join(_zip64_entries(body[start : start + size], count))
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, 0, 0)
    record = record[:-16] + struct.pack("<2Q", len(directory), start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, start + len(directory), 1)
    last = (b"PK\x05\x06", 0, 0, *(_OVER_16_BITS,) * 2, *(_OVER_32_BITS,) * 2, 0)
    return body[:start] + directory + record + locator + _END.pack(*last)


def is_zip64(body: bytes) -> bool:
    """Tell whether the zip's directory is found by zip64 fields."""
    end = body.rindex(b"PK\x05\x06")
    return body[end - 20 : end].startswith(b"PK\x06\x07")


def _zip64_entries(directory: bytes, count: int) -> Iterable[bytes]:
    position = 0
    for _ in range(count):
        fields = list(_ENTRY.unpack_from(directory, position))
        packed, unpacked, name_length, extra_length, comment_length = fields[8:13]
        offset = fields[16]
        name_start = position + _ENTRY.size
        name = directory[name_start : name_start + name_length]
        position = name_start + name_length + extra_length + comment_length
        extra = struct.pack("<2H3Q", 1, 24, unpacked, packed, offset)
        fields[2], fields[8:10] = 45, (_OVER_32_BITS, _OVER_32_BITS)
        fields[11:13], fields[16] = (len(extra), 0), _OVER_32_BITS
        yield _ENTRY.pack(*fields) + name + extra
