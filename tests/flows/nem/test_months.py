"""A day of a compacted month: found in the month's file, and replaced in it alone."""

import json
import logging
import os
import threading
from datetime import date, timedelta

import pyarrow as pa
import pytest

from nemflow import TargetLock, parquet
from nemflow.errors import MarketError
from nemflow.flows.nem.handover import Handover
from nemflow.flows.nem.months import (
    CleanPlace,
    CleanResult,
    join_days,
    replace_day,
    write_clean,
)
from nemflow.flows.nem.places import clean_month
from nemflow.flows.nem.provenance import split_facts

FIRST, SECOND, THIRD = date(1999, 1, 3), date(1999, 1, 4), date(1999, 1, 5)


@pytest.fixture
def month_path(job):
    """Where the compacted month of the job lies."""
    return job.market.data_dir / clean_month("nem_prices").format(date=FIRST)


@pytest.fixture
def compacted(job, month_path):
    """A job whose first two days lie in a compacted month."""
    for day in (FIRST, SECOND):
        assert job.run(day).is_successful(), job.states
    write_clean(join_days([job.clean(SECOND), job.clean(FIRST)]), month_path)
    for day in (FIRST, SECOND):
        job.clean_path(day).unlink()
    return job


def _rows_of(table: pa.Table, day: date) -> list[dict[str, object]]:
    return [
        row
        for row in table.to_pylist()
        if (row["interval_end"] - timedelta(seconds=1)).date() == day
    ]


def _write(data_dir, path, work=lambda temporary: pytest.fail("nothing may be made")) -> None:
    with CleanResult(data_dir, Handover()).writing(str(path.relative_to(data_dir))) as temporary:
        work(temporary)


def _facts(path) -> dict[str, dict[str, str]]:
    return json.loads(parquet.read_metadata(path)["nemflow.days"])


