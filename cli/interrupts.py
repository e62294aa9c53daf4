"""Ctrl-C and SIGTERM: the first ends the run in order, a second Ctrl-C at once.

In order means by an exception in the main thread, ``KeyboardInterrupt`` or `Terminated`, that goes
up through the engine, which marks what is unfinished as Cancelled and removes its leftovers.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from nemflow.cli.exit_codes import INTERRUPTED

# Some launchers pass on a Ctrl-C that the terminal has sent to everyone already.
_ECHO_S = 0.2


class Terminated(BaseException):
    """SIGTERM asked the process to end."""


class _Ending:
    """The handler of both signals; knows since when the process is ending."""

    def __init__(self) -> None:
        self.since: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.since is None:
            self.since = now
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
        # A repeated SIGTERM changes nothing: timeout(1) sends two, and the end is under way.
        if number == signal.SIGINT and now - self.since > _ECHO_S:
            _stop_now()


def _stop_now() -> NoReturn:
    show_cursor = b"\x1b[?25h" if sys.stderr is not None and sys.stderr.isatty() else b""
    os.write(2, show_cursor + b"stopped at once; the next run clears what is left over\n")
    os._exit(INTERRUPTED)


@contextmanager
def orderly_signals() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` at Ctrl-C and `Terminated` at SIGTERM inside the block.

    Signals that the parent process has switched off (``nohup``, ``&`` in a script) stay off.
    Outside of the main thread, which alone may handle signals, the block changes nothing.
    """
    handler, before = _Ending(), {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def leave(code: int) -> NoReturn:
    """End an interrupted process, without waiting for threads that sit in a slow download."""
    if threading.active_count() > 1:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)
    sys.exit(code)
