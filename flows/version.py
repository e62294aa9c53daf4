"""The version of a flow: eight bytes that follow from its structure and from the code of its tasks.

Structure is tasks, edges, parameters, targets and what decides how tasks run. Code is that of the
tasks' functions and of what these name, as far as it lies in the same package (or, for a file that is
no package's, in the same folder): parsed, so that comments, docstrings and layout do not count. Values
that a function closes over do not either: they say where a flow runs, not what it does. Nothing is
imported to find this out.
"""

import contextlib
import functools
import hashlib
import inspect
import os
import reprlib
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from types import CodeType, FunctionType
from typing import NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.code_text import Bound, CodeText, FileText
from nemflow.flows.parameters import Parameter
from nemflow.flows.source_files import Stamp, functions_at, stamp_of, text_of_source
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import FunctionTask

_LENGTH = 16  # hexadecimal digits


class _Place(NamedTuple):
    """A name at the top of a module's file."""

    module: str
    path: str
    name: str


def flow_version(flow: Blueprint) -> str:
    """Return the version of a flow."""
    digest = hashlib.sha256()
    for line in _structure(flow):
        digest.update(f"{line}\n".encode())
    reader = _Reader()
    with contextlib.suppress(RecursionError):  # code that is nested too deep to be walked
        for code, module in dict.fromkeys(_codes(flow)):
            digest.update(reader.read(code, module).encode())
        for text in reader.follow():
            digest.update(text.encode())
    return digest.hexdigest()[:_LENGTH]


# Structure


def _structure(flow: Blueprint) -> Iterator[str]:
    yield flow.name
    order = sorted(flow.graph.tasks(), key=lambda task: flow.slugs[task])
    for task in order:
        yield f"{flow.slugs[task]} {_describe(task)}"
        constants = flow.constants.get(task, {})
        yield from (f"  {name} = {_value(constants[name])}" for name in sorted(constants))
    yield from sorted(
        f"{flow.slugs[e.upstream_task]} > {flow.slugs[e.downstream_task]} "
        f"{e.key} {e.mapped} {e.flattened}"
        for e in flow.graph.edges()
    )
    yield " ".join(sorted(flow.slugs[task] for task in flow.reference_tasks()))
    yield flow.slugs[flow.goal] if flow.goal is not None else ""


def _describe(task: Task) -> str:
    kind = type(task)
    options = (
        task.max_retries,
        task.retry_delay,
        task.timeout_s,
        _value(task.trigger),
        task.skip_on_upstream_skip,
        _value(task.target),
        task.cache_for,
        type(task.result).__name__,
        (task.required, _value(task.default)) if isinstance(task, Parameter) else None,
    )
    return f"{kind.__qualname__} {task.name} {options}"


def _value(value: object) -> str:
    """Return a value as text that is the same in every process."""
    if isinstance(value, (type, FunctionType)):
        return value.__qualname__  # the module of one file has several names: __main__ is one
    text = _written.repr(value)
    return type(value).__name__ if " at 0x" in text or " instance " in text else text


def _writer_of_values() -> reprlib.Repr:
    """Return what writes values in full, sets in order, and stands a ``repr`` that fails."""
    writer = reprlib.Repr()
    for limit in ("level", "tuple", "list", "array", "dict", "set", "frozenset", "deque"):
        setattr(writer, f"max{limit}", 100)
    for limit in ("string", "long", "other"):
        setattr(writer, f"max{limit}", 10_000)
    return writer


_written = _writer_of_values()


def _codes(flow: Blueprint) -> Iterator[tuple[CodeType, str]]:
    for task in sorted(flow.graph.tasks(), key=lambda task: flow.slugs[task]):
        work = task.run if isinstance(task, FunctionTask) else type(task).run
        function = inspect.unwrap(work)
        code = getattr(function, "__code__", None)
        is_engines = type(task).__module__.startswith("nemflow.") and work is not task.run
        if isinstance(code, CodeType) and not is_engines:
            yield code, function.__module__


# Code


