"""Files of source as text, parsed once."""

import ast
import functools
import os
import threading
from typing import TypeAlias

from nemflow.flows.code_text import CodeText, FileText, text_of, text_of_file

Stamp: TypeAlias = tuple[int, int]
"""What changes with a file: its time in ns and its size."""

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

# Python 3.11 may fail with a SystemError where two threads make syntax trees at a time; and what one
# has parsed the others find done.
_parsing = threading.RLock()


def stamp_of(path: str) -> Stamp | None:
    """Return the stamp of a file; None where there is none."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return (stat.st_mtime_ns, stat.st_size)


def text_of_source(path: str, stamp: Stamp) -> FileText | None:
    """Return a file as text; None where it cannot be read or is no Python."""
    with _parsing:
        return _text_of_source(path, stamp)


def functions_at(path: str, stamp: Stamp, line: int) -> tuple[CodeText, ...]:
    """Return the functions and lambdas of a file that begin at a line.

    Raises:
        RecursionError: one is nested too deep.
    """
    with _parsing:
        return _functions_at(path, stamp, line)


@functools.lru_cache(maxsize=256)
def _text_of_source(path: str, stamp: Stamp) -> FileText | None:
    tree = _parse(path, stamp)
    return None if tree is None else text_of_file(tree)


@functools.lru_cache(maxsize=1024)
def _functions_at(path: str, stamp: Stamp, line: int) -> tuple[CodeText, ...]:
    return tuple(text_of(node) for node in _functions(path, stamp).get(line, ()))


@functools.lru_cache(maxsize=4)  # trees are large: of the files with tasks that are being read
def _functions(path: str, stamp: Stamp) -> dict[int, list[_Function]]:
    tree = _parse(path, stamp)
    found: dict[int, list[_Function]] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found.setdefault(_first_line(node), []).append(node)
    return found


@functools.lru_cache(maxsize=1)
def _parse(path: str, stamp: Stamp) -> ast.Module | None:
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return None


def _first_line(node: _Function) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return decorators[0].lineno if decorators else node.lineno
