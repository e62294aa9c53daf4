"""``nemflow agent``, with real processes."""

import json
import os
import signal
import textwrap
import time
from pathlib import Path

import pytest

TOUCHES = """
    import os, time
    from nemflow import Flow, Parameter, task

    @task
    def touch(n, wait_for):
        # a line a run, written at once: what was done twice would stand here twice
        with open("{out}", "a") as file:
            file.write(f"{{n}}\\n")
        while wait_for and not os.path.exists(wait_for):
            time.sleep(0.01)
        return n

    with Flow("touches") as flow:
        touch(Parameter("n"), Parameter("wait_for", default=""))
"""


@pytest.fixture
def done(tmp_path) -> Path:
    """The file in which each run of the flow ``touches``, which is registered, leaves a line."""
    return tmp_path / "done.txt"


@pytest.fixture
def touches(nemflow, tmp_path, done):
    """Register the flow ``touches``."""
    (tmp_path / "own.py").write_text(textwrap.dedent(TOUCHES.format(out=done)))
    assert nemflow("register", "own.py", "--project", "tests").code == 0


def states(nemflow):
    runs = json.loads(nemflow("agent", "status", "--json").out)["runs"]
    return [run["state"] for run in runs]


def wait_until(is_so, timeout_s=60.0):
    """Poll until something is so; the processes that make it so are not ours to wait for."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def test_three_agents_do_200_runs_once_each_though_one_is_killed(nemflow, start, touches, done):
    for number in range(200):
        assert nemflow("run", "touches", "--submit", "--param", f"n={number}").code == 0
    agents = [start("agent", "start", "--once", "--workers", "2") for _ in range(3)]
    wait_until(lambda: done.exists() and len(done.read_text().split()) > 20)
    os.kill(agents[0].pid, signal.SIGKILL)
    for agent in agents[1:]:
        assert agent.wait(timeout=120) == 0
    wait_until(lambda: set(states(nemflow)) == {"done"})
    assert sorted(map(int, done.read_text().split())) == list(range(200))


def test_sigterm_lets_runs_end_within_the_grace_and_takes_nothing_more(
    nemflow, start, touches, done, tmp_path
):
    gate = tmp_path / "gate"
    for number in (1, 2):
        nemflow(
            "run", "touches", "--submit", "--param", f"n={number}", "--param", f"wait_for={gate}"
        )
    agent = start("agent", "start", "--grace", "60")
    wait_until(lambda: done.exists() and done.read_text())
    agent.send_signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in agent.stderr.readline())
    gate.touch()
    assert agent.wait(timeout=60) == 143
    assert sorted(states(nemflow)) == ["done", "scheduled"]


def test_a_run_that_outlasts_the_grace_is_done_by_the_next_agent(
    nemflow, start, touches, done, tmp_path
):
    gate = tmp_path / "gate"
    nemflow("run", "touches", "--submit", "--param", "n=1", "--param", f"wait_for={gate}")
    agent = start("agent", "start", "--grace", "0")
    wait_until(lambda: done.exists() and done.read_text())
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(timeout=60) == 143
    assert states(nemflow) == ["scheduled"]
    gate.touch()
    assert start("agent", "start", "--once").wait(timeout=60) == 0
    assert states(nemflow) == ["done"]


def test_labels_decide_which_agent_takes_a_run(nemflow, start, touches, done):
    nemflow("run", "touches", "--submit", "--param", "n=1", "--label", "gpu")
    assert start("agent", "start", "--once").wait(timeout=60) == 0
    assert states(nemflow) == ["scheduled"]
    assert start("agent", "start", "--once", "--label", "gpu").wait(timeout=60) == 0
    assert done.read_text() == "1\n"


def test_once_tells_by_its_exit_code_that_a_run_failed(nemflow, start, touches):
    nemflow("run", "touches", "--submit")  # the parameter n is missing
    agent = start("agent", "start", "--once")
    assert agent.wait(timeout=60) == 1
    assert "failed, exit code 2" in agent.stderr.read()


def test_a_due_schedule_fetches_the_day_that_its_words_meant_then(nemflow, start, tmp_path):
    words = ("--every", "1s", "--missed", "latest", "--nemweb-url", "http://127.0.0.1:9")
    added = nemflow(
        *("schedule", "add", "nem_prices", *words, "--aemo-url", "http://127.0.0.1:9"),
        "date=2014-01-01",
    )
    assert added.code == 0
    agent = start("agent", "start", "--poll", "0.1", variables={"NEMFLOW_TRIES": "1"})
    log = tmp_path / "state" / "logs" / "agent"
    wait_until(
        lambda: [p for p in log.glob("*.log") if "nem_prices_raw_2014-01-01" in p.read_text()]
    )
    wait_until(lambda: "tried again" in agent.stderr.readline())
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(timeout=60) == 143
    [kept] = {path.read_text().splitlines()[0] for path in log.glob("*.log")}
    assert kept.startswith(
        "nemflow run nem_prices --date 2014-01-01 --nemweb-url http://127.0.0.1:9"
    )


def test_a_second_look_finds_nothing_to_do(nemflow, start, touches):
    nemflow("run", "touches", "--submit", "--param", "n=1")
    assert start("agent", "start", "--once").wait(timeout=60) == 0
    again = start("agent", "start", "--once")
    assert (again.wait(timeout=60), again.stderr.read()) == (0, "")


def test_the_status_says_when_there_is_nothing(nemflow):
    assert nemflow("agent", "status").out == "no runs: none was asked for, none is due\n"


def test_the_unit_file_keeps_labels_settings_and_absolute_paths(nemflow, tmp_path):
    unit = nemflow("agent", "systemd", "--label", "gpu", "--data-dir", "prices").out
    assert f"agent start --label gpu --data-dir {tmp_path}/prices" in unit
    assert f'Environment="NEMFLOW_STATE_DIR={tmp_path}/state"' in unit
    assert "SuccessExitStatus=143" in unit
