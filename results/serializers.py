"""Turns values into bytes and back. Serializers are equal by type and options."""

from __future__ import annotations

import base64
import importlib
import json
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Literal

from nemflow.errors import DefinitionError, ResultError


class Serializer(ABC):
    """Turns a value into bytes and back; options are plain attributes."""

    @abstractmethod
    def serialize(self, value: Any) -> bytes:
        """Return *value* as bytes.

        Raises:
            ResultError: the value is not of a kind that this serializer can keep.
        """

    @abstractmethod
    def deserialize(self, data: bytes) -> Any:
        """Return the value that *data* was made from; bytes of another making raise any error."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={option!r}" for name, option in vars(self).items())
        return f"{type(self).__name__}({options})"


# Types of which pickle makes what cloudpickle makes, in a quarter of the time and without its import.
_PLAIN = frozenset({bool, bytes, date, float, int, str, type(None)})


class PickleSerializer(Serializer):
    """Almost any Python value, by cloudpickle; reads pickles in base64 text as well.

    Read only what you wrote yourself: a pickle can run code.
    """

    def serialize(self, value: Any) -> bytes:
        """Return *value* as a pickle."""
        if type(value) in _PLAIN:
            return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        # Heavy, and needed only where something is written.
        import cloudpickle  # type: ignore[import-untyped]  # it ships no types

        try:
            data: bytes = cloudpickle.dumps(value)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            raise ResultError(
                f"A value of type {type(value).__name__} cannot be pickled ({error}); "
                "return something else or give the task another serializer."
            ) from error
        return data

    def deserialize(self, data: bytes) -> Any:
        """Return the value of a pickle, as bytes or in base64."""
        # Every pickle since protocol 2 begins with 0x80 and a number below 64, which is "gA" in
        # base64; no pickle begins with a "g".
        if data.startswith(b"gA"):
            data = base64.b64decode(data)
        # What cloudpickle writes, pickle reads: the import is saved where targets are only read.
        return pickle.loads(data)


class JSONSerializer(Serializer):
    """Plain values as JSON text in UTF-8; tuples come back as lists, keys of dicts as text."""

    def serialize(self, value: Any) -> bytes:
        """Return *value* as JSON text."""
        try:
            return json.dumps(value).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise ResultError(
                f"A value of type {type(value).__name__} cannot be kept as JSON ({error}); "
                "return plain values or give the task another serializer."
            ) from error

    def deserialize(self, data: bytes) -> Any:
        """Return the value of a JSON text."""
        return json.loads(data)


class DateTimeSerializer(Serializer):
    """An instant as ISO 8601 text; the offset from UTC is kept, the name of the zone is not."""

    def serialize(self, value: Any) -> bytes:
        """Return the aware datetime *value* as ISO 8601 text."""
        if not isinstance(value, datetime) or value.utcoffset() is None:
            raise ResultError(f"Only a datetime with a time zone can be kept, not {value!r}.")
        return value.isoformat().encode()

    def deserialize(self, data: bytes) -> datetime:
        """Return the aware datetime of an ISO 8601 text."""
        instant = datetime.fromisoformat(data.decode())
        if instant.utcoffset() is None:
            raise ValueError(f"{instant} has no time zone")
        return instant


class CompressedSerializer(Serializer):
    """What another *serializer* makes, compressed.

    *format* is the name of a module that has the functions ``compress`` and ``decompress``, such as
    gzip, bz2, lzma or zlib; in its place the two functions may be given. Both take the bytes first,
    and *compress_kwargs* or *decompress_kwargs* as keywords.

    Raises:
        DefinitionError: there are both a format and functions, or neither, or only one function, or
            no module of that name has both.
    """

    def __init__(
        self,
        serializer: Serializer,
        format: str | None = None,  # noqa: A002  # the name that Prefect's users know
        compress: Callable[..., bytes] | None = None,
        decompress: Callable[..., bytes] | None = None,
        compress_kwargs: Mapping[str, Any] | None = None,
        decompress_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        functions = (compress, decompress)
        if functions.count(None) != (0 if format is None else 2):
            raise DefinitionError(
                "CompressedSerializer takes either a format, such as 'gzip', or both functions, "
                "compress and decompress."
            )
        self.serializer = serializer
        self.format = format
        self.compress = compress
        self.decompress = decompress
        self.compress_kwargs = dict(compress_kwargs or {})
        self.decompress_kwargs = dict(decompress_kwargs or {})
        self._function("compress")
        self._function("decompress")

    def serialize(self, value: Any) -> bytes:
        """Return *value* as the other serializer makes it, compressed."""
        data = self.serializer.serialize(value)
        return self._function("compress")(data, **self.compress_kwargs)

    def deserialize(self, data: bytes) -> Any:
        """Return the value of compressed bytes."""
        whole = self._function("decompress")(data, **self.decompress_kwargs)
        return self.serializer.deserialize(whole)

    def _function(self, name: Literal["compress", "decompress"]) -> Callable[..., bytes]:
        given = self.compress if name == "compress" else self.decompress
        if given is not None:
            return given
        assert self.format is not None
        # Looked up each time, so that the serializer stays easy to pickle and to compare.
        try:
            function: Callable[..., bytes] = getattr(importlib.import_module(self.format), name)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            raise DefinitionError(
                f"{self.format!r} is no format to compress with ({error}): name a module that has "
                "compress and decompress, such as gzip, bz2, lzma or zlib."
            ) from error
        return function
