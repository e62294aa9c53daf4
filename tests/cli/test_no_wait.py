"""``nemflow run --no-wait``: what another run holds is left to it, and it is said who that is."""

import json
import os
import signal
import textwrap

import pytest

OWN = """
    import sys
    from nemflow import Flow, LocalResult, Parameter, task

    @task(result=LocalResult("kept"), target="made.pickle")
    def make():
        print("ready", flush=True)
        sys.stdin.readline()
        return 1

    with Flow("making", flow_run_name="making") as making:
        making.set_goal(make())
"""


@pytest.fixture
def other(start, tmp_path):
    """A process that holds the target of raw prices."""
    from nemflow.results.locks import TargetLock

    target = tmp_path / "data/SYNTHETIC/raw/nem_prices/2014/nem_prices_raw_2014-01-01.parquet"
    target.parent.mkdir(parents=True)
    with TargetLock(tmp_path / "state" / "locks", str(target)):
        yield


WORDS = ("run", "--sandbox", "--no-wait", "--date", "2014-01-01")


def test_a_target_that_another_run_makes_is_exit_4_and_says_who_makes_it(other, nemflow):
    ended = nemflow(*WORDS)
    assert ended.code == 4
    raw, clean = ended.out.splitlines()
    assert "nem_prices_raw_2014-01-01    held by another run" in raw
    assert f"is being made by process {os.getpid()} on host" in raw
    assert "held by another run" in clean


def test_it_is_told_as_json_and_leaves_no_trace_in_the_history(other, nemflow, tmp_path):
    ended = nemflow(*WORDS, "--json")
    assert ended.code == 4
    assert {json.loads(line)["outcome"] for line in ended.out.splitlines()} == {"held"}
    assert not (tmp_path / "state" / "history.sqlite").exists()


def test_quiet_says_who_holds_it_too(other, nemflow):
    ended = nemflow(*WORDS, "--quiet")
    assert (ended.code, ended.out) == (4, "")
    assert f"is being made by process {os.getpid()} on host" in ended.err


def test_other_days_go_on(other, nemflow):
    ended = nemflow(*WORDS, "--date", "2014-01-02")
    assert ended.code == 4
    assert "nem_prices_clean_2014-01-02  written" in ended.out


def test_a_target_that_is_there_is_no_matter(other, nemflow, tmp_path):
    day = "2014-01-01"
    folder = tmp_path / "data/SYNTHETIC"
    for path in (
        folder / f"raw/nem_prices/2014/nem_prices_raw_{day}.parquet",
        folder / f"clean/nem_prices/year=2014/month=01/nem_prices_{day}.parquet",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1" + bytes(8) + b"PAR1")
    assert nemflow(*WORDS).code == 0


def test_an_own_flow_that_another_process_is_at_is_exit_4(environment, nemflow, tmp_path):
    import subprocess
    import sys

    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))
    with subprocess.Popen(
        [sys.executable, "-m", "nemflow", "run", "own.py"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        ended = nemflow("run", "own.py", "--no-wait")
        assert ended.code == 4
        assert f"held by another run: {tmp_path}/kept/made.pickle is being made by" in ended.out
        assert f"process {process.pid} " in ended.out
        process.send_signal(signal.SIGTERM)
