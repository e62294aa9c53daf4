"""Which clean days are there, by names alone."""

from datetime import date

from nemflow.flows.nem.holdings import describe_days, look_up_month, stored_months, survey
from nemflow.tasks.nem.market_time import Month

JANUARY = Month(2014, 1)


def put(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_a_folder_tells_days_month_standings_and_the_rest(tmp_path):
    folder = tmp_path / "clean/nem_prices/year=2014/month=01"
    put(folder, "nem_prices_2014-01-02.parquet", "nem_prices_2014-01-01.parquet")
    put(folder, ".nem_prices_2014-01-02.parquet.standing.json", "nem_prices_2014-01.parquet")
    put(folder, "nem_prices_2014-02-01.parquet", "notes.txt")
    holding = look_up_month(tmp_path, "nem_prices", JANUARY)
    assert list(holding.days) == [date(2014, 1, 1), date(2014, 1, 2)]
    assert holding.compacted == "nem_prices_2014-01.parquet"
    assert holding.not_final == {date(2014, 1, 2)}
    assert holding.others == ("nem_prices_2014-02-01.parquet", "notes.txt")


def test_a_month_without_a_folder_holds_nothing(tmp_path):
    assert look_up_month(tmp_path, "nem_prices", JANUARY).held_days() == set()
    assert stored_months(tmp_path, "nem_prices") == []


def test_a_compacted_month_holds_all_its_days(tmp_path):
    put(tmp_path / "clean/nem_prices/year=2014/month=01", "nem_prices_2014-01.parquet")
    assert len(look_up_month(tmp_path, "nem_prices", JANUARY).held_days()) == 31


def test_the_months_are_those_that_have_a_folder(tmp_path):
    for folder in ("year=2014/month=02", "year=2013/month=12", "year=2014/month=13", "year=x"):
        put(tmp_path / "clean/nem_prices" / folder)
    assert stored_months(tmp_path, "nem_prices") == [Month(2013, 12), Month(2014, 2)]


def test_a_survey_names_the_months_that_are_there_and_the_days_that_are_not(tmp_path):
    put(tmp_path / "clean/nem_prices/year=2014/month=01", "nem_prices_2014-01-30.parquet")
    put(tmp_path / "clean/nem_prices/year=2014/month=02", "nem_prices_2014-02.parquet")
    put(tmp_path / "clean/nem_prices/year=2014/month=03", "nem_prices_2014-03-09.parquet")
    days = [date(2014, 1, 30), date(2014, 1, 31), date(2014, 2, 1), date(2014, 3, 1)]
    assert survey(tmp_path, "nem_prices", days) == (
        [JANUARY, Month(2014, 2)],
        [date(2014, 1, 31), date(2014, 3, 1)],
    )


def test_many_gaps_are_cut_short_and_counted():
    days = [date(2014, 1, number) for number in range(1, 31, 2)]
    assert describe_days(days, most=2) == "2014-01-01, 2014-01-03 and 13 more gaps"
