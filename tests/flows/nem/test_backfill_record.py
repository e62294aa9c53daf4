"""What is kept of backfills."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.backfill_record import KEPT, BackfillRecord, BackfillRecords, Failure

FIRST = BackfillRecord(
    started_at=datetime(2026, 11, 25, 2, tzinfo=UTC),
    data_dir="/data",
    dataset="nem_prices",
    stages=("raw", "clean"),
    source="auto",
    start=date(2014, 1, 1),
    end=date(2014, 12, 31),
    units=12,
    lacking=365,
    failures=(
        Failure(
            flow_run="nem_prices_raw_2014-02-03",
            flow="nem_prices_raw",
            date=date(2014, 2, 3),
            error="the server says no",
        ),
    ),
)


@pytest.fixture
def records(tmp_path):
    return BackfillRecords(tmp_path / "backfills")


def test_a_record_is_read_back_as_it_was_written(records):
    records.write(FIRST)
    assert records.last(FIRST.data_dir) == FIRST


def test_a_record_that_is_written_again_stays_one(records, tmp_path):
    records.write(FIRST)
    ended = replace(FIRST, ended_at=FIRST.started_at + timedelta(hours=1), failures=())
    records.write(ended)
    assert records.last(FIRST.data_dir) == ended
    assert len(list((tmp_path / "backfills").iterdir())) == 1


def test_the_last_is_that_of_the_data_directory_and_data_set(records):
    later = replace(FIRST, started_at=FIRST.started_at + timedelta(days=1), dataset="nem_demand")
    elsewhere = replace(FIRST, started_at=FIRST.started_at + timedelta(days=2), data_dir="/other")
    for record in (FIRST, elsewhere, later):
        records.write(record)
    assert records.last("/data") == later
    assert records.last("/data", "nem_prices") == FIRST
    assert records.last("/nowhere") is None


def test_a_record_that_makes_no_sense_is_passed_over(records, tmp_path):
    records.write(FIRST)
    for name, text in (("9.json", "half of i"), ("8.json", '{"schema": 99}'), ("7.json", "[]")):
        (tmp_path / "backfills" / name).write_text(text)
    assert records.last("/data") == FIRST


def test_the_oldest_are_forgotten(records, tmp_path):
    for number in range(KEPT + 3):
        records.write(replace(FIRST, started_at=FIRST.started_at + timedelta(seconds=number)))
    assert len(list((tmp_path / "backfills").iterdir())) == KEPT
