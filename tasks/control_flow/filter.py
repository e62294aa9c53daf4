"""``FilterTask``: takes out of a list what is of no use."""

from collections.abc import Callable, Iterable
from typing import Any

from nemflow.tasks.base import Task
from nemflow.tasks.triggers import all_finished


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
