"""``prefect.utilities.logging``."""  # noqa: A005  # Prefect's name; it shadows nothing where it is

from logging import Logger

from nemflow.tasks.context import run_logger


def get_logger(name: str | None = None) -> Logger:
    """Return the logger ``nemflow``, or the one of that name below it; records tell of their run."""
    return run_logger(f"nemflow.{name}" if name and name != "nemflow" else "nemflow")


__all__ = [
    "get_logger",
]
