"""PandasSerializer: frames as CSV, Parquet and the other kinds of file that pandas knows."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from nemflow.errors import DefinitionError, ResultError
from nemflow.results.serializers import Serializer

# What pandas both writes to and reads from bytes; named here because asking pandas means importing
# it, which a flow whose targets are all there never needs.
_FILE_TYPES = (
    "csv",
    "excel",
    "feather",
    "html",
    "json",
    "orc",
    "parquet",
    "pickle",
    "stata",
    "xml",
)
# The writer takes no binary file, and the reader guesses at the encoding of one.
_TEXT_ONLY = frozenset({"html"})


class PandasSerializer(Serializer):
    """A frame in the kind of file *file_type*, by pandas' ``to_...`` and ``read_...``.

    *serialize_kwargs* and *deserialize_kwargs* go to these. What comes back is what pandas reads:
    ``csv`` gives the index back as a column unless it is written with ``{"index": False}``, and
    ``html`` gives a list of frames. Read only pickles that you wrote yourself: one can run code.

    Raises:
        DefinitionError: pandas does not write and read *file_type* as bytes.
    """

    def __init__(
        self,
        file_type: str,
        serialize_kwargs: Mapping[str, Any] | None = None,
        deserialize_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if file_type not in _FILE_TYPES:
            raise DefinitionError(
                f"pandas cannot write and read {file_type!r} as bytes; "
                f"take one of {', '.join(_FILE_TYPES)}."
            )
        self.file_type = file_type
        self.serialize_kwargs = dict(serialize_kwargs or {})
        self.deserialize_kwargs = dict(deserialize_kwargs or {})

    def serialize(self, value: Any) -> bytes:
        """Return the frame *value* as the bytes of a file."""
        write = getattr(value, f"to_{self.file_type}", None)
        if write is None:
            raise ResultError(
                f"A value of type {type(value).__name__} cannot be kept as {self.file_type}: "
                "return a pandas DataFrame or give the task another serializer."
            )
        try:
            if self.file_type in _TEXT_ONLY:
                text = io.StringIO()
                write(text, **self.serialize_kwargs)
                return text.getvalue().encode()
            data = io.BytesIO()
            write(data, **self.serialize_kwargs)
        except MemoryError:
            raise
        except Exception as error:  # the libraries behind pandas have errors of their own
            raise ResultError(
                f"A frame cannot be kept as {self.file_type} ({type(error).__name__}: {error}); "
                "change it or give the task another serializer."
            ) from error
        return data.getvalue()

    def deserialize(self, data: bytes) -> Any:
        """Return the frame in the bytes of a file."""
        import pandas as pd  # heavy

        read = getattr(pd, f"read_{self.file_type}")
        file = io.StringIO(data.decode()) if self.file_type in _TEXT_ONLY else io.BytesIO(data)
        return read(file, **self.deserialize_kwargs)
