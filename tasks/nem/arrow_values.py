"""Arrow values of Python ones, made of their bytes.

``pa.scalar`` and ``pa.array`` import pandas when they first convert a Python object, be it only a
number: as much time and memory as a month's file takes. What is made here needs no conversion.
"""

from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def texts(values: Iterable[str]) -> "pa.StringArray":
    """Return texts as an array.

    >>> texts(["NSW1", ""]).to_pylist()
    ['NSW1', '']
    """
    encoded = [value.encode() for value in values]
    offsets = array("i", accumulate(map(len, encoded), initial=0))
    return pa.StringArray.from_buffers(
        len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))
    )


def text(value: str) -> "pa.StringScalar":
    """Return one text."""
    return texts([value])[0]


def integers(values: Iterable[int], kind: "pa.DataType | None" = None) -> "pa.Array[Any]":
    """Return whole numbers as an array of int64, or of another type that has a plain int64 inside.

    >>> integers([5, 30]).to_pylist()
    [5, 30]
    """
    numbers = array("q", values)
    return pa.Array.from_buffers(kind or pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])


def integer(value: int, kind: "pa.DataType | None" = None) -> "pa.Scalar[Any]":
    """Return one whole number as int64, or as another type of numbers.

    >>> integer(5, pa.int16())
    <pyarrow.Int16Scalar: 5>
    """
    found = integers([value])
    one: pa.Scalar[Any] = (found if kind is None else found.cast(kind))[0]
    return one


def number(value: float) -> "pa.Scalar[Any]":
    """Return one number as float64."""
    return pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(array("d", [value]))])[0]


def length(value: timedelta) -> "pa.Scalar[Any]":
    """Return a length of time in microseconds."""
    one: pa.Scalar[Any] = integers([value // _MICROSECOND], pa.duration("us"))[0]
    return one


def instant(value: datetime, kind: "pa.DataType") -> "pa.Scalar[Any]":
    """Return an aware instant as a type of timestamps in microseconds with a zone."""
    one: pa.Scalar[Any] = integers([(value - _EPOCH) // _MICROSECOND], kind)[0]
    return one


def flags(values: Sequence[bool]) -> "pa.Array[Any]":
    """Return truth values as an array."""
    return integers(values).cast(pa.bool_())


def least_and_greatest(column: "pa.ChunkedArray[Any]") -> "tuple[Any, Any]":
    """Return both as Python values; None for each where there is no value."""
    found: Any = pc.min_max(column).as_py()
    return found["min"], found["max"]
