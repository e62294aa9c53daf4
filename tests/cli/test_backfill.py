"""``nemflow backfill``: words, lines, JSON, exit codes, and what a killed one leaves."""

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer

# Small months: half hours of four regions.
SPAN = ("--start", "1999-02", "--end", "1999-03")
DAYS = 28 + 31


@pytest.fixture(scope="module")
def running_market():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def market(running_market):
    yield running_market
    running_market.faults = ()


@pytest.fixture
def words(market):
    """The words of a backfill of two months from the market, that leaves the files of days."""
    urls = ("--nemweb-url", market.url, "--aemo-url", market.url)
    return ("backfill", "--sandbox", "--no-compact", *urls, *SPAN)


def targets(folder: Path) -> dict[str, list]:
    """Return the rows of every file of the data, by its path; each must be whole."""
    root = folder / "data" / "SYNTHETIC"
    return {
        str(path.relative_to(root)): pq.read_table(path).to_pylist()
        for path in sorted(root.rglob("*.parquet"))
        if not path.name.startswith(".")
    }


def leftovers(folder: Path) -> list[Path]:
    """Return what no backfill that ended may leave: unfinished files and folders."""
    return [path for name in (".*", "*.damaged") for path in (folder / "data").rglob(name)]


# Words


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((), "Missing option '--start'"),
        (("--start", "2014-13"), "--start 2014-13: no such date"),
        (("--start", "soon"), "write a day as 2014-01-31, a month as 2014-01, a year as 2014"),
        (("--start", "1997"), "lies before the market's first day"),
        (("--start", "2099-01-01"), "lies in the future"),
        (("nem_rooftop_pv", "--start", "2009-06"), "before nem_rooftop_pv's first day, 2009-07-01"),
        (
            ("nem_average_prices", "--start", "2024-07-31"),
            "first day, 2024-08-01; take the half-hour means of nem_trading_prices: nemflow prices",
        ),
        (("--start", "2014", "--end", "2013"), "--start 2014 lies after --end 2013"),
        (("--failed", "--start", "2014"), "--failed and --start exclude each other"),
        (("nem_price", "--start", "2014"), "did you mean nem_prices?"),
        (("--start", "2014", "--stage", "tidy"), "'tidy' is not one of"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(nemflow, given, said):
    ended = nemflow("backfill", *given)
    assert ended.code == 2
    assert said in ended.err


def test_a_dry_run_says_what_each_file_would_give_and_touches_nothing(nemflow, tmp_path):
    ended = nemflow("backfill", "--start", "2014-01-30", "--end", "2014-02", "--dry-run")
    assert ended.code == 0
    assert ended.out.splitlines()[:4] == [
        "nem_prices, 30 days from 2014-01-30 to 2014-02-28: "
        "30 to be made from 2 published files, 0 already there",
        "  2014-01  raw: 2 days   clean: 2 days",
        "  2014-02  raw: 28 days  clean: 28 days",
        "  60 flow runs: missing",
    ]
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "state").exists()


def test_a_year_begins_with_the_first_day_of_the_data_set(nemflow):
    ended = nemflow(
        "backfill", "nem_rooftop_pv", "--start", "2009", "--end", "2009-07", "--dry-run"
    )
    assert ended.out.splitlines()[1] == "  2009-07  raw: 31 days  clean: 31 days"


def test_a_dry_run_does_not_count_the_day_that_goes_on(nemflow):
    ended = nemflow("backfill", "--start", "yesterday", "--end", "today", "--dry-run")
    first, *lines = ended.out.splitlines()
    assert ": 1 to be made from " in first
    assert first.endswith(", 0 already there, 1 not over")
    assert {"  2 flow runs: missing", "  2 flow runs: the day is not over"} <= set(lines)


def test_a_dry_run_of_many_files_counts_them_by_the_year(nemflow):
    ended = nemflow("backfill", "--start", "1998", "--end", "2025", "--dry-run")
    assert "  1998  raw: 25 days   clean: 25 days" in ended.out.splitlines()
    assert "  2024  raw: 366 days  clean: 366 days" in ended.out.splitlines()


