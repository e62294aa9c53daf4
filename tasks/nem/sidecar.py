"""What the archive knows of a published file, in a JSON file beside it: ``<name>.json``.

The single files of a day lie in a folder and have one sidecar together, beside the folder, which
lists them.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from nemflow import atomic_path
from nemflow.tasks.nem.sources import Source


@dataclass(frozen=True, slots=True)
class Single:
    """One of the single files of a day: its name in the folder, where it came from, what it is."""

    name: str
    url: str
    sha256: str
    size: int


def digest_of(singles: Iterable[Single]) -> str:
    """Return the sha256 of a list of files: of a line ``sha256  name`` each, as sha256sum has it."""
    lines = (f"{single.sha256}  {single.name}\n" for single in singles)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Where a file came from and what it holds.

    Args:
        slot: the key of the slot that it fills (slots.py).
        fetched_at: aware, UTC.
        created: AEMO's creation stamp (NEM time), else the HTTP Last-Modified text.
        last_stamp: the last interval end that it holds, aware.
        complete: it holds its whole month.
        doubt: why the file is to be asked for again; empty for a file in good standing.
        singles: the files in it, in order, if it is a folder of single files.
    """

    slot: str
    source: Source
    url: str
    sha256: str
    size: int
    fetched_at: datetime
    created: str
    last_stamp: datetime
    complete: bool
    synthetic: bool
    etag: str
    last_modified: str
    doubt: str = ""
    singles: tuple[Single, ...] = ()


def sidecar_path(file: Path) -> Path:
    """Return where the sidecar of `file` lies."""
    return file.with_name(file.name + ".json")


def read_sidecar(file: Path) -> Sidecar | None:
    """Return what is known of `file`; None if it has no sidecar, or one that makes no sense."""
    try:
        fields = json.loads(sidecar_path(file).read_text(encoding="utf-8"))
        fields["source"] = Source(fields["source"])
        for name in ("fetched_at", "last_stamp"):
            fields[name] = _aware(fields[name])
        fields["singles"] = tuple(Single(**single) for single in fields.get("singles", ()))
        return Sidecar(**fields)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError, KeyError, RecursionError):  # the last: brackets without end
        return None


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError(f"{text} has no time zone")
    return instant


def write_sidecar(file: Path, sidecar: Sidecar) -> None:
    """Write down what is known of `file`, in one step."""
    fields = asdict(sidecar)
    if not sidecar.singles:
        del fields["singles"]
    for name in ("fetched_at", "last_stamp"):
        fields[name] = fields[name].isoformat()
    with atomic_path(sidecar_path(file)) as temporary:
        temporary.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")
