"""Where values are kept: bytes and places.

Tables as Parquet (`nemflow.results.parquet`), locks (`nemflow.results.locks`) and the cache on disk
(`nemflow.results.disk_cache`) are imported by their own names.
"""

from nemflow.results.base import NO_VALUE, Result
from nemflow.results.constant import ConstantResult
from nemflow.results.file import FileResult
from nemflow.results.frames import PandasSerializer
from nemflow.results.local import LocalResult
from nemflow.results.memory import MemoryResult
from nemflow.results.remote import RemoteResult
from nemflow.results.secret import SecretResult
from nemflow.results.serializers import (
    CompressedSerializer,
    DateTimeSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
)

__all__ = [
    "NO_VALUE",
    "CompressedSerializer",
    "ConstantResult",
    "DateTimeSerializer",
    "FileResult",
    "JSONSerializer",
    "LocalResult",
    "MemoryResult",
    "PandasSerializer",
    "PickleSerializer",
    "RemoteResult",
    "Result",
    "SecretResult",
    "Serializer",
]