def test_a_dry_run_as_json_names_the_days(nemflow):
    ended = nemflow(
        "backfill", "--start", "2014-01-30", "--end", "2014-02-01", "--dry-run", "--json"
    )
    told = json.loads(ended.out)
    assert (told["schema"], told["days"], told["present"]) == (1, 3, 0)
    assert told["units"][1] == {
        "name": "2014-02",
        "lacking": {"raw": ["2014-02-01"], "clean": ["2014-02-01"]},
        "reasons": {"raw": {"2014-02-01": "missing"}, "clean": {"2014-02-01": "missing"}},
    }


# A backfill from end to end


def test_lines_go_to_a_pipe_one_a_file_and_the_summary_to_standard_output(nemflow, words, tmp_path):
    ended = nemflow(*words)
    assert ended.code == 0
    first, second, third = ended.out.splitlines()
    assert (
        first == f"SYNTHETIC nem_prices, {DAYS} days from 1999-02-01 to 1999-03-31: {DAYS} written"
    )
    assert second.startswith("SYNTHETIC   118 files, 22,656 rows from SYNTHETIC price-and-demand, ")
    assert third == f"SYNTHETIC   in {tmp_path / 'data' / 'SYNTHETIC'}"
    lines = [line for line in ended.err.splitlines() if "+10:00" in line]
    assert sorted(line[26:33] for line in lines) == ["1999-02", "1999-03"]
    assert f"({DAYS} of {DAYS} days)" in lines[-1]
    assert len(targets(tmp_path)) == 2 * DAYS


def test_at_the_end_months_that_are_whole_and_final_become_one_file_each(nemflow, words, tmp_path):
    days = (word for word in words if word != "--no-compact")
    ended = nemflow(*days)
    assert "SYNTHETIC   2 final months put into one file each" in ended.out.splitlines()
    clean = tmp_path / "data" / "SYNTHETIC" / "clean"
    assert sorted(path.name for path in clean.rglob("*.parquet")) == [
        "nem_prices_1999-02.parquet",
        "nem_prices_1999-03.parquet",
    ]
    assert f"{DAYS} already there" in nemflow(*words).out


def test_what_is_there_is_not_made_again_and_nothing_heavy_is_loaded(
    words, start, environment, tmp_path
):
    assert start(*words, "--quiet").wait(120) == 0
    code = (
        "import sys\nfrom nemflow.cli.app import run_command\n"
        f"code = run_command({['backfill', '--data-dir', str(tmp_path / 'moved'), *SPAN]!r})\n"
        "heavy = {'pandas', 'pyarrow', 'numpy', 'requests', 'rich', 'sqlite3'} & set(sys.modules)\n"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)"
    )
    os.rename(tmp_path / "data" / "SYNTHETIC", tmp_path / "moved")
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{DAYS} already there" in ended.stdout


def test_json_has_an_object_for_each_flow_run_and_one_for_the_whole(nemflow, words):
    ended = nemflow(*words, "--json", "--stage", "raw")
    *records, whole = map(json.loads, ended.out.splitlines())
    assert [record["flow"] for record in records] == ["nem_prices_raw"] * DAYS
    assert {record["outcome"] for record in records} == {"written"}
    assert whole["days"] == {"asked": DAYS, "present": 0, "written": DAYS}
    assert whole["rows"] == sum(record["rows"] for record in records)


