"""``nemflow history`` and ``nemflow show``: what ran, in words and as JSON."""

import json
import os
import re
import textwrap

import pytest

OWN = """
    from nemflow import Flow, Parameter, task

    @task
    def numbers(n):
        return list(range(n))

    @task
    def half(x):
        if x == 3:
            raise ValueError("three is bad")
        return x / 2

    with Flow("halves", flow_run_name="halves_{n}") as halves:
        half.map(numbers(Parameter("n")))
"""


@pytest.fixture
def own(tmp_path, nemflow):
    """Run a flow of the user's own that fails for n above 3."""
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))

    def run(n, *words):
        return nemflow("run", "own.py:halves", "--param", f"n={n}", *words)

    return run


def test_without_a_history_it_says_so_and_makes_none(nemflow, tmp_path):
    assert nemflow("history") == (0, "", "no run has been recorded yet\n")
    assert json.loads(nemflow("history", "--json").out) == {"schema": 1, "total": 0, "runs": []}
    assert not (tmp_path / "state").exists()


def test_runs_are_listed_the_newest_first_with_the_error_below(own, nemflow):
    own(2)
    own(5)
    ended = nemflow("history")
    head, failed, error, well = ended.out.splitlines()
    assert head.split() == ["id", "started", "(UTC+10)", "run", "state", "took"]
    assert re.fullmatch(
        r"[0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\d  halves_5  Failed   \d\.\d s", failed
    )
    assert error == "          half[3]: ValueError('three is bad')"
    assert re.fullmatch(
        r"[0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\d  halves_2  Success  \d\.\d s", well
    )


def test_a_price_run_says_what_it_made(nemflow):
    nemflow("run", "nem_prices_raw", "--sandbox", "--date", "2014-01-01", "--quiet")
    assert "1,440 rows" in nemflow("history").out
    [run] = json.loads(nemflow("history", "--json").out)["runs"]
    assert (run["outcome"], run["rows"], run["source"]) == ("written", 1440, "SYNTHETIC bundle")
    assert run["synthetic"] is True
    assert run["parameters"]["date"] == "2014-01-01"
    assert os.path.getsize(run["target"]) == run["bytes"]
    assert run["command"][:3] == ["nemflow", "run", "nem_prices_raw"]


def test_a_run_that_finds_everything_is_not_recorded(nemflow, put_targets, tmp_path):
    put_targets("2014-01-01")
    assert nemflow("run", "--date", "2014-01-01").code == 0
    assert not (tmp_path / "state" / "history.sqlite").exists()


def test_a_dry_run_is_not_recorded(nemflow, tmp_path):
    nemflow("run", "--date", "2014-01-01", "--dry-run")
    assert not (tmp_path / "state").exists()


def test_runs_can_be_chosen_and_the_rest_is_counted(own, nemflow):
    for n in (1, 2, 5):
        own(n)
    chosen = json.loads(nemflow("history", "--state", "FAILED", "--json").out)
    assert [run["name"] for run in chosen["runs"]] == ["halves_5"]
    assert json.loads(nemflow("history", "--since", "1h", "--json").out)["total"] == 3
    limited = nemflow("history", "--limit", "1")
    assert limited.err == "1 of 3 runs; --limit 0 shows all\n"
    assert json.loads(nemflow("history", "--limit", "1", "--json").out)["total"] == 3


def test_a_mistyped_flow_is_told_the_nearest(own, nemflow):
    own(1)
    ended = nemflow("history", "--flow", "halvs")
    assert ended == (
        2,
        "",
        "error: --flow halvs: no flow of that name has run; did you mean 'halves'?\n",
    )


def test_a_time_that_cannot_be_read_is_wrong_use(nemflow):
    ended = nemflow("history", "--since", "soon")
    assert ended.code == 2
    assert ended.err.startswith("error: --since soon: write how long ago, as 30m, 12h, 7d")


