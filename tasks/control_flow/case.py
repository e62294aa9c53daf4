"""``case``: a block whose tasks run only if a task's result equals a value."""

from types import TracebackType
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.blocks import Block, enter_block, leave_block
from nemflow.tasks.context import FlowBuilder, open_flow


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
