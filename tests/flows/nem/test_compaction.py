"""Day files of a whole, final month become one file, and nothing is lost on the way."""

import json
import os
import shutil
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nemflow import CannotSwap, TargetLock, parquet, read_prices, swap_folders
from nemflow.flows.nem.compaction import compact_months
from nemflow.flows.nem.exchange import Place, exchange, make_workspace
from nemflow.flows.nem.holdings import look_up_month
from nemflow.flows.nem.month_plan import Surroundings
from nemflow.flows.nem.month_table import put_days_into, read_day_file, write_month_file
from nemflow.flows.nem.months import DAYS_IN_A_GROUP
from nemflow.flows.nem.places import standing_of
from nemflow.flows.nem.provenance import split_facts
from nemflow.tasks.nem.market_time import Month

FEBRUARY = Month(2014, 2)
FIRST, LAST = FEBRUARY.first_day, FEBRUARY.last_day


@pytest.fixture
def where(tmp_path):
    """A data directory and locks; old folders are removed at once."""
    return Surroundings(
        data_dir=tmp_path / "data", lock_dir=tmp_path / "locks", grace_s=0, settle_s=0
    )


@pytest.fixture
def days(where, put_clean_days):
    """The day files of a February."""
    return put_clean_days(where.data_dir, FIRST, LAST)


@pytest.fixture
def month_path(days):
    """Where the compacted February lies."""
    return days[0].with_name("nem_prices_2014-02.parquet")


@pytest.fixture
def place(where, days, month_path):
    """February as the exchange of folders knows it."""
    return Place(
        folder=Path(os.path.realpath(month_path.parent)),
        file=month_path.name,
        days={path.name: day for path, day in zip(days, FEBRUARY.days(), strict=True)},
        workspaces=where.data_dir / "clean/.compacting",
        name="nem_prices_2014-02",
    )


def compact(where, **more):
    return list(compact_months(where, "nem_prices", **more))


def outcome_of(where) -> str:
    [record] = compact(where)
    return f"{record.outcome}: {record.reason}"


def rows_of(paths) -> pa.Table:
    return pa.concat_tables(parquet.read_table(path).replace_schema_metadata() for path in paths)


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def day_of(path: Path) -> date:
    return date.fromisoformat(path.stem.removeprefix("nem_prices_"))


def workspace_of(place: Place, days) -> tuple[Path, dict]:
    """Make what a compaction makes before it swaps."""
    workspace = make_workspace(place)
    read = [read_day_file(path, day_of(path)) for path in days]
    write_month_file(read, workspace / "month" / place.file)
    return workspace, {path.name: day.mark for path, day in zip(days, read, strict=True)}


def test_a_whole_final_month_becomes_one_file_with_the_same_rows(where, days, month_path):
    before, size = rows_of(days), sum(path.stat().st_size for path in days)
    [record] = compact(where)
    assert (record.outcome, record.files, record.rows) == ("compacted", 28, 28 * 240)
    assert (record.bytes_before, record.bytes_after) == (size, month_path.stat().st_size)
    assert parquet.read_table(month_path).replace_schema_metadata() == before
    assert files_below(where.data_dir) == {month_path.name}
    assert not (where.data_dir / "clean/.compacting").exists()
    assert list(where.lock_dir.glob("*.owner")) == []


def test_each_day_keeps_what_its_file_said(where, put_clean_days, month_path):
    put_clean_days(where.data_dir, LAST, source="bundle", files='[{"url": "u"}]')
    said = {day_of(path): parquet.read_metadata(path) for path in month_path.parent.iterdir()}
    compact(where)
    metadata = parquet.read_metadata(month_path)
    facts = split_facts(metadata)
    for day, own in said.items():
        for key in ("rows", "source", "quality", "made_at", "synthetic", "day"):
            assert facts[day][f"nemflow.{key}"] == own[f"nemflow.{key}"], (day, key)
    assert facts[LAST]["nemflow.files"] == '[{"url": "u"}]'
    assert "nemflow.files" not in facts[FIRST]
    assert metadata["nemflow.source"] == "bundle, mmsdm"
    assert len(json.loads(metadata["nemflow.days"])) == 28


def test_a_row_group_holds_a_few_whole_days(where, month_path):
    compact(where)
    counts = [group.num_rows for group in map(pq.read_metadata(month_path).row_group, range(6))]
    assert counts == [DAYS_IN_A_GROUP * 240] * 5 + [3 * 240]


def test_a_compacted_month_is_left_as_it_is(where, month_path):
    compact(where)
    before = month_path.stat()
    assert outcome_of(where) == "present: "
    assert month_path.stat() == before


