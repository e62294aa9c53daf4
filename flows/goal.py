"""The goal of a flow: the task whose target, if it is there, makes a whole run unnecessary.

A run looks for it before anything else. If it is missing, the run holds its lock to the end: of two
processes that start the same run, one works, the other waits and then finds the target.
"""

from nemflow.errors import DefinitionError, LocationError
from nemflow.flows.blueprint import Blueprint
from nemflow.flows.parameters import Parameter
from nemflow.results.base import Result
from nemflow.tasks.base import Task
from nemflow.tasks.states import Pending
from nemflow.tasks.targets import place_target
from nemflow.tasks.task_run import RunContext, TaskRun


def place_goal(flow: Blueprint, goal: Task, context: RunContext) -> Result:
    """Fill the template of the goal's target from what is known before any task runs.

    Raises:
        DefinitionError: the template needs the result of a task.
        LocationError: the place lies outside the root of the goal's result.
    """
    run = TaskRun(goal, {}, context, slug=flow.slugs[goal])
    run.begin(Pending())
    run.inputs = dict(flow.constants.get(goal, {}))
    late = []
    for edge in flow.graph.edges_to(goal):
        if edge.key is not None and isinstance(edge.upstream_task, Parameter):
            run.inputs[edge.key] = context.parameters[edge.upstream_task.name]
        elif edge.key is not None:
            late.append(edge.key)
    try:
        return place_target(run)
    except LocationError as error:
        if not any(f"'{key}'" in str(error) for key in late):
            raise
        raise DefinitionError(
            f"the target of the goal {goal.name!r} needs the result of another task, which is not "
            f"known before the run: {error}"
        ) from error