def test_a_run_is_shown_with_its_tasks_and_the_command_that_retries_it(own, nemflow, tmp_path):
    own(5)
    out = nemflow("show", "halves_5").out
    lines = out.splitlines()
    assert lines[0] == "halves_5"
    facts = dict(re.findall(r"^  (\w[\w ]*?)  +(\S.*)$", out.partition("\n\n")[0], re.MULTILINE))
    assert facts["state"] == "Failed"
    assert facts["error"] == "half[3]: ValueError('three is bad')"
    assert facts["parameters"] == "n=5"
    assert facts["made by"] == f"command: nemflow run {tmp_path}/own.py:halves --param n=5"
    assert facts["started"].endswith("+10:00")
    assert str(tmp_path / "state" / "logs" / "halves") in facts["log"]
    timeline = out.partition("\n\n")[2]
    assert re.search(r"^  numbers +Success +\d\.\d s", timeline, re.MULTILINE)
    assert re.search(r"^  half\[3\] +Failed .*three is bad", timeline, re.MULTILINE)
    assert lines[-1] == "retry: nemflow retry halves_5"


def test_children_of_a_wide_map_are_counted_but_for_the_failed(own, nemflow):
    own(50)
    out = nemflow("show", "halves_50").out
    assert "half[3] " in out
    assert "half[4] " not in out
    assert "half[...]  and 49 Success; --all lists them" in out
    assert "half[49] " in nemflow("show", "halves_50", "--all").out


def test_an_older_run_of_a_name_is_shown_by_its_id(own, nemflow):
    own(5)
    [old] = json.loads(nemflow("history", "--json").out)["runs"]
    own(5)
    out = nemflow("show", old["id"][:8]).out
    assert old["id"] in out
    assert out.splitlines()[-1] == f"retry: nemflow retry {old['id'][:12]}"


def test_a_run_as_json_has_tasks_and_changes(own, nemflow):
    own(2)
    shown = json.loads(nemflow("show", "halves_2", "--json").out)
    assert shown["schema"] == 1
    assert shown["run"]["name"] == "halves_2"
    assert {task["name"] for task in shown["tasks"]} == {"numbers", "half", "half[0]", "half[1]"}
    assert shown["changes"][0]["state"] == "Running"
    assert shown["retry"] is None


def test_a_mistyped_run_is_told_the_nearest(own, nemflow):
    own(1)
    assert nemflow("show", "halfs_1") == (
        2,
        "",
        "error: there is no run 'halfs_1' in the history; did you mean 'halves_1'?\n"
        "hint: `nemflow history` lists the runs\n",
    )


def test_a_history_of_a_newer_nemflow_is_one_sentence_and_no_harm_to_a_run(own, nemflow, tmp_path):
    import sqlite3

    (tmp_path / "state").mkdir()
    connection = sqlite3.connect(tmp_path / "state" / "history.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    ended = nemflow("history")
    assert (ended.code, len(ended.err.splitlines())) == (1, 1)
    assert "newer nemflow" in ended.err
    ran = own(1)
    assert ran.code == 0
    assert ran.err.count("newer nemflow") == 1


def test_deleting_the_history_loses_no_data(nemflow, tmp_path):
    words = ("run", "nem_prices_raw", "--sandbox", "--date", "2014-01-01")
    nemflow(*words)
    for path in (tmp_path / "state").glob("history.sqlite*"):
        path.unlink()
    again = nemflow(*words)
    assert again.code == 0
    assert "already there" in again.out


def test_lines_are_cut_to_a_terminal_only(own, nemflow, environment, tmp_path):
    import pty
    import subprocess
    import sys

    own(5)
    reader, writer = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "nemflow", "history"],
        stdout=writer,
        env={**environment, "COLUMNS": "40"},
        cwd=tmp_path,
        check=True,
    )
    os.close(writer)
    shown = os.read(reader, 10_000).decode().splitlines()
    os.close(reader)
    assert max(map(len, shown)) == 40
    assert shown[-1].endswith("…")
    assert "three is bad" in nemflow("history").out
