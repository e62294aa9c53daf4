"""Questions to the stored prices, and what is said of days that are not there."""

from datetime import date, datetime

import pytest

from nemflow.errors import DefinitionError, MissingDays, ParameterError
from nemflow.flows.nem.question import ask, describe_missing, fetch_command, find_days, find_regions
from nemflow.tasks.nem.market_time import NEM_TIME

NOW = datetime(2026, 11, 5, 9, tzinfo=NEM_TIME)


@pytest.mark.parametrize("word", ["SA1", "sa1", "SA", " sa "])
def test_a_region_may_be_written_short_and_in_any_case(word):
    assert find_regions([word, "SA1"]) == ("SA1",)


def test_an_unknown_region_is_refused_with_the_nearest_and_all():
    with pytest.raises(
        ParameterError, match=r"no region 'SB1'; did you mean 'SA1'\? There are NSW1"
    ):
        find_regions(["sb1"])


@pytest.mark.parametrize("what", ["regions", "columns"])
def test_none_of_something_is_not_all_of_it(tmp_path, what):
    with pytest.raises(ParameterError, match=f"{what} names none; leave it out to have all"):
        ask("2014", "2014", data_dir=tmp_path, now=NOW, **{what: []})


def test_an_unknown_data_set_is_refused(tmp_path):
    with pytest.raises(DefinitionError, match="did you mean nem_prices"):
        ask("2014", "2014", data_dir=tmp_path, dataset="nem_price", now=NOW)


def test_missing_days_are_named_as_ranges_with_the_command_that_fetches_them(
    tmp_path, put_clean_days
):
    put_clean_days(tmp_path, date(2014, 1, 3), date(2014, 1, 4))
    question = ask("2014-01-01", "2014-01-06", data_dir=tmp_path, now=NOW)
    found = find_days(question, NOW)
    assert describe_missing(found, question) == (
        f"4 of 6 days of nem_prices are not in {tmp_path}: "
        "2014-01-01 to 2014-01-02, 2014-01-05 to 2014-01-06"
    )
    command = fetch_command(found.missing, "nem_demand", ["--data-dir", "a b"])
    assert command == (
        "nemflow backfill nem_demand --start 2014-01-01 --end 2014-01-06 --data-dir 'a b'"
    )


def test_a_time_that_nothing_can_be_known_of_is_an_error(tmp_path):
    question = ask("1990", "1991", data_dir=tmp_path, now=NOW)
    with pytest.raises(MissingDays, match="the first day is 1998-12-07, and today is 2026-11-05"):
        find_days(question, NOW)


def test_days_before_the_data_set_are_not_missing(tmp_path):
    question = ask(
        "2024-07", "2024-08-03", data_dir=tmp_path, dataset="nem_average_prices", now=NOW
    )
    assert find_days(question, NOW).missing == [date(2024, 8, n) for n in (1, 2, 3)]


def test_what_lies_all_before_the_data_set_is_an_error_that_says_what_to_take(tmp_path):
    question = ask("2024-07", "2024-07", data_dir=tmp_path, dataset="nem_average_prices", now=NOW)
    said = (
        r"no nem_average_prices from 2024-07-01 to 2024-07-31: the first day is 2024-08-01, .*"
        "; take the half-hour means of nem_trading_prices: "
        "nemflow prices --dataset nem_trading_prices --resample 30min$"
    )
    with pytest.raises(MissingDays, match=said):
        find_days(question, NOW)
