"""What the archive holds, found by looking through it; sidecars are read, files are not."""

import os
from collections.abc import Iterator
from pathlib import Path

from nemflow.tasks.nem.holding import Holding, held_at


def archived_files(root: Path) -> Iterator[Holding]:
    """Yield every file of the archive that has its sidecar, folder by folder, in order."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(".json") or name.startswith("."):
                continue
            held = held_at(Path(folder, name.removesuffix(".json")))
            if held is not None:
                folders[:] = [f for f in folders if f != held.file.path.name]  # single files
                yield held


def archive_by_url(root: Path) -> dict[str, Holding]:
    """Return the files of the archive by the address that they came from."""
    return {held.file.url: held for held in archived_files(root)}
