"""Backfills against the sandbox: every day as a run makes it, every published file fetched once."""

import threading
from collections import Counter
from datetime import date, timedelta

import pytest

from nemflow import DaskExecutor, LocalExecutor, ProcessExecutor, parquet
from nemflow.flows.nem import stretch
from nemflow.flows.nem.outcome import Outcome
from nemflow.tasks.nem.sandbox import Fault, FaultKind

# Two months of half-hour prices of four regions, small; then months of five-minute prices.
START, END = date(1999, 2, 20), date(1999, 3, 10)
FEBRUARY = date(2015, 2, 1)


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def test_every_day_is_as_a_run_of_its_own_makes_it(backfill, job, make_job, sandbox, tmp_path):
    days = days_between(date(2015, 1, 30), date(2015, 2, 2))
    notes = backfill(days)
    assert notes.outcomes() == {Outcome.WRITTEN: 8}
    alone = make_job(tmp_path / "alone", sandbox.url, now=sandbox.clock)
    for day in days:
        alone.run(day)
        assert (
            job.raw(day)
            .replace_schema_metadata(None)
            .equals(alone.raw(day).replace_schema_metadata(None))
        )
        assert job.prices(day).equals(alone.prices(day))
        kept, facts = job.facts(day), alone.facts(day)
        for key in ("nemflow.source", "nemflow.quality", "nemflow.table", "nemflow.rows"):
            assert kept[key] == facts[key]
        assert kept["nemflow.files"][0]["sha256"] == facts["nemflow.files"][0]["sha256"]
    assert job.leftovers() == []


def test_a_published_file_is_fetched_once_for_all_its_days(backfill, sandbox):
    backfill(days_between(date(2015, 1, 1), date(2015, 2, 28)))
    zips = [path for path in sandbox.paths if path.endswith(".zip")]
    assert sorted(Counter(zips).values()) == [1, 1]


def test_what_is_there_is_left_alone_and_asks_nobody(backfill, job, sandbox):
    days = days_between(START, END)
    backfill(days)
    before, asked = job.files(), len(sandbox.requests)
    notes = backfill(days)
    assert (notes.units, notes.records) == ([], [])
    assert (job.files(), len(sandbox.requests)) == (before, asked)


def test_only_the_stage_that_lacks_is_made_and_nothing_is_fetched_for_it(backfill, job, sandbox):
    days = days_between(START, END)
    backfill(days)
    for day in days[3:7]:
        job.clean_path(day).unlink()
    asked = len(sandbox.requests)
    notes = backfill(days)
    made = [(record.flow, record.date) for record in notes.records]
    assert made == [("nem_prices_clean", day) for day in days[3:7]]
    assert len(sandbox.requests) == asked


def test_one_stage_alone_can_be_made(backfill, job):
    backfill(days_between(START, END), stages=("raw",))
    assert job.raw_path(START).exists()
    assert not job.clean_path(START).exists()


