"""Branches in a flow: run some tasks and skip others, by what a task returned.

::

    with case(weather(), "rain"):
        umbrella = take_umbrella()
    with case(weather_, "sun"):
        hat = take_hat()
    on_head = merge(umbrella, hat)

A branch not taken is Skipped, and so is what follows it, up to a ``merge``.
"""

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.blocks import Block, enter_block, leave_block
from nemflow.tasks.containers import Constant, holds_task
from nemflow.tasks.context import FlowBuilder, open_flow
from nemflow.tasks.triggers import all_finished, all_successful, not_all_skipped


class CompareValue(Task):
    """A task that is skipped unless a value equals the one it looks for; ``1`` equals ``True``."""

    def __init__(self, value: object, **options: Any) -> None:
        self.value = value
        super().__init__(name=f"CompareValue: {value!r}", **options)

    def run(self, value: object) -> None:
        """Compare.

        Raises:
            signals.SKIP: the values differ.
        """
        if value != self.value:
            raise signals.SKIP(f"{value!r} is not {self.value!r}")


class _AsBool(Task):
    """A task that gives the truth of a value."""

    def run(self, value: object) -> bool:
        return bool(value)


class case(Block):  # noqa: N801  # Prefect's name, used as a block
    """Run the tasks made inside the ``with`` block only if a task's result equals a value.

    Raises:
        TypeError: the value is a task.
    """

    def __init__(self, task: object, value: object) -> None:
        if isinstance(value, Task):
            raise TypeError("the value of a case is compared as it is and cannot be a task")
        self.task = task
        self.value = value
        self._captured: dict[Task, FlowBuilder] = {}

    def note(self, task: Task, flow: FlowBuilder) -> None:
        """Hear of a task that was added inside the block."""
        self._captured[task] = flow

    def __enter__(self) -> None:
        if open_flow() is None:
            raise DefinitionError("case(...) belongs inside `with Flow(...)`")
        self._token = enter_block(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leave_block(self._token)
        if error is not None or not self._captured:
            return
        flow = next(iter(self._captured.values()))
        first = [task for task in self._captured if not self._has_upstream_inside(task)]
        condition = CompareValue(self.value).bind(value=self.task, flow=flow)
        for task in first:
            task.set_upstream(condition, flow=flow)

    def _has_upstream_inside(self, task: Task) -> bool:
        return any(
            upstream in self._captured for upstream in self._captured[task].upstream_tasks(task)
        )


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


def _is_good(value: object) -> bool:
    return value is not None and not isinstance(value, Exception)


class FilterTask(Task):
    """Gives the elements of a list that pass a test; by default drops None and exceptions.

    Args:
        filter_func: tells whether an element passes.
        log_func: makes a line for the log of each element that does not.
        options: as for ``Task``; the trigger is ``all_finished``, so that failed children can be
            dropped from a mapped result.
    """

    def __init__(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        log_func: Callable[[Any], str] | None = None,
        **options: Any,
    ) -> None:
        self.filter_func = filter_func or _is_good
        self.log_func = log_func
        options.setdefault("skip_on_upstream_skip", False)
        options.setdefault("trigger", all_finished)
        super().__init__(**options)

    def run(self, task_results: Iterable[Any]) -> list[Any]:
        """Return the elements that pass."""
        passed = []
        for element in task_results:
            if self.filter_func(element):
                passed.append(element)
            elif self.log_func is not None:
                self.logger.info("%s", self.log_func(element))
        return passed


def _flow(what: str) -> FlowBuilder:
    flow = open_flow()
    if flow is None:
        raise DefinitionError(f"{what}(...) belongs inside `with Flow(...)`")
    return flow
