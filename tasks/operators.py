"""Operators on tasks: ``a + b``, ``a["key"]``, ``a | b`` make tasks or dependencies of tasks.

A mixin: what an operation needs of a task is ``_operate``, which adds a task to the open flow.
``==`` and hashing stay those of identity, since flows keep tasks in sets; ``is_equal`` compares.
"""

import operator
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any


def both(left: object, right: object) -> object:
    """Return ``left and right``."""
    return left and right


def either(left: object, right: object) -> object:
    """Return ``left or right``."""
    return left or right


class Operators:
    """The operators of a task."""

    nout: int | None = None
    checkpoint: bool | None = None

    @abstractmethod
    def _operate(self, name: str, function: Callable[..., Any], **operands: object) -> Any:
        """Add a task that calls a function with the operands; return it."""

    @abstractmethod
    def _depend(self, first: object, then: object) -> Any:
        """Make one task depend on another; return the one that comes after."""

    def _binary(self, name: str, function: Callable[..., Any], left: object, right: object) -> Any:
        return self._operate(name, function, left=left, right=right)

    def __getitem__(self, key: object) -> Any:
        """Return a task that takes one item of this task's result.

        It takes over ``checkpoint``, so that no part of a secret is written, but no result or target.
        """
        name = getattr(self, "name", type(self).__name__)
        shown = getattr(key, "name", key) if isinstance(key, Operators) else repr(key)
        item = self._operate(f"{name}[{shown}]", operator.getitem, task_result=self, key=key)
        item.checkpoint = self.checkpoint
        return item

    def __iter__(self) -> Iterator[Any]:
        """Give one task for each of the ``nout`` outputs."""
        if self.nout is None:
            name = getattr(self, "name", type(self).__name__)
            raise TypeError(
                f"task {name!r} cannot be taken apart: say how many outputs it has with nout=, "
                "or annotate its run with a tuple of fixed length"
            )
        return (self[index] for index in range(self.nout))

    def __or__(self, other: object) -> Any:
        """Make ``other`` depend on this task; return ``other``."""
        return self._depend(self, other)

    def __ror__(self, other: object) -> Any:
        """Make this task depend on a value; return this task."""
        return self._depend(other, self)

    def __add__(self, other: object) -> Any:
        return self._binary("Add", operator.add, self, other)

    def __radd__(self, other: object) -> Any:
        return self._binary("Add", operator.add, other, self)

    def __sub__(self, other: object) -> Any:
        return self._binary("Sub", operator.sub, self, other)

    def __rsub__(self, other: object) -> Any:
        return self._binary("Sub", operator.sub, other, self)

    def __mul__(self, other: object) -> Any:
        return self._binary("Mul", operator.mul, self, other)

    def __rmul__(self, other: object) -> Any:
        return self._binary("Mul", operator.mul, other, self)

    def __truediv__(self, other: object) -> Any:
        return self._binary("Div", operator.truediv, self, other)

    def __rtruediv__(self, other: object) -> Any:
        return self._binary("Div", operator.truediv, other, self)

    def __floordiv__(self, other: object) -> Any:
        return self._binary("FloorDiv", operator.floordiv, self, other)

    def __rfloordiv__(self, other: object) -> Any:
        return self._binary("FloorDiv", operator.floordiv, other, self)

    def __mod__(self, other: object) -> Any:
        return self._binary("Mod", operator.mod, self, other)

    def __rmod__(self, other: object) -> Any:
        return self._binary("Mod", operator.mod, other, self)

    def __pow__(self, other: object) -> Any:
        return self._binary("Pow", operator.pow, self, other)

    def __rpow__(self, other: object) -> Any:
        return self._binary("Pow", operator.pow, other, self)

    def __and__(self, other: object) -> Any:
        return self._binary("And", both, self, other)

    def __rand__(self, other: object) -> Any:
        return self._binary("And", both, other, self)

    def __gt__(self, other: object) -> Any:
        return self._binary("GreaterThan", operator.gt, self, other)

    def __ge__(self, other: object) -> Any:
        return self._binary("GreaterThanOrEqual", operator.ge, self, other)

    def __lt__(self, other: object) -> Any:
        return self._binary("LessThan", operator.lt, self, other)

    def __le__(self, other: object) -> Any:
        return self._binary("LessThanOrEqual", operator.le, self, other)

    def is_equal(self, other: object) -> Any:
        """Return a task that tells whether the results are equal."""
        return self._binary("Equal", operator.eq, self, other)

    def is_not_equal(self, other: object) -> Any:
        """Return a task that tells whether the results differ."""
        return self._binary("NotEqual", operator.ne, self, other)

    def not_(self) -> Any:
        """Return a task that gives ``not`` this task's result."""
        return self._operate("Not", operator.not_, value=self)

    def or_(self, other: object) -> Any:
        """Return a task that gives this task's result ``or`` the other's."""
        return self._binary("Or", either, self, other)
