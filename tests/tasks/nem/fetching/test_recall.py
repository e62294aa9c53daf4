"""An archive with a memory asks disk and server once for each file."""

from datetime import UTC, datetime

import pytest

from nemflow.errors import NotThere
from nemflow.tasks.nem.archive import Supply
from nemflow.tasks.nem.holding import Holding
from nemflow.tasks.nem.recall import RecallingArchive
from nemflow.tasks.nem.slots import Slot

SLOT = Slot(key="table-2014-01", folder="MMSDM", names=("file.zip",))


def now() -> datetime:
    return datetime(2014, 3, 1, tzinfo=UTC)


def test_what_could_not_be_had_is_not_asked_for_again(tmp_path) -> None:
    asked = []

    def fetch(folder, known) -> Holding:
        asked.append(folder)
        raise NotThere("no such file")

    archive = RecallingArchive(tmp_path / "archive", tmp_path / "locks")
    supply = Supply(lambda known: True, fetch, lambda path: None)
    for _ in range(3):
        with pytest.raises(NotThere, match="no such file"):
            archive.obtain(SLOT, supply, now)
    assert len(asked) == 1
