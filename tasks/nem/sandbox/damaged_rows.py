"""How a fault changes a csv: a report of one table or several, or PRICE_AND_DEMAND."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind

_STAMPS = (b"SETTLEMENTDATE", b"INTERVAL_DATETIME", b"PERIODDATE")
_VALUES = (b"RRP", b"TOTALDEMAND", b"POWER")  # the first that a table has is struck


class _Table:
    """One table's header and rows as lists of fields."""

    def __init__(self, header: list[bytes]) -> None:
        self.header = header
        self.rows: list[list[bytes]] = []
        self.stamp = next((header.index(name) for name in _STAMPS if name in header), None)
        self.value = next((header.index(name) for name in _VALUES if name in header), None)

    def stamps(self) -> list[bytes]:
        """Return the stamp of each row, without quotes."""
        place = self.stamp or 0
        return [row[place].strip(b'"') for row in self.rows]


class _Csv:
    """A csv's tables, with its first line, footer and line ends."""

    def __init__(self, csv: bytes) -> None:
        lines = csv.splitlines(keepends=True)
        self._is_report = lines[0].startswith(b"C,")
        self._first, lines = (lines[:1], lines[1:]) if self._is_report else ([], lines)
        self._footer = lines.pop() if self._is_report else b""
        self._line_end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
        self._tables: list[_Table] = []
        for number, line in enumerate(lines):
            fields = line.rstrip(b"\r\n").split(b",")
            if number == 0 or (self._is_report and fields[0] == b"I"):
                self._tables.append(_Table(fields))
            else:
                self._tables[-1].rows.append(fields)

    @property
    def tables(self) -> list[_Table]:
        """The tables with prices, demands or power: those that faults strike."""
        return [t for t in self._tables if t.stamp is not None and t.value is not None]

    def struck(self, fault: Fault) -> Iterable[tuple[_Table, list[bool]]]:
        """Yield each table, and for each row whether its interval is one that the fault strikes."""
        chosen = {stamp.encode() for stamp in fault.stamps}
        if not chosen:
            ordered = sorted({stamp for table in self.tables for stamp in table.stamps()})
            step = max(1, len(ordered) // (fault.count + 1))
            chosen = set(ordered[step::step][: fault.count] or ordered)
        for table in self.tables:
            yield table, [stamp in chosen for stamp in table.stamps()]

    def whole(self, *, added_to_count: int = 0) -> bytes:
        """Return the whole file; its footer counts all lines, and `added_to_count` more."""
        rows = (fields for table in self._tables for fields in (table.header, *table.rows))
        lines = [b",".join(fields) + self._line_end for fields in rows]
        footer = self._footer
        if self._is_report:
            count = len(lines) + 2 + added_to_count
            footer = re.sub(rb"\d+(?=\s*$)", str(count).encode(), footer)
        return b"".join([*self._first, *lines, footer])


def _wrong_footer(csv: bytes, fault: Fault) -> bytes:
    return _Csv(csv).whole(added_to_count=1)


def _missing_column(csv: bytes, fault: Fault) -> bytes:
    report = _Csv(csv)
    for table in report.tables:
        for row in (table.header, *table.rows):
            del row[table.value or 0]
    return report.whole()


def _text_in_number(csv: bytes, fault: Fault) -> bytes:
    report = _Csv(csv)
    for table, struck in report.struck(fault):
        for row, is_struck in zip(table.rows, struck, strict=True):
            if is_struck:
                row[table.value or 0] = b"n/a"
    return report.whole()


def _missing_intervals(csv: bytes, fault: Fault) -> bytes:
    report = _Csv(csv)
    for table, struck in report.struck(fault):
        table.rows = [row for row, gone in zip(table.rows, struck, strict=True) if not gone]
    return report.whole()


def _duplicate_rows(csv: bytes, fault: Fault) -> bytes:
    """Spoil the value of some rows and append them once more: right, and changed later."""
    report = _Csv(csv)
    for table, struck in report.struck(fault):
        repeated = []
        changed = table.header.index(b"LASTCHANGED") if b"LASTCHANGED" in table.header else None
        for row, is_struck in zip(table.rows, struck, strict=True):
            if is_struck:
                again = row.copy()
                if changed is not None:
                    again[changed] = _twenty_minutes_later(row[changed])
                repeated.append(again)
                row[table.value or 0] = b"-77.77"
        table.rows += repeated
    return report.whole()


def _twenty_minutes_later(stamp: bytes) -> bytes:
    form = '"%Y/%m/%d %H:%M:%S"' if stamp.startswith(b'"') else "%Y/%m/%d %H:%M:%S"
    later = datetime.strptime(f"{stamp.decode()} +0000", f"{form} %z") + timedelta(minutes=20)
    return later.strftime(form).encode()


CSV_FAULTS: Mapping[FaultKind, Callable[[bytes, Fault], bytes]] = MappingProxyType(
    {
        FaultKind.TEXT_IN_NUMBER: _text_in_number,
        FaultKind.DUPLICATE_ROWS: _duplicate_rows,
        FaultKind.MISSING_INTERVALS: _missing_intervals,
        FaultKind.MISSING_COLUMN: _missing_column,
        FaultKind.WRONG_FOOTER: _wrong_footer,
    }
)
ROW_FAULTS = (FaultKind.TEXT_IN_NUMBER, FaultKind.DUPLICATE_ROWS, FaultKind.MISSING_INTERVALS)
