"""The version of a flow: eight bytes that follow from its structure and from the code of its tasks.

Structure is tasks, edges, parameters, targets and what decides how tasks run. Code is that of the
tasks' functions and of what these name, as far as it lies in the same package (or, for a file that is
no package's, in the same folder): parsed, so that comments, docstrings and layout do not count. Values
that a function closes over do not either: they say where a flow runs, not what it does. Nothing is
imported to find this out.
"""

import ast
import contextlib
import functools
import hashlib
import inspect
import os
import reprlib
import sys
import threading
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from types import CodeType, FunctionType
from typing import NamedTuple

from nemflow.flows.blueprint import Blueprint
from nemflow.flows.parameters import Parameter
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import FunctionTask

_LENGTH = 16  # hexadecimal digits

# Python 3.11 may fail with a SystemError where two threads make syntax trees at a time.
_parsing = threading.RLock()


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

    def read(self, code: CodeType, module: str) -> str:
        """Return a function's code; of one whose source is not there, its bytecode."""
        path = code.co_filename
        source = _source_of(path, module)
        nodes = [] if source is None else source.at_line(code.co_firstlineno)
        if source is None or not nodes:
            return _bytecode(code)
        return "\n".join(self._note(source.text(node), source, module, path) for node in nodes)

    def follow(self) -> Iterator[str]:
        """Give the code that what was read names, and what that names, to the end."""
        done: dict[_Place, str] = {}
        while left := [place for place in self._wanted if place not in done]:
            for place in left:
                source = _source_of(place.path, place.module)
                node = None if source is None else source.tops.get(place.name)
                done[place] = ""
                if source is not None and node is not None:
                    done[place] = self._note(source.text(node), source, place.module, place.path)
        yield from sorted(f"{os.path.basename(p.path)} {p.name} {done[p]}\n" for p in done)

    def _note(self, code: "_Text", source: "_Source", module: str, path: str) -> str:
        """Note what some code names; return it as text."""
        imports = {**source.imports, **_imports(code.imports, module)}
        for name in code.names:
            if name in imports:
                self._want(imports[name], path, module)
            elif name in source.tops:
                self._wanted.setdefault(_Place(module, path, name))
        for owner, attribute in code.attributes:
            if owner in imports:
                whole = ".".join(filter(None, imports[owner]))
                self._want((whole, attribute), path, module)
        return code.text

    def _want(self, imported: tuple[str, str], path: str, module: str) -> None:
        """Note a name of another module, if that is of the same package or folder."""
        name, attribute = imported
        found = _find(name, module, path) if attribute else None
        if found is not None:
            self._wanted.setdefault(_Place(name, found, attribute))


class _Text:
    """Code as text without comments, docstrings and layout, and what it names; one walk for all."""

    def __init__(self, node: ast.AST) -> None:
        self._parts: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.imports: list[ast.AST] = []
        self._add(node)
        self.text = "".join(self._parts)
        self._parts.clear()

    def _add(self, node: ast.AST) -> None:
        kind = type(node)
        if kind is ast.Name:
            self.names.add(node.id)  # type: ignore[attr-defined]  # a Name has one
        elif kind is ast.Attribute and isinstance(node.value, ast.Name):  # type: ignore[attr-defined]  # has a value
            self.attributes.add((node.value.id, node.attr))  # type: ignore[attr-defined]  # as above
        elif kind in (ast.Import, ast.ImportFrom):
            self.imports.append(node)
        self._parts.append(f"({kind.__name__}")
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self._add(value)
            elif isinstance(value, list):
                for item in _without_docstring(node, value) if name == "body" else value:
                    if isinstance(item, ast.AST):
                        self._add(item)
                    else:
                        self._parts.append(f" {item!r}")
            elif value is not None:
                self._parts.append(f" {value!r}")
        self._parts.append(")")


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    has_one = (
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return body[1:] if has_one else body


class _Source(NamedTuple):
    """A parsed file: what stands at its top by name, what its imports bind, and texts made of it."""

    tree: ast.Module
    tops: dict[str, ast.stmt]
    imports: dict[str, tuple[str, str]]
    texts: dict[ast.AST, _Text]

    def text(self, node: ast.AST) -> _Text:
        """Return some of the file's code as text, made once for all flows."""
        if node not in self.texts:
            self.texts[node] = _Text(node)
        return self.texts[node]

    def at_line(self, line: int) -> list[ast.AST]:
        """Return the functions that begin at a line; lambdas may be several."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        return [n for n in ast.walk(self.tree) if isinstance(n, kinds) and _first_line(n) == line]


def _source_of(path: str, module: str) -> _Source | None:
    """Return a file parsed; None where it is not there or no Python."""
    try:
        return _parse(path, module, os.stat(path).st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=128)
def _parse(path: str, module: str, changed: int) -> _Source | None:
    try:
        with open(path, "rb") as file, _parsing:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return None
    tops: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            tops[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            tops.update((t.id, node) for t in targets if isinstance(t, ast.Name))
    return _Source(tree, tops, _imports(tree.body, module), {})


def _imports(nodes: Iterable[ast.AST], module: str) -> dict[str, tuple[str, str]]:
    """Return what import statements bind: (module, name in it); the name is empty for a module."""
    bound: dict[str, tuple[str, str]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound[alias.asname or alias.name] = (alias.name, "")
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            bound.update({a.asname or a.name: (base, a.name) for a in node.names})
    return bound


@functools.lru_cache(maxsize=1024)
def _find(name: str, module: str, path: str) -> str | None:
    """Return the file of a module that belongs with another; None for all others."""
    package = module.partition(".")[0]
    if "." in module or os.path.basename(path) == "__init__.py":
        if name.partition(".")[0] != package:
            return None
        top = getattr(sys.modules.get(package), "__path__", None)
        folders = [os.path.join(f, *name.split(".")[1:-1]) for f in top or ()]
    else:
        folders = [os.path.join(os.path.dirname(path), *name.split(".")[:-1])]
    spec = PathFinder.find_spec(name.rpartition(".")[2], folders)
    return spec.origin if spec is not None and spec.has_location else None


def _first_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> int:
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return decorators[0].lineno if decorators else node.lineno


def _bytecode(code: CodeType) -> str:
    """Return what a function's bytecode does, without where it stood."""
    consts = [_bytecode(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {consts}"
