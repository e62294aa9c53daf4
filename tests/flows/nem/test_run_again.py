"""What a later run of the main job does: nothing twice, nothing too early, never a half file."""

import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest

from nemflow import RunSettings
from nemflow.flows.nem.catalog import CATALOG
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox import Fault, FaultKind
from nemflow.tasks.nem.sources import Source

DAY, NEXT_DAY = date(1999, 1, 3), date(1999, 1, 4)  # small files, and no months beside them
YESTERDAY, TODAY = date(2026, 11, 4), date(2026, 11, 5)
PARTIAL = "archive/priceanddemand/partial/"
FINAL = "archive/priceanddemand/2026/"


def _at(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), NEM_TIME) + timedelta(hours=9)


def _identity(path) -> tuple[int, bytes]:
    return os.stat(path).st_ino, path.read_bytes()


def test_a_second_run_asks_for_nothing_and_changes_nothing(job, sandbox):
    job.run(DAY)
    before = _identity(job.raw_path(DAY)), _identity(job.clean_path(DAY))
    asked = len(sandbox.requests)
    state = job.run(DAY)
    assert state.is_successful()
    assert job.states["load"].is_cached()
    assert all(job.states[name].is_skipped() for name in ("date", "extract", "transform"))
    assert (_identity(job.raw_path(DAY)), _identity(job.clean_path(DAY))) == before
    assert len(sandbox.requests) == asked


def test_a_second_run_needs_no_server(job):
    job.run(DAY)
    gone = "http://127.0.0.1:9"
    assert job.run(DAY, nemweb_url=gone, aemo_url=gone).is_successful()


def test_targets_that_were_removed_are_made_again_from_the_archive_alone(job, undisturbed):
    job.run(DAY)
    job.raw_path(DAY).unlink()
    job.clean_path(DAY).unlink()
    gone = "http://127.0.0.1:9"
    assert job.run(DAY, nemweb_url=gone, aemo_url=gone).is_successful()
    assert job.prices(DAY) == undisturbed(DAY)


