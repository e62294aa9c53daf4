import os
from datetime import date, datetime

import pytest

from nemflow import Flow, LocalResult, Parameter, signals, task
from nemflow.cli.interrupts import Terminated
from nemflow.errors import MarketError
from nemflow.flows.nem.batch import Conditions, run_batch
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.settings import RunSettings
from nemflow.tasks.nem.market_time import NEM_TIME

FIRST, SECOND = date(2014, 1, 1), date(2014, 1, 2)


class NotYet(signals.SKIP):
    not_published = True


@pytest.fixture
def run(tmp_path):
    """Run flows for days; return the records of the flow runs."""

    def run(flows, days, records=None, **how):
        records = [] if records is None else records
        settings = RunSettings(how.pop("checkpointing", True), tmp_path / "locks")
        run_batch(flows, days, Conditions(settings=settings, **how), records.append)
        return records

    return run


def outcomes(records):
    return [(record.flow_run, record.outcome) for record in records]


def test_stages_run_in_order_day_by_day(run, make_flow, tmp_path):
    records = run([make_flow("raw"), make_flow("clean")], [FIRST, SECOND])
    assert outcomes(records) == [
        ("raw_2014-01-01", Outcome.WRITTEN),
        ("clean_2014-01-01", Outcome.WRITTEN),
        ("raw_2014-01-02", Outcome.WRITTEN),
        ("clean_2014-01-02", Outcome.WRITTEN),
    ]
    assert records[0].target == str(tmp_path / "raw/2014-01-01.txt")
    assert (records[0].bytes, records[0].state) == (4, "Success")


def test_what_is_there_is_not_made_again(run, make_flow):
    flow = make_flow("raw")
    run([flow], [FIRST])
    assert outcomes(run([flow], [FIRST])) == [("raw_2014-01-01", Outcome.PRESENT)]


def test_force_makes_it_again(run, make_flow, tmp_path):
    run([make_flow("raw")], [FIRST])
    records = run([make_flow("raw", lambda date: "other words")], [FIRST], force=True)
    assert outcomes(records) == [("raw_2014-01-01", Outcome.WRITTEN)]
    assert (tmp_path / "raw/2014-01-01.txt").read_text() == "other words"


def fail_on_first(day):
    if day == FIRST:
        raise MarketError("the server\n says no")
    return "word"


def test_a_failure_holds_back_the_next_stage_but_not_the_next_day(run, make_flow):
    records = run([make_flow("raw", fail_on_first), make_flow("clean")], [FIRST, SECOND])
    assert outcomes(records) == [
        ("raw_2014-01-01", Outcome.FAILED),
        ("clean_2014-01-01", Outcome.NOT_RUN),
        ("raw_2014-01-02", Outcome.WRITTEN),
        ("clean_2014-01-02", Outcome.WRITTEN),
    ]
    assert records[0].error == "extract: the server says no"
    assert records[1].reason == "raw_2014-01-01 failed"


def test_each_later_stage_is_told_what_held_it_back(run, make_flow):
    flows = [make_flow("raw", fail_on_first), make_flow("clean"), make_flow("report")]
    records = run(flows, [FIRST])
    assert records[2].reason == "clean_2014-01-01 was not run"


def test_a_later_stage_that_is_there_is_there_whatever_failed(run, make_flow):
    clean = make_flow("clean")
    run([clean], [FIRST])
    records = run([make_flow("raw", fail_on_first), clean], [FIRST])
    assert [record.outcome for record in records] == [Outcome.FAILED, Outcome.PRESENT]


def test_an_unexpected_error_is_told_with_its_message(run, make_flow):
    def divide(day):
        return 1 / 0

    (record,) = run([make_flow("raw", divide)], [FIRST])
    assert record.outcome is Outcome.FAILED
    assert "division by zero" in record.error


def test_an_error_of_the_system_is_told_with_its_file(run, make_flow):
    (record,) = run([make_flow("raw", lambda date: os.listdir("/nowhere/at/all"))], [FIRST])
    assert record.error == "extract: /nowhere/at/all: No such file or directory"


