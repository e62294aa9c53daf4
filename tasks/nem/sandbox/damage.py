"""How a fault changes a published file: csv, zip of a csv, or bundle of such zips.

`damaged` takes the bytes of any of the three, real or synthetic, and gives back bytes of the same
kind. In a bundle the price tables are changed, each inside its own nested zip.
"""

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sandbox.zips import as_zip64, is_zip64

_PRICE_TABLE = re.compile(r"PUBLIC_(DVD_|ARCHIVE#)(DISPATCH|TRADING)PRICE[_#][^/]*\.zip$", re.I)
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
    if csv_fault := _CSV_FAULTS.get(fault.kind):
        if not is_zip:
            return csv_fault(body, fault)
        return _in_each_table(body, lambda table: _with_csv(table, fault))
    zip_fault = _ZIP_FAULTS[fault.kind]
    return _in_each_table(body, lambda table: zip_fault(table, fault)) if is_zip else body


# --- Zips


def _in_each_table(body: bytes, edit: Callable[[bytes], bytes]) -> bytes:
    """Apply `edit` to a table's zip, or to every price table's zip inside a bundle."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = archive.namelist()
        if not any(name.lower().endswith(".zip") for name in names):
            return edit(body)
        edited = {
            name: edit(archive.read(name)) if _PRICE_TABLE.search(name) else archive.read(name)
            for name in names
        }
    bundle = _rezipped(body, edited)
    return as_zip64(bundle) if is_zip64(body) else bundle


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
    return _rezipped(body, {name: _CSV_FAULTS[fault.kind](csv, fault)})


def _broken_zip(body: bytes, fault: Fault) -> bytes:
    middle = len(body) // 2
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
    entry = struct.unpack_from("<L", body, body.rindex(b"PK\x05\x06") + 16)[0]
    local = struct.unpack_from("<L", body, entry + 42)[0]
    for place in (entry + places[0], local + places[1]):
        if struct.unpack_from("<L", body, place)[0]:
            struct.pack_into("<L", changed, place, number)
    return bytes(changed)


# --- Tables


class _Rows:
    """A csv's header and rows as lists of fields, with its first line, footer and line ends."""

    def __init__(self, csv: bytes) -> None:
        lines = csv.splitlines(keepends=True)
        self._is_report = lines[0].startswith(b"C,")
        self._first, lines = (lines[:1], lines[1:]) if self._is_report else ([], lines)
        self._footer = lines.pop() if self._is_report else b""
        self._line_end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
        self.header, *self.rows = [line.rstrip(b"\r\n").split(b",") for line in lines]

    def column(self, name: bytes) -> int | None:
        """Return the place of a column, or None where there is none."""
        return self.header.index(name) if name in self.header else None

    def stamps(self) -> list[bytes]:
        """Return the SETTLEMENTDATE of each row, without quotes."""
        place = self.header.index(b"SETTLEMENTDATE")
        return [row[place].strip(b'"') for row in self.rows]

    def struck(self, fault: Fault) -> list[bool]:
        """Tell for each row whether its interval is one that the fault strikes."""
        stamps = self.stamps()
        chosen = {stamp.encode() for stamp in fault.stamps}
        if not chosen:
            ordered = sorted(set(stamps))
            step = max(1, len(ordered) // (fault.count + 1))
            chosen = set(ordered[step::step][: fault.count])
        return [stamp in chosen for stamp in stamps]

    def csv(self, *, added_to_count: int) -> bytes:
        """Return the whole file; its footer counts all lines, and `added_to_count` more."""
        lines = [b",".join(fields) + self._line_end for fields in (self.header, *self.rows)]
        footer = self._footer
        if self._is_report:
            count = len(lines) + 2 + added_to_count
            footer = re.sub(rb"\d+(?=\s*$)", str(count).encode(), footer)
        return b"".join([*self._first, *lines, footer])


def _wrong_footer(csv: bytes, fault: Fault) -> bytes:
    return _Rows(csv).csv(added_to_count=1)


def _missing_column(csv: bytes, fault: Fault) -> bytes:
    table = _Rows(csv)
    place = table.column(b"RRP")
    if place is not None:
        for row in (table.header, *table.rows):
            del row[place]
    return table.csv(added_to_count=0)


def _text_in_number(csv: bytes, fault: Fault) -> bytes:
    table = _Rows(csv)
    place = table.header.index(b"RRP")
    for row, struck in zip(table.rows, table.struck(fault), strict=True):
        if struck:
            row[place] = b"n/a"
    return table.csv(added_to_count=0)


def _missing_intervals(csv: bytes, fault: Fault) -> bytes:
    table = _Rows(csv)
    struck = table.struck(fault)
    table.rows = [row for row, gone in zip(table.rows, struck, strict=True) if not gone]
    return table.csv(added_to_count=0)


def _duplicate_rows(csv: bytes, fault: Fault) -> bytes:
    """Spoil the price of some rows and append them once more: right, and changed later."""
    table = _Rows(csv)
    price, changed = table.header.index(b"RRP"), table.column(b"LASTCHANGED")
    repeated = []
    for row, struck in zip(table.rows, table.struck(fault), strict=True):
        if struck:
            again = row.copy()
            if changed is not None:
                again[changed] = _twenty_minutes_later(row[changed])
            repeated.append(again)
            row[price] = b"-77.77"
    table.rows += repeated
    return table.csv(added_to_count=0)


def _twenty_minutes_later(stamp: bytes) -> bytes:
    form = '"%Y/%m/%d %H:%M:%S"' if stamp.startswith(b'"') else "%Y/%m/%d %H:%M:%S"
    later = datetime.strptime(f"{stamp.decode()} +0000", f"{form} %z") + timedelta(minutes=20)
    return later.strftime(form).encode()


_CSV_FAULTS: Mapping[FaultKind, Callable[[bytes, Fault], bytes]] = MappingProxyType(
    {
        FaultKind.TEXT_IN_NUMBER: _text_in_number,
        FaultKind.DUPLICATE_ROWS: _duplicate_rows,
        FaultKind.MISSING_INTERVALS: _missing_intervals,
        FaultKind.MISSING_COLUMN: _missing_column,
        FaultKind.WRONG_FOOTER: _wrong_footer,
    }
)
_ZIP_FAULTS: Mapping[FaultKind, Callable[[bytes, Fault], bytes]] = MappingProxyType(
    {
        FaultKind.BOMB: _bomb,
        FaultKind.PATH_MEMBER: _path_member,
        FaultKind.EXTRA_MEMBER: _extra_member,
        FaultKind.WRONG_CRC: _wrong_crc,
        FaultKind.BROKEN_ZIP: _broken_zip,
    }
)
_ORDER = (*_CSV_FAULTS, *_ZIP_FAULTS, FaultKind.EMPTY_FILE)
