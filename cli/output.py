"""Lines to standard output and standard error, until nobody reads them any more.

A reader that has gone (``nemflow flows | head -1``) ends the output, not the work.
"""

import os
import sys
from collections.abc import Iterable
from typing import TextIO


def put_line(line: str) -> None:
    """Write a line to standard output at once."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        drop(sys.stdout)


def put_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    for line in lines:
        put_line(line)


def put_json(value: object, *, indent: int | None = None) -> None:
    """Write a value to standard output as JSON; without ``indent`` on one line."""
    import json  # people who read text do not pay for it

    put_line(json.dumps(value, ensure_ascii=False, indent=indent))


def width_of_terminal() -> int | None:
    """Return how many characters a line of standard output may have; None where that is no terminal."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil  # a pipe does not pay for it

    return shutil.get_terminal_size().columns


def colour_wanted() -> bool:
    """Tell whether standard output takes colours: a terminal does, unless ``NO_COLOR`` forbids it."""
    if os.environ.get("NO_COLOR"):
        return False
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    is_able = is_terminal and os.environ.get("TERM") != "dumb"
    return is_able or bool(os.environ.get("FORCE_COLOR"))


def put_error(line: str) -> None:
    """Write a line to standard error, if there is one."""
    if sys.stderr is not None:  # print would take standard output instead
        talk(line, sys.stderr)


def talk(line: str, stream: TextIO) -> None:
    """Write a line of talk; that it cannot be written is no error: the work counts."""
    try:
        print(line, file=stream, flush=True)
    except OSError:
        drop(stream)


def drop(stream: TextIO) -> None:
    """Let all further output of a stream go nowhere, also what Python still holds when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
