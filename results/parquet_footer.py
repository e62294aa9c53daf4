"""What a Parquet file says of itself, read from its footer without pyarrow, which takes long to import.

The footer is a Thrift structure in the compact protocol (``FileMetaData`` of parquet.thrift)::

    PAR1 … data … | FileMetaData | its length, 4 bytes, little-endian | PAR1

Of it only the number of rows and the key-value metadata are taken; the rest is stepped over, not trusted:
no length leads out of the footer, and nothing nests deeper than the format may.
"""

import os
from dataclasses import dataclass

from nemflow.errors import UnreadableTarget

MAGIC = b"PAR1"
SMALLEST = 12
"""Bytes: both magics, and the length of the footer between them."""

_TAIL = 4 + len(MAGIC)  # what follows the footer
_FIRST_READ = 1 << 16  # bytes; holds the footer of most files
_DEEPEST = 24  # the format itself nests seven levels

_NUM_ROWS, _KEY_VALUES = 3, 5  # fields of FileMetaData
_KEY, _VALUE = 1, 2  # fields of KeyValue

# Types of the compact protocol. A boolean field has its value in its type, one in a list takes a byte.
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)
_SIZES = {_BYTE: 1, _DOUBLE: 8}


@dataclass(frozen=True, slots=True)
class Footer:
    """What is taken from a footer.

    Args:
        rows: how many the file has.
        metadata: the keys and values that the file was given.
    """

    rows: int
    metadata: dict[str, str]


def read_footer(path: str | os.PathLike[str]) -> Footer:
    """Return what the footer of the file at *path* says; its data are not read.

    Raises:
        UnreadableTarget: the file is not there or is no whole Parquet file.
    """
    try:
        return _parse(_bytes_of(path))
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from error
    except _Broken as error:
        raise unreadable(path, str(error)) from error


def unreadable(path: str | os.PathLike[str], why: str) -> UnreadableTarget:
    """Return the error for a file that cannot be read as Parquet."""
    return UnreadableTarget(
        f"{os.fspath(path)} cannot be read as Parquet ({why}); delete it to have it made again."
    )


