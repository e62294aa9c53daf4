"""``nemflow plan``: what run and backfill would do, the same as their --dry-run."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.tasks.nem.market_time import today

SPAN = ("--start", "2014-01", "--end", "2014-02")


@pytest.fixture
def current():
    """The day that goes on in the market."""
    return today(datetime.now(UTC))


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--date", "2014-01-01"),
        ("run", "nem_prices_raw", "--date", "2014-01", "--force"),
        ("run", "--date=2014-01", "--json"),
        ("backfill", *SPAN),
        ("backfill", "nem_demand", "--start=2014-01", "--end", "2014-01", "--stage", "raw"),
        ("backfill", *SPAN, "--json", "--newest-first"),
    ],
)
def test_it_says_what_the_dry_run_says(nemflow, put_targets, words, tmp_path):
    put_targets("2014-01-01")
    before = sorted(tmp_path.rglob("*"))
    dry = nemflow(*words, "--dry-run")
    assert dry.code == 0
    assert nemflow("plan", *words[1:]) == dry
    assert sorted(tmp_path.rglob("*")) == before


def test_backfill_tells_reasons_requests_and_bytes(nemflow, put_targets, tmp_path):
    put_targets("2014-01-01")
    assert nemflow("plan", *SPAN).out.splitlines() == [
        "nem_prices, 59 days from 2014-01-01 to 2014-02-28: 58 to be made from 2 published files, "
        "1 already there",
        "  2014-01  raw: 30 days  clean: 30 days",
        "  2014-02  raw: 28 days  clean: 28 days",
        "  116 flow runs: missing",
        f"  in {tmp_path / 'data'}",
        "  about 6 requests for 2 files, 3.73 MB (usual sizes); "
        "no past runs to tell how long it takes",
    ]


def test_json_has_the_reason_of_every_day(nemflow, put_targets):
    put_targets("2014-01-01")
    told = json.loads(nemflow("plan", "--start", "2014-01-01", "--end", "2014-01-02", "--json").out)
    [unit] = told["units"]
    assert unit["reasons"] == {
        "raw": {"2014-01-02": "missing"},
        "clean": {"2014-01-02": "missing"},
    }
    assert told["forecast"] == {
        "requests": 3,
        "bytes": 1_865_536,
        "files": 1,
        "held": 0,
        "sources": {"bundle": 1},
        "sizes": "usual",
        "expected_s": None,
        "past_runs": 0,
        "not_over": None,
    }


def test_past_runs_tell_how_long_it_takes(nemflow):
    words = ("--sandbox", "--source", "price-and-demand")
    assert nemflow("run", *words, "--date", "2014-01-01", "--quiet").code == 0
    words = (*words, "--start", "2014-01-01", "--end", "2014-01-03", "--json")
    told = json.loads(nemflow("plan", *words).out)["forecast"]
    assert (told["requests"], told["held"], told["past_runs"]) == (0, 5, 2)
    assert told["expected_s"] > 0


def test_a_day_that_is_not_over_takes_nothing_yet_and_is_told(nemflow, current):
    words = ("--start", str(current), "--end", str(current))
    *_, last = nemflow("plan", *words).out.splitlines()
    assert last == f"  no request; the day {current} is not over"
    told = json.loads(nemflow("plan", *words, "--json").out)["forecast"]
    assert (told["requests"], told["expected_s"], told["not_over"]) == (0, 0.0, str(current))


def test_days_before_it_are_counted_as_ever(nemflow, current):
    yesterday = current - timedelta(days=1)
    *_, alone = nemflow("plan", "--start", str(yesterday)).out.splitlines()
    *_, both = nemflow("plan", "--start", str(yesterday), "--end", str(current)).out.splitlines()
    assert both == f"{alone}; the day {current} is not over"


def test_all_there_asks_for_nothing(nemflow, put_targets):
    put_targets("2014-01-01")
    told = nemflow("plan", "--start", "2014-01-01", "--end", "2014-01-01").out
    assert "0 to be made" in told
    assert "request" not in told


@pytest.mark.parametrize(
    "words", [("--date", "2014-01-01"), ("--start", "2014-01-01", "--end", "2014-01-31")]
)
def test_each_line_of_the_sandbox_is_marked(nemflow, words):
    lines = nemflow("plan", "--sandbox", *words).out.splitlines()
    assert len(lines) >= 3
    assert [line for line in lines if not line.startswith("SYNTHETIC ")] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "error: say --date, for what run would do, or --start, for what backfill would."),
        (("--date", "2014-13"), "error: --date 2014-13: no such date"),
        (("--start", "2014", "--dat", "x"), "error: No such option"),
    ],
)
def test_wrong_use_is_told_as_by_the_command_itself(nemflow, words, message):
    ended = nemflow("plan", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(message)
