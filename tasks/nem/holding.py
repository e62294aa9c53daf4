"""A file of the archive together with its sidecar: is it whole, set it aside, remove it."""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from nemflow.tasks.nem.published import PublishedFile
from nemflow.tasks.nem.sidecar import Sidecar, digest_of, read_sidecar, sidecar_path, write_sidecar

_CHUNK = 1 << 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Holding:
    """A file of the archive with all that is known of it."""

    file: PublishedFile
    sidecar: Sidecar


def held_at(path: Path) -> Holding | None:
    """Return what lies at `path`, its bytes unread; None where file or sidecar is missing."""
    known = read_sidecar(path)
    if known is None or not (path.is_dir() if known.singles else path.is_file()):
        return None
    return holding_of(path, known)


def holding_of(path: Path, known: Sidecar) -> Holding:
    """Return a file together with what is known of it."""
    file = PublishedFile(
        path=path,
        source=known.source,
        url=known.url,
        sha256=known.sha256,
        size=known.size,
        fetched_at=known.fetched_at,
        created=known.created,
        complete=known.complete,
        synthetic=known.synthetic,
    )
    return Holding(file, known)


def is_intact(held: Holding) -> bool:
    """Tell whether the bytes are still those that were fetched."""
    singles = held.sidecar.singles
    if not singles:
        return _has(held.file.path, held.file.size, held.file.sha256)
    return digest_of(singles) == held.file.sha256 and all(
        _has(held.file.path / single.name, single.size, single.sha256) for single in singles
    )


def _has(path: Path, size: int, sha256: str) -> bool:
    try:
        if path.stat().st_size != size:
            return False
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == sha256


def set_aside(path: Path) -> None:
    """Rename a damaged file, over an earlier one, and say so."""
    aside = path.with_name(path.name + ".damaged")
    if aside.is_dir():  # only a file is replaced in one step
        shutil.rmtree(aside)
    os.replace(path, aside)
    sidecar_path(path).unlink(missing_ok=True)
    _log.warning(
        "%s is no longer what was fetched (its size or sha256 differs): set aside as %s",
        *(path, aside.name),
    )


def remove(path: Path) -> None:
    """Remove a file and its sidecar, if they are there."""
    # The file first: a sidecar alone counts as nothing.
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()
    sidecar_path(path).unlink(missing_ok=True)


def confirm(held: Holding, fetched_at: datetime) -> Holding:
    """Write down that the server still has this very file, which ends any doubt."""
    confirmed = replace(held.sidecar, doubt="", fetched_at=fetched_at)
    write_sidecar(held.file.path, confirmed)
    return holding_of(held.file.path, confirmed)


def issues_in(folder: Path, issue_of: Callable[[str], int | None]) -> list[Path]:
    """Return the files of a slot that names itself by issue, the latest first."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [(issue, name) for name in names if (issue := issue_of(name)) is not None]
    return [folder / name for _, name in sorted(found, reverse=True)]


def move_folder(source: Path, final: Path, sidecar: Sidecar) -> None:
    """Put a folder of single files in its place; one that lies there is in doubt, and goes."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for single in sidecar.singles:
        with (source / single.name).open("rb") as file:
            os.fsync(file.fileno())
    write_sidecar(final, sidecar)
    if final.is_dir():
        shutil.rmtree(final)
    os.replace(source, final)
