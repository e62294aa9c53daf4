"""What lies on the disk, by names: days, compacted months, standings; and what does not count."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.on_disk import PLACEHOLDER, days_on_disk, look, years_on_disk
from nemflow.flows.nem.places import clean_month, clean_target, raw_target, standing_of
from nemflow.flows.nem.standing import Standing, clean_standing, raw_standing, write_standing
from nemflow.tasks.nem.sources import Quality

PARQUET = b"PAR1" + bytes(8) + b"PAR1"
DAY = date(2014, 1, 31)
NOW = datetime(2014, 3, 1, tzinfo=UTC)
YEAR = (date(2014, 1, 1), date(2014, 12, 31))


@pytest.fixture
def put(tmp_path):
    """Put a file at a place for a day."""

    def put(template, day=DAY, content=PARQUET):
        path = tmp_path / template.format(date=day)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


@pytest.mark.parametrize(("stage", "place"), [("raw", raw_target), ("clean", clean_target)])
def test_a_day_is_found_by_its_name(put, tmp_path, stage, place):
    path = put(place("nem_prices"))
    stored = look(tmp_path, "nem_prices", stage, *YEAR)
    assert {day: file.path for day, file in stored.files.items()} == {DAY: str(path)}
    assert (stored.files[DAY].size, stored.files[DAY].changed_at) == (16, path.stat().st_mtime)


@pytest.mark.parametrize(("stage", "place"), [("raw", raw_target), ("clean", clean_target)])
def test_days_are_found_in_all_folders_of_the_span(put, tmp_path, stage, place):
    wanted = {date(2013, 12, 30), date(2014, 1, 1), date(2014, 2, 2)}
    for day in (*wanted, date(2013, 12, 29), date(2014, 2, 3)):
        put(place("nem_prices"), day)
    found = days_on_disk(tmp_path, "nem_prices", stage, min(wanted), max(wanted), NOW)
    assert found == wanted


def test_days_outside_the_span_are_left_out(put, tmp_path):
    put(raw_target("nem_prices"))
    there = days_on_disk(tmp_path, "nem_prices", "raw", date(2014, 2, 1), date(2014, 12, 31), NOW)
    assert there == set()


def test_a_compacted_month_is_the_file_of_all_its_days(put, tmp_path):
    path = put(clean_month("nem_prices"))
    stored = look(tmp_path, "nem_prices", "clean", date(2014, 1, 30), date(2014, 2, 2))
    assert list(stored.files) == [date(2014, 1, 30), DAY]
    assert stored.files[DAY].is_month
    assert stored.files[DAY].path == str(path)


def test_a_day_of_its_own_beside_its_month_counts_for_the_month_does_not_have_it_yet(put, tmp_path):
    put(clean_month("nem_prices"))
    path = put(clean_target("nem_prices"))
    assert look(tmp_path, "nem_prices", "clean", *YEAR).files[DAY].path == str(path)


def test_a_standing_is_found_beside_its_day(put, tmp_path):
    put(clean_target("nem_prices"))
    standing = put(standing_of(clean_target("nem_prices")), content=b"{}")
    assert look(tmp_path, "nem_prices", "clean", *YEAR).standings == {DAY: str(standing)}


@pytest.mark.parametrize(
    "name",
    [
        "nem_prices_raw_2014-02-30.parquet",
        "nem_prices_raw_2014-01-31.parquet.damaged",
        "nem_prices_clean_2014-01-31.parquet",
        ".nem_prices_raw_2014-01-31.parquet.0a1b2c3d-17-ff.part",
        "notes.txt",
    ],
)
def test_other_files_do_not_count(put, tmp_path, name):
    put(f"raw/nem_prices/2014/{name}")
    assert not look(tmp_path, "nem_prices", "raw", *YEAR).files


def test_a_file_too_short_to_be_parquet_does_not_count(put, tmp_path):
    put(raw_target("nem_prices"), content=b"PAR1")
    assert not days_on_disk(tmp_path, "nem_prices", "raw", *YEAR, NOW)


def test_no_folder_is_no_days(tmp_path):
    assert not days_on_disk(tmp_path, "nem_prices", "clean", *YEAR, NOW)
    assert years_on_disk(tmp_path, "nem_prices") == []


def test_years_are_those_of_either_stage(put, tmp_path):
    put(raw_target("nem_prices"), date(2016, 1, 1))
    put(clean_target("nem_prices"), date(2014, 1, 1))
    put("raw/nem_prices/leftovers/x")
    assert years_on_disk(tmp_path, "nem_prices") == [2014, 2016]


def test_a_day_that_has_moved_into_its_month_is_the_months(put, tmp_path):
    month = put(clean_month("nem_prices"))
    put(clean_target("nem_prices"), content=PLACEHOLDER)
    assert look(tmp_path, "nem_prices", "clean", *YEAR).files[DAY].path == str(month)


@pytest.mark.parametrize(
    ("stage", "target", "place"),
    [("raw", raw_target, raw_standing), ("clean", clean_target, clean_standing)],
)
def test_a_day_for_which_something_better_is_due_is_there_but_does_not_count(
    put, tmp_path, stage, target, place
):
    due, later = date(2014, 1, 1), date(2014, 1, 2)
    for day, when in ((due, NOW), (later, NOW + timedelta(days=1))):
        put(target("nem_prices"), day)
        standing = Standing(Quality.PRELIMINARY, "public-prices", NOW, when)
        write_standing(place(tmp_path, "nem_prices", day), standing)
    assert days_on_disk(tmp_path, "nem_prices", stage, *YEAR, NOW) == {later}
    assert set(look(tmp_path, "nem_prices", stage, *YEAR).files) == {due, later}


@pytest.mark.parametrize(("stage", "target"), [("raw", raw_target), ("clean", clean_target)])
def test_a_day_beside_whose_file_something_unfinished_lies_does_not_count(
    put, tmp_path, stage, target
):
    day, whole = date(2014, 1, 1), date(2014, 1, 2)
    put(target("nem_prices"), whole)
    final = put(target("nem_prices"), day)
    final.with_name(f".{final.name}.1234abcd-7-ff00.part").write_bytes(b"half")
    assert days_on_disk(tmp_path, "nem_prices", stage, *YEAR, NOW) == {whole}
    assert set(look(tmp_path, "nem_prices", stage, *YEAR).files) == {day, whole}
