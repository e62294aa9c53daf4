"""What a run would do, found out without doing it: no task runs, nothing is written, no lock taken."""

from collections.abc import Mapping
from typing import NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.goal import place_goal
from nemflow.flows.naming import run_values
from nemflow.flows.parameters import resolve_parameters
from nemflow.tasks.task_run import RunContext, now_utc


class FlowPlan(NamedTuple):
    """What a run would do.

    Attributes:
        name: the name of the run.
        target: where the goal's target lies or will lie; None for a flow without a goal.
        will_run: False where the target is there already.
        reason: why, in a few words.
    """

    name: str
    target: str | None
    will_run: bool
    reason: str


def plan_run(flow: Blueprint, parameters: Mapping[str, object], force: bool) -> FlowPlan:
    """Say what a run would do.

    Raises:
        ParameterError: unknown or missing parameters.
    """
    known = {parameter.name: parameter for parameter in flow.parameters()}
    resolved = resolve_parameters(known, dict(parameters), flow.name)
    values = run_values(flow, resolved, {}, "0" * 32, now_utc())
    name = str(values["flow_run_name"])
    if flow.goal is None:
        return FlowPlan(name, None, True, "the flow has no target of its own")
    placed = place_goal(flow, flow.goal, RunContext(values=values, parameters=resolved))
    location = placed.location
    assert isinstance(location, str)
    target = placed.lock_name(location) or location
    there = placed.exists(location)
    if there and not force:
        return FlowPlan(name, target, False, "the target is there")
    return FlowPlan(name, target, True, "forced" if there else "the target is missing")
