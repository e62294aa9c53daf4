"""``prefect.engine.results``; those of object stores make a ``RemoteResult``."""

from collections.abc import Mapping
from typing import Any

from nemflow.results.constant import ConstantResult
from nemflow.results.local import LocalResult
from nemflow.results.remote import RemoteResult
from nemflow.results.secret import SecretResult

# Prefect's names, which were classes: hence N802.


def S3Result(  # noqa: N802
    bucket: str, boto3_kwargs: Mapping[str, Any] | None = None, **options: Any
) -> RemoteResult:
    """Return the result that keeps values in a bucket on S3."""
    store = {"client_kwargs": dict(boto3_kwargs)} if boto3_kwargs else {}
    return RemoteResult(f"s3://{bucket}", storage_options=store, **options)


def GCSResult(bucket: str, **options: Any) -> RemoteResult:  # noqa: N802
    """Return the result that keeps values in a bucket on Google Cloud Storage."""
    return RemoteResult(f"gs://{bucket}", **options)


def AzureResult(  # noqa: N802
    container: str, connection_string: str | None = None, **options: Any
) -> RemoteResult:
    """Return the result that keeps values in a container on Azure."""
    store = {"connection_string": connection_string} if connection_string else {}
    return RemoteResult(f"abfs://{container}", storage_options=store, **options)


__all__ = [
    "AzureResult",
    "ConstantResult",
    "GCSResult",
    "LocalResult",
    "RemoteResult",
    "S3Result",
    "SecretResult",
]
