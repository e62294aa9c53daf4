"""What lies beside a file of the archive: read back as written, or not believed at all."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sidecar import Sidecar, Single, read_sidecar, sidecar_path, write_sidecar
from nemflow.tasks.nem.sources import Source

KNOWN = Sidecar(
    slot="DISPATCHPRICE-2024-09",
    source=Source.MMSDM,
    url="https://example.org/a.zip",
    sha256="0" * 64,
    size=17,
    fetched_at=datetime(2024, 10, 12, 1, 2, 3, tzinfo=UTC),
    created="2024/10/08 09:36:05",
    last_stamp=datetime(2024, 10, 1, tzinfo=NEM_TIME),
    complete=True,
    synthetic=False,
    etag='"x"',
    last_modified="",
    singles=(Single("b.zip", "https://example.org/b.zip", "1" * 64, 4),),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a sidecar."""
    path = tmp_path / "a.zip"
    write_sidecar(path, KNOWN)
    return path


def test_a_sidecar_reads_back_as_it_was_written(file: Path) -> None:
    assert read_sidecar(file) == KNOWN


@pytest.mark.parametrize("field", ["fetched_at", "last_stamp"])
def test_an_instant_without_a_zone_makes_no_sense(file: Path, field: str) -> None:
    fields = json.loads(sidecar_path(file).read_text())
    sidecar_path(file).write_text(json.dumps({**fields, field: "2024-10-01T00:00:00"}))
    assert read_sidecar(file) is None


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_brackets_without_end_make_no_sense(file: Path, text: str) -> None:
    sidecar_path(file).write_text(text)
    assert read_sidecar(file) is None
