"""Refreshing: stored days that are due, months that were issued again, and what changed."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.nem.refresh import (
    DUE,
    REISSUED,
    Span,
    due_days,
    planned,
    refresh_days,
    refresh_months,
    stored_days,
)
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox import Fault, FaultKind, Revision
from nemflow.tasks.nem.sources import Source

DAY, OTHER = date(2026, 11, 2), date(2026, 11, 3)
FINAL_DAY, FINAL_OTHER = date(2015, 1, 9), date(2015, 1, 10)
ALL = Span(date(1998, 12, 7), date(2030, 1, 1))
SETTLED = datetime(2026, 11, 6, 6, tzinfo=NEM_TIME)


def at(day, hour=9):
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEM_TIME)


@pytest.fixture
def conditions(job, sandbox):
    settings = RunSettings(lock_dir=job.market.lock_dir)
    return Conditions(settings=settings, now=sandbox.clock)


@pytest.fixture
def revised(sandbox):
    """Revise prices of a day from an instant on."""

    def revise(day, when, **changes):
        sandbox.server.revisions = (Revision(day=day, at=when, **changes),)

    yield revise
    sandbox.server.revisions = ()


@pytest.fixture
def due(job, sandbox):
    def due():
        return list(due_days(job.market.data_dir, "nem_prices", ALL, sandbox.clock()))

    return due


@pytest.fixture
def refresh(job, conditions, due):
    """Refresh all that is due; return what became of each day."""

    def refresh():
        told = []
        refresh_days(NEM_PRICES, due(), job.market, conditions, told.append)
        return told

    return refresh


@pytest.fixture
def ask_months(job, conditions):
    def ask():
        told = []
        refresh_months(NEM_PRICES, ALL, job.market, conditions, told.append)
        return told

    return ask


@pytest.fixture
def stored(job, sandbox):
    """Two days that are not final, made the morning after each."""
    for day in (DAY, OTHER):
        sandbox.clock.instant = at(day + timedelta(days=1))
        assert job.run(day).is_successful()
    return job


def test_the_days_that_are_due_are_found_by_their_standing(stored, sandbox, due):
    assert list(stored_days(stored.market.data_dir, "nem_prices", ALL)) == [DAY, OTHER]
    sandbox.clock.instant = at(DAY + timedelta(days=3), hour=5)
    assert due() == []
    sandbox.clock.instant = at(DAY + timedelta(days=3), hour=6)
    assert due() == [DAY]
    sandbox.clock.instant = SETTLED
    assert due() == [DAY, OTHER]


def test_days_without_news_are_left_and_not_due_any_more(stored, sandbox, due, refresh):
    sandbox.clock.instant = SETTLED
    told = refresh()
    assert [(day.date, day.outcome, day.changes) for day in told] == [
        (DAY, Outcome.PRESENT, ()),
        (OTHER, Outcome.PRESENT, ()),
    ]
    assert all(day.reason.startswith("nothing better than") for day in told)
    assert due() == []


def test_what_changed_is_told_interval_by_interval(stored, sandbox, refresh, revised):
    revised(DAY, SETTLED - timedelta(hours=10), regions=("SA1",), intervals=range(12, 14))
    sandbox.clock.instant = SETTLED
    before = stored.clean(DAY)
    first, second = refresh()
    assert (first.outcome, second.outcome) == (Outcome.WRITTEN, Outcome.PRESENT)
    assert second.changes == ()
    prices = [change for change in first.changes if change.column == "rrp"]
    ends = [f"{change.interval_end:%H:%M}" for change in prices]
    assert (ends, {change.region for change in prices}) == (["01:05", "01:10"], {"SA1"})
    after = stored.clean(DAY)
    for change in prices:
        index = before["interval_end"].to_pylist().index(change.interval_end) + 2  # SA1 is third
        assert before["region"][index].as_py() == "SA1"
        assert change.old == before["rrp"][index].as_py()
        assert change.new == after["rrp"][index].as_py()
        assert change.old != change.new
    assert first.as_json()["changes"][0]["interval_end"].endswith("+10:00")


def test_better_sources_are_told_before_and_after(stored, sandbox, refresh):
    sandbox.clock.instant = datetime(2026, 12, 13, 9, tzinfo=NEM_TIME)
    for day in refresh():
        assert day.outcome is Outcome.WRITTEN
        assert (day.source_before, day.quality_before) == ("SYNTHETIC public-prices", "preliminary")
        assert (day.source, day.quality) == ("SYNTHETIC mmsdm", "final")


def test_one_day_that_fails_does_not_stop_the_others(stored, sandbox, refresh):
    (stored.market.data_dir / "archive").rename(stored.folder / "elsewhere")
    sandbox.clock.instant = SETTLED
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains="PRICES_202611010000"))
    told = refresh()
    assert [day.outcome for day in told] == [Outcome.FAILED, Outcome.PRESENT]
    assert "503" in told[0].error


def test_a_month_that_was_not_issued_again_is_asked_for_by_a_conditional_request_alone(
    job, sandbox, ask_months
):
    job.run(FINAL_DAY)
    asked = len(sandbox.requests)
    sandbox.clock.instant += timedelta(hours=1)
    assert ask_months() == []
    listing, file = sandbox.requests[asked:]
    assert listing.path.endswith("/DATA/")
    assert (file.status, "if-none-match" in file.headers) == (304, True)


def test_a_month_that_was_issued_again_is_taken_for_all_its_days(job, sandbox, ask_months, revised):
    for day in (FINAL_DAY, FINAL_OTHER):
        job.run(day)
    kept = job.archived()
    revised(FINAL_DAY, sandbox.clock() + timedelta(hours=1), regions=("TAS1",))
    sandbox.clock.instant += timedelta(hours=2)
    told = ask_months()
    assert [(day.date, day.why, day.outcome) for day in told] == [
        (FINAL_DAY, REISSUED, Outcome.WRITTEN),
        (FINAL_OTHER, REISSUED, Outcome.WRITTEN),
    ]
    assert {change.region for change in told[0].changes} == {"TAS1"}
    assert told[1].changes == ()
    assert job.archived().keys() == kept.keys()
    assert job.archived() != kept
    assert told[0].quality == "final"
    sandbox.clock.instant += timedelta(hours=1)
    assert ask_months() == []


@pytest.mark.parametrize("day", [date(1999, 1, 3), date(2014, 1, 9)])
def test_region_files_and_bundles_are_asked_for_too(job, sandbox, ask_months, day):
    job.run(day)
    asked = len(sandbox.requests)
    sandbox.clock.instant += timedelta(hours=1)
    assert ask_months() == []
    requests = sandbox.requests[asked:]
    assert requests
    assert sum(request.bytes_sent for request in requests) < 1000


def test_a_month_that_cannot_be_asked_for_is_told_and_its_days_stay(job, sandbox, ask_months):
    for day in (date(1999, 1, 3), FINAL_DAY):
        job.run(day)
    before = job.files()
    sandbox.clock.instant += timedelta(hours=1)
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains="_199901_"))
    (told,) = ask_months()
    assert (told.date, told.outcome) == (date(1999, 1, 3), Outcome.FAILED)
    assert "answered 503" in told.error
    assert job.files() == before


def test_a_plan_names_due_days_and_months_to_ask_for(stored, sandbox, due):
    stored.run(FINAL_DAY)
    sandbox.clock.instant = SETTLED
    asked = len(sandbox.requests)
    plan = list(planned(NEM_PRICES, ALL, stored.market, due(), reissued=True))
    assert [(day.date, day.why, day.outcome) for day in plan] == [
        (DAY, DUE, Outcome.PLANNED),
        (OTHER, DUE, Outcome.PLANNED),
        (FINAL_DAY, "whether mmsdm issued 2015-01 again", Outcome.PLANNED),
    ]
    assert len(sandbox.requests) == asked


def test_only_days_of_the_span_are_looked_at(stored, sandbox):
    sandbox.clock.instant = SETTLED
    span = Span(OTHER, OTHER)
    folder = stored.market.data_dir
    assert list(due_days(folder, "nem_prices", span, sandbox.clock())) == [OTHER]


def test_a_finer_day_in_place_of_a_coarse_one_tells_each_new_interval(job, sandbox, conditions):
    job.run(FINAL_DAY, source=Source.PRICE_AND_DEMAND)
    told = []
    market = replace(job.market)
    forced = replace(conditions, force=True)
    refresh_days(NEM_PRICES, [FINAL_DAY], market, forced, told.append)
    prices = [change for change in told[0].changes if change.column == "rrp"]
    assert sum(change.old is None for change in prices) == (288 - 48) * 5
