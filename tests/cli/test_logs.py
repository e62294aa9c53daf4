"""``nemflow logs``: a run's log, a task's, and one that is still growing."""

import json
import signal
import textwrap

import pytest

OWN = """
    import logging, sys
    from pathlib import Path
    from nemflow import Flow, Parameter, task

    @task
    def talk(n):
        logging.getLogger("nemflow.own").info("so far so good")
        return n

    @task
    def fail(n):
        if n > 1:
            raise ValueError("it broke")

    @task
    def wait(n):
        print("waiting", flush=True)
        sys.stdin.readline()

    with Flow("talking", flow_run_name="talking_{n}") as talking:
        fail(talk(Parameter("n")))
    with Flow("waiting", flow_run_name="waiting") as waiting:
        wait(talk(1))
"""


@pytest.fixture(autouse=True)
def own(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))


def test_the_log_has_the_traceback_that_the_terminal_has_not(nemflow):
    ran = nemflow("run", "own.py:talking", "--param", "n=2")
    assert "Traceback" not in ran.err
    assert "so far so good" not in ran.err
    out = nemflow("logs", "talking_2").out
    assert "+10:00 INFO talk: so far so good\n" in out
    assert "ERROR fail: Failed: ValueError('it broke')\nTraceback" in out


def test_the_log_of_a_task_has_nothing_of_others(nemflow):
    nemflow("run", "own.py:talking", "--param", "n=2")
    out = nemflow("logs", "talking_2", "fail").out
    assert out.count("fail: ") == 2
    assert out.splitlines()[-1] == "ValueError: it broke"
    assert "talk: " not in out


def test_entries_as_json_are_one_object_each(nemflow):
    nemflow("run", "own.py:talking", "--param", "n=1")
    entries = [json.loads(line) for line in nemflow("logs", "talking_1", "--json").out.splitlines()]
    assert {entry["schema"] for entry in entries} == {1}
    assert {"level": "INFO", "text": "talk: so far so good"}.items() <= entries[1].items()
    assert entries[1]["at"].endswith("+10:00")


def test_a_mistyped_task_is_told_the_nearest(nemflow):
    nemflow("run", "own.py:talking", "--param", "n=1")
    ended = nemflow("logs", "talking_1", "tlak")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: talking_1 has no task 'tlak'; did you mean 'talk'?\n"


def test_a_log_that_was_removed_is_said_to_be(nemflow, tmp_path):
    nemflow("run", "own.py:talking", "--param", "n=1")
    [log] = (tmp_path / "state" / "logs").glob("talking/*.log")
    log.unlink()
    ended = nemflow("logs", "talking_1")
    assert ended.code == 1
    assert "not there any more: logs are kept for 90 days" in ended.err


@pytest.fixture
def waiting(tmp_path, environment):
    """A run that waits for a line."""
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-m", "nemflow", "run", "own.py:waiting", "--verbose"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "waiting\n"
        yield process
        process.kill()


def test_follow_ends_when_the_run_ends(waiting, start):
    reader = start("logs", "waiting", "--follow")
    assert "talk: Running" in reader.stdout.readline()
    waiting.stdin.write("\n")
    waiting.stdin.flush()
    out, err = reader.communicate(timeout=60)
    assert (reader.returncode, err) == (0, "")
    assert out.splitlines()[-1].endswith("INFO waiting Success: all reference tasks succeeded")


def test_follow_ends_when_the_run_is_killed(waiting, start):
    reader = start("logs", "waiting", "--follow")
    assert "talk: Running" in reader.stdout.readline()
    waiting.kill()
    reader.communicate(timeout=60)
    assert reader.returncode == 0


def test_ctrl_c_ends_following_with_130_and_not_the_run(waiting, start):
    reader = start("logs", "waiting", "--follow")
    assert "talk: Running" in reader.stdout.readline()
    reader.send_signal(signal.SIGINT)
    _, err = reader.communicate(timeout=60)
    assert (reader.returncode, err) == (130, "")
    assert waiting.poll() is None
