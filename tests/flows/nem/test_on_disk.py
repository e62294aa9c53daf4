"""Which days lie on the disk."""

from datetime import date

import pytest

from nemflow.flows.nem.on_disk import days_on_disk
from nemflow.flows.nem.places import clean_month, clean_target, raw_target

FIRST, LAST = date(2013, 12, 30), date(2014, 2, 2)
TEMPLATES = {"raw": raw_target("nem_prices"), "clean": clean_target("nem_prices")}


@pytest.fixture
def put(tmp_path):
    """Put a file of a size at the place that a template gives a day."""

    def put(template: str, day: date, size: int = 12) -> None:
        path = tmp_path / template.format(date=day)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))

    return put


@pytest.mark.parametrize("stage", TEMPLATES)
def test_days_are_found_in_all_folders_and_no_others(tmp_path, put, stage) -> None:
    wanted = {date(2013, 12, 30), date(2014, 1, 1), date(2014, 2, 2)}
    for day in (*wanted, date(2013, 12, 29), date(2014, 2, 3)):
        put(TEMPLATES[stage], day)
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST) == wanted


@pytest.mark.parametrize("stage", TEMPLATES)
def test_nothing_is_there_where_there_are_no_folders(tmp_path, stage) -> None:
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST) == set()


@pytest.mark.parametrize("stage", TEMPLATES)
def test_a_file_too_short_to_be_parquet_is_not_there(tmp_path, put, stage) -> None:
    put(TEMPLATES[stage], date(2014, 1, 1), size=11)
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST) == set()


def test_files_of_other_kinds_are_passed_over(tmp_path, put) -> None:
    day = date(2014, 1, 1)
    put(TEMPLATES["clean"], day)
    folder = (tmp_path / TEMPLATES["clean"].format(date=day)).parent
    for name in (
        ".nem_prices_2014-01-02.parquet.1234abcd-7-ff.part",
        ".nem_prices_2014-01-03.parquet.standing.json",
        "nem_prices_2014-01-99.parquet",
        "nem_prices_2014-01-04.csv",
        "notes.txt",
    ):
        (folder / name).write_bytes(bytes(20))
    assert days_on_disk(tmp_path, "nem_prices", "clean", FIRST, LAST) == {day}


def test_a_compacted_month_has_all_its_days(tmp_path, put) -> None:
    put(clean_month("nem_prices"), date(2014, 1, 1))
    found = days_on_disk(tmp_path, "nem_prices", "clean", FIRST, LAST)
    assert found == {date(2014, 1, number) for number in range(1, 32)}
