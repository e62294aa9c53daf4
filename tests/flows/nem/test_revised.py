"""Days that are looked at before they are due, since AEMO has revised prices."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.nem.refresh import Span, due_days
from nemflow.flows.nem.revised import REVISED, planned_revised, refresh_revised, unsettled_days
from nemflow.tasks.nem.datasets import NEM_DEMAND, NEM_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.price_revisions import FOLDER
from nemflow.tasks.nem.sandbox import Fault, FaultKind, Revision

DAY, OTHER, FINAL_DAY = date(2026, 11, 2), date(2026, 11, 3), date(2015, 1, 9)
ALL = Span(date(1998, 12, 7), date(2030, 1, 1))
NOW = datetime(2026, 11, 4, 12, tzinfo=NEM_TIME)  # neither day is settled, neither is due


@pytest.fixture
def stored(job, sandbox):
    """Two days that are not final, made the morning after each, and one that is."""
    for day in (DAY, OTHER):
        after = day + timedelta(days=1)
        sandbox.clock.instant = datetime(after.year, after.month, after.day, 9, tzinfo=NEM_TIME)
        assert job.run(day).is_successful()
    assert job.run(FINAL_DAY).is_successful()
    sandbox.clock.instant = NOW
    yield job
    sandbox.server.revisions = ()


@pytest.fixture
def look(stored, sandbox):
    """Look at what was revised; return what became of each day."""

    def look(dataset=NEM_PRICES, **changes):
        conditions = Conditions(
            settings=RunSettings(lock_dir=stored.market.lock_dir), now=sandbox.clock
        )
        told = []
        refresh_revised(dataset, ALL, stored.market, conditions, told.append, **changes)
        return told

    return look


def revise(sandbox, when, day=DAY):
    sandbox.server.revisions = (Revision(day=day, at=when, regions=("SA1",), intervals=range(2)),)


def test_a_day_whose_prices_were_revised_after_it_was_made_is_taken_again(stored, sandbox, look):
    revise(sandbox, datetime(2026, 11, 3, 10, tzinfo=NEM_TIME))
    assert list(due_days(stored.market.data_dir, "nem_prices", ALL, NOW)) == []
    asked = len(sandbox.requests)
    (told,) = look()  # the other day was made after the revision
    assert (told.date, told.why, told.outcome) == (DAY, REVISED, Outcome.WRITTEN)
    assert [change.column for change in told.changes].count("rrp") == 2
    assert {change.region for change in told.changes} == {"SA1"}
    assert sandbox.requests[asked].path == f"/{FOLDER}"
    assert list(due_days(stored.market.data_dir, "nem_prices", ALL, NOW)) == []
    assert look() == []


def test_of_which_day_a_revision_is_its_name_does_not_say_so_all_are_looked_at(
    stored, sandbox, look
):
    revise(sandbox, datetime(2026, 11, 4, 10, tzinfo=NEM_TIME))
    told = look()
    assert [(day.date, day.outcome) for day in told] == [
        (DAY, Outcome.WRITTEN),
        (OTHER, Outcome.PRESENT),
    ]
    assert list(due_days(stored.market.data_dir, "nem_prices", ALL, NOW)) == []


def test_without_a_revision_since_nothing_is_looked_at(stored, sandbox, look):
    asked = len(sandbox.requests)
    before = stored.files()
    assert look() == []
    assert [request.path for request in sandbox.requests[asked:]] == [f"/{FOLDER}"]
    assert stored.files() == before


def test_days_that_are_settled_final_or_without_prices_are_not_asked_for(stored, sandbox, look):
    folder = stored.market.data_dir
    assert [day for day, _ in unsettled_days(folder, NEM_PRICES, ALL)] == [DAY, OTHER]
    assert list(unsettled_days(folder, NEM_DEMAND, ALL)) == []
    asked = len(sandbox.requests)
    assert look(looked_at={DAY, OTHER}) == look(NEM_DEMAND) == []
    assert len(sandbox.requests) == asked


def test_a_list_of_revisions_that_cannot_be_had_is_told_and_the_days_stay(stored, sandbox, look):
    before = stored.files()
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains=FOLDER))
    (told,) = look()
    assert (told.date, told.outcome) == (DAY, Outcome.FAILED)
    assert "answered 503" in told.error
    assert stored.files() == before


def test_a_plan_names_the_days_and_asks_nothing(stored, sandbox):
    asked = len(sandbox.requests)
    market = replace(stored.market)
    plan = list(planned_revised(NEM_PRICES, ALL, market, {DAY}))
    assert [(day.date, day.outcome) for day in plan] == [(OTHER, Outcome.PLANNED)]
    assert len(sandbox.requests) == asked
