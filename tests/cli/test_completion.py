"""``nemflow completion``, with a real shell."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def complete(environment, tmp_path):
    """Give what bash would offer for words, of which the last is begun."""

    def complete(*words):
        said = subprocess.run(
            [sys.executable, "-m", "nemflow"],
            env={
                **environment,
                "_NEMFLOW_COMPLETE": "bash_complete",
                "COMP_WORDS": " ".join(("nemflow", *words)),
                "COMP_CWORD": str(len(words)),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.stderr == ""
        return [line.split(",", 1)[1] for line in said.stdout.splitlines() if line]

    return complete


def test_commands_are_completed(complete):
    assert complete("hist") == ["history"]
    assert set(complete("re")) >= {"refresh", "register", "report", "resume", "retry"}


def test_flows_and_data_sets_are_completed(complete):
    assert complete("run", "nem_trading") == [
        "nem_trading_prices",
        "nem_trading_prices_raw",
        "nem_trading_prices_clean",
    ]


def test_dates_are_completed_step_by_step(complete):
    assert complete("run", "--date", "yes") == ["yesterday"]
    assert complete("run", "--date", "201")[0] == "2019"
    assert complete("run", "--date", "2014-0")[:2] == ["2014-01", "2014-02"]
    days = complete("run", "--date", "2014-02-2")
    assert (days[0], days[-1], len(days)) == ("2014-02-20", "2014-02-28", 9)


def test_names_of_runs_come_from_the_history(complete, nemflow):
    assert complete("show", "nem") == []
    assert nemflow("run", "--sandbox", "--date", "2015-01-01").code == 0
    assert set(complete("show", "nem")) == {
        "nem_prices_raw_2015-01-01",
        "nem_prices_clean_2015-01-01",
    }


def test_schedules_are_completed(complete, nemflow):
    nemflow("schedule", "add", "nem_prices", "--every", "1h", "--name", "hourly")
    assert complete("schedule", "pause", "h") == ["hourly"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_calls_nemflow(nemflow, shell):
    ended = nemflow("completion", shell)
    assert ended.code == 0
    assert f"_NEMFLOW_COMPLETE={shell}_complete" in ended.out


def test_bash_takes_the_script_and_completes(nemflow, environment, tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash here")
    script = tmp_path / "completion.bash"
    script.write_text(nemflow("completion", "bash").out)
    there = Path(sys.executable).parent
    words = "COMP_WORDS=(nemflow hist); COMP_CWORD=1; _nemflow_completion nemflow"
    said = subprocess.run(
        [bash, "-c", f'source {script}; {words}; echo "$COMPREPLY"'],
        env={**environment, "PATH": f"{there}:{environment['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout.strip() == "history"
