"""``nemflow register``, ``nemflow projects``, and running what was registered by its name."""

import json
import textwrap

import pytest

SUMS = """
    from datetime import timedelta
    from nemflow import Flow, Parameter, task
    from nemflow.schedules import IntervalSchedule

    @task
    def times(n):
        return n * {factor}

    with Flow("sums"{schedule}) as flow:
        times(Parameter("n", default=7))
"""


@pytest.fixture
def write(tmp_path):
    def write(factor=2, schedule=""):
        text = SUMS.format(factor=factor, schedule=schedule)
        (tmp_path / "sums.py").write_text(textwrap.dedent(text))

    return write


def test_a_registered_flow_runs_by_its_name_as_it_was_registered(nemflow, write):
    write()
    assert nemflow("register", "sums.py").out.startswith("default/sums version 1: registered")
    write(factor=3)
    assert "times = 14" in nemflow("run", "sums").out
    assert "version 2: registered" in nemflow("register", "sums.py").out
    assert "times = 21" in nemflow("run", "sums").out


def test_an_unchanged_flow_makes_no_new_version(nemflow, write):
    write()
    told = [json.loads(nemflow("register", "sums.py", "--json").out) for _ in range(2)]
    assert [(facts["version"], facts["new"]) for facts in told] == [(1, True), (1, False)]


def test_a_flow_with_a_schedule_of_its_own_gets_it(nemflow, write):
    write(schedule=", schedule=IntervalSchedule(interval=timedelta(hours=1))")
    assert "schedule sums: the flow's own" in nemflow("register", "sums.py").out
    [schedule] = json.loads(nemflow("schedule", "list", "--json").out)["schedules"]
    assert (schedule["when"], len(schedule["next"])) == ("the flow's own schedule", 3)


def test_projects_list_their_flows_and_schedules(nemflow, write):
    write()
    nemflow("register", "sums.py", "--project", "mine")
    nemflow("schedule", "add", "nem_prices", "--every", "1h", "--project", "prices")
    projects = json.loads(nemflow("projects", "--json").out)["projects"]
    assert [(p["project"], p["flows"], p["schedules"]) for p in projects] == [
        ("mine", ["sums"], []),
        ("prices", [], ["nem_prices"]),
    ]
    assert nemflow("projects").out.splitlines()[0].split()[:3] == ["mine", "1", "registered"]


def test_registered_flows_are_listed_beside_nemflows_own_and_by_project(nemflow, write):
    write()
    nemflow("register", "sums.py", "--project", "mine")
    names = [flow["flow"] for flow in json.loads(nemflow("flows", "--json").out)["flows"]]
    assert names[0] == "nem_prices_raw"
    assert names[-1] == "sums"
    [own] = json.loads(nemflow("flows", "--project", "mine", "--json").out)["flows"]
    assert (own["flow"], own["version"]) == ("sums", 1)
    assert nemflow("flows", "--project", "mine").out.startswith("sums  project mine, version 1  ")
    assert "has no registered flows" in nemflow("flows", "--project", "yours").out


def test_one_name_in_two_projects_must_be_told_apart(nemflow, write):
    write()
    for project in ("mine", "yours"):
        nemflow("register", "sums.py", "--project", project)
    ended = nemflow("schedule", "add", "sums", "--every", "1h")
    assert (ended.code, "registered in several projects (mine, yours)" in ended.err) == (2, True)
    assert nemflow("schedule", "add", "sums", "--every", "1h", "--project", "yours").code == 0


def test_the_names_of_nemflows_own_flows_are_taken(nemflow, tmp_path):
    text = "from nemflow import Flow, task\nwith Flow('nem_prices') as f:\n    task(lambda: 1)()\n"
    (tmp_path / "mine.py").write_text(text)
    ended = nemflow("register", "mine.py")
    assert (ended.code, "is the name of a flow or data set of nemflow's" in ended.err) == (2, True)


def test_a_saved_flow_that_has_gone_is_named(nemflow, write, tmp_path):
    write()
    nemflow("register", "sums.py")
    [saved] = (tmp_path / "state" / "flows").iterdir()
    saved.unlink()
    ended = nemflow("run", "sums")
    assert (ended.code, f"{saved} is not there: register the flow again" in ended.err) == (2, True)


OWN_TIME = ", schedule=IntervalSchedule(interval=timedelta(hours=1))"


@pytest.fixture
def lost(nemflow, write, tmp_path):
    """Register a flow that has a schedule of its own, beside another schedule; then it goes."""
    write(schedule=OWN_TIME)
    nemflow("register", "sums.py")
    nemflow("schedule", "add", "nem_prices", "--every", "1h")
    [saved] = (tmp_path / "state").rglob("*.flow")
    saved.unlink()
    return saved


def test_a_schedule_whose_flow_is_gone_does_not_hide_the_others(nemflow, lost):
    told = nemflow("schedule", "list")
    assert (told.code, told.err) == (0, "")
    assert f"next: cannot be told: {lost} is not there: register the flow again" in told.out
    prices, sums = json.loads(nemflow("schedule", "list", "--json").out)["schedules"]
    assert (len(prices["next"]), prices["error"], sums["next"]) == (3, None, [])
    assert sums["error"].startswith(str(lost))


def test_the_next_events_of_the_others_come_with_a_warning(nemflow, lost):
    told = nemflow("schedule", "next", "--n", "2")
    assert (told.code, len(told.out.splitlines())) == (0, 2)
    assert told.err.startswith(f"warning: schedule 'sums': {lost} is not there")


def test_projects_are_listed_though_a_flow_is_gone(nemflow, lost):
    assert "next" in nemflow("projects").out


def test_the_agent_that_is_told_to_start_has_the_labels_of_the_flow(nemflow, write):
    write()
    told = nemflow("register", "sums.py", "--label", "gpu").out
    assert "nemflow run sums --submit; an agent does it: nemflow agent start --label gpu\n" in told
    told = nemflow("run", "sums", "--submit", "--label", "at home").out
    assert "an agent does them: nemflow agent start --label 'at home' --label gpu; see" in told


def test_registering_again_brings_back_a_flow_that_is_gone(nemflow, lost):
    told = json.loads(nemflow("register", "sums.py", "--json").out)
    assert (told["version"], told["new"]) == (1, False)
    assert "cannot be told" not in nemflow("schedule", "list").out
    assert lost.exists()
