"""What lies beside a day that is not final: read back as written; nonsense is due at once."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nemflow.flows.nem.handover import Handover
from nemflow.flows.nem.months import CleanResult
from nemflow.flows.nem.places import clean_target, raw_target
from nemflow.flows.nem.raw_result import RawResult
from nemflow.flows.nem.standing import (
    Standing,
    clean_standing,
    is_due,
    raw_standing,
    read_standing,
    standing_path,
    write_standing,
)
from nemflow.tasks.nem.sources import Quality

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
KNOWN = Standing(Quality.LIVE, "dispatchis", NOW, datetime(2026, 12, 1, tzinfo=UTC), forced=True)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A day's file, which need not be there."""
    return tmp_path / "nem_prices_2026-11-20.parquet"


def test_a_standing_reads_back_as_it_was_written(target: Path) -> None:
    path = standing_path(target, DAY)
    write_standing(path, KNOWN)
    assert read_standing(path) == KNOWN
    assert not is_due(str(target), DAY, NOW)
    assert is_due(str(target), DAY, KNOWN.due_at)


def test_a_day_without_a_standing_is_final(target: Path) -> None:
    assert read_standing(standing_path(target, DAY)) is None
    assert not is_due(str(target), DAY, NOW)


@pytest.mark.parametrize("zone", ["", "+10:00"], ids=["without a zone", "with one"])
def test_an_instant_without_a_zone_makes_no_sense(target: Path, zone: str) -> None:
    path = standing_path(target, DAY)
    write_standing(path, KNOWN)
    path.write_text(path.read_text().replace("+00:00", zone))
    assert is_due(str(target), DAY, NOW) == (zone == "")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"{}", b"null", b"[" * 100_000])
def test_what_makes_no_sense_is_due_at_once(target: Path, content: bytes) -> None:
    standing_path(target, DAY).write_bytes(content)
    assert is_due(str(target), DAY, NOW)


# What killed writers left

WRITER = """
import sys, time
from nemflow import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_text("half")
    print(flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("stage", "written"),
    [("raw", raw_standing), ("raw", clean_standing), ("clean", clean_standing)],
    ids=["raw", "clean by raw", "clean"],
)
def test_the_standing_that_a_killed_run_was_writing_is_swept_with_the_day(
    tmp_path: Path, start, stage: str, written
) -> None:
    path = written(tmp_path, "nem_prices", DAY)
    dead, alive = start(WRITER, path), start(WRITER, path)
    for process in (dead, alive):
        process.stdout.readline()
    dead.kill()
    dead.wait()
    result = {
        "raw": RawResult(tmp_path, "nem_prices", Handover()),
        "clean": CleanResult(tmp_path, Handover()),
    }[stage]
    place = {"raw": raw_target, "clean": clean_target}[stage]("nem_prices").format(date=DAY)
    [swept] = result.sweep(place)
    assert f"-{dead.pid}-" in swept
    assert [f"-{alive.pid}-" in path.name for path in path.parent.glob(".*.part")] == [True]
