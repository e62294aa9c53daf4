"""``prefect.engine.result``."""

from nemflow.results.base import Result

__all__ = [
    "Result",
]