def test_what_is_not_published_yet_is_no_failure_of_any_stage(run, make_flow):
    def wait(day):
        raise NotYet("the day is not over")

    records = run([make_flow("raw", wait), make_flow("clean")], [FIRST])
    assert [record.outcome for record in records] == [Outcome.NOT_PUBLISHED] * 2
    assert [record.reason for record in records] == ["the day is not over"] * 2


def test_a_skip_for_another_reason_is_told_as_not_run(run, make_flow):
    def skip(day):
        raise signals.SKIP("nothing to do on Sundays")

    (record,) = run([make_flow("raw", skip)], [FIRST])
    assert record.outcome is Outcome.NOT_RUN


def test_a_flow_without_a_target_is_done(run):
    @task
    def look(date):
        return date

    with Flow("look") as flow:
        look(Parameter("date"))
    (record,) = run([flow], [FIRST])
    assert (record.outcome, record.target) == (Outcome.DONE, None)


def test_nothing_is_called_written_that_was_not(run, tmp_path):
    @task(target="raw/{date:%Y-%m-%d}", result=LocalResult(tmp_path))
    def make(date):
        return "word"

    with Flow("raw") as flow:
        flow.set_goal(make(Parameter("date")))
    (record,) = run([flow], [FIRST], checkpointing=False)
    assert not (tmp_path / "raw").exists()
    assert (record.outcome, record.bytes) == (Outcome.DONE, None)


def test_a_dry_run_touches_nothing(run, make_flow, tmp_path):
    records = run([make_flow("raw"), make_flow("clean")], [FIRST], dry_run=True)
    assert [(r.outcome, r.state, r.reason) for r in records] == [
        (Outcome.PLANNED, None, "the target is missing")
    ] * 2
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_promises_nothing_of_a_day_that_is_not_over(run, make_flow, tmp_path):
    noon = datetime(2014, 1, 1, 12, tzinfo=NEM_TIME)
    yesterday = date(2013, 12, 31)
    flows = [make_flow("raw"), make_flow("clean")]
    records = run(flows, [yesterday, FIRST, SECOND], dry_run=True, now=lambda: noon)
    assert [(r.date, r.outcome, r.reason) for r in records[::2]] == [
        (yesterday, Outcome.PLANNED, "the target is missing"),
        (FIRST, Outcome.NOT_PUBLISHED, "the day is not over"),
        (SECOND, Outcome.NOT_PUBLISHED, "the day is not over"),
    ]
    assert [r.outcome for r in records[1::2]] == [r.outcome for r in records[::2]]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_is_there(run, make_flow):
    run([make_flow("raw")], [FIRST])
    (record,) = run([make_flow("raw")], [FIRST], dry_run=True)
    assert (record.outcome, record.reason, record.bytes) == (
        Outcome.PRESENT,
        "the target is there",
        4,
    )


@pytest.mark.parametrize("signal", [KeyboardInterrupt, Terminated])
def test_an_interruption_is_told_and_goes_on_up(run, make_flow, signal, tmp_path):
    def stop(day):
        raise signal

    records = []
    with pytest.raises(signal):
        run([make_flow("raw", stop), make_flow("clean")], [FIRST, SECOND], records)
    assert outcomes(records) == [("raw_2014-01-01", Outcome.CANCELLED)]
    assert not list(tmp_path.glob("raw/*"))


def test_the_clock_gives_the_duration(run, make_flow):
    times = iter([10.0, 12.5])
    (record,) = run([make_flow("raw")], [FIRST], clock=lambda: next(times))
    assert record.duration_s == 2.5


def test_a_record_as_json_has_the_promised_keys(run, make_flow, tmp_path):
    times = iter([10.0, 12.5004])
    (record,) = run([make_flow("raw")], [FIRST], clock=lambda: next(times), synthetic=True)
    assert record.as_json() == {
        "schema": 1,
        "flow_run": "raw_2014-01-01",
        "flow": "raw",
        "date": "2014-01-01",
        "state": "Success",
        "outcome": "written",
        "target": str(tmp_path / "raw/2014-01-01.txt"),
        "source": None,
        "reason": "",
        "rows": None,
        "bytes": 4,
        "synthetic": True,
        "duration_s": 2.5,
        "error": None,
    }
