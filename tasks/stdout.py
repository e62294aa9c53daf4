"""``log_stdout``: what a task prints goes to its logger, line by line; other threads print as ever."""

import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO


class _Lines:
    """What one task prints: ``print`` writes a line in pieces, and the logger gets it whole."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.begun = ""

    def write(self, text: str) -> None:
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            self._log(line)

    def end(self) -> None:
        """Log a last line that has no end."""
        self._log(self.begun)
        self.begun = ""

    def _log(self, line: str) -> None:
        if line.strip():
            self.logger.info("%s", line)


_lines: ContextVar[_Lines | None] = ContextVar("nemflow_stdout_lines", default=None)


class _Router:
    """Stands for ``sys.stdout`` and sends what is written where its context says."""

    def __init__(self, below: TextIO) -> None:
        self.below = below

    def write(self, text: str) -> int:
        lines = _lines.get()
        if lines is None:
            return self.below.write(text)
        lines.write(text)
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self.below, name)


@contextmanager
def printing_to(logger: logging.Logger) -> Iterator[None]:
    """Send what is printed inside the block, in this context, to a logger."""
    lines = _Lines(logger)
    token = _lines.set(lines)
    if not isinstance(sys.stdout, _Router):
        # Left in place: another thread may print through it, and it passes on what has no logger.
        sys.stdout = _Router(sys.stdout)
    try:
        yield
    finally:
        _lines.reset(token)
        lines.end()
