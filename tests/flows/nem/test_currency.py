"""Days that are not final: their standing, when they are due, and how they are made better."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions, run_batch
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.nem.standing import (
    Standing,
    clean_standing,
    raw_standing,
    read_standing,
    write_standing,
)
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox import Fault, FaultKind, Revision
from nemflow.tasks.nem.sources import Quality, Source

DAY = date(2026, 11, 2)  # a Monday: its prices settle in the morning of Thursday
SETTLED = datetime(2026, 11, 5, 6, tzinfo=NEM_TIME)
MONTH_IS_THERE = datetime(2026, 12, 13, 9, tzinfo=NEM_TIME)


def at(day, hour=9):
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEM_TIME)


@pytest.fixture
def run(job, sandbox):
    """Run both stages for days as a command does, by the sandbox's clock; return outcomes."""

    def run(*days, dry_run=False, **changes):
        market = replace(job.market, **changes)
        flows = [entry.build(market) for entry in CATALOG.dataset("nem_prices")]
        records = []
        settings = RunSettings(lock_dir=market.lock_dir)
        conditions = Conditions(settings=settings, now=sandbox.clock, dry_run=dry_run)
        run_batch(flows, days, conditions, records.append)
        return records

    return run


@pytest.fixture
def standings(job):
    """Return the standings of both stages of a day."""

    def read(day=DAY):
        folder = job.market.data_dir
        return [
            read_standing(path)
            for path in (
                raw_standing(folder, "nem_prices", day),
                clean_standing(folder, "nem_prices", day),
            )
        ]

    return read


def outcomes(records):
    return [record.outcome for record in records]


@pytest.fixture
def early(sandbox):
    """The clock stands at the morning after the day."""
    sandbox.clock.instant = at(DAY + timedelta(days=1))
    return sandbox


def test_a_preliminary_day_has_a_standing_beside_both_its_files(run, early, standings):
    run(DAY)
    raw, clean = standings()
    assert raw == clean
    assert raw == Standing(
        Quality.PRELIMINARY, "public-prices", early.clock(), SETTLED, forced=False
    )


def test_a_final_day_has_no_standing(run, sandbox, standings):
    run(date(2015, 1, 9))
    assert standings(date(2015, 1, 9)) == [None, None]


def test_a_day_that_is_not_due_is_left_alone(run, early):
    run(DAY)
    asked = len(early.requests)
    assert outcomes(run(DAY)) == [Outcome.PRESENT, Outcome.PRESENT]
    assert len(early.requests) == asked


def test_a_due_day_without_news_stays_as_it_is_and_is_put_off(run, early, job, standings):
    run(DAY)
    before = job.raw_path(DAY).read_bytes(), job.clean_path(DAY).read_bytes()
    early.clock.instant = SETTLED
    raw, clean = run(DAY)
    assert (raw.outcome, clean.outcome) == (Outcome.PRESENT, Outcome.PRESENT)
    assert raw.reason == (
        "nothing better than SYNTHETIC public-prices of 2026-11-02 is there; "
        "next look 2026-12-12 00:15"
    )
    assert (job.raw_path(DAY).read_bytes(), job.clean_path(DAY).read_bytes()) == before
    assert {standing.due_at for standing in standings()} == {
        datetime(2026, 12, 12, 0, 15, tzinfo=NEM_TIME)
    }
    asked = len(early.requests)
    run(DAY)
    assert len(early.requests) == asked


def test_prices_that_changed_meanwhile_replace_those_of_a_due_day(run, early, job):
    revision = Revision(day=DAY, at=at(DAY + timedelta(days=2)), regions=("SA1",))
    run(DAY)
    before = job.prices(DAY)
    early.server.revisions = (revision,)
    early.clock.instant = SETTLED
    try:
        assert outcomes(run(DAY)) == [Outcome.WRITTEN, Outcome.WRITTEN]
    finally:
        early.server.revisions = ()
    after = job.prices(DAY)
    changed = [
        region
        for region, old, new in zip(
            after["region"].to_pylist(),
            before["rrp"].to_pylist(),
            after["rrp"].to_pylist(),
            strict=True,
        )
        if old != new
    ]
    assert set(changed) == {"SA1"}


def test_the_months_file_makes_a_due_day_final(run, early, job, standings):
    run(DAY)
    early.clock.instant = MONTH_IS_THERE
    assert outcomes(run(DAY)) == [Outcome.WRITTEN, Outcome.WRITTEN]
    assert job.facts(DAY)["nemflow.source"] == "SYNTHETIC mmsdm"
    assert job.facts(DAY)["nemflow.quality"] == "final"
    assert standings() == [None, None]
    asked = len(early.requests)
    assert outcomes(run(DAY)) == [Outcome.PRESENT, Outcome.PRESENT]
    assert len(early.requests) == asked


def test_a_month_that_is_late_is_looked_for_again_later_and_later(run, early, standings):
    run(DAY)
    late = datetime(2026, 12, 14, 9, tzinfo=NEM_TIME)
    early.clock.instant = late
    early.commit(Fault(kind=FaultKind.LISTING_HIDES, path_contains="_DISPATCHPRICE_"))
    early.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="MMSDM_2026_11"))
    run(DAY)
    due_at = standings()[0].due_at
    assert due_at - late == (late - datetime(2026, 12, 12, tzinfo=NEM_TIME)) / 2


def test_a_due_day_is_not_made_worse(run, early, job, standings):
    run(DAY)
    before = job.raw_path(DAY).read_bytes()
    early.clock.instant = SETTLED
    early.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="/Reports/"))
    assert outcomes(run(DAY)) == [Outcome.PRESENT, Outcome.PRESENT]
    assert job.raw_path(DAY).read_bytes() == before
    assert standings()[0].due_at > SETTLED


