"""How a fault changes a published file: csv, zip of a csv, archive or bundle of such zips.

`damaged` takes the bytes of any of these, real or synthetic, and gives back bytes of the same
kind. In a bundle the tables that nemflow reads are changed, each inside its own nested zip; in an
archive of reports, some or all of the zips in it (see `Fault.member_contains`).
"""

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from nemflow.tasks.nem.sandbox.damaged_rows import CSV_FAULTS, ROW_FAULTS
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sandbox.zips import as_zip64, is_zip64

_READ_TABLE = re.compile(
    r"PUBLIC_(DVD_|ARCHIVE#)"
    r"(DISPATCHPRICE|TRADINGPRICE|AVERAGEPRICE30|DISPATCHREGIONSUM|ROOFTOP_PV_ACTUAL)"
    r"[_#][^/]*\.zip$",
    re.I,
)
_BLOCK = 1_000_000  # bytes of a bomb written at once

# Where zip headers keep things: (directory entry, header before the data).
_CRC_AT = (16, 14)
_SIZE_AT = (24, 22)


def damaged(body: bytes, faults: Iterable[Fault]) -> bytes:
    """Return `body` as the content `faults` leave it; those that make no sense leave it alone.

    A csv has no zip to break, and PRICE_AND_DEMAND has no footer. Whatever their order, faults of
    the rows come first, then the footer's, then those of the zip.
    """
    for fault in sorted(faults, key=lambda fault: _ORDER.index(fault.kind)):
        body = _damaged_once(body, fault)
    return body


def is_content_fault(kind: FaultKind) -> bool:
    """Tell whether faults of this kind change files rather than answers."""
    return kind in _ORDER


def _damaged_once(body: bytes, fault: Fault) -> bytes:
    if fault.kind is FaultKind.EMPTY_FILE:
        return b""
    is_zip = body.startswith(b"PK")
    if csv_fault := CSV_FAULTS.get(fault.kind):
        return _in_each_zip(body, _with_csv, fault) if is_zip else csv_fault(body, fault)
    return _in_each_zip(body, _ZIP_FAULTS[fault.kind], fault) if is_zip else body


def _in_each_zip(body: bytes, edit: Callable[[bytes, Fault], bytes], fault: Fault) -> bytes:
    """Apply `edit` to a report's or table's zip, or to those inside an archive or bundle."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = archive.namelist()
        if not any(name.lower().endswith(".zip") for name in names):
            return edit(body, fault)
        struck = _struck_members(names, fault)
        contents = {
            name: edit(archive.read(name), fault) if name in struck else archive.read(name)
            for name in names
        }
    nest = _rezipped(body, contents)
    return as_zip64(nest) if is_zip64(body) else nest


def _struck_members(names: list[str], fault: Fault) -> set[str]:
    """Return which members of a nest the fault strikes."""
    zips = [name for name in names if name.lower().endswith(".zip")]
    if len(zips) < len(names):
        zips = [name for name in zips if _READ_TABLE.search(name)]
    elif not fault.member_contains and not (fault.stamps and fault.kind in ROW_FAULTS):
        step = max(1, len(zips) // (fault.count + 1))
        return set(zips[step::step][: fault.count] or zips)
    return {name for name in zips if fault.member_contains in name}


def _rezipped(body: bytes, contents: Mapping[str, bytes], renamed: str = "") -> bytes:
    """Return the zip with other contents: same order, times and ways of compression."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(sink, "w") as new:
        originals = old.infolist()
        for name, data in contents.items():
            original = next((info for info in originals if info.filename == name), originals[0])
            info = zipfile.ZipInfo(renamed or name, original.date_time)
            info.compress_type = original.compress_type
            new.writestr(info, data, compresslevel=3)
    return sink.getvalue()


def _only_member(body: bytes) -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        name = archive.namelist()[0]
        return name, archive.read(name)


def _with_csv(body: bytes, fault: Fault) -> bytes:
    name, csv = _only_member(body)
    stamps = fault.stamps if fault.kind in ROW_FAULTS else ()
    if stamps and not any(stamp.encode() in csv for stamp in stamps):
        return body
    return _rezipped(body, {name: CSV_FAULTS[fault.kind](csv, fault)})


def _broken_zip(body: bytes, fault: Fault) -> bytes:
    entry, local = _headers(body)
    start = local + 30 + sum(struct.unpack_from("<2H", body, local + 26))
    middle = start + struct.unpack_from("<L", body, entry + 20)[0] // 2
    flipped = bytes(byte ^ 0xFF for byte in body[middle : middle + 16])
    return body[:middle] + flipped + body[middle + 16 :]


def _wrong_crc(body: bytes, fault: Fault) -> bytes:
    return _with_header_number(body, _CRC_AT, 0xDEADBEEF)


def _path_member(body: bytes, fault: Fault) -> bytes:
    name, csv = _only_member(body)
    return _rezipped(body, {name: csv}, renamed="../../evil.CSV")


def _extra_member(body: bytes, fault: Fault) -> bytes:
    name, csv = _only_member(body)
    return _rezipped(body, {name: csv, "EXTRA.CSV": b'C,"END OF REPORT",1\r\n'})


def _bomb(body: bytes, fault: Fault) -> bytes:
    name, _ = _only_member(body)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(info, "w") as member:
            for start in range(0, fault.inflated_bytes, _BLOCK):
                member.write(bytes(min(_BLOCK, fault.inflated_bytes - start)))
    bomb = sink.getvalue()
    return _with_header_number(bomb, _SIZE_AT, 1_000) if fault.understated else bomb


def _with_header_number(body: bytes, places: tuple[int, int], number: int) -> bytes:
    """Overwrite a number of the first member in both headers (0 stays: it follows the data)."""
    changed = bytearray(body)
    entry, local = _headers(body)
    for place in (entry + places[0], local + places[1]):
        if struct.unpack_from("<L", body, place)[0]:
            struct.pack_into("<L", changed, place, number)
    return bytes(changed)


def _headers(body: bytes) -> tuple[int, int]:
    """Return where the first member's directory entry and the header before its data begin."""
    entry: int = struct.unpack_from("<L", body, body.rindex(b"PK\x05\x06") + 16)[0]
    local: int = struct.unpack_from("<L", body, entry + 42)[0]
    return entry, local


_ZIP_FAULTS: Mapping[FaultKind, Callable[[bytes, Fault], bytes]] = MappingProxyType(
    {
        FaultKind.BOMB: _bomb,
        FaultKind.PATH_MEMBER: _path_member,
        FaultKind.EXTRA_MEMBER: _extra_member,
        FaultKind.WRONG_CRC: _wrong_crc,
        FaultKind.BROKEN_ZIP: _broken_zip,
    }
)
_ORDER = (*CSV_FAULTS, *_ZIP_FAULTS, FaultKind.EMPTY_FILE)
