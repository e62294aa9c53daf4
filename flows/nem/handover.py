"""What the task that writes a day's file hands over to the result that puts it in its place."""

import os
from collections.abc import Mapping
from pathlib import Path

from nemflow import parquet


class Handover:
    """The metadata of files that were just written, by their path, so that none is read back for them.

    The load task and the result of one flow share it.
    """

    __slots__ = ("_facts",)

    def __init__(self) -> None:
        self._facts: dict[str, dict[str, str]] = {}

    def put(self, path: Path, metadata: Mapping[bytes, bytes] | None) -> None:
        """Leave the metadata of the table that was written to `path`."""
        known = {key.decode(): text.decode() for key, text in (metadata or {}).items()}
        self._facts[os.fspath(path)] = known

    def take(self, path: Path) -> dict[str, str]:
        """Return the metadata of the file at `path`, and forget them; of one nobody left, read them.

        Raises:
            UnreadableTarget: nobody left them, and the file is no whole Parquet file.
        """
        left = self._facts.pop(os.fspath(path), None)
        return parquet.read_metadata(path) if left is None else left
