"""What a run would do, found out without doing it."""

from pathlib import Path

import pytest

from nemflow.errors import ParameterError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.results import LocalResult
from nemflow.tasks.decorator import task


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """A flow with a goal, whose task must not run."""

    @task(target="{day}.p", result=LocalResult(tmp_path / "out"))
    def load(day: str) -> str:
        return day

    with Flow("prices", flow_run_name="prices_{day}") as flow:
        flow.set_goal(load.bind(Parameter("day")))
    return flow


def test_a_missing_target_will_be_made(flow: Flow, tmp_path: Path) -> None:
    plan = flow.plan({"day": "monday"})
    assert (plan.name, plan.will_run, plan.reason) == (
        "prices_monday",
        True,
        "the target is missing",
    )
    assert plan.target == str(tmp_path / "out" / "monday.p")


def test_a_target_that_is_there_is_left_unless_forced(flow: Flow) -> None:
    flow.run(day="monday")
    plan, forced = flow.plan({"day": "monday"}), flow.plan({"day": "monday"}, force=True)
    assert (plan.will_run, plan.reason) == (False, "the target is there")
    assert (forced.will_run, forced.reason) == (True, "forced")


def test_nothing_is_touched(flow: Flow, tmp_path: Path) -> None:
    flow.plan({"day": "monday"}, force=True)
    assert list(tmp_path.iterdir()) == []


def test_a_flow_without_goal_always_runs() -> None:
    plan = Flow("f").plan()
    assert (plan.target, plan.will_run) == (None, True)


def test_parameters_are_checked_as_a_run_checks_them(flow: Flow) -> None:
    with pytest.raises(ParameterError, match="needs a value for day"):
        flow.plan()
