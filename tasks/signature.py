"""The signature of a task's ``run``: checked once, then used for every call of the task."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from nemflow.errors import DefinitionError

RESERVED = frozenset({"flow", "mapped", "task_args", "upstream_tasks"})


class RunSignature:
    """The parameters of a ``run``, made ready for fast binding.

    Raises:
        DefinitionError: ``run`` has ``*args``, or a parameter with a name that calling a task uses.
        TypeError: ``run`` has positional-only parameters.
    """

    __slots__ = (
        "accepts_any",
        "defaults",
        "names",
        "nout",
        "parameters",
        "required",
        "signature",
    )

    def __init__(self, run: Callable[..., Any], name: str) -> None:
        try:
            self.signature = inspect.signature(run)
        except ValueError as error:
            raise DefinitionError(
                f"the signature of {name!r} cannot be read; wrap it in a function of your own"
            ) from error
        self.parameters: Mapping[str, inspect.Parameter] = self.signature.parameters
        _check(name, self.parameters.values())
        self.accepts_any = any(p.kind is p.VAR_KEYWORD for p in self.parameters.values())
        named = [p for p in self.parameters.values() if p.kind is not p.VAR_KEYWORD]
        self.names = tuple(p.name for p in named if p.kind is not p.KEYWORD_ONLY)
        self.required = frozenset(p.name for p in named if p.default is p.empty)
        self.nout = _count_outputs(run)
        self.defaults = {p.name: p.default for p in named if p.default is not p.empty}

    def accepts(self, key: str) -> bool:
        """Tell whether ``run`` takes a keyword argument of that name."""
        return self.accepts_any or key in self.required or key in self.defaults

    def inputs(self, run: Callable[..., Any]) -> dict[str, dict[str, Any]]:
        """Return of each parameter of *run* its type, whether it is required, and its default."""
        hints = annotations_of(run)
        return {
            name: {
                "type": hints.get(name, Any),
                "required": name in self.required,
                "default": self.defaults.get(name),
            }
            for name, parameter in self.parameters.items()
            if parameter.kind is not parameter.VAR_KEYWORD
        }

    def bind(
        self,
        name: str,
        arguments: Sequence[object],
        keywords: Mapping[str, object],
        given: frozenset[str] = frozenset(),
    ) -> dict[str, object]:
        """Sort the arguments of a call under their names; defaults are left out.

        Args:
            name: the task's name, for messages.
            arguments: by position.
            keywords: by name.
            given: names that the engine will fill itself when the task runs.

        Raises:
            TypeError: an argument is missing, unknown, or given twice.
        """
        if len(arguments) > len(self.names):
            raise TypeError(
                f"{name}() takes {len(self.names)} positional arguments but {len(arguments)} were given"
            )
        bound = dict(zip(self.names, arguments, strict=False))
        for key, value in keywords.items():
            if key in bound:
                raise TypeError(f"{name}() got multiple values for argument {key!r}")
            if not self.accepts(key):
                raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")
            bound[key] = value
        missing = self.required - bound.keys() - given
        if missing:
            names = ", ".join(repr(p) for p in self.parameters if p in missing)
            raise TypeError(f"{name}() misses the argument{'s' * (len(missing) > 1)} {names}")
        return bound


def _count_outputs(run: Callable[..., Any]) -> int | None:
    """Return how many outputs a ``run`` has by its annotation: a tuple of fixed length."""
    annotation = getattr(run, "__annotations__", {}).get("return")
    if isinstance(annotation, str):  # from __future__ import annotations
        annotation = annotations_of(run).get("return")
    if get_origin(annotation) is not tuple:
        return None
    kinds = get_args(annotation)
    return None if Ellipsis in kinds else len(kinds)


def annotations_of(run: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the annotations, read where they are texts; as they are where one cannot be read."""
    try:
        return get_type_hints(run)
    except Exception:  # a name that only type checkers see, or whatever else a hint is made of
        return getattr(run, "__annotations__", {})


def _check(name: str, parameters: Any) -> None:
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise DefinitionError(
                f"{name}: a task's run cannot take *{parameter.name}, "
                "because each dependency needs a name"
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise TypeError(f"{name}: a task's run cannot have positional-only parameters")
        if parameter.name in RESERVED:
            raise DefinitionError(
                f"{name}: a task's run cannot have a parameter {parameter.name!r}, "
                "because calling a task uses that name itself"
            )
