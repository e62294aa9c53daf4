"""``apply_map``: a function that puts several tasks into a flow, run once per element.

::

    def load(day):
        with case(is_published(day), True):
            return store(fetch(day))

    with Flow("days") as flow:
        apply_map(load, days())

The function is called once, while the flow is built, with tasks that stand for its arguments. What it
adds goes into a flow of its own first, and from there, mapped, into the real one.
"""

from collections.abc import Callable, Sequence
from typing import Any

from nemflow.errors import DefinitionError
from nemflow.flows.assembly import Assembly
from nemflow.flows.parameters import Parameter
from nemflow.tasks.annotations import read_annotation
from nemflow.tasks.base import Task
from nemflow.tasks.blocks import without_blocks
from nemflow.tasks.containers import Constant, as_task
from nemflow.tasks.context import FlowBuilder, enter_flow, leave_flow, open_flow
from nemflow.tasks.edges import Edge


def apply_map(
    func: Callable[..., Any], *args: object, flow: FlowBuilder | None = None, **kwargs: object
) -> Any:
    """Add the tasks that a function makes, each of them mapped; return what the function returns.

    Args:
        func: adds tasks to the open flow and joins them with its arguments, which are tasks. Tasks
            from outside that it uses otherwise are passed whole to every child.
        args: what to map over, element by element; ``unmapped`` and ``flatten`` say otherwise.
        flow: where the tasks go; default the open flow.
        kwargs: more arguments.

    Raises:
        DefinitionError: there is no open flow, nothing to map over, or the function maps itself.
        TypeError: an argument has no elements.
    """
    building = flow or open_flow()
    if not isinstance(building, Assembly):
        raise DefinitionError("apply_map(...) belongs inside `with Flow(...)`, or needs flow=")
    arguments = _Arguments(building)
    by_position = [arguments.take(argument) for argument in args]
    by_name = {key: arguments.take(argument) for key, argument in kwargs.items()}
    if not any(mapped for mapped, _ in arguments.kinds.values()):
        raise DefinitionError("apply_map(...) needs an argument to map over")
    inner = Assembly(building.name, building.result, validate=False)
    token = enter_flow(inner)
    try:
        with without_blocks():
            made = func(*by_position, **by_name)
    finally:
        leave_flow(token)
    _add_mapped(inner, building, arguments)
    return made


class _MappedConstant(Constant):
    """A list given to ``apply_map``: a task, so that what is made of it can be mapped over it."""


class _Arguments:
    """What a function is applied to: the tasks that stand for its arguments.

    Attributes:
        kinds: of each task, whether it is mapped and whether it is flattened.
    """

    def __init__(self, building: Assembly) -> None:
        self.building = building
        self.kinds: dict[Task, tuple[bool, bool]] = {}

    def take(self, argument: object) -> Task:
        """Return the task that stands for an argument."""
        value, is_mapped, is_flat = read_annotation(argument, True)
        if is_mapped and not (isinstance(value, Task) or hasattr(value, "__getitem__")):
            raise TypeError(
                f"cannot map over {value!r}: it has no elements; wrap it in unmapped(...)"
            )
        task = as_task(value, self.building)
        if is_mapped and type(task) is Constant:
            task = _MappedConstant(task.value)
        self.kinds[task] = is_mapped, is_flat
        return task

    def feed(self, root: Task, building: Assembly) -> None:
        """Make a task that has nothing upstream but arguments wait for all of them."""
        known = building.upstream_tasks(root)
        for task, (is_mapped, is_flat) in self.kinds.items():
            if task not in known and (is_mapped or type(task) is not Constant):
                building.add_edge(task, root, None, is_mapped, is_flat)


def _add_mapped(inner: Assembly, building: Assembly, arguments: _Arguments) -> None:
    """Add what was made to the real flow, with mapped edges."""
    for edge in inner.graph.edges():
        if edge.mapped or edge.flattened:
            raise DefinitionError(
                f"{edge.downstream_task.name!r} is mapped inside of apply_map, which maps it already"
            )
    made = [
        task
        for task in inner.graph.tasks()
        if task not in arguments.kinds and task not in building.graph
    ]
    per_element = {task for task in made if not isinstance(task, (Constant, Parameter))}
    for task in made:
        building.add_task(task)
    for edge in inner.graph.edges():
        is_mapped, is_flat = arguments.kinds.get(edge.upstream_task, (False, False))
        is_mapped = is_mapped or edge.upstream_task in per_element
        ends = edge.upstream_task, edge.downstream_task
        building.add_edge(*ends, edge.key, is_mapped, is_flat)
    for task, constants in inner.constants.items():
        building.set_dependencies(task, keyword_tasks=constants)
    for task in made:
        if task in per_element and not _any_inside(inner.graph.edges_to(task), per_element):
            arguments.feed(task, building)


def _any_inside(edges: Sequence[Edge], inside: set[Task]) -> bool:
    return any(edge.upstream_task in inside for edge in edges)
