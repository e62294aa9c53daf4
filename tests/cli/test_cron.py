"""``nemflow cron``: lines that a crontab can take as they are."""

import shlex
import subprocess

import pytest


def test_the_line_runs_this_nemflow_from_anywhere(nemflow, tmp_path):
    line = nemflow("cron", "--at", "06:05", "--data-dir", "my prices").out.strip()
    when, words = line.split("  ", 1)
    assert when == "5 6 * * *"
    assert words.endswith(
        f"run nem_prices --date yesterday --quiet --data-dir '{tmp_path}/my prices'"
    )
    program = shlex.split(words)[: shlex.split(words).index("run")]
    said = subprocess.run(
        ["env", *program, "--version"], cwd="/", capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("nemflow ")


def test_a_percent_sign_does_not_end_the_command(nemflow):
    assert r"/data/100\%" in nemflow("cron", "--data-dir", "/data/100%").out


def test_the_agents_line_looks_every_quarter_of_an_hour(nemflow):
    assert nemflow("cron", "--agent").out.startswith("*/15 * * * *  ")


@pytest.mark.parametrize("clock", ["25:00", "5", "05:60", "half past"])
def test_a_wrong_time_is_said(nemflow, clock):
    ended = nemflow("cron", "--at", clock)
    assert (ended.code, f"--at {clock}: write a time of day" in ended.err) == (2, True)


def test_a_wrong_name_is_answered_with_the_nearest(nemflow):
    ended = nemflow("cron", "nem_price")
    assert (ended.code, "did you mean 'nem_prices'?" in ended.err) == (2, True)
