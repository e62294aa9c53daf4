"""``prefect.utilities.debug``."""

from nemflow.tasks.context import raise_on_exception

__all__ = [
    "raise_on_exception",
]
