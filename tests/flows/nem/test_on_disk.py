"""Which days lie on the disk."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.on_disk import days_on_disk
from nemflow.flows.nem.places import clean_month, clean_target, raw_target
from nemflow.flows.nem.standing import Standing, clean_standing, raw_standing, write_standing
from nemflow.tasks.nem.sources import Quality

FIRST, LAST = date(2013, 12, 30), date(2014, 2, 2)
NOW = datetime(2014, 3, 1, tzinfo=UTC)
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
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST, NOW) == wanted


@pytest.mark.parametrize("stage", TEMPLATES)
def test_nothing_is_there_where_there_are_no_folders(tmp_path, stage) -> None:
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST, NOW) == set()


@pytest.mark.parametrize("stage", TEMPLATES)
def test_a_file_too_short_to_be_parquet_is_not_there(tmp_path, put, stage) -> None:
    put(TEMPLATES[stage], date(2014, 1, 1), size=11)
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST, NOW) == set()


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
    assert days_on_disk(tmp_path, "nem_prices", "clean", FIRST, LAST, NOW) == {day}


def test_a_compacted_month_has_all_its_days(tmp_path, put) -> None:
    put(clean_month("nem_prices"), date(2014, 1, 1))
    found = days_on_disk(tmp_path, "nem_prices", "clean", FIRST, LAST, NOW)
    assert found == {date(2014, 1, number) for number in range(1, 32)}


@pytest.mark.parametrize(("stage", "place"), [("raw", raw_standing), ("clean", clean_standing)])
def test_a_day_for_which_something_better_is_due_does_not_count(
    tmp_path, put, stage, place
) -> None:
    due, later = date(2014, 1, 1), date(2014, 1, 2)
    for day, due_at in ((due, NOW), (later, NOW + timedelta(seconds=1))):
        put(TEMPLATES[stage], day)
        standing = Standing(Quality.PRELIMINARY, "public-prices", NOW, due_at)
        write_standing(place(tmp_path, "nem_prices", day), standing)
    assert days_on_disk(tmp_path, "nem_prices", stage, FIRST, LAST, NOW) == {later}
