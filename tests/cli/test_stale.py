"""``--stale``: what is stale is made again only when that is asked for, and only that."""

import json

import pytest

DAY = ("--date", "2014-01-01")
SPAN = ("--start", "2014-01-01", "--end", "2014-01-01")


@pytest.fixture
def made(nemflow, tmp_path):
    """Make a synthetic day; then the archive has another file than it was made of."""
    ended = nemflow("run", "--sandbox", *DAY, "--source", "price-and-demand", "--quiet")
    assert ended.code == 0, ended.err
    folder = tmp_path / "data" / "SYNTHETIC" / "archive" / "priceanddemand" / "2014"
    sidecar = next(folder.glob("*_SA1.csv.json"))
    known = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**known, "sha256": "0" * 64}))
    return sidecar


def test_status_reports_it_when_it_looks_into_the_files(nemflow, made):
    shallow = json.loads(nemflow("status", "--sandbox", *SPAN, "--json").out)
    deep = json.loads(nemflow("status", "--sandbox", *SPAN, "--json", "--deep").out)
    assert (shallow["totals"]["stale"], deep["totals"]["stale"]) == (0, 1)
    [gap] = deep["gaps"]
    assert gap["stages"] == ["raw"]
    assert gap["why"] == "the archive has another PRICE_AND_DEMAND_201401_SA1.csv by now"
    assert gap["command"] == (
        "nemflow backfill --sandbox --start 2014-01-01 --end 2014-01-01 --stale"
    )


def test_run_leaves_it_alone_unasked(nemflow, made):
    told = nemflow("run", "--sandbox", *DAY).out
    assert told.count("already there") == 2


@pytest.mark.parametrize("verb", ["run", "backfill"])
def test_a_dry_run_with_stale_says_why(nemflow, made, verb):
    dates = DAY if verb == "run" else SPAN
    ended = nemflow(verb, "--sandbox", *dates, "--stale", "--dry-run")
    assert ended.code == 0
    assert "stale: the archive has another PRICE_AND_DEMAND_201401_SA1.csv by now" in ended.out


@pytest.mark.parametrize("verb", ["run", "backfill"])
def test_with_stale_both_stages_are_made_again(nemflow, made, verb):
    dates = DAY if verb == "run" else SPAN
    words = ("--sandbox", *dates, "--source", "price-and-demand", "--stale")
    told = [json.loads(line) for line in nemflow(verb, *words, "--json").out.splitlines()]
    assert [record["outcome"] for record in told if "outcome" in record] == ["written", "written"]
    again = [json.loads(line) for line in nemflow(verb, *words, "--json").out.splitlines()]
    assert all(record["outcome"] == "present" for record in again if "outcome" in record)


def test_a_day_made_by_other_code_is_stale(nemflow, tmp_path, stored_days):
    from datetime import date

    for stage in ("raw", "clean"):
        stored_days.put_day(tmp_path / "data", date(2014, 1, 1), stage, flow_version="1111")
    told = json.loads(nemflow("status", *SPAN, "--deep", "--json").out)
    [gap] = told["gaps"]
    assert gap["stages"] == ["raw", "clean"]
    assert gap["why"].startswith("made by other code (version 1111, now ")
