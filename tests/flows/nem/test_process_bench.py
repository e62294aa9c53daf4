"""Benches in processes of their own: the same days, heard of there, and what a death of one leaves."""

import contextlib
import functools
import os
import signal
import sys
import threading
from collections import Counter
from datetime import date, timedelta

import psutil
import pyarrow.parquet as pq
import pytest

from nemflow import RunSettings, ThreadExecutor
from nemflow.flows.nem import process_bench
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import Outcome
from nemflow.flows.nem.stretch import Errand
from nemflow.tasks.nem.sandbox import Fault, FaultKind

# Four months of half-hour prices of four regions, small.
DAYS = [date(1999, 2, 1) + timedelta(days=number) for number in range(120)]


def children():
    """Return the processes that this one has started to call something in, and that have not ended."""
    found = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and "serve(" in process.cmdline()[-1]:
                found.append(process.pid)
    return found


def test_processes_make_what_threads_make_and_are_gone_at_the_end(backfill, job):
    in_threads = backfill(DAYS, executor=ThreadExecutor(2))
    before = {day: pq.read_table(job.clean_path(day)).to_pydict() for day in DAYS}
    seen = []
    notes = backfill(DAYS, force=True, on_record=lambda record: seen.extend(children()))
    assert notes.outcomes() == in_threads.outcomes() == {Outcome.WRITTEN: 240}
    assert {day: pq.read_table(job.clean_path(day)).to_pydict() for day in DAYS} == before
    assert len(set(seen)) == 1
    assert children() == []


class Heard:
    """A reporter that notes where the start and the end of flow runs are heard, by `note(*words)`."""

    def __init__(self, note):
        self.reporter = self
        self._note = note

    def flow_run_started(self, run, tasks):
        self._note("started", run.name)

    def task_run_changed(self, run, task, state):
        pass

    def task_run_progress(self, run, task, done, total, unit):
        pass

    def flow_run_finished(self, run, state, task_states):
        self._note("finished", run.name)

    def add(self, record):
        self._note("added", record.flow_run)


@contextlib.contextmanager
def heard_in(folder, heard):
    """Give a reporter that writes into a file of this process, and says at the end that it is one."""
    with open(folder / str(os.getpid()), "a", encoding="utf-8") as file:
        yield heard(lambda *words: print(*words, file=file, flush=True))
        print("closed", file=file)


def test_what_flow_runs_report_is_heard_in_the_process_where_they_run(backfill, tmp_path):
    recording = functools.partial(heard_in, tmp_path / "heard", Heard)
    (tmp_path / "heard").mkdir()
    with recording() as here:
        notes = backfill(DAYS, reporter=here, recording=recording)
    lines = {path.name: path.read_text().splitlines() for path in (tmp_path / "heard").iterdir()}
    assert len(lines) == 2
    names = {record.flow_run for record in notes.records}
    every = Counter(line for one in lines.values() for line in one)
    for word in ("started", "finished"):
        assert {line: n for line, n in every.items() if line.startswith(word)} == {
            f"{word} {name}": 1 for name in names
        }
    [there] = (one for pid, one in lines.items() if pid != str(os.getpid()))
    assert Counter(line.partition(" ")[0] for line in there) == {
        "started": len(there) // 3,
        "finished": len(there) // 3,
        "added": len(there) // 3,
        "closed": 1,
    }
    assert there[-1] == "closed"


def test_where_nobody_could_hear_of_them_there_flow_runs_stay_here(backfill):
    processes, seen = set(), []
    backfill(
        DAYS,
        reporter=Heard(lambda *words: processes.add(os.getpid())),
        on_record=lambda record: seen.extend(children()),
    )
    assert (processes, seen) == ({os.getpid()}, [])


