"""What a run would ask of AEMO: requests and bytes."""

from datetime import date, datetime, timedelta

import pytest

from nemflow.flows.nem.estimate import estimate
from nemflow.tasks.nem.datasets import NEM_AVERAGE_PRICES, NEM_PRICES, NEM_TRADING_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sources import Source

NOW = datetime(2026, 11, 25, 12, tzinfo=NEM_TIME)


def days(first, last):
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.fixture
def ask(tmp_path):
    def ask(*span, dataset=NEM_PRICES, forced=None):
        return estimate(dataset, days(*span), tmp_path / "archive", NOW, forced)

    return ask


def test_a_month_of_tables_is_one_file_and_its_listing(ask):
    asked = ask(date(2020, 1, 1), date(2020, 1, 31))
    assert (asked.requests, asked.files, asked.size) == (2, 1, 1_800_000)
    assert asked.sources == {Source.MMSDM: 31}
    assert not asked.learned


def test_a_month_of_a_bundle_takes_parts_of_it(ask):
    asked = ask(date(2014, 1, 1), date(2014, 1, 2))
    assert (asked.requests, asked.files) == (3, 1)


@pytest.mark.parametrize(("day", "files"), [(date(2000, 1, 1), 4), (date(2006, 1, 1), 5)])
def test_before_that_it_is_a_file_for_each_region(ask, day, files):
    asked = ask(day, day)
    assert (asked.requests, asked.files, asked.size) == (files, files, files * 67_000)


def test_a_recent_day_takes_two_trading_days_and_a_listing(ask):
    asked = ask(date(2026, 11, 20), date(2026, 11, 20))
    assert (asked.requests, asked.files) == (3, 2)
    assert asked.sources == {Source.PUBLIC_PRICES: 1}
    neighbours = ask(date(2026, 11, 20), date(2026, 11, 22))
    assert (neighbours.requests, neighbours.files) == (5, 4)  # they share trading days and listing


def test_what_is_not_published_is_not_asked_for(ask):
    assert ask(date(2026, 11, 26), date(2026, 11, 26)).requests == 0


def test_what_the_archive_has_is_not_asked_for_again(ask, tmp_path, stored_days):
    stored_days.put_archived(tmp_path, b"a month")
    asked = ask(date(2014, 1, 1), date(2014, 1, 31))
    assert (asked.requests, asked.files, asked.held) == (0, 0, 1)


def test_sizes_are_those_of_the_files_that_are_here(ask, tmp_path, stored_days):
    stored_days.put_archived(tmp_path, bytes(1000), "202001")
    stored_days.put_archived(tmp_path, bytes(3000), "202002")
    asked = ask(date(2020, 1, 1), date(2020, 4, 30))
    assert (asked.files, asked.held, asked.size, asked.learned) == (2, 2, 2 * 2000, True)
    other = ask(date(2020, 1, 1), date(2020, 1, 1), dataset=NEM_TRADING_PRICES)
    assert (other.size, other.learned) == (140_000, False)


def test_sizes_of_months_with_hash_names_count_as_well(ask, tmp_path):
    folder = tmp_path / "archive/MMSDM/2024/MMSDM_2024_08"
    folder.mkdir(parents=True)
    (folder / "PUBLIC_ARCHIVE#AVERAGEPRICE30#FILE01#202408010000.zip").write_bytes(bytes(500))
    (folder / "PUBLIC_ARCHIVE#AVERAGEPRICE30X#FILE01#202408010000.zip").write_bytes(bytes(9))
    asked = ask(date(2024, 9, 1), date(2024, 9, 1), dataset=NEM_AVERAGE_PRICES)
    assert (asked.files, asked.size, asked.learned) == (1, 500, True)


def test_a_source_that_is_forced_is_asked(ask):
    asked = ask(date(2024, 1, 1), date(2024, 1, 1), forced=Source.PRICE_AND_DEMAND)
    assert (asked.requests, asked.size) == (5, 5 * 390_000)
    assert ask(date(2024, 1, 1), date(2024, 1, 1), forced=Source.BUNDLE).requests == 0