def test_a_due_day_is_not_made_worse_though_its_files_are_gone(run, early, job):
    run(DAY)
    before = job.raw_path(DAY).read_bytes()
    (job.market.data_dir / "archive").rename(job.folder / "elsewhere")
    early.clock.instant = SETTLED
    early.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="/Reports/"))
    assert outcomes(run(DAY)) == [Outcome.PRESENT, Outcome.PRESENT]
    assert any("PRICE_AND_DEMAND" in path for path in early.paths)
    assert job.raw_path(DAY).read_bytes() == before


def test_a_due_day_whose_better_source_fails_in_passing_fails_and_stays(run, early, job):
    run(DAY)
    before = job.raw_path(DAY).read_bytes(), job.clean_path(DAY).read_bytes()
    early.clock.instant = MONTH_IS_THERE
    early.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains="MMSDM_2026_11"))
    assert outcomes(run(DAY)) == [Outcome.FAILED, Outcome.NOT_RUN]
    assert (job.raw_path(DAY).read_bytes(), job.clean_path(DAY).read_bytes()) == before


def test_a_clean_day_is_made_again_if_a_run_ended_between_the_stages(run, early, job, standings):
    run(DAY)
    early.clock.instant = MONTH_IS_THERE
    job.run(DAY, "raw", force=True)
    raw, clean = standings()
    assert raw is None
    assert clean is not None
    assert outcomes(run(DAY)) == [Outcome.PRESENT, Outcome.WRITTEN]
    assert job.facts(DAY)["nemflow.source"] == "SYNTHETIC mmsdm"
    assert standings() == [None, None]


def test_a_final_clean_day_is_made_again_if_only_its_raw_rows_were(run, sandbox, job, standings):
    day = date(2015, 1, 9)
    run(day)
    before = job.clean_path(day).stat().st_ino
    job.run(day, "raw", force=True)
    assert outcomes(run(day)) == [Outcome.PRESENT, Outcome.WRITTEN]
    assert job.clean_path(day).stat().st_ino != before
    assert standings(day) == [None, None]


def test_a_standing_that_cannot_be_read_counts_as_due(run, early, job):
    run(DAY)
    raw_standing(job.market.data_dir, "nem_prices", DAY).write_text("{")
    asked = len(early.requests)
    early.clock.instant += timedelta(minutes=5)
    run(DAY)
    assert len(early.requests) > asked


def test_a_final_file_that_a_crash_left_marked_is_cleared(run, sandbox, job, standings):
    day = date(2015, 1, 9)
    run(day)
    for path in (
        raw_standing(job.market.data_dir, "nem_prices", day),
        clean_standing(job.market.data_dir, "nem_prices", day),
    ):
        write_standing(path, Standing(Quality.PRELIMINARY, "x", sandbox.clock(), sandbox.clock()))
    assert outcomes(run(day)) == [Outcome.PRESENT, Outcome.PRESENT]
    assert standings(day) == [None, None]


def test_a_forced_source_is_kept_in_mind_and_given_up_when_something_better_is_due(
    run, early, job, standings
):
    run(DAY, source=Source.PRICE_AND_DEMAND)
    assert standings()[0].forced
    early.clock.instant += timedelta(hours=7)
    assert outcomes(run(DAY)) == [Outcome.WRITTEN, Outcome.WRITTEN]
    assert job.facts(DAY)["nemflow.source"] == "SYNTHETIC public-prices"
    assert not standings()[0].forced


def test_a_dry_run_says_that_a_day_is_due(run, early):
    run(DAY)
    early.clock.instant = SETTLED
    asked = len(early.requests)
    records = run(DAY, dry_run=True)
    assert [(r.outcome, r.reason) for r in records] == [
        (Outcome.PLANNED, "something better is due")
    ] * 2
    assert len(early.requests) == asked


def test_what_should_have_been_published_is_overdue_and_a_failure(run, sandbox):
    sandbox.clock.instant = at(DAY + timedelta(days=1), hour=13)
    sandbox.commit(
        Fault(kind=FaultKind.NOT_FOUND, path_contains="/Reports/"),
        Fault(kind=FaultKind.NOT_FOUND, path_contains="PRICE_AND_DEMAND"),
    )
    raw, clean = run(DAY)
    assert (raw.outcome, clean.outcome) == (Outcome.OVERDUE, Outcome.NOT_RUN)
    assert raw.error.endswith("usually there by 2026-11-03 00:00 market time; it is overdue")
    assert clean.reason == "nem_prices_raw_2026-11-02 not published though overdue"


def test_a_run_that_finds_days_that_are_not_due_imports_nothing_heavy(run, early, job):
    run(DAY)
    script = f"""
import sys
from datetime import date, datetime
from pathlib import Path
from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions, run_batch
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.settings import MarketSettings
locks = Path({str(job.market.lock_dir)!r})
market = MarketSettings(Path({str(job.market.data_dir)!r}), locks)
flows = [entry.build(market) for entry in CATALOG.dataset("nem_prices")]
now = datetime.fromisoformat("2026-11-03T10:00:00+10:00")
told = []
conditions = Conditions(settings=RunSettings(True, locks), now=lambda: now)
run_batch(flows, [date(2026, 11, 2)], conditions, told.append)
assert [record.outcome for record in told] == ["present", "present"], told
heavy = {{"requests", "pyarrow", "pandas", "numpy", "filelock", "click", "rich"}}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