class _Reader:
    """Reads code from files of source, and notes what it names."""

    def __init__(self) -> None:
        self._wanted: dict[_Place, None] = {}
        self._sources: dict[tuple[str, str], _Source | None] = {}

    def read(self, code: CodeType, module: str) -> str:
        """Return a function's code; of one whose source is not there, its bytecode."""
        source = self._source(code.co_filename, module)
        texts = source.at_line(code.co_firstlineno) if source is not None else ()
        if source is None or not texts:
            return _bytecode(code)
        for text in texts:
            self._wanted.update(dict.fromkeys(source.named_by(text)))
        return "\n".join(text.text for text in texts)

    def follow(self) -> Iterator[str]:
        """Give the code that what was read names, and what that names, to the end."""
        lines: list[str] = []
        places = list(self._wanted)
        for place in places:  # which grows
            source = self._source(place.path, place.module)
            text, named = source.top(place.name) if source is not None else ("", ())
            new = [p for p in named if p not in self._wanted]
            self._wanted.update(dict.fromkeys(new))
            places += new
            lines.append(f"{os.path.basename(place.path)} {place.name} {text}\n")
        yield from sorted(lines)

    def _source(self, path: str, module: str) -> "_Source | None":
        """Return a file as it is when it is first asked for; None where there is none."""
        if (path, module) not in self._sources:
            stamp = stamp_of(path)
            self._sources[path, module] = None if stamp is None else _open(path, module, stamp)
        return self._sources[path, module]


class _Source:
    """A file as text, as the module that it is: what its code names are places."""

    def __init__(self, path: str, module: str, stamp: Stamp, text: FileText) -> None:
        self._path = path
        self._module = module
        self._stamp = stamp
        self._tops = text.tops
        self._imports = _meant(text.imports, module)
        self._known: dict[str, tuple[str, tuple[_Place, ...]]] = {}

    def at_line(self, line: int) -> tuple[CodeText, ...]:
        """Return the functions that begin at a line; lambdas may be several."""
        return functions_at(self._path, self._stamp, line)

    def top(self, name: str) -> tuple[str, tuple[_Place, ...]]:
        """Return what stands at the top under a name, and what that names; found once for all flows."""
        if name not in self._known:
            text = self._tops.get(name, _NOTHING)
            if text is None:
                raise RecursionError
            self._known[name] = (text.text, tuple(dict.fromkeys(self.named_by(text))))
        return self._known[name]

    def named_by(self, code: CodeText) -> Iterator[_Place]:
        """Give the places that some of the file's code names."""
        imports = {**self._imports, **_meant(code.imports, self._module)}
        for name in code.names:
            if name in imports:
                yield from self._elsewhere(*imports[name])
            elif name in self._tops:
                yield _Place(self._module, self._path, name)
        for owner, attribute in code.attributes:
            if owner in imports:
                yield from self._elsewhere(".".join(filter(None, imports[owner])), attribute)

    def _elsewhere(self, module: str, name: str) -> Iterator[_Place]:
        """Give a name of another module, if that is of the same package or folder."""
        path = _find(module, self._module, self._path) if name else None
        if path is not None:
            yield _Place(module, path, name)


_NOTHING = CodeText("", (), (), ())


@functools.lru_cache(maxsize=256)
def _open(path: str, module: str, stamp: Stamp) -> _Source | None:
    text = text_of_source(path, stamp)
    return None if text is None else _Source(path, module, stamp, text)


def _meant(bound: Iterable[Bound], module: str) -> dict[str, tuple[str, str]]:
    """Return what a module's imports bind: (module, name in it); the name is empty for a module."""
    meant: dict[str, tuple[str, str]] = {}
    for name, dots, base, attribute in bound:
        above = module.split(".")[:-dots] if dots else []
        meant[name] = (".".join([*above, *([base] if base else [])]), attribute)
    return meant


def _find(name: str, module: str, path: str) -> str | None:
    """Return the file of a module that belongs with another; None for all others."""
    package = module.partition(".")[0]
    *above, last = name.split(".")
    if "." in module or os.path.basename(path) == "__init__.py":
        if name.partition(".")[0] != package:
            return None
        top = getattr(sys.modules.get(package), "__path__", None)
        folders = [os.path.join(f, *above[1:]) for f in top or ()]
    else:
        folders = [os.path.join(os.path.dirname(path), *above)]
    return _find_in(last, tuple(folders))


@functools.lru_cache(maxsize=1024)
def _find_in(name: str, folders: tuple[str, ...]) -> str | None:
    spec = PathFinder.find_spec(name, folders)
    return spec.origin if spec is not None and spec.has_location else None


def _bytecode(code: CodeType) -> str:
    """Return what a function's bytecode does, without where it stood."""
    consts = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {consts}"
