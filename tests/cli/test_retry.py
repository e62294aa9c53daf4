"""``nemflow retry`` and ``nemflow resume``: just what failed, as it was run."""

import json
import textwrap

import pytest

from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer

OWN = """
    import os
    from nemflow import Flow, LocalResult, Parameter, pause_task, task

    @task
    def work(n, word):
        if not os.path.exists("ready"):
            raise ValueError("not ready")
        with open("made", "a") as file:
            file.write(f"{n} {word}\\n")

    with Flow("mine", flow_run_name="mine_{n}") as mine:
        work(Parameter("n"), Parameter("word", default="none"))

    @task(result=LocalResult("kept"), target="first.pickle")
    def first():
        with open("made", "a") as file:
            file.write("first\\n")
        return 1

    @task
    def approve(one):
        pause_task("look at it")
        return one + 1

    with Flow("asking", flow_run_name="asking") as asking:
        approve(first())
"""


@pytest.fixture(autouse=True)
def own(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent(OWN))


def runs(nemflow, *words):
    return json.loads(nemflow("history", "--limit", "0", "--json", *words).out)["runs"]


def test_an_own_flow_is_run_again_with_its_parameters_in_its_folder(nemflow, tmp_path, monkeypatch):
    words = ("--param", "n=1", "--param", "word=a b")
    assert nemflow("run", "own.py:mine", *words).code == 1
    (tmp_path / "ready").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    ended = nemflow("retry", "mine_1")
    assert (ended.code, ended.out) == (0, "mine_1  Success\n")
    assert (tmp_path / "made").read_text() == "1 a b\n"
    new, old = runs(nemflow)
    assert (new["made_by"], old["made_by"]) == ("retry", "command")
    assert new["command"] == old["command"]


def test_a_retry_that_fails_again_exits_with_1(nemflow):
    nemflow("run", "own.py:mine", "--param", "n=1")
    assert nemflow("retry", "mine_1").code == 1


def test_what_did_not_fail_is_not_run(nemflow, tmp_path):
    (tmp_path / "ready").touch()
    nemflow("run", "own.py:mine", "--param", "n=1")
    ended = nemflow("retry", "mine_1")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "mine_1 did not fail, its state is Success\nnothing to retry\n"
    assert (tmp_path / "made").read_text() == "1 none\n"


def test_failed_means_each_run_whose_last_attempt_failed(nemflow, tmp_path):
    for n in (1, 2, 3):
        nemflow("run", "own.py:mine", "--param", f"n={n}")
    (tmp_path / "ready").touch()
    nemflow("run", "own.py:mine", "--param", "n=2")
    assert nemflow("retry", "--failed", "--since", "1d").code == 0
    assert sorted((tmp_path / "made").read_text().split()[::2]) == ["1", "2", "3"]
    assert nemflow("retry", "--failed").err == "nothing to retry\n"


def test_a_dry_run_says_what_would_run(nemflow, tmp_path):
    nemflow("run", "own.py:mine", "--param", "n=1")
    ended = nemflow("retry", "--last", "--dry-run")
    assert (ended.code, ended.out) == (0, "mine_1  would run (the flow has no target of its own)\n")
    assert len(runs(nemflow)) == 1


@pytest.mark.parametrize(
    "words", [(), ("x", "--last"), ("--last", "--failed"), ("x", "--since", "1d")]
)
def test_what_is_to_be_retried_must_be_said_once(words, nemflow):
    assert nemflow("retry", *words).code == 2


def test_the_failed_days_of_the_last_command_go_on_through_their_stages(nemflow):
    fault = Fault(kind=FaultKind.FORBIDDEN, path_contains="MMSDM_2020_02")
    days = ("--date", "2020-02-01", "--date", "2020-02-02")
    with SandboxServer(faults=[fault]) as server:
        urls = ("--nemweb-url", server.url, "--aemo-url", server.url)
        failed = nemflow(
            "run", "--sandbox", *days, *urls, NEMFLOW_SOURCE="mmsdm", NEMFLOW_TRIES="1"
        )
        assert failed.code == 1
        assert [run["state"] for run in runs(nemflow)] == ["Failed", "Failed"]
        server.faults = ()
        ended = nemflow("retry", "--last", "--json")
        assert ended.code == 0, ended.err
    made = [json.loads(line) for line in ended.out.splitlines()]
    assert [(record["flow_run"], record["outcome"], record["source"]) for record in made] == [
        (f"nem_prices_{stage}_{day}", "written", "SYNTHETIC mmsdm")
        for day in ("2020-02-01", "2020-02-02")
        for stage in ("raw", "clean")
    ]


def test_a_later_stage_is_retried_alone(nemflow, tmp_path):
    assert nemflow("run", "--sandbox", "--date", "2014-01-01").code == 0
    [raw] = (tmp_path / "data").rglob("nem_prices_raw_*.parquet")
    [clean] = (tmp_path / "data").rglob("nem_prices_2014*.parquet")
    content = raw.read_bytes()
    clean.unlink()
    raw.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    assert nemflow("run", "--sandbox", "--date", "2014-01-01").code == 1
    raw.write_bytes(content)
    ended = nemflow("retry", "nem_prices_clean_2014-01-01")
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == 1
    assert clean.exists()


def test_a_run_of_a_program_is_told_to_be_that_programs(nemflow, tmp_path):
    from nemflow import Flow, HistoryReporter, task

    @task
    def fail():
        raise ValueError("no")

    with Flow("programs", flow_run_name="programs") as flow:
        fail()
    with HistoryReporter(tmp_path / "state") as reporter:
        flow.run(reporter=reporter)
    ended = nemflow("retry", "programs")
    assert ended.code == 1
    assert "run that program again" in ended.err


def test_a_folder_that_is_gone_is_said_to_be(nemflow, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "own.py").rename(tmp_path / "there" / "own.py")
    monkeypatch.chdir(tmp_path / "there")
    nemflow("run", "own.py:mine", "--param", "n=1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").rename(tmp_path / "gone")
    ended = nemflow("retry", "mine_1")
    assert ended.code == 1
    assert f"in the folder {tmp_path}/there, which cannot be entered" in ended.err


def test_a_paused_run_goes_on_with_what_it_kept(nemflow, tmp_path):
    paused = nemflow("run", "own.py:asking")
    assert paused.out.splitlines()[-1] == "go on with it: nemflow resume asking"
    [run] = runs(nemflow, "--state", "paused")
    assert run["ended_at"] is None
    ended = nemflow("resume", "asking")
    assert (ended.code, ended.out.splitlines()) == (0, ["asking  Success", "  approve = 2"])
    assert (tmp_path / "made").read_text() == "first\n"
    [resumed] = runs(nemflow)
    assert (resumed["id"], resumed["state"]) == (run["id"], "Success")


def test_only_a_paused_run_can_be_resumed(nemflow, tmp_path):
    (tmp_path / "ready").touch()
    nemflow("run", "own.py:mine", "--param", "n=1")
    assert nemflow("resume", "mine_1") == (
        1,
        "",
        "error: mine_1 is not paused, its state is Success\n",
    )