def test_a_month_with_a_hole_is_left(where, days):
    days[4].unlink()
    assert outcome_of(where) == "not_whole: there is no 2014-02-05"
    assert len(files_below(where.data_dir)) == 27


def test_the_first_month_is_whole_without_the_days_before_the_market(where, put_clean_days):
    put_clean_days(where.data_dir, date(1998, 12, 7), date(1998, 12, 31))
    assert outcome_of(where) == "compacted: "


def test_a_month_with_a_standing_is_not_final(where, days):
    Path(standing_of(str(days[3]))).write_text("{}")
    assert outcome_of(where) == "not_final: 2014-02-04 may still change"
    assert all(path.exists() for path in days)


def test_a_day_that_says_it_is_preliminary_keeps_its_month_from_compaction(where, put_clean_days):
    put_clean_days(where.data_dir, FIRST, LAST)
    put_clean_days(where.data_dir, LAST, quality="preliminary")
    assert outcome_of(where) == "not_final: 2014-02-28 says that it is preliminary"


def test_a_damaged_day_fails_its_month_and_no_other(where, days, put_clean_days):
    put_clean_days(where.data_dir, date(2014, 4, 1), date(2014, 4, 30))
    days[2].write_bytes(b"PAR1")
    first, second = compact(where)
    assert first.outcome == "failed"
    assert str(days[2]) in first.reason
    assert second.outcome == "compacted"
    assert all(path.exists() for path in days)


def test_a_day_whose_rows_are_not_those_it_says_fails_its_month(where, days):
    table = parquet.read_table(days[2])
    parquet.write_table(table.slice(1), days[2])
    assert "failed: " in outcome_of(where)
    assert "does not say that it holds 239 rows of 2014-02-03" in outcome_of(where)


def test_a_dry_run_says_what_it_would_do_and_touches_nothing(where, days):
    [record] = compact(where, dry_run=True)
    assert (record.outcome, record.files) == ("planned", 28)
    assert all(path.exists() for path in days)
    assert not where.lock_dir.exists()


def test_a_month_of_which_a_day_is_being_made_is_left(where, days):
    with TargetLock(where.lock_dir, os.path.realpath(days[6])):
        assert outcome_of(where) == f"held: {days[6]} is being made by another process"
    assert outcome_of(where) == "compacted: "


def test_a_month_that_another_host_is_writing_to_is_left(where, days):
    part = days[0].with_name(f".{days[0].name}.00000000-1-abcdef.part")
    part.touch()
    assert "held: another host may be writing" in outcome_of(where)
    assert part.exists()


def test_a_day_beside_its_month_is_put_into_it(where, days, month_path, put_clean_days):
    compact(where)
    put_clean_days(where.data_dir, date(2014, 2, 9), source="bundle")
    assert outcome_of(where) == "compacted: "
    assert files_below(where.data_dir) == {month_path.name}
    table = parquet.read_table(month_path)
    assert table.num_rows == 28 * 240
    assert table["source"].to_pylist().count("bundle") == 240
    assert split_facts(parquet.read_metadata(month_path))[date(2014, 2, 9)]["nemflow.source"] == (
        "bundle"
    )


def test_what_comes_into_the_old_folder_unseen_is_brought_over(
    where, days, place, month_path, put_clean_days
):
    workspace, marks = workspace_of(place, days)
    put_clean_days(where.data_dir, date(2014, 2, 5), source="bundle")
    days[0].with_name(".theirs.part").write_text("unfinished")
    assert exchange(place, workspace, marks) == [date(2014, 2, 5)]
    assert parquet.read_table(month_path)["source"].to_pylist().count("bundle") == 240
    assert month_path.with_name(".theirs.part").read_text() == "unfinished"


def test_who_has_just_listed_the_days_fails_on_them_and_does_not_lose_them(
    where, days, place, month_path
):
    workspace, marks = workspace_of(place, days)
    looked = []

    def look_again():
        looked.append(all(path.is_file() for path in days))  # as pyarrow and DuckDB do
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(days[0], partitioning=None)
        with pytest.raises(duckdb.Error):
            duckdb.sql(f"select count(*) from '{days[3]}'").fetchall()
        with pytest.raises(pl.exceptions.PolarsError):
            pl.read_parquet(days[5], hive_partitioning=False)
        looked.append(len(read_prices("2014-02", "2014-02", data_dir=where.data_dir)))

    exchange(place, workspace, marks, look_again)
    assert looked == [True, 28 * 240]
    assert sorted(os.listdir(month_path.parent)) == [month_path.name]


