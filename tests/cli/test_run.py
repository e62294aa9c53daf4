import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.cli.market import market_settings
from nemflow.cli.settings import load_settings
from nemflow.tasks.nem.sources import Source

CLOSED = "http://127.0.0.1:9"  # nothing answers at the discard port
NO_NETWORK = ("--nemweb-url", CLOSED, "--aemo-url", CLOSED)


@pytest.fixture
def run(nemflow):
    """Run `nemflow run` in this process, without patience for a network that is not there."""

    def run(*words):
        return nemflow("run", *words, NEMFLOW_TRIES="1")

    return run


def everything_below(folder):
    return sorted(folder.rglob("*"))


def test_a_day_that_is_there_is_found(run, put_targets):
    raw, clean = put_targets("2014-01-01")
    assert run("--date", "2014-01-01") == (
        0,
        f"nem_prices_raw_2014-01-01    already there  {raw}\n"
        f"nem_prices_clean_2014-01-01  already there  {clean}\n",
        "",
    )


def test_one_flow_alone_can_be_run(run, put_targets):
    raw, _ = put_targets("2014-01-01")
    ended = run("nem_prices_raw", "--date", "2014-01-01")
    assert ended == (0, f"nem_prices_raw_2014-01-01  already there  {raw}\n", "")


def test_quiet_says_nothing_where_nothing_failed(run, put_targets):
    put_targets("2014-01-01")
    assert run("--date", "2014-01-01", "--quiet") == (0, "", "")


def test_verbose_tells_of_what_is_there_too(run, put_targets):
    put_targets("2014-01-01")
    ended = run("--date", "2014-01-01", "--verbose")
    assert ended.code == 0
    assert "nem_prices_raw_2014-01-01 load Cached: " in ended.err


def test_json_is_one_object_per_flow_run_and_nothing_else(run, put_targets):
    raw, _ = put_targets("2014-01-01")
    ended = run("--date", "2014-01-01", "--json")
    first, second = (json.loads(line) for line in ended.out.splitlines())
    assert ended.err == ""
    assert second["flow_run"] == "nem_prices_clean_2014-01-01"
    assert {**first, "duration_s": 0} == {
        "schema": 1,
        "flow_run": "nem_prices_raw_2014-01-01",
        "flow": "nem_prices_raw",
        "date": "2014-01-01",
        "state": "Success",
        "outcome": "present",
        "target": str(raw),
        "source": None,
        "reason": "",
        "rows": None,
        "bytes": 16,
        "synthetic": False,
        "duration_s": 0,
        "error": None,
    }


def test_a_failure_is_told_with_the_command_that_repeats_it(run, put_targets):
    put_targets("2014-01-01")
    ended = run("--date", "2014-01-01", "--date", "2014-01-02", "--source", "bundle", *NO_NETWORK)
    lines = ended.out.splitlines()
    assert ended.code == 1
    assert lines[2].startswith("nem_prices_raw_2014-01-02    failed: extract: http://127.0.0.1:9/")
    assert "Connection refused" in lines[2]
    assert lines[3:] == [
        "nem_prices_clean_2014-01-02  not run (nem_prices_raw_2014-01-02 failed)",
        "run what failed again: nemflow run --source bundle "
        f"--nemweb-url {CLOSED} --aemo-url {CLOSED} --date 2014-01-02",
    ]
    assert "nem_prices_raw_2014-01-02 extract Failed" in ended.err


def test_the_command_that_repeats_a_failure_keeps_what_matters(run):
    ended = run(
        *("nem_prices_raw", "--date", "2014-01-02", "--quiet", "--force", "--data-dir", "my data"),
        *("--allow-large-download", *NO_NETWORK),
    )
    hint = ended.err.splitlines()[-1]
    assert hint == (
        "hint: run what failed again: nemflow run nem_prices_raw --data-dir 'my data' "
        f"--nemweb-url {CLOSED} --aemo-url {CLOSED} --force --allow-large-download "
        "--date 2014-01-02"
    )


def test_the_command_that_repeats_a_failure_keeps_where_tasks_run(run):
    words = ("--executor", "threads", "--workers", "2", "--quiet", *NO_NETWORK)
    hint = run("nem_prices_raw", "--date", "2014-01-02", *words).err.splitlines()[-1]
    assert " --workers 2 " in hint
    assert " --executor threads --date 2014-01-02" in hint


