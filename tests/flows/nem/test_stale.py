"""Which stored days are stale, by a look into their files."""

from datetime import date, timedelta

import pytest

from nemflow.flows.nem.stale import Making, find_stale

DAY = date(2014, 1, 1)


@pytest.fixture
def stale(tmp_path):
    """Return the stale stages of the day, and why."""

    def stale(versions=None, recorded=None):
        making = Making(versions=versions or {}, recorded=recorded or {})
        found = find_stale(tmp_path, "nem_prices", DAY, DAY, making)
        return {stage: why for (stage, _), why in found.items()}

    return stale


@pytest.fixture
def put_archived(stored_days):
    return stored_days.put_archived


@pytest.fixture
def put_day(stored_days):
    return stored_days.put_day


@pytest.fixture
def put(tmp_path, put_archived, put_day):
    """Put both stages of the day, made of one file of the archive."""
    archived = put_archived(tmp_path, b"a month")

    def put(**facts):
        return [put_day(tmp_path, DAY, stage, archived, **facts) for stage in ("raw", "clean")]

    put()
    return put


def test_a_day_made_of_the_archives_file_is_not_stale(put, stale):
    assert stale() == {}


def test_a_raw_day_is_stale_when_its_file_was_issued_again(put, stale, tmp_path, put_archived):
    put_archived(tmp_path, b"the month, issued again")
    assert stale() == {
        "raw": "the archive has another PUBLIC_DVD_DISPATCHPRICE_201401010000.zip by now"
    }


def test_a_file_that_left_the_archive_makes_nothing_stale(put, stale, tmp_path, put_archived):
    put_archived(tmp_path, b"x").unlink()
    assert stale() == {}


def test_a_clean_day_is_stale_when_the_raw_one_is_of_other_files(
    put, stale, tmp_path, put_archived, put_day
):
    put_day(tmp_path, DAY, "raw", put_archived(tmp_path, b"another"))
    assert stale() == {"clean": "the raw file is of other published files by now"}


def test_a_clean_day_is_stale_when_the_raw_one_was_made_later(
    put, stale, tmp_path, put_archived, put_day, stored_days
):
    later = stored_days.MADE_AT + timedelta(seconds=1)
    put_day(tmp_path, DAY, "raw", put_archived(tmp_path, b"a month"), made_at=later)
    assert stale() == {"clean": "the raw file is newer"}


def test_a_day_made_by_other_code_is_stale(put, stale):
    put(flow_version="1111")
    assert stale({"raw": "1111", "clean": "1111"}) == {}
    why = "made by other code (version 1111, now 2222)"
    assert stale({"raw": "1111", "clean": "2222"}) == {"clean": why}


def test_the_history_tells_what_made_a_file_that_does_not(put, stale):
    versions = {"raw": "2222", "clean": "2222"}
    assert stale(versions) == {}
    why = "made by other code (version 1111, now 2222)"
    assert stale(versions, {("raw", DAY): "1111"}) == {"raw": why}
    put(flow_version="2222")
    assert stale(versions, {("raw", DAY): "1111"}) == {}


def test_a_file_that_cannot_be_read_is_stale(put, stale):
    _, clean = put()
    clean.write_bytes(b"PAR1" + bytes(8) + b"PAR1")
    assert stale() == {"clean": "the file cannot be read"}