def test_a_month_of_days_is_sorted_and_knows_each_day(compacted, month_path):
    month = parquet.read_table(month_path)
    keys = list(zip(month["interval_end"].to_pylist(), month["region"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert len(keys) == 2 * 48 * 4
    metadata = parquet.read_metadata(month_path)
    assert metadata["nemflow.rows"] == str(2 * 48 * 4)
    assert metadata["nemflow.source"] == "SYNTHETIC price-and-demand"
    assert metadata["nemflow.quality"] == "final"
    assert metadata["nemflow.synthetic"] == "true"
    assert list(_facts(month_path)) == ["1999-01-03", "1999-01-04"]
    assert _facts(month_path)["1999-01-03"]["nemflow.rows"] == "192"


def test_a_day_of_a_compacted_month_is_there_and_not_made_again(compacted, month_path):
    before = month_path.stat().st_ino
    assert compacted.run(FIRST).is_successful()
    assert compacted.states["load"].is_cached()
    assert month_path.stat().st_ino == before
    assert not compacted.clean_path(FIRST).exists()


def test_a_day_that_is_made_again_replaces_its_rows_in_the_month_and_no_others(
    compacted, month_path
):
    month = parquet.read_table(month_path)
    spoilt = month.set_column(
        month.schema.get_field_index("rrp"), "rrp", pa.array([-1.0] * month.num_rows)
    )
    write_clean(spoilt.cast(month.schema), month_path)
    assert compacted.run(FIRST, force=True).is_successful(), compacted.states
    made = parquet.read_table(month_path)
    assert _rows_of(made, FIRST) == _rows_of(month, FIRST)
    assert _rows_of(made, SECOND) == _rows_of(spoilt, SECOND)
    assert made.num_rows == month.num_rows
    assert list(_facts(month_path)) == ["1999-01-03", "1999-01-04"]
    assert not compacted.clean_path(FIRST).exists()
    assert compacted.leftovers() == []


def test_a_month_without_facts_of_its_days_takes_a_day_as_well(compacted, month_path):
    bare = parquet.read_table(month_path).replace_schema_metadata(None)
    write_clean(bare, month_path)
    assert compacted.run(SECOND, force=True).is_successful(), compacted.states
    assert parquet.read_table(month_path).num_rows == bare.num_rows
    assert parquet.read_metadata(month_path)["nemflow.rows"] == str(bare.num_rows)
    assert list(_facts(month_path)) == ["1999-01-04"]


def test_a_run_that_fails_leaves_the_month_as_it_was(compacted, month_path):
    before = month_path.read_bytes()
    compacted.raw_path(FIRST).unlink()
    assert compacted.run(FIRST, "clean", force=True).is_failed()
    assert month_path.read_bytes() == before
    assert compacted.leftovers() == []


def test_a_day_never_lies_beside_the_month_that_was_compacted_meanwhile(compacted, month_path):
    data_dir, day_path = compacted.market.data_dir, compacted.clean_path(THIRD)
    with pytest.raises(MarketError, match="was compacted meanwhile; run again"):
        _write(data_dir, day_path)
    away = month_path.rename(month_path.with_suffix(".away"))

    def write_while_another_compacts(temporary):
        temporary.write_bytes(b"rows")
        away.rename(month_path)

    with pytest.raises(MarketError, match="was compacted meanwhile; run again"):
        _write(data_dir, day_path, write_while_another_compacts)
    assert not day_path.exists()


def test_a_run_that_waited_for_a_compaction_finds_the_day_in_its_month(compacted, month_path):
    away = month_path.rename(month_path.with_suffix(".away"))
    lock = TargetLock(compacted.market.lock_dir, os.path.realpath(compacted.clean_path(FIRST)))
    waits, ends = threading.Event(), []
    handler = logging.Handler()
    handler.emit = lambda record: waits.set() if "waiting" in record.getMessage() else None
    logging.getLogger("nemflow").addHandler(handler)
    run = threading.Thread(target=lambda: ends.append(compacted.run(FIRST, "clean")))
    try:
        with lock:
            run.start()
            assert waits.wait(60)
            away.rename(month_path)
            inode = month_path.stat().st_ino
    finally:
        run.join()
        logging.getLogger("nemflow").removeHandler(handler)
    [end] = ends
    assert end.is_successful(), compacted.states
    assert compacted.states["load"].is_cached()
    assert month_path.stat().st_ino == inode
    assert not compacted.clean_path(FIRST).exists()


def test_a_column_that_only_newer_days_have_is_null_in_the_others(compacted, month_path):
    month = parquet.read_table(month_path)
    facts = {"nemflow.day": "1999-01-05", "nemflow.rows": "1"}
    newer = month.slice(0, 1).append_column("more", pa.array([1])).replace_schema_metadata(facts)
    joined = join_days([month, newer])
    assert joined["more"].null_count == month.num_rows
    assert joined.num_rows == month.num_rows + 1


def test_what_was_said_of_each_day_can_be_read_from_day_and_month_alike(job, month_path):
    for day in (FIRST, SECOND):
        assert job.run(day).is_successful(), job.states
    said = {day: parquet.read_metadata(job.clean_path(day)) for day in (FIRST, SECOND)}
    assert split_facts(said[FIRST]) == {FIRST: said[FIRST]}
    write_clean(join_days([job.clean(FIRST), job.clean(SECOND)]), month_path)
    assert split_facts(parquet.read_metadata(month_path)) == said
    assert split_facts({}) == {}


def test_a_month_of_one_day_is_never_made_in_place_of_one_that_is_gone(compacted, month_path):
    month_path.unlink()
    with pytest.raises(MarketError, match="is gone; run again"):
        _write(compacted.market.data_dir, month_path)


def test_the_place_of_a_day_is_its_month_only_while_there_is_one(compacted, month_path):
    place = CleanPlace(compacted.market.data_dir, "nem_prices")
    assert compacted.market.data_dir / place(date=FIRST) == month_path
    month_path.unlink()
    assert compacted.market.data_dir / place(date=FIRST) == compacted.clean_path(FIRST)


def test_a_table_that_does_not_name_its_day_joins_no_month(compacted, month_path):
    month = parquet.read_table(month_path)
    with pytest.raises(MarketError, match=r"without nemflow\.day"):
        replace_day(month, month.slice(0, 5).replace_schema_metadata(None))


def test_a_month_is_as_settled_as_its_least_settled_day(compacted, month_path):
    month = parquet.read_table(month_path)
    facts = {"nemflow.day": "1999-01-03", "nemflow.quality": "preliminary", "nemflow.rows": "1"}
    joined = replace_day(month, month.slice(0, 1).replace_schema_metadata(facts))
    assert joined.schema.metadata[b"nemflow.quality"] == b"preliminary"
    assert joined.schema.metadata[b"nemflow.rows"] == b"193"
