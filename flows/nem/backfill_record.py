"""What is kept of backfills in ``<state dir>/backfills/``: the plan and the failures of each.

A file of JSON for each backfill, named by when it started, so that the last is the greatest name. It
is written when the backfill starts, whenever something has failed, and at the end; killed between,
it tells the failures so far. Nothing needs it but ``--failed``.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from nemflow import atomic_path

SCHEMA = 1
"""The version of the files; grows when a key changes its meaning or goes."""

KEPT = 50
"""So many backfills are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A flow run that failed: its name, its day and one sentence."""

    flow_run: str
    flow: str
    date: date
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRecord:
    """One backfill.

    Attributes:
        started_at: aware.
        data_dir: where its files go.
        dataset: its name.
        stages: the stages that it makes.
        source: the one source that it was to use, or ``auto``.
        start: the first day.
        end: the last day.
        units: how many published files it planned.
        lacking: how many days lacked something.
        ended_at: aware; None while it goes on, or if it was killed.
        done: how many flow runs have ended well.
        failures: what has failed.
    """

    started_at: datetime
    data_dir: str
    dataset: str
    stages: tuple[str, ...]
    source: str
    start: date
    end: date
    units: int
    lacking: int
    ended_at: datetime | None = None
    done: int = 0
    failures: tuple[Failure, ...] = field(default=())

    def with_failures(self, failures: Iterable[Failure]) -> Self:
        """Return the record with these failures."""
        return replace(self, failures=tuple(failures))

    def as_json(self) -> dict[str, object]:
        """Return the record as a JSON object."""
        facts: dict[str, object] = {"schema": SCHEMA, **asdict(self)}
        return facts


class BackfillRecords:
    """The records in a folder.

    Args:
        folder: made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, record: BackfillRecord) -> None:
        """Write a record, over what it was before; forget the oldest."""
        name = f"{record.started_at:%Y%m%dT%H%M%S.%f}-{os.getpid()}.json"
        text = json.dumps(record.as_json(), default=_as_text, indent=2, ensure_ascii=False)
        # made again by the next backfill if the power fails: the folder need not be flushed
        with atomic_path(self._folder / name, flush_folder=False) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        for old in self._names()[KEPT:]:
            (self._folder / old).unlink(missing_ok=True)

    def last(self, data_dir: Path, dataset: str | None = None) -> BackfillRecord | None:
        """Return the last backfill into a data directory (and of a data set), if there was one."""
        for name in self._names():
            record = self._read(name)
            if record is None or record.data_dir != str(data_dir):
                continue
            if dataset in (None, record.dataset):
                return record
        return None

    def _names(self) -> list[str]:
        """Return the names of the records, the last first."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return sorted((n for n in names if n.endswith(".json") and n[0] != "."), reverse=True)

    def _read(self, name: str) -> BackfillRecord | None:
        """Return a record; None for one that makes no sense, such as a later version's."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            facts = json.loads((self._folder / name).read_text(encoding="utf-8"))
            if facts.pop("schema") == SCHEMA:
                return _record(facts)
        return None


def _record(facts: Mapping[str, Any]) -> BackfillRecord:
    ended = facts["ended_at"]
    return BackfillRecord(
        **{
            **facts,
            "started_at": datetime.fromisoformat(facts["started_at"]),
            "ended_at": None if ended is None else datetime.fromisoformat(ended),
            "stages": tuple(facts["stages"]),
            "start": date.fromisoformat(facts["start"]),
            "end": date.fromisoformat(facts["end"]),
            "failures": tuple(
                Failure(**{**failure, "date": date.fromisoformat(failure["date"])})
                for failure in facts["failures"]
            ),
        }
    )


def _as_text(value: object) -> str:
    assert isinstance(value, (date, datetime))
    return value.isoformat()
