"""The ladder of sources, over all days of the market and several clocks."""

from datetime import date, datetime, time, timedelta

import pytest

from nemflow.errors import SettingsError
from nemflow.tasks.nem.datasets import DATASETS, NEM_PRICES, NEM_TRADING_PRICES, Dataset
from nemflow.tasks.nem.market_time import NEM_TIME, Month, day_bounds
from nemflow.tasks.nem.sources import REPORT_FEEDS, Quality, Rung, Shelf, Source, ladder

NOW = datetime(2026, 4, 20, 9, tzinfo=NEM_TIME)
FIRST = date(1998, 12, 7)
WHOLE = [each for each in DATASETS.values() if Source.PRICE_AND_DEMAND in each.tables]
every_dataset = pytest.mark.parametrize("dataset", WHOLE, ids=lambda each: each.name)


def days_to(last: date, step: int = 1) -> list[date]:
    return [last - timedelta(days=n) for n in range(0, (last - FIRST).days + 1, step)]


def there(rungs: tuple[Rung, ...], now: datetime) -> list[tuple[Source, Shelf]]:
    """Return the shelves on which the day lies at this instant, if AEMO is punctual."""
    return [(rung.source, rung.shelf) for rung in rungs if rung.usual_at <= now]


@every_dataset
def test_every_day_since_the_first_has_a_ladder_down_from_the_best(dataset: Dataset) -> None:
    order = list(dataset.tables)
    for day in days_to(NOW.date() + timedelta(days=1)):
        rungs = ladder(dataset, day, NOW)
        assert rungs, day
        places = [order.index(rung.source) for rung in rungs]
        assert places == sorted(places)
        finals = [rung.quality is Quality.FINAL for rung in rungs]
        assert finals == sorted(finals, reverse=True)
        assert finals[0] is (finals.count(True) == 1)
        for rung in rungs:
            assert rung.opens_at <= rung.usual_at < rung.overdue_at
            assert rung.closes_at is None or rung.closes_at > NOW


@every_dataset
def test_every_day_that_is_over_is_there_when_its_last_hours_are_published(
    dataset: Dataset,
) -> None:
    for hour in range(24):
        now = NOW.replace(hour=hour)
        for day in [now.date() - timedelta(days=n) for n in range(1, 500)]:
            assert there(ladder(dataset, day, now), now), (day, hour)


@pytest.mark.parametrize(
    ("day", "hour", "shelves"),
    [
        (date(2026, 4, 19), 0, [(Source.DISPATCHIS, Shelf.CURRENT)]),
        (date(2026, 4, 19), 5, [(Source.PUBLIC_PRICES, Shelf.CURRENT)]),
        (date(2026, 4, 18), 1, [(Source.PUBLIC_PRICES, Shelf.CURRENT)]),
        (date(2026, 4, 1), 9, [(Source.PUBLIC_PRICES, Shelf.CURRENT)]),
        (date(2026, 3, 10), 9, [(Source.MMSDM, Shelf.MONTH)]),
        (date(2015, 1, 1), 9, [(Source.MMSDM, Shelf.MONTH)]),
        (date(2014, 12, 31), 9, [(Source.BUNDLE, Shelf.MONTH)]),
        (date(2009, 7, 1), 9, [(Source.BUNDLE, Shelf.MONTH)]),
        (date(2009, 6, 30), 9, [(Source.PRICE_AND_DEMAND, Shelf.MONTH)]),
        (FIRST, 9, [(Source.PRICE_AND_DEMAND, Shelf.MONTH)]),
    ],
)
def test_the_best_shelf_that_has_a_day_follows_from_its_age(
    day: date, hour: int, shelves: list[tuple[Source, Shelf]]
) -> None:
    now = NOW.replace(hour=hour, minute=10)
    assert there(ladder(NEM_PRICES, day, now), now)[:1] == shelves


@pytest.mark.parametrize("feed", [Source.PUBLIC_PRICES, Source.DAILY_REPORTS])
def test_daily_reports_reach_back_a_year_without_a_gap(feed: Source) -> None:
    now = NOW.replace(hour=9)
    for day in [now.date() - timedelta(days=n) for n in range(1, 12 * 30)]:
        shelves = [
            shelf for source, shelf in there(ladder(NEM_PRICES, day, now), now) if source is feed
        ]
        assert shelves, day


def test_the_archive_of_weeks_follows_on_the_single_files_of_settlement_prices() -> None:
    for offset in range(7):
        now = NOW + timedelta(days=offset)
        for day in [now.date() - timedelta(days=n) for n in range(1, 360)]:
            sources = {source for source, _ in there(ladder(NEM_TRADING_PRICES, day, now), now)}
            assert Source.TRADINGIS in sources, (day, now)


