"""``log_stdout``: what a task prints goes to its logger; other threads print as ever."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

_logger: ContextVar[logging.Logger | None] = ContextVar("nemflow_stdout_logger", default=None)


class _Router:
    """Stands for ``sys.stdout`` and sends each line where its context says."""

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def write(self, text: str) -> int:
        logger = _logger.get()
        if logger is None:
            return self.below.write(text)
        for line in text.splitlines():
            if line.strip():
                logger.info("%s", line)
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self.below, name)


@contextmanager
def printing_to(logger: logging.Logger) -> Iterator[None]:
    """Send what is printed inside the block, in this context, to a logger."""
    token = _logger.set(logger)
    if not isinstance(sys.stdout, _Router):
        # Left in place: another thread may print through it, and it passes on what has no logger.
        sys.stdout = _Router(sys.stdout)
    try:
        yield
    finally:
        _logger.reset(token)