def test_quiet_says_what_failed(run):
    ended = run("--date", "2014-01-02", "--quiet", *NO_NETWORK)
    lines = ended.err.splitlines()
    assert (ended.code, ended.out, len(lines)) == (1, "", 3)
    assert lines[0].startswith("error: nem_prices_raw_2014-01-02 failed: extract: ")
    assert lines[1].startswith("error: nem_prices_clean_2014-01-02 not run (")


def test_a_failure_as_json_has_its_sentence(run):
    ended = run("--date", "2014-01-02", "--json", *NO_NETWORK)
    failed, held_back = (json.loads(line) for line in ended.out.splitlines())
    assert (failed["outcome"], failed["state"]) == ("failed", "Failed")
    assert failed["error"].startswith("extract: ")
    assert (held_back["outcome"], held_back["state"]) == ("not_run", None)
    assert held_back["reason"] == "nem_prices_raw_2014-01-02 failed"


def test_a_dry_run_touches_nothing(run, tmp_path):
    before = everything_below(tmp_path)
    ended = run("--date", "2014-01-01", "--dry-run", *NO_NETWORK)
    assert ended.code == 0
    raw, clean, forecast = ended.out.splitlines()
    assert raw.startswith("nem_prices_raw_2014-01-01    would run (the target is missing)  ")
    assert clean.startswith("nem_prices_clean_2014-01-01  would run (the target is missing)  ")
    assert forecast == (
        "about 3 requests for 1 file, 1.87 MB (usual sizes); no past runs to tell how long it takes"
    )
    assert ended.err == ""
    assert everything_below(tmp_path) == before


def test_a_dry_run_of_the_sandbox_touches_nothing_either(run, tmp_path):
    before = everything_below(tmp_path)
    ended = run("--date", "2014-01-01", "--dry-run", "--sandbox", "--force")
    assert ended.code == 0
    assert ended.out.count("SYNTHETIC nem_prices_") == 2
    assert str(tmp_path / "data" / "SYNTHETIC" / "raw") in ended.out
    assert everything_below(tmp_path) == before


def test_a_dry_run_says_what_is_there_and_what_force_would_do(run, put_targets):
    put_targets("2014-01-01")
    told = run("nem_prices_raw", "--date", "2014-01-01", "--dry-run").out
    forced = run("nem_prices_raw", "--date", "2014-01-01", "--dry-run", "--force").out
    assert "  already there (the target is there)  " in told
    assert "  would run (forced)  " in forced


def test_a_dry_run_as_json_is_planned(run):
    ended = run("--date", "2014-01", "--dry-run", "--json")
    objects = [json.loads(line) for line in ended.out.splitlines()]
    forecast = objects.pop()
    assert len(objects) == 62
    assert {(o["outcome"], o["state"]) for o in objects} == {("planned", None)}
    assert (forecast["type"], forecast["requests"], forecast["sources"]) == (
        *("forecast", 3),
        {"bundle": 31},
    )