def test_a_run_that_finds_its_files_imports_nothing_heavy(job):
    job.run(DAY)
    script = f"""
import sys
from datetime import date
from pathlib import Path
from nemflow import RunSettings
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.settings import MarketSettings
locks = Path({str(job.market.lock_dir)!r})
for entry in CATALOG.dataset("nem_prices"):
    flow = entry.build(MarketSettings(Path({str(job.market.data_dir)!r}), locks))
    assert flow.run({{"date": date(1999, 1, 3)}}, settings=RunSettings(True, locks)).is_successful()
heavy = {{"requests", "pyarrow", "pandas", "numpy", "filelock", "click", "rich"}}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_another_day_of_the_month_asks_for_no_file_again(job, sandbox):
    job.run(DAY)
    asked = len(sandbox.requests)
    assert job.run(NEXT_DAY).is_successful()
    assert len(sandbox.requests) == asked
    assert job.clean_path(NEXT_DAY).exists()


def test_force_makes_both_files_anew_from_the_archive(job, sandbox):
    job.run(DAY)
    before, prices = _identity(job.raw_path(DAY)), job.prices(DAY)
    clean_before = _identity(job.clean_path(DAY))
    asked = len(sandbox.requests)
    assert job.run(DAY, force=True).is_successful()
    assert _identity(job.raw_path(DAY)) != before
    assert _identity(job.clean_path(DAY)) != clean_before
    assert job.prices(DAY) == prices
    assert len(sandbox.requests) == asked


def test_a_forced_run_that_fails_leaves_the_old_files_as_they_were(job, sandbox):
    job.run(DAY)
    kept = _identity(job.raw_path(DAY)), _identity(job.clean_path(DAY))
    for name in job.files():
        if name.endswith("NSW1.csv"):
            (job.market.data_dir / name).unlink()
    left = job.files()
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE))
    assert job.run(DAY, force=True).is_failed()
    assert (_identity(job.raw_path(DAY)), _identity(job.clean_path(DAY))) == kept
    assert job.files() == left


def test_the_old_file_stays_in_place_until_the_new_one_is_whole(job):
    job.run(DAY)
    path = job.clean_path(DAY)
    before, seen = _identity(path), []

    def look(flow, old, new):
        seen.append(_identity(path) == before)

    flow = next(e for e in CATALOG.dataset("nem_prices") if e.stage == "clean").build(job.market)
    for task in flow.tasks:
        task.state_handlers = (look,)
    flow.run({"date": DAY}, force=True, settings=RunSettings(lock_dir=job.market.lock_dir))
    assert seen[:-1]
    assert all(seen[:-1])
    assert _identity(path) != before


def test_a_target_cut_short_is_set_aside_and_made_again(job, undisturbed, caplog):
    job.run(DAY)
    path = job.clean_path(DAY)
    path.write_bytes(path.read_bytes()[:-50])
    assert job.run(DAY).is_successful()
    assert job.prices(DAY) == undisturbed(DAY)
    assert "set aside" in caplog.text


def test_the_clean_stage_alone_says_what_to_run_first(job, sandbox):
    state = job.run(DAY, "clean")
    assert state.is_failed()
    assert f"run this first: nemflow run nem_prices_raw --date {DAY}" in state.message
    assert (sandbox.requests, job.files()) == ([], [])


@pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=1)])
def test_a_day_that_is_not_over_is_skipped_and_not_failed(job, sandbox, day):
    state = job.run(day)
    assert state.is_successful()
    assert not state.is_failed()
    for name in ("extract", "transform", "load"):
        assert job.states[name].is_skipped()
    assert job.states["extract"].result.not_published is True
    assert f"prices of {day} are not published yet" in job.states["extract"].message
    assert (sandbox.requests, job.files()) == ([], [])


def test_a_day_just_over_that_the_server_has_not_yet_is_skipped(job, sandbox):
    late = _at(TODAY + timedelta(days=1))
    early = late - timedelta(hours=4)
    assert job.run(TODAY, now=lambda: early).is_successful()
    assert job.states["extract"].result.not_published is True
    assert "usually there by 2026-11-06 00:00 market time" in job.states["extract"].message
    assert not job.raw_path(TODAY).exists()
    sandbox.clock.instant = late
    assert job.run(TODAY).is_successful()
    assert job.clean(TODAY).num_rows == 1440


def test_a_growing_month_is_not_kept_as_final_and_grows_with_the_days(job, sandbox):
    job.run(YESTERDAY, source=Source.PRICE_AND_DEMAND)
    first = job.archived()
    assert all(name.startswith(PARTIAL) for name in job.files() if name.startswith("archive/"))
    sandbox.clock.instant = _at(TODAY + timedelta(days=1))
    assert job.run(TODAY, source=Source.PRICE_AND_DEMAND).is_successful()
    grown = job.archived()
    assert grown.keys() == first.keys()
    assert not set(grown.values()) & set(first.values())


def test_a_month_that_is_over_replaces_its_growing_files(job, sandbox):
    job.run(YESTERDAY, source=Source.PRICE_AND_DEMAND)
    sandbox.clock.instant = _at(date(2026, 12, 3))
    assert job.run(date(2026, 11, 20), source=Source.PRICE_AND_DEMAND).is_successful()
    archived = [name for name in job.files() if name.startswith("archive/")]
    assert len(archived) == 5
    assert all(name.startswith(FINAL) for name in archived)


def test_a_month_that_has_come_out_is_taken_from_the_better_source(job, sandbox):
    assert job.run(date(2026, 10, 31)).is_successful()
    sandbox.clock.instant = _at(date(2026, 11, 13))
    job.run(date(2026, 10, 30))
    facts = job.facts(date(2026, 10, 30))
    assert facts["nemflow.source"] == f"SYNTHETIC {Source.MMSDM}"
    assert facts["nemflow.reason"] == ""


def test_no_run_leaves_anything_but_targets_and_published_files(job):
    job.run(DAY)
    names = [
        f"archive/priceanddemand/1999/PRICE_AND_DEMAND_199901_{region}.csv"
        for region in ("NSW1", "QLD1", "SA1", "VIC1")
    ]
    targets = [job.clean_path(DAY), job.raw_path(DAY)]
    names += [str(path.relative_to(job.market.data_dir)) for path in targets]
    assert job.files() == names
    assert job.leftovers() == []
