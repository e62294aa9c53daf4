"""Tasks that take a part of what another task gives: an item, or an attribute."""

import operator
from typing import Any

from nemflow.results.base import NO_VALUE
from nemflow.tasks.base import Task


class GetItem(Task):
    """Takes one item of a result; ``task[key]`` is the short way for one without default.

    Args:
        default: given where the key is not there; without it the task fails then. Only a KeyError
            counts: an index out of range stays an error.
        options: as for ``Task``.
    """

    def __init__(self, default: object = NO_VALUE, **options: Any) -> None:
        self.default = default
        super().__init__(**options)

    def run(self, task_result: Any, key: object) -> Any:
        """Return the item."""
        try:
            return task_result[key]
        except KeyError:
            if self.default is NO_VALUE:
                raise
            return self.default


class GetAttr(Task):
    """Takes an attribute of a result, by a dotted name."""

    def run(self, task_result: Any, name: str) -> Any:
        """Return the attribute."""
        return operator.attrgetter(name)(task_result)
