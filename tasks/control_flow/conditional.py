"""Branches: ``switch`` and ``ifelse`` choose among tasks, ``merge`` joins what was chosen."""

from collections.abc import Mapping
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.tasks.base import Task
from nemflow.tasks.containers import Constant, holds_task
from nemflow.tasks.context import FlowBuilder, open_flow
from nemflow.tasks.control_flow.case import CompareValue
from nemflow.tasks.triggers import all_successful, not_all_skipped


class _AsBool(Task):
    """A task that gives the truth of a value."""

    def run(self, value: object) -> bool:
        return bool(value)


def switch(condition: object, cases: Mapping[Any, Any], mapped: bool = False) -> None:
    """Run the task whose key equals the condition's result; the others are skipped."""
    flow = _flow("switch")
    for value, task in cases.items():
        compared = CompareValue(value).bind(value=condition, mapped=mapped, flow=flow)
        flow.set_dependencies(task, upstream_tasks=[compared], mapped=mapped)


def ifelse(condition: object, true_task: object, false_task: object, mapped: bool = False) -> None:
    """Run one task or the other, by the truth of the condition's result; either may be None."""
    truth = _AsBool(name="as_bool").bind(condition, mapped=mapped, flow=_flow("ifelse"))
    branches = {True: true_task, False: false_task}
    switch(truth, {key: task for key, task in branches.items() if task is not None}, mapped)


class Merge(Task):
    """The end of branches: gives the first of their results that is not None, by position.

    Raises:
        DefinitionError: ``skip_on_upstream_skip`` is true.
    """

    def __init__(self, **options: Any) -> None:
        if options.setdefault("skip_on_upstream_skip", False):
            raise DefinitionError("a merge cannot skip with its branches: all but one are skipped")
        options.setdefault("trigger", not_all_skipped)
        super().__init__(**options)

    def run(self, **branches: object) -> object:
        """Return the first result that is not None."""
        in_order = sorted(branches, key=lambda key: int(key.removeprefix("task_")))
        return next((branches[key] for key in in_order if branches[key] is not None), None)


def merge(
    *tasks: object,
    flow: FlowBuilder | None = None,
    mapped: bool = False,
    **options: Any,
) -> Task:
    """Join branches again: the task's result is that of the branch that ran.

    Args:
        tasks: the ends of the branches.
        flow: where the task is added; default the open flow.
        mapped: whether the branches are mapped, and are joined child by child.
        options: as for ``Task``.

    Raises:
        DefinitionError: ``skip_on_upstream_skip`` is true, or there is no open flow.
    """
    if any(_is_known(task) for task in tasks):  # there is a value that no skip takes away
        options.setdefault("trigger", all_successful)
    merged = Merge(**options)
    branches = {f"task_{number}": task for number, task in enumerate(tasks, start=1)}
    return merged.bind(mapped=mapped, flow=flow, **branches)  # type: ignore[arg-type]  # mypy takes the branches for bind's own options


def _is_known(branch: object) -> bool:
    """Tell whether a branch is a value that is known when the flow is made."""
    return isinstance(branch, Constant) or not holds_task(branch)


def _flow(what: str) -> FlowBuilder:
    flow = open_flow()
    if flow is None:
        raise DefinitionError(f"{what}(...) belongs inside `with Flow(...)`")
    return flow
