"""Code as text without comments, docstrings and layout, and what it names.

Made of syntax trees, so that the text of the same code is the same in every Python that nemflow runs on.
"""

import ast
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

Bound: TypeAlias = tuple[str, int, str, str]
"""A name that an import statement binds: the name, the dots, the module, and the name in that or ""."""


class CodeText(NamedTuple):
    """Some code as text, and what it names: names, attributes of names, and what its imports bind."""

    text: str
    names: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    imports: tuple[Bound, ...]


class FileText(NamedTuple):
    """A file as text: what stands at its top by name, and what the imports there bind.

    None stands for code that is nested too deep to be walked.
    """

    tops: dict[str, CodeText | None]
    imports: tuple[Bound, ...]


def text_of_file(tree: ast.Module) -> FileText:
    """Return what stands at the top of a file as text."""
    tops: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            tops[node.name] = node
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            tops.update((t.id, node) for t in targets if isinstance(t, ast.Name))
    return FileText(
        {name: _text_if_shallow(node) for name, node in tops.items()}, _bound(tree.body)
    )


def text_of(node: ast.AST) -> CodeText:
    """Return some code as text.

    Raises:
        RecursionError: it is nested too deep.
    """
    walk = _Walk()
    walk.add(node)
    return CodeText(
        "".join(walk.parts), tuple(walk.names), tuple(walk.attributes), _bound(walk.imports)
    )


def _text_if_shallow(node: ast.AST) -> CodeText | None:
    try:
        return text_of(node)
    except RecursionError:
        return None


class _Walk:
    """One walk through some code for all that is told of it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.imports: list[ast.AST] = []

    def add(self, node: ast.AST) -> None:
        kind = type(node)
        if kind is ast.Name:
            self.names.add(node.id)  # type: ignore[attr-defined]  # a Name has one
        elif kind is ast.Attribute and isinstance(node.value, ast.Name):  # type: ignore[attr-defined]  # has a value
            self.attributes.add((node.value.id, node.attr))  # type: ignore[attr-defined]  # as above
        elif kind is ast.Import or kind is ast.ImportFrom:
            self.imports.append(node)
        self.parts.append(f"({kind.__name__}")
        for name in kind._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self._add_one(value)
            elif isinstance(value, list):
                for item in _without_docstring(node, value) if name == "body" else value:
                    if isinstance(item, ast.AST):
                        self._add_one(item)
                    else:
                        self.parts.append(f" {item!r}")
            elif value is not None:
                self.parts.append(f" {value!r}")
        self.parts.append(")")

    def _add_one(self, node: ast.AST) -> None:
        if node._fields:
            self.add(node)
        else:  # a third of all, such as Load
            self.parts.append(f"({type(node).__name__})")


def _without_docstring(node: ast.AST, body: list[ast.stmt]) -> list[ast.stmt]:
    has_one = (
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and isinstance(body[0].value.value, str)
    )
    return body[1:] if has_one else body


def _bound(nodes: Iterable[ast.AST]) -> tuple[Bound, ...]:
    bound: list[Bound] = []
    for node in nodes:
        if isinstance(node, ast.Import):
            bound += [(a.asname or a.name, 0, a.name, "") for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            bound += [(a.asname or a.name, node.level, base, a.name) for a in node.names]
    return tuple(bound)
