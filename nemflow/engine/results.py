"""``prefect.engine.results``; object stores are ``RemoteResult``."""

from nemflow.results.constant import ConstantResult
from nemflow.results.local import LocalResult
from nemflow.results.remote import RemoteResult
from nemflow.results.secret import SecretResult

__all__ = [
    "ConstantResult",
    "LocalResult",
    "RemoteResult",
    "SecretResult",
]
