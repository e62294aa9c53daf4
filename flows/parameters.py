"""Parameter: a value that a flow is given when it is run."""

from datetime import UTC, datetime
from typing import Any

from nemflow.errors import DefinitionError, ParameterError
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.context import FlowBuilder, context_value, open_flow


class _NoDefault:
    """The type of ``NO_DEFAULT``."""

    def __repr__(self) -> str:
        return "no default"


NO_DEFAULT = _NoDefault()


class Parameter(Task):
    """A task whose value is given when the flow is run; it is not written where the flow keeps results.

    Args:
        name: names the parameter; one flow has each name once.
        default: used when the run gives no value; an explicit None is a default too.
        required: whether the run must give a value; default: when there is no default.
        tags: words to find the task by.
    """

    def __init__(
        self,
        name: str,
        default: object = NO_DEFAULT,
        required: bool | None = None,
        tags: Any = None,
    ) -> None:
        if not name:
            raise DefinitionError("a parameter needs a name")
        self.required = default is NO_DEFAULT if required is None else required
        self.default = None if default is NO_DEFAULT else default
        super().__init__(name=name, slug=name, tags=tags, checkpoint=False)
        building = open_flow()
        if building is not None:
            building.add_task(self)

    def run(self) -> object:
        """Return the value that the run was given, else the default."""
        given = context_value("parameters") or {}
        if self.name in given:
            return given[self.name]
        if self.required:
            raise signals.FAIL(f"parameter {self.name!r} is required and was not given")
        return self.default

    def __call__(self, *, flow: FlowBuilder | None = None) -> "Parameter":  # type: ignore[override]  # a parameter takes no arguments
        """Add the parameter itself to the flow."""
        building = flow or self._open_flow("call")
        building.add_task(self)
        return self

    def copy(self, name: str | None = None, **task_args: Any) -> "Parameter":
        """Return a copy under another name.

        Raises:
            DefinitionError: no name was given; a flow holds each name once.
        """
        if name is None:
            raise DefinitionError(f"a copy of parameter {self.name!r} needs a name of its own")
        new = super().copy(slug=name, **task_args)
        new.name = name
        return new

    def __repr__(self) -> str:
        return f"<Parameter: {self.name}>"


class DateTimeParameter(Parameter):
    """A parameter that is a moment: an ISO text is read, a naive one as UTC.

    Args:
        name: names the parameter.
        default: used when the run gives no value and ``required`` is False.
        required: whether the run must give a value, even where there is a default.
        tags: words to find the task by.
    """

    def __init__(
        self, name: str, default: object = NO_DEFAULT, required: bool = True, tags: Any = None
    ) -> None:
        super().__init__(name, default=default, required=required, tags=tags)

    def run(self) -> datetime | None:
        """Return the moment, aware.

        Raises:
            ValueError: the text is no ISO date-time.
        """
        value = super().run()
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def resolve_parameters(
    parameters: dict[str, Parameter], given: dict[str, object], flow_name: str
) -> dict[str, object]:
    """Return the value of every parameter of a flow run.

    Raises:
        ParameterError: an unknown name, or a required parameter without a value. All that is wrong
            is said at once.
    """
    unknown = sorted(given.keys() - parameters.keys())
    missing = sorted(n for n, p in parameters.items() if p.required and n not in given)
    if unknown or missing:
        faults = []
        if unknown:
            known = ", ".join(sorted(parameters)) or "none"
            faults.append(f"has no parameter {', '.join(unknown)} (it has: {known})")
        if missing:
            faults.append(f"needs a value for {', '.join(missing)}")
        raise ParameterError(f"flow {flow_name!r} {' and '.join(faults)}")
    return {name: given.get(name, p.default) for name, p in parameters.items()}
