"""Values and collections as tasks: what stands in a flow for an argument that is not a task.

``as_task`` turns any value into a task: a task stays itself, a collection that holds a task becomes a
small task that puts the collection together again at run time, everything else is a ``Constant``.
"""

from collections.abc import Callable, Sequence
from typing import Any

from nemflow.tasks.annotations import Annotation
from nemflow.tasks.base import Task
from nemflow.tasks.context import FlowBuilder


class Constant(Task):
    """A task that stands for a value known when the flow is made."""

    def __init__(self, value: object, name: str | None = None, **options: Any) -> None:
        self.value = value
        super().__init__(name=name or type(value).__name__, **options)

    def run(self) -> object:
        """Return the value."""
        return self.value


class _Collection(Task):
    """The base of the tasks that put a collection together; elements come as ``arg_1``, ``arg_2``, …

    The collection is not written: its elements are, where they may be.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("checkpoint", False)
        super().__init__(name=type(self).__name__.removesuffix("_"), **options)

    def bind_elements(self, elements: Sequence[object], flow: FlowBuilder) -> None:
        """Make the elements, which may be tasks, the arguments of this task."""
        keywords = {f"arg_{number}": element for number, element in enumerate(elements, start=1)}
        flow.set_dependencies(self, keyword_tasks=keywords)


def _in_order(elements: dict[str, object]) -> list[object]:
    return [
        elements[key] for key in sorted(elements, key=lambda key: int(key.removeprefix("arg_")))
    ]


class List(_Collection):
    """Collects its elements in a list."""

    def run(self, **elements: object) -> list[object]:
        """Return the elements, in order."""
        return _in_order(elements)


class Tuple(_Collection):
    """Collects its elements in a tuple."""

    def run(self, **elements: object) -> tuple[object, ...]:
        """Return the elements, in order."""
        return tuple(_in_order(elements))


class Set(_Collection):
    """Collects its elements in a set."""

    def run(self, **elements: object) -> set[object]:
        """Return the elements."""
        return set(_in_order(elements))


class Dict(Task):
    """Puts keys and values together in a dictionary; not written, as lists are not."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("checkpoint", False)
        super().__init__(**options)

    def run(self, keys: list[object], values: list[object]) -> dict[object, object]:
        """Return the dictionary.

        Raises:
            ValueError: there are more of the one than of the other.
        """
        return dict(zip(keys, values, strict=True))


_COLLECTIONS: tuple[tuple[type, Callable[[], _Collection]], ...] = (
    (list, List),
    (tuple, Tuple),
    (set, Set),
)


def holds_task(value: object) -> bool:
    """Tell whether a value is a task or a collection with a task somewhere inside."""
    if isinstance(value, Annotation):
        value = value.value
    if isinstance(value, Task):
        return True
    if isinstance(value, dict):
        return any(holds_task(item) for pair in value.items() for item in pair)
    return isinstance(value, (list, tuple, set)) and any(holds_task(item) for item in value)


def as_task(value: object, flow: FlowBuilder) -> Task:
    """Turn any value into a task; elements of a collection are joined with it in the flow.

    An annotation is taken off: what it says is for the edge, which ``read_annotation`` tells.
    """
    if isinstance(value, Annotation):
        value = value.value
    if isinstance(value, Task):
        return value
    if not holds_task(value):
        return Constant(value)
    if isinstance(value, dict):
        collected = Dict()
        flow.set_dependencies(
            collected,
            keyword_tasks={"keys": list(value.keys()), "values": list(value.values())},
        )
        return collected
    assert isinstance(value, (list, tuple, set))  # what holds_task knows
    make = next(make for kind, make in _COLLECTIONS if isinstance(value, kind))
    collection = make()
    collection.bind_elements(tuple(value), flow)
    return collection


__all__ = ["Constant", "Dict", "List", "Set", "Tuple", "as_task", "holds_task"]
