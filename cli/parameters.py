"""The words of ``--param``: ``name=value``, typed by the parameter.

A value is JSON where it can be read as JSON, else text: ``3``, ``[1, 2]``, ``true``, ``2014-01-01``.
The parameter's default says what it must be; where the default is a text, the value is taken as it is.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import PurePath
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from nemflow.cli.name_value import split_words
from nemflow.cli.wording import did_you_mean
from nemflow.errors import ParameterError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import DateTimeParameter, Parameter


class _Kind(NamedTuple):
    """What a value must be: in words, as types of JSON values, and how it is made of one."""

    expected: str
    from_types: tuple[type, ...]
    make: Callable[[str], object] | type


_KINDS = MappingProxyType(
    {
        bool: _Kind("true or false", (bool,), bool),
        int: _Kind("a whole number", (int,), int),
        float: _Kind("a number", (int, float), float),
        list: _Kind("a list, as in [1, 2]", (list,), list),
        tuple: _Kind("a list, as in [1, 2]", (list,), tuple),
        set: _Kind("a list, as in [1, 2]", (list,), set),
        dict: _Kind('an object, as in {"a": 1}', (dict,), dict),
        date: _Kind("a date, as in 2014-01-31", (str,), date.fromisoformat),
        datetime: _Kind("a moment, as in 2014-01-31T12:00+10:00", (str,), datetime.fromisoformat),
    }
)


def read_parameters(flow: Flow, words: Iterable[str]) -> dict[str, object]:
    """Return the values that the words give to a flow's parameters.

    Raises:
        SettingsError: a word is not of the form ``name=value``, or a name comes twice.
        ParameterError: a value is not what the parameter takes; a name is unknown; a required
            parameter has no value.
    """
    texts = split_words(words)
    known = {task.name: task for task in flow.sorted_tasks() if isinstance(task, Parameter)}
    _check_names(flow.name, known, texts)
    return {name: _read(known[name], text) for name, text in texts.items()}


def _check_names(flow_name: str, known: Mapping[str, Parameter], given: Mapping[str, str]) -> None:
    faults = [
        f"has no parameter {name!r}{did_you_mean(name, known)}"
        for name in given
        if name not in known
    ]
    missing = [p.name for p in known.values() if p.required and p.name not in given]
    if missing:
        words = " ".join(f"--param {name}=..." for name in missing)
        faults.append(f"needs a value for {', '.join(missing)}: add {words}")
    if faults:
        has = ", ".join(map(_describe, known.values())) or "none"
        raise ParameterError(f"flow {flow_name!r} {'; it '.join(faults)} (its parameters: {has})")


def _describe(parameter: Parameter) -> str:
    return parameter.name if parameter.required else f"{parameter.name}={parameter.default!r}"


def _read(parameter: Parameter, text: str) -> object:
    default = parameter.default
    if isinstance(default, str) and not isinstance(parameter, DateTimeParameter):
        return text
    if isinstance(default, PurePath):
        return type(default)(text)
    value = _json_or_text(text)
    kind = _KINDS.get(datetime if isinstance(parameter, DateTimeParameter) else type(default))
    if kind is None:
        return value
    # 2014 and 20140131 are JSON numbers, and dates in ISO's basic form too
    raw = text if kind.from_types == (str,) else value
    try:
        if type(raw) not in kind.from_types:
            raise ValueError
        return kind.make(raw)  # type: ignore[arg-type]  # its type was looked at
    except (ValueError, TypeError, OverflowError):
        like = "" if default is None else f" (its default is {default!r})"
        raise ParameterError(
            f"--param {parameter.name}={text}: {parameter.name} must be {kind.expected}{like}"
        ) from None


def _json_or_text(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