def test_what_failed_is_told_at_the_end_with_the_command_that_does_just_that(
    nemflow, words, market
):
    market.faults = [Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1")]
    ended = nemflow(*words)
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert "31 written, 28 failed" in lines[0]
    assert "1999-02-01 to 1999-02-28  nem_prices_raw  extract: " in ended.out
    assert "PRICE_AND_DEMAND_199902_QLD1.csv" in ended.out
    assert lines[-1].startswith("run just what failed again: nemflow backfill ")
    assert lines[-1].endswith(" --sandbox --failed")
    assert "1999-02: 28 days failed: extract: " in ended.err


def test_failed_does_just_what_failed_until_nothing_has(nemflow, words, market):
    market.faults = [Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1")]
    assert nemflow(*words).code == 1
    again = (*words[: -len(SPAN)], "--failed")
    assert nemflow(*again).code == 1
    market.faults = ()
    ended = nemflow(*again)
    assert ended.code == 0
    assert "28 days from 1999-02-01 to 1999-02-28: 28 written" in ended.out
    ended = nemflow(*again)
    assert (ended.code, ended.out) == (0, "")
    assert "nothing failed in the last backfill" in ended.err


def test_failed_without_any_backfill_says_so(nemflow):
    ended = nemflow("backfill", "--failed")
    assert ended.code == 0
    assert "there was no backfill into" in ended.err


def test_every_day_is_a_flow_run_in_the_history(nemflow, words):
    nemflow(*words, "--stage", "raw", "--quiet")
    ended = nemflow("history", "--json", "--limit", "100")
    names = Counter(run["name"] for run in json.loads(ended.out)["runs"])
    assert names["nem_prices_raw_1999-02-01"] == 1
    assert len(names) == DAYS


def test_quiet_says_nothing_but_errors(nemflow, words, market):
    market.faults = [Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1")]
    ended = nemflow(*words, "--quiet")
    assert (ended.code, ended.out) == (1, "")
    assert "error: 1999-02-01 to 1999-02-28  nem_prices_raw  extract: " in ended.err
    market.faults = ()
    ended = nemflow(*words, "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


# On a terminal


def test_a_terminal_gets_one_live_display_that_leaves_nothing_but_failures(
    words, market, environment, tmp_path
):
    market.faults = [Fault(kind=FaultKind.NOT_FOUND, path_contains="199902_QLD1")]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nemflow", *words],
        cwd=tmp_path,
        env={**environment, "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
    out, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 1
    text = seen.decode()
    assert f"of {DAYS} days" in text
    assert "nem_prices" in text
    assert "1999-02: 28 days failed" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor comes back
    assert b"28 failed" in out


# Interrupted and side by side


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_an_interrupted_backfill_ends_in_order_and_goes_on_at_the_next_start(
    words, market, start, tmp_path, number, code
):
    # one file comes late, so that the backfill cannot end before it is interrupted
    market.faults = [Fault(kind=FaultKind.STALLED, path_contains="199903_VIC1")]
    process = start(*words, "--json")
    told = [json.loads(process.stdout.readline()) for _ in range(10)]
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "the same command goes on from there" in err
    kept = targets(tmp_path)
    assert len(kept) >= len(told)
    market.faults = ()
    assert start(*words).wait(120) == 0
    whole = targets(tmp_path)
    assert len(whole) == 2 * DAYS
    assert {name: whole[name] for name in kept} == kept
    assert leftovers(tmp_path) == []


def test_backfills_killed_at_random_moments_heal_at_the_next_start(
    words, start, tmp_path, environment
):
    began = time.monotonic()
    assert start(*words, "--quiet").wait(120) == 0
    took = time.monotonic() - began
    expected = targets(tmp_path)
    rng = random.Random(1)
    killed = 0
    for number in range(8):
        folder = tmp_path / str(number)
        variables = {
            "NEMFLOW_DATA_DIR": str(folder / "data"),
            "NEMFLOW_STATE_DIR": str(folder / "state"),
        }
        process = start(*words, "--quiet", variables=variables)
        try:
            process.wait(rng.uniform(0.3, 1.0) * took)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            killed += 1
        for name, rows in targets(folder).items():
            assert rows == expected[name]
        assert start(*words, "--quiet", variables=variables).wait(120) == 0
        assert targets(folder) == expected
        assert leftovers(folder) == []
    assert killed


def test_two_backfills_at_once_do_the_work_once(words, market, start, tmp_path):
    asked = len(market.requests)
    first, second = start(*words, "--json"), start(*words, "--json")
    told = []
    for process in (first, second):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        told += [json.loads(line) for line in out.splitlines()]
    written = Counter(record["flow_run"] for record in told if record.get("outcome") == "written")
    assert len(written) == 2 * DAYS
    assert set(written.values()) == {1}
    files = Counter(request.path for request in market.requests[asked:])
    assert set(files.values()) == {1}
    assert len(targets(tmp_path)) == 2 * DAYS
    assert leftovers(tmp_path) == []
