"""What lies in a folder of results and is none: what writers left, what could not be read, empty folders.

Nothing is removed here. `nemflow.results.atomic` tells how a temporary file is named.
"""

import enum
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nemflow.results.atomic import is_dead_leftover

_ASIDE = re.compile(r"\..+\.unreadable-\d{8}T\d{6}Z(-\d+)?", re.DOTALL)
_YOUNGEST_EMPTY_S = 3600.0  # somebody may be about to put something into a new folder


class Rubbish(enum.StrEnum):
    """Why something can go."""

    LEFTOVER = "leftover"
    QUARANTINED = "quarantined"
    EMPTY_FOLDER = "empty_folder"
    OLD_LOG = "old_log"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file or folder that can go.

    Args:
        size: in bytes, with all that is in it.
        changed_at: seconds since 1970; of a folder when its latest content was.
    """

    path: Path
    why: Rubbish
    size: int
    changed_at: float


def find_rubbish(root: Path, *, now: Callable[[], float] = time.time) -> Iterator[Piece]:
    """Yield what dead writers left below a folder, what was set aside as unreadable, empty folders.

    Folders whose name begins with a dot are passed over. What a live process of this machine may be
    writing is not given, nor a folder that has just been made.
    """
    empty: set[str] = set()
    for folder, folders, names in os.walk(root, topdown=False):
        if any(part.startswith(".") for part in Path(folder).relative_to(root).parts):
            continue
        for name in sorted(names):
            path = os.path.join(folder, name)
            if _ASIDE.fullmatch(name):
                yield from measured(Path(path), Rubbish.QUARANTINED)
            elif is_dead_leftover(path, now=now):
                yield from measured(Path(path), Rubbish.LEFTOVER)
        is_empty = not names and all(os.path.join(folder, f) in empty for f in folders)
        if is_empty and Path(folder) != root:
            for piece in measured(Path(folder), Rubbish.EMPTY_FOLDER):
                if now() - piece.changed_at > _YOUNGEST_EMPTY_S:
                    empty.add(folder)
                    yield piece


def measured(path: Path, why: Rubbish) -> Iterator[Piece]:
    """Yield a piece with its size and time; nothing if it has gone meanwhile."""
    try:
        facts = path.lstat()
        size, changed_at = facts.st_size, facts.st_mtime
        if stat.S_ISDIR(facts.st_mode):
            inside = [inner.lstat() for inner in path.rglob("*")]
            size = sum(f.st_size for f in inside if stat.S_ISREG(f.st_mode))
            changed_at = max([changed_at, *(f.st_mtime for f in inside)])
    except FileNotFoundError:
        return
    yield Piece(path, why, size, changed_at)