def test_many_dates_are_counted(run, tmp_path):
    ended = run("--date", "2014-01", "--date", "2014-02-03", "--dry-run")
    data = tmp_path / "data"
    assert ended.out.splitlines() == [
        "nem_prices_raw, 32 dates from 2014-01-01 to 2014-02-03: 32 would run",
        "  32 dates: the target is missing",
        f"  in {data}/raw/nem_prices/2014",
        "nem_prices_clean, 32 dates from 2014-01-01 to 2014-02-03: 32 would run",
        "  32 dates: the target is missing",
        f"  in {data}/clean/nem_prices/year=2014",
        "about 6 requests for 2 files, 3.73 MB (usual sizes); no past runs to tell how long it takes",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--date", "2014-13-01"), "error: --date 2014-13-01: no such date"),
        (("--date", "01/02/2014"), "error: --date 01/02/2014: not a date"),
        ((), "error: Missing option '--date'"),
        (("prices", "--date", "2014-01-01"), "error: there is no flow or data set 'prices'"),
        (("--date", "2014-01-01", "--source", "x"), "error: Invalid value for '--source'"),
        (("--date", "2014-01-01", "--nemweb-url", "x"), "error: --nemweb-url must be an http"),
        (("--date", "2014-01-01", "-q", "-v"), "error: --quiet and --verbose or --debug exclude"),
        (
            ("--date", "2014-01-01", "--sandbox", "--nemweb-url", CLOSED),
            "error: --sandbox takes --nemweb-url and --aemo-url together",
        ),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(words, message, run, tmp_path):
    before = everything_below(tmp_path)
    ended = run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert [line for line in ended.err.splitlines() if line.startswith(message)]
    assert everything_below(tmp_path) == before


def test_tomorrow_is_wrong_use(run):
    tomorrow = datetime.now(UTC) + timedelta(hours=34)
    ended = run("--date", f"{tomorrow:%Y-%m-%d}")
    assert ended.code == 2
    assert "lies in the future" in ended.err


def test_real_prices_are_not_put_among_synthetic_ones(run, tmp_path):
    ended = run("--date", "2014-01-01", "--data-dir", "prices/SYNTHETIC")
    folder = tmp_path / "prices" / "SYNTHETIC"
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {folder} is where --sandbox keeps its made-up prices")


def test_a_day_from_the_sandbox_is_written_once_and_marked(start, tmp_path):
    words = ("run", "--sandbox", "--date", "2014-01-01")
    out, err = start(*words).communicate(timeout=60)
    folder = tmp_path / "data" / "SYNTHETIC"
    raw = folder / "raw/nem_prices/2014/nem_prices_raw_2014-01-01.parquet"
    clean = folder / "clean/nem_prices/year=2014/month=01/nem_prices_2014-01-01.parquet"
    head = "SYNTHETIC nem_prices_"
    lines = out.splitlines()
    assert lines[0].startswith(f"{head}raw_2014-01-01    written, 1,440 rows from ")
    assert lines[1].startswith(f"{head}clean_2014-01-01  written, 1,440 rows from ")
    assert [line.split()[-1] for line in lines] == [str(raw), str(clean)]
    assert err.startswith("SYNTHETIC market: ")
    assert "\r" not in err

    again, err = start(*words).communicate(timeout=60)
    assert again == (
        f"{head}raw_2014-01-01    already there  {raw}\n"
        f"{head}clean_2014-01-01  already there  {clean}\n"
    )
    assert len(err.splitlines()) == 1


def test_facts_of_what_was_written_are_in_the_json(start, tmp_path):
    out, _ = start("run", "--sandbox", "--date", "1999-01-01", "--json").communicate(timeout=60)
    _, clean = (json.loads(line) for line in out.splitlines())
    assert (clean["outcome"], clean["state"], clean["synthetic"]) == ("written", "Success", True)
    assert clean["rows"] == 4 * 48
    assert "price-and-demand" in clean["source"]
    assert clean["bytes"] == os.path.getsize(clean["target"])


def test_today_is_not_published_yet_and_no_failure(start):
    process = start("run", "--sandbox", "--date", "today")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert [line.split("  ")[1] for line in out.splitlines()[:2]][1] == "not published yet"
    assert out.splitlines()[2].startswith("SYNTHETIC note: ")


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_results_that_nobody_reads_do_not_stop_the_work(more, environment, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nemflow", "run", "--sandbox", "--date", "1999-01-01", *more]
    done = subprocess.run(command, stdout=write, stderr=write, env=environment, cwd=tmp_path)
    os.close(write)
    assert done.returncode == 0
    assert list(tmp_path.glob("data/SYNTHETIC/clean/**/*.parquet"))


def test_talk_does_not_go_to_standard_output_where_standard_error_is_closed(environment, tmp_path):
    words = "run --sandbox --date 1999-01-01 --json"
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m nemflow {words} 2>&-"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 0
    assert [json.loads(line)["outcome"] for line in done.stdout.splitlines()] == ["written"] * 2


def test_the_market_gets_the_settings(tmp_path):
    words = {"source": "bundle", "data_dir": "d", "state_dir": "s", "tries": "2"}
    environment = {f"NEMFLOW_{name.upper()}": text for name, text in words.items()}
    market = market_settings(load_settings({}, environment, tmp_path), large_download=True)
    assert (market.source, market.data_dir) == (Source.BUNDLE, tmp_path / "d")
    assert (market.lock_dir, market.tries) == (tmp_path / "s" / "locks", 2)
    assert (market.allow_large_download, market.synthetic) == (True, False)


def test_automatic_choice_is_no_source(tmp_path):
    assert market_settings(load_settings({}, {}, tmp_path)).source is None


def test_several_workers_do_the_same_work(start):
    words = ("run", "--sandbox", "--date", "1999-01-01")
    out, err = start(*words, variables={"NEMFLOW_WORKERS": "3"}).communicate(timeout=60)
    assert out.count("written, 192 rows") == 2
    assert "nem_prices_clean_1999-01-01 load Success" in err
