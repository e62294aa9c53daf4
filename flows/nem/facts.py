"""What stored files say of themselves: the metadata of Parquet files, day by day."""

import json
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from nemflow import parquet
from nemflow.errors import UnreadableTarget
from nemflow.flows.nem.on_disk import StoredFile
from nemflow.flows.nem.provenance import split_facts


@dataclass(frozen=True, slots=True)
class MadeOf:
    """A published file that a day was made of, as the day's file tells.

    Args:
        size: in bytes.
        fetched_at: an aware instant as text.
        created: AEMO's stamp of creation as text.
    """

    url: str
    sha256: str
    size: int = 0
    fetched_at: str = ""
    created: str = ""


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What a file says of one of its days; ``known`` has the keys of `provenance`."""

    known: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str:
        """Return a fact by its name without ``nemflow.``; empty where it is not told."""
        return self.known.get(f"nemflow.{key}", "")

    @property
    def files(self) -> tuple[MadeOf, ...]:
        """The published files that the day was made of."""
        told = json.loads(self.get("files") or "[]")
        return tuple(
            MadeOf(f["url"], f["sha256"], f["size"], f["fetched_at"], f["created"]) for f in told
        )

    @property
    def rows(self) -> int | None:
        """How many rows the day has, if that is told."""
        return int(self.get("rows")) if self.get("rows") else None


def read_facts(file: StoredFile, day: date) -> DayFacts:
    """Return what a file says of a day; nothing where the day is not in it.

    Raises:
        UnreadableTarget: the file is no whole Parquet file.
    """
    if file.is_month:
        return DayFacts(_days_of(file.path, file.changed_at).get(day, {}))
    return DayFacts(parquet.read_metadata(file.path))


def try_facts(file: StoredFile, day: date) -> DayFacts | None:
    """Return what a file says of a day; None where it cannot be read."""
    try:
        return read_facts(file, day)
    except UnreadableTarget:
        return None


@lru_cache(maxsize=2)
def _days_of(path: str, changed_at: float) -> dict[date, dict[str, str]]:
    return split_facts(parquet.read_metadata(path))