class _Broken(Exception):
    """The footer is not as the format has it; says how."""


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    """Return the footer of a file, without its length and the magic behind it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _FIRST_READ, 0))
        tail = file.read()
        if not tail.endswith(MAGIC):
            raise _Broken(f"its {size:,} bytes do not end as a Parquet file does")
        length = int.from_bytes(tail[-_TAIL : -len(MAGIC)], "little")
        if length + SMALLEST > size:
            raise _Broken(f"its footer would be longer than its {size:,} bytes")
        if length + _TAIL > len(tail):
            file.seek(size - length - _TAIL)
            tail = file.read(length + _TAIL)
    return tail[-length - _TAIL : -_TAIL]


def _parse(footer: bytes) -> Footer:
    """Return what *footer* says.

    Raises:
        _Broken: it is no ``FileMetaData``.
    """
    rows: int | None = None
    metadata: dict[str, str] = {}
    at = field = 0
    try:
        while True:
            kind, field, at = _field(footer, at, field)
            if kind == _STOP:
                break
            if (field, kind) == (_NUM_ROWS, _I64):
                number, at = _varint(footer, at)
                rows = _unfold(number)
            elif (field, kind) == (_KEY_VALUES, _LIST):
                metadata, at = _pairs(footer, at)
            else:
                at = _skip(footer, at, kind, 0)
    except IndexError as error:
        raise _Broken("its footer ends too early") from error
    except UnicodeDecodeError as error:
        raise _Broken("its metadata are no text") from error
    if at != len(footer):
        raise _Broken("its footer ends before its length")
    if rows is None or rows < 0:
        raise _Broken("its footer does not tell how many rows it has")
    return Footer(rows, metadata)


def _pairs(footer: bytes, at: int) -> tuple[dict[str, str], int]:
    """Return the keys and values of the list that begins at *at*, and where it ends."""
    count, kind, at = _list_head(footer, at)
    if count and kind != _STRUCT:
        raise _Broken("its metadata are no pairs of keys and values")
    pairs: dict[str, str] = {}
    for _ in range(count):
        words = {_KEY: b"", _VALUE: b""}
        field = 0
        while True:
            kind, field, at = _field(footer, at, field)
            if kind == _STOP:
                break
            begin, at = at, _skip(footer, at, kind, 1)
            if kind == _BINARY and field in words:
                _, begin = _varint(footer, begin)
                words[field] = footer[begin:at]
        pairs.setdefault(words[_KEY].decode(), words[_VALUE].decode())
    return pairs, at


def _skip(footer: bytes, at: int, kind: int, depth: int) -> int:
    """Return where the value of the type *kind* that begins at *at* ends."""
    if _I16 <= kind <= _I64:
        while footer[at] > 127:
            at += 1
        return at + 1
    if kind == _BINARY:
        length, at = _varint(footer, at)
        return _leap(footer, at, length)
    if kind == _STRUCT:
        return _skip_struct(footer, at, depth)
    if kind in (_TRUE, _FALSE):
        return at
    if kind in (_LIST, _SET):
        count, of, at = _list_head(footer, at)
        return _skip_all(footer, at, (of,), count, depth)
    if kind == _MAP:
        return _skip_map(footer, at, depth)
    if kind in _SIZES:
        return _leap(footer, at, _SIZES[kind])
    raise _Broken(f"its footer has a value of the unknown type {kind}")


def _skip_struct(footer: bytes, at: int, depth: int) -> int:
    if depth > _DEEPEST:
        raise _Broken(f"its footer nests more than {_DEEPEST} levels deep")
    while head := footer[at]:
        at += 1
        kind = head & 15
        if head < 16:  # the field's number is written out
            _, at = _varint(footer, at)
        if _I16 <= kind <= _I64:  # most values: not worth a call
            while footer[at] > 127:
                at += 1
            at += 1
        else:
            at = _skip(footer, at, kind, depth + 1)
    return at + 1


def _skip_map(footer: bytes, at: int, depth: int) -> int:
    count, at = _varint(footer, at)
    if not count:
        return at
    kinds = footer[at]
    return _skip_all(footer, at + 1, (kinds >> 4, kinds & 15), count, depth)


def _skip_all(footer: bytes, at: int, kinds: tuple[int, ...], count: int, depth: int) -> int:
    """Return where *count* elements of the types *kinds* end that begin at *at*."""
    if depth > _DEEPEST:
        raise _Broken(f"its footer nests more than {_DEEPEST} levels deep")
    if count > len(footer) - at:  # each takes a byte at least
        raise _Broken("its footer has a list longer than itself")
    for _ in range(count):
        for kind in kinds:
            at = at + 1 if kind in (_TRUE, _FALSE) else _skip(footer, at, kind, depth + 1)
    return at


def _field(footer: bytes, at: int, last: int) -> tuple[int, int, int]:
    """Return the type and number of the field at *at*, and where its value begins."""
    head = footer[at]
    step, kind = head >> 4, head & 15
    if step or kind == _STOP:
        return kind, last + step, at + 1
    number, at = _varint(footer, at + 1)
    return kind, _unfold(number), at


def _list_head(footer: bytes, at: int) -> tuple[int, int, int]:
    """Return how many elements of which type a list has, and where they begin."""
    head = footer[at]
    count, at = head >> 4, at + 1
    if count == 15:
        count, at = _varint(footer, at)
    return count, head & 15, at


def _varint(footer: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at *at*, and where it ends."""
    number = shift = 0
    while True:
        byte = footer[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
        if shift > 63:
            raise _Broken("its footer has a number of more than 64 bits")


def _unfold(number: int) -> int:
    """Return the signed number that was folded into *number* (zigzag)."""
    return (number >> 1) ^ -(number & 1)


def _leap(footer: bytes, at: int, length: int) -> int:
    if length > len(footer) - at:
        raise _Broken("its footer ends too early")
    return at + length