def test_windows_are_those_of_the_real_listings() -> None:
    """On 2026-04-20 CURRENT began with 02-19, ARCHIVE with 2025-03 and ended with 2026-02."""
    rungs = {(r.source, r.shelf) for r in ladder(NEM_PRICES, date(2026, 2, 20), NOW)}
    assert (Source.PUBLIC_PRICES, Shelf.CURRENT) in rungs
    rungs = {(r.source, r.shelf) for r in ladder(NEM_PRICES, date(2026, 2, 18), NOW)}
    assert (Source.PUBLIC_PRICES, Shelf.CURRENT) not in rungs
    for day, archived in [
        (date(2025, 3, 1), False),  # its first hours are of the last trading day of February
        (date(2025, 3, 2), True),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
    ]:
        shelves = there(ladder(NEM_PRICES, day, NOW), NOW)
        assert ((Source.PUBLIC_PRICES, Shelf.ARCHIVE) in shelves) is archived, day


def test_quality_says_how_settled_the_data_are() -> None:
    found = {(r.source, r.shelf): r.quality for r in ladder(NEM_PRICES, date(2026, 4, 19), NOW)}
    assert found == {
        (Source.MMSDM, Shelf.MONTH): Quality.FINAL,
        (Source.PUBLIC_PRICES, Shelf.CURRENT): Quality.PRELIMINARY,
        (Source.PUBLIC_PRICES, Shelf.ARCHIVE): Quality.PRELIMINARY,
        (Source.DAILY_REPORTS, Shelf.CURRENT): Quality.PRELIMINARY,
        (Source.DAILY_REPORTS, Shelf.ARCHIVE): Quality.PRELIMINARY,
        (Source.DISPATCHIS, Shelf.ARCHIVE): Quality.PRELIMINARY,
        (Source.DISPATCHIS, Shelf.CURRENT): Quality.LIVE,
        (Source.DISPATCH_REPORTS, Shelf.ARCHIVE): Quality.PRELIMINARY,
        (Source.DISPATCH_REPORTS, Shelf.CURRENT): Quality.LIVE,
        (Source.PRICE_AND_DEMAND, Shelf.MONTH): Quality.PRELIMINARY,
    }


@pytest.mark.parametrize(
    ("day", "quality"),
    [(date(2009, 6, 30), Quality.FINAL), (date(2009, 7, 1), Quality.PRELIMINARY)],
)
def test_cents_are_final_only_where_nothing_better_was_ever_published(
    day: date, quality: Quality
) -> None:
    assert ladder(NEM_PRICES, day, NOW)[-1].quality is quality


@every_dataset
def test_a_forced_source_gives_a_part_of_the_ladder_or_says_which_sources_do(
    dataset: Dataset,
) -> None:
    for day in days_to(NOW.date(), step=17):
        rungs = ladder(dataset, day, NOW)
        for source in Source:
            expected = tuple(rung for rung in rungs if rung.source is source)
            if expected:
                assert ladder(dataset, day, NOW, source) == expected
            else:
                with pytest.raises(SettingsError) as error:
                    ladder(dataset, day, NOW, source)
                assert str(error.value).startswith(
                    f"--source {source} has nothing of {day}; use --"
                )


def test_daily_reports_have_half_hours_of_the_days_that_were_settled_by_them_only() -> None:
    now = datetime(2021, 10, 5, 9, tzinfo=NEM_TIME)
    for day in [date(2021, 9, 25) + timedelta(days=n) for n in range(10)]:
        sources = [rung.source for rung in ladder(NEM_TRADING_PRICES, day, now)]
        assert (Source.PUBLIC_PRICES in sources) is (day < date(2021, 10, 1)), day


def test_a_month_is_usual_after_11_days_and_overdue_after_23() -> None:
    rung = ladder(NEM_PRICES, date(2026, 3, 3), NOW)[0]
    end = day_bounds(Month(2026, 3).last_day)[1]
    assert (rung.opens_at, rung.usual_at - end) == (end, timedelta(days=11))
    assert rung.overdue_at - end == timedelta(days=23)


def test_reports_are_overdue_when_the_morning_is_gone() -> None:
    rungs = ladder(NEM_PRICES, date(2026, 4, 19), NOW)
    reports = [r for r in rungs if r.source in REPORT_FEEDS and r.shelf is Shelf.CURRENT]
    noon = datetime.combine(date(2026, 4, 20), time(13), NEM_TIME)
    assert all(rung.overdue_at < noon for rung in reports)


def test_what_is_published_by_month_alone_has_no_ladder_before_its_first_month() -> None:
    assert ladder(DATASETS["nem_rooftop_pv"], date(2009, 6, 30), NOW) == ()
    assert ladder(DATASETS["nem_average_prices"], date(2024, 7, 31), NOW) == ()
    for dataset, day in (
        ("nem_rooftop_pv", date(2026, 4, 19)),
        ("nem_average_prices", date(2024, 8, 1)),
    ):
        (rung,) = ladder(DATASETS[dataset], day, NOW)
        assert (rung.source, rung.quality) == (Source.MMSDM, Quality.FINAL)