def test_a_process_that_is_killed_loses_nothing(backfill, job, caplog):
    killed = []

    def kill(record):
        if not killed and children():
            killed.append(children()[0])
            os.kill(killed[0], signal.SIGKILL)

    notes = backfill(DAYS, on_record=kill)
    assert killed
    assert {record.flow_run for record in notes.records} == {
        f"nem_prices_{stage}_{day}" for day in DAYS for stage in ("raw", "clean")
    }
    assert set(notes.outcomes()) <= {Outcome.WRITTEN, Outcome.PRESENT}
    assert all(job.clean_path(day).exists() for day in DAYS)
    assert job.leftovers() == []
    assert "was killed by SIGKILL; it is run again" in caplog.text


def test_where_no_process_can_be_started_the_work_is_done_all_the_same(
    backfill, monkeypatch, caplog
):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    notes = backfill(DAYS)
    assert notes.outcomes() == {Outcome.WRITTEN: 240}
    assert "no process can be started to work on it" in caplog.text


def test_a_process_that_is_killed_and_cannot_be_started_again_costs_one_file(
    backfill, job, monkeypatch, caplog
):
    def kill(record):
        if children():
            os.kill(children()[0], signal.SIGKILL)
            monkeypatch.setattr(sys, "executable", "/nowhere/python")

    notes = backfill(DAYS, on_record=kill)
    failed = [record for record in notes.records if record.outcome is Outcome.FAILED]
    assert len({record.date.month for record in failed}) == 1
    assert "no process can be started to work on it" in failed[0].error
    assert len(notes.records) == 240
    assert "fewer files are worked on at once" in caplog.text
    monkeypatch.undo()
    backfill(DAYS)
    assert all(job.clean_path(day).exists() for day in DAYS)


def test_a_failure_in_a_process_ends_a_backfill_that_is_to_fail_fast(backfill, sandbox):
    sandbox.commit(
        *(Fault(kind=FaultKind.NOT_FOUND, path_contains=f"19990{n}_") for n in range(2, 7))
    )
    notes = backfill(DAYS, fail_fast=True)
    assert notes.outcomes()[Outcome.FAILED] <= 2
    assert Outcome.WRITTEN not in notes.outcomes()


def test_an_interruption_ends_processes_and_tells_of_no_failures(backfill, job):
    records = []

    def interrupt(record):
        records.append(record)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backfill(DAYS, on_record=interrupt)
    for thread in threading.enumerate():
        if thread.name.startswith("nemflow"):
            thread.join(10)
    assert children() == []
    assert {record.outcome for record in records} <= {Outcome.WRITTEN, Outcome.CANCELLED}
    assert backfill(DAYS).outcomes()[Outcome.WRITTEN]
    assert all(job.clean_path(day).exists() for day in DAYS)
    assert job.leftovers() == []


# What is done in one go


@pytest.fixture
def place(job, monkeypatch):
    """The bench of a process, in this one; it does one flow run in a go."""
    monkeypatch.setattr(process_bench, "_TOLD_EVERY_S", 0)

    def make(*, fail_fast=False):
        return process_bench._There(job.market, lambda: None, None, fail_fast=fail_fast)

    return make


def test_a_go_does_one_flow_run_at_least_and_says_how_it_ended(place, job):
    there = place()
    day = date(1999, 2, 1)
    errand = Errand(work={"nem_prices_raw": (day, day + timedelta(days=1))}, found={})
    conditions = Conditions(settings=RunSettings(lock_dir=job.market.lock_dir))
    assert [r.flow_run for r in there.make(errand, conditions)] == [f"nem_prices_raw_{day}"]


def test_a_stage_is_held_back_by_a_failure_in_an_earlier_go(place, job, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1"))
    there, day = place(), date(1999, 2, 1)
    conditions = Conditions(settings=RunSettings(lock_dir=job.market.lock_dir))
    [raw] = there.make(Errand(work={"nem_prices_raw": (day,)}, found={}), conditions)
    later = Errand(work={"nem_prices_clean": (day,)}, found={}, before={day: raw})
    [clean] = there.make(later, conditions)
    assert (raw.outcome, clean.outcome) == (Outcome.FAILED, Outcome.NOT_RUN)
    assert clean.reason == f"nem_prices_raw_{day} failed"