def test_a_compaction_killed_while_the_days_names_are_still_there_is_healed(
    where, days, place, month_path
):
    def die():
        raise KeyboardInterrupt

    workspace, marks = workspace_of(place, days)
    with pytest.raises(KeyboardInterrupt):
        exchange(place, workspace, marks, die)
    assert len(os.listdir(month_path.parent)) == 29
    assert outcome_of(where) == "present: "
    assert files_below(where.data_dir) == {month_path.name}


def test_a_compaction_killed_before_the_swap_is_done_anew(where, days, place, month_path):
    workspace_of(place, days)
    assert outcome_of(where) == "compacted: "
    assert files_below(where.data_dir) == {month_path.name}


def test_a_compaction_killed_after_the_swap_loses_nothing_that_came_unseen(
    where, days, place, month_path, put_clean_days
):
    workspace, marks = workspace_of(place, days)
    exchange(place, workspace, marks)
    # What another machine wrote into the old folder in the instant of the swap.
    put_clean_days(where.data_dir, date(2014, 2, 5), source="bundle")
    os.replace(days[4], workspace / "month" / days[4].name)
    assert outcome_of(where) == "present: "
    assert files_below(where.data_dir) == {month_path.name}
    assert parquet.read_table(month_path)["source"].to_pylist().count("bundle") == 240


def test_what_was_brought_over_once_does_not_undo_what_is_newer(
    where, days, place, month_path, put_clean_days
):
    workspace, marks = workspace_of(place, days)
    put_clean_days(where.data_dir, date(2014, 2, 5), source="bundle")
    exchange(place, workspace, marks)  # and killed before the old folder is removed
    [path] = put_clean_days(where.data_dir, date(2014, 2, 5), source="dispatchis")
    put_days_into(month_path, [read_day_file(path, date(2014, 2, 5))])
    path.unlink()
    assert outcome_of(where) == "present: "
    sources = parquet.read_table(month_path)["source"].to_pylist()
    assert (sources.count("bundle"), sources.count("dispatchis")) == (0, 240)


def test_the_workspace_of_another_host_is_let_be_for_a_day(where, days, place):
    foreign = place.workspaces / "nem_prices_2014-02.elsewhere.00000000"
    foreign.mkdir(parents=True)
    assert outcome_of(where) == "compacted: "
    assert foreign.exists()
    os.utime(foreign, (0, 0))
    assert outcome_of(where) == "present: "
    assert not foreign.exists()


def test_an_old_folder_is_kept_for_those_that_have_just_opened_it(tmp_path, days):
    waited = []
    where = Surroundings(
        data_dir=tmp_path / "data",
        lock_dir=None,
        grace_s=5,
        settle_s=0,
        clock=lambda: sum(waited),
        sleep=waited.append,
    )
    handle = os.open(days[0].parent, os.O_RDONLY)
    try:
        records = compact_months(where, "nem_prices")
        assert next(records).outcome == "compacted"
        assert len(os.listdir(handle)) == 28
        assert list(records) == []
        assert os.listdir(handle) == []
    finally:
        os.close(handle)
    assert waited == [5]


def test_where_folders_cannot_be_swapped_nothing_is_compacted_and_one_sentence_says_so(
    where, put_clean_days, days
):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == days[0].stat().st_dev:
        pytest.skip("there is no second file system here")
    away = memory / f"nemflow-test-{os.getpid()}"
    put_clean_days(where.data_dir, date(2014, 4, 1), date(2014, 4, 30))
    try:
        os.makedirs(away)
        with pytest.raises(CannotSwap):
            swap_folders(days[0].parent, away)
        (where.data_dir / "clean/.compacting").symlink_to(away)
        [record] = compact(where)  # and does not try April
        assert record.outcome == "cannot_swap"
        assert "cannot swap two folders in one step" in record.reason
        assert list(away.iterdir()) == []
    finally:
        shutil.rmtree(away)
    assert look_up_month(where.data_dir, "nem_prices", FEBRUARY).compacted is None


def test_only_the_months_asked_for_are_compacted(where, days):
    assert compact(where, months=[Month(2014, 3)]) == []
    assert all(path.exists() for path in days)


def test_where_no_folder_can_be_there_is_nothing_to_compact(tmp_path):
    (tmp_path / "data").touch()
    where = Surroundings(data_dir=tmp_path / "data", lock_dir=None)
    assert list(compact_months(where, "nem_prices", [Month(2014, 1)])) == []