def test_a_bad_month_stops_no_other(backfill, job, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1"))
    notes = backfill(days_between(START, END))
    assert notes.outcomes() == {
        Outcome.FAILED: 9,
        Outcome.NOT_RUN: 9,
        Outcome.WRITTEN: 20,
    }
    failed = [record for record in notes.records if record.outcome is Outcome.FAILED]
    assert {record.date.month for record in failed} == {2}
    assert all("PRICE_AND_DEMAND_199902_QLD1.csv" in record.error for record in failed)
    assert all(job.clean_path(day).exists() for day in days_between(date(1999, 3, 1), END))


def test_the_days_of_a_month_that_cannot_be_had_ask_for_it_once(backfill, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1"))
    backfill(days_between(START, date(1999, 2, 28)))
    assert len([path for path in sandbox.paths if "199902_QLD1" in path]) <= 2


def test_a_bad_day_in_a_month_fails_alone(backfill, job, sandbox):
    sandbox.commit(
        Fault(
            kind=FaultKind.MISSING_INTERVALS,
            path_contains="DISPATCHPRICE",
            stamps=("2015/02/03 12:00:00",),
        )
    )
    notes = backfill(days_between(FEBRUARY, date(2015, 2, 5)))
    bad = [(r.flow, r.date) for r in notes.records if r.outcome is Outcome.FAILED]
    assert bad == [("nem_prices_raw", date(2015, 2, 3))]
    assert notes.outcomes()[Outcome.WRITTEN] == 8
    [error] = [r.error for r in notes.records if r.error]
    assert "12:00" in error


def test_fail_fast_begins_nothing_more(backfill, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1"))
    notes = backfill(days_between(START, END), fail_fast=True, workers=1, executor=LocalExecutor())
    assert notes.outcomes() == {Outcome.FAILED: 1}


def test_newest_first_begins_with_the_last_days(backfill):
    notes = backfill(days_between(START, END), newest_first=True, executor=LocalExecutor())
    assert notes.units == ["1999-03", "1999-02"]
    raw = [record.date for record in notes.records if record.flow == "nem_prices_raw"]
    assert raw == days_between(START, END)[::-1]


def test_nothing_is_begun_any_more_once_it_is_stopped(backfill):
    stop = threading.Event()
    notes = backfill(
        days_between(START, END),
        on_record=lambda record: stop.set(),
        stop=stop,
        executor=LocalExecutor(),
    )
    assert len(notes.records) == 1
    assert notes.ended == ["1999-02"]


def test_an_interruption_ends_in_order_and_the_next_start_goes_on(backfill, job):
    def interrupt(record) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(days_between(START, END), on_record=interrupt)
    made = set(job.files())
    notes = backfill(days_between(START, END))
    assert notes.records
    assert made < set(job.files())
    assert all(job.clean_path(day).exists() for day in days_between(START, END))
    assert job.leftovers() == []


def test_an_error_beside_the_flow_runs_fails_what_has_not_ended(backfill, monkeypatch):
    def broken(*_):
        raise MemoryError("no more of it")

    monkeypatch.setattr(stretch, "run_stages", broken)
    notes = backfill(days_between(START, date(1999, 2, 22)))
    assert notes.outcomes() == {Outcome.FAILED: 6}
    assert {record.error for record in notes.records} == {"MemoryError: no more of it"}


def test_forced_days_are_made_again(backfill, job):
    days = days_between(START, date(1999, 2, 22))
    backfill(days)
    before = {day: job.facts(day)["nemflow.made_at"] for day in days}
    old = job.clean_path(START).stat().st_ino
    notes = backfill(days, force=True)
    assert notes.outcomes() == {Outcome.WRITTEN: 6}
    assert job.clean_path(START).stat().st_ino != old
    assert set(before) == set(days)


@pytest.mark.parametrize(
    "executor",
    [
        LocalExecutor,
        lambda: ProcessExecutor(2),
        lambda: DaskExecutor(cluster_kwargs={"n_workers": 1, "processes": False}),
    ],
    ids=["local", "processes", "dask"],
)
def test_every_executor_makes_the_same_days_and_tells_the_same(backfill, job, executor):
    heard = Counter()

    class Reporter:
        def flow_run_started(self, run, tasks):
            heard["started", run.flow_name] += 1

        def task_run_changed(self, run, task, state):
            pass

        def task_run_progress(self, run, task, done, total, unit):
            pass

        def flow_run_finished(self, run, state, task_states):
            heard["finished", run.flow_name, type(state).__name__] += 1

    days = days_between(date(1999, 2, 26), date(1999, 3, 3))
    notes = backfill(days, executor=executor(), reporter=Reporter())
    assert notes.outcomes() == {Outcome.WRITTEN: 12}
    assert heard == {
        **{("started", f"nem_prices_{stage}"): 6 for stage in ("raw", "clean")},
        **{("finished", f"nem_prices_{stage}", "Success"): 6 for stage in ("raw", "clean")},
    }
    assert {parquet.read_metadata(job.clean_path(day))["nemflow.rows"] for day in days} == {"192"}


@pytest.mark.parametrize(
    ("dataset", "day"),
    [
        ("nem_trading_prices", date(2020, 2, 1)),
        ("nem_average_prices", date(2024, 8, 1)),
        ("nem_demand", date(2020, 2, 1)),
        ("nem_rooftop_pv", date(2020, 2, 1)),
    ],
)
def test_every_data_set_can_be_backfilled(backfill, job, dataset, day):
    notes = backfill([day, day + timedelta(days=1)], dataset=dataset)
    assert notes.outcomes() == {Outcome.WRITTEN: 4}, notes.records
    assert len([name for name in job.files() if f"clean/{dataset}/" in name]) == 2


def test_recent_days_come_from_reports_each_fetched_once(backfill, sandbox):
    last = sandbox.clock().date() - timedelta(days=2)
    notes = backfill(days_between(last - timedelta(days=6), last))
    assert notes.outcomes() == {Outcome.WRITTEN: 14}, notes.records
    reports = Counter(path for path in sandbox.paths if path.endswith(".zip"))
    assert {record.source for record in notes.records} == {"SYNTHETIC public-prices"}
    # the day on which two weeks meet needs a report of each
    assert max(reports.values()) == 1


def test_a_day_that_is_due_is_looked_at_again(backfill, job, sandbox):
    day = sandbox.clock().date() - timedelta(days=3)
    backfill([day])
    assert job.facts(day)["nemflow.quality"] == "preliminary"
    sandbox.clock.instant += timedelta(days=40)
    notes = backfill([day])
    assert notes.outcomes() == {Outcome.WRITTEN: 2}
    assert job.facts(day)["nemflow.quality"] == "final"
    assert job.facts(day)["nemflow.source"] == "SYNTHETIC mmsdm"
