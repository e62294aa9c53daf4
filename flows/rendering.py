"""A flow, and perhaps a run of it, to look at: text, Mermaid, DOT, SVG.

Text, Mermaid and DOT need nothing. SVG and ``visualize`` need Graphviz. What is written follows from
the flow alone: the same flow gives the same text, in topological order.
"""

import importlib
import json
import re
import reprlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nemflow.errors import NemflowError
from nemflow.flows.blueprint import Blueprint
from nemflow.flows.mapped import is_mapped
from nemflow.flows.parameters import Parameter
from nemflow.flows.picture import (
    Picture,
    States,
    children_of,
    count_states,
    draw,
    printable,
    unique_names,
)
from nemflow.tasks.base import Task
from nemflow.tasks.edges import Edge
from nemflow.tasks.states import Mapped, State

LISTED = 10
"""Up to so many children that did not end well are listed in the text."""

_HALF_SEEN = "80"  # the alpha of a fill colour: a name on it stays readable

_NO_PROGRAM = (
    "drawing needs the program dot: install the system package graphviz "
    "(apt install graphviz, brew install graphviz), or take text, mermaid or dot, which need nothing"
)
_NO_PACKAGE = (
    "visualize needs the Python package graphviz: pip install 'nemflow[graphviz]'; "
    "and the program dot of the system package graphviz (apt install graphviz)"
)


# Text


def render_text(flow: Blueprint, states: States | None = None) -> str:
    """Write each task on a line, and below it what it takes from where.

    Args:
        flow: the flow.
        states: the states of a run, told after the names.

    Raises:
        DefinitionError: the tasks depend on each other in a circle.
    """
    names = unique_names(flow)
    lines = [f"flow {printable(flow.name)}"]
    for task in flow.graph.sorted_tasks():
        state = (states or {}).get(task)
        told = "" if state is None else f": {describe(state)}"
        lines.append(f"  {names[task]}{_kind(flow, task)}{told}")
        lines += [f"    {line}" for line in _inputs(flow, task, names)]
        if isinstance(state, Mapped):
            lines += [f"    {line}" for line in _trouble(children_of(state))]
    return "\n".join(lines)


def describe(state: State) -> str:
    """Return a state's name and message, or the counts of a mapped one's children."""
    name = type(state).__name__
    if isinstance(state, Mapped) and state.map_states:
        return f"{name}, {count_states(children_of(state))}"
    return printable(f"{name}: {state.message}" if state.message else name)


def _kind(flow: Blueprint, task: Task) -> str:
    if isinstance(task, Parameter):
        need = "required" if task.required else f"default {_short(task.default)}"
        return f" (parameter, {need})"
    return " <map>" if is_mapped(flow.graph.edges_to(task)) else ""


def _inputs(flow: Blueprint, task: Task, names: dict[Task, str]) -> Iterator[str]:
    for edge in flow.graph.edges_to(task):
        source = f"{_way(edge)}{names[edge.upstream_task]}"
        yield f"after {source}" if edge.key is None else f"{edge.key} <- {source}"
    for key, value in flow.constants.get(task, {}).items():
        yield f"{key} = {_short(value)}"


def _way(edge: Edge) -> str:
    flat = "flattened " if edge.flattened else ""
    return f"each of {flat}" if edge.mapped else flat


def _trouble(children: list[State]) -> list[str]:
    """Return a line for each child that did not end well, up to `LISTED`."""
    lines = [
        f"[{number}] {describe(child)}"
        for number, child in enumerate(children)
        if not child.is_successful()
    ]
    hidden = len(lines) - LISTED
    return lines if hidden <= 0 else [*lines[:LISTED], f"and {hidden:,} more"]


def _short(value: object) -> str:
    return printable(reprlib.repr(value))


# Mermaid


def render_mermaid(
    flow: Blueprint, states: States | None = None, *, horizontal: bool = False
) -> str:
    """Write a flow as a Mermaid flowchart, which GitHub and many editors draw.

    Args:
        flow: the flow.
        states: the states of a run, shown as colours.
        horizontal: from left to right instead of from top to bottom.

    Raises:
        DefinitionError: the tasks depend on each other in a circle.
    """
    picture = draw(flow, states)
    # Mermaid looks for %%{...}%% in the whole text
    title = json.dumps(picture.title, ensure_ascii=False).replace("%", "\\u0025")
    lines = ["---", f"title: {title}", "---", f"flowchart {'LR' if horizontal else 'TD'}"]
    for node in picture.nodes:
        label = f'"{_mermaid_text(node.label)}"'
        lines.append(f"    {node.id}[{label}]" if node.mapped else f"    {node.id}([{label}])")
    for arrow in picture.arrows:
        key = f'|"{_mermaid_text(arrow.key)}"|' if arrow.key else ""
        lines.append(f"    {arrow.tail} {'-.->' if arrow.mapped else '-->'}{key} {arrow.head}")
    return "\n".join([*lines, *_mermaid_colours(picture)])


def _mermaid_colours(picture: Picture) -> Iterator[str]:
    classes: dict[type[State], list[str]] = {}
    for node in picture.nodes:
        if node.state is not None:
            classes.setdefault(type(node.state), []).append(node.id)
    for kind, ids in classes.items():
        yield f"    classDef {kind.__name__} fill:{kind.color}{_HALF_SEEN}"
        yield f"    class {','.join(ids)} {kind.__name__}"


# What neither Mermaid nor the Markdown and HTML that it reads in labels takes for anything else:
# letters and digits, _ and - between them, single spaces, and some punctuation.
_PLAIN_IN_MERMAID = re.compile(
    r"[^\W_]|(?<=[^\W_])[_-](?=[^\W_])|(?<=\S) (?=\S)|(?<!\]):(?= )|[,=\[\]]"
)


def _mermaid_text(text: str) -> str:
    plain = {match.start() for match in _PLAIN_IN_MERMAID.finditer(text)}
    return "".join(c if i in plain else f"#{ord(c)};" for i, c in enumerate(text))


# DOT


def render_dot(flow: Blueprint, states: States | None = None, *, horizontal: bool = False) -> str:
    """Write a flow in DOT, the language of Graphviz.

    Args:
        flow: the flow.
        states: the states of a run, shown as colours and told in tooltips.
        horizontal: from left to right instead of from top to bottom.

    Raises:
        DefinitionError: the tasks depend on each other in a circle.
    """
    return "\n".join(["digraph {", *_dot_body(draw(flow, states), horizontal), "}"])


def _dot_body(picture: Picture, horizontal: bool) -> Iterator[str]:
    yield f"\tgraph [label={_dot_text(picture.title)}, labelloc=t, fontname=Helvetica]"
    yield "\tnode [fontname=Helvetica]"
    yield "\tedge [fontname=Helvetica, fontsize=11]"
    if horizontal:
        yield "\trankdir=LR"
    for node in picture.nodes:
        shape = "box" if node.mapped else "ellipse"
        yield f"\t{node.id} [label={_dot_text(node.label)}, shape={shape}{_dot_state(node.state)}]"
    for arrow in picture.arrows:
        key = [f"label={_dot_text(arrow.key)}"] if arrow.key else []
        look = ", ".join([*key, "style=dashed"] if arrow.mapped else key)
        yield f"\t{arrow.tail} -> {arrow.head}" + (f" [{look}]" if look else "")


def _dot_state(state: State | None) -> str:
    if state is None:
        return ""
    fill = f'fillcolor="{state.color}{_HALF_SEEN}"'
    return f", style=filled, {fill}, tooltip={_dot_text(describe(state))}"


def _dot_text(text: str) -> str:
    """Return text as a quoted string whose escapes and HTML entities stand for themselves."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{plain}"'


# With Graphviz


def render_svg(flow: Blueprint, states: States | None = None, *, horizontal: bool = False) -> str:
    """Draw a flow as SVG, with the program ``dot`` of Graphviz.

    Args:
        flow: the flow.
        states: the states of a run, shown as colours and told in tooltips.
        horizontal: from left to right instead of from top to bottom.

    Raises:
        DefinitionError: the tasks depend on each other in a circle.
        NemflowError: the program is not there, or failed.
    """
    source = render_dot(flow, states, horizontal=horizontal)
    program = shutil.which("dot")
    if program is None:
        raise NemflowError(_NO_PROGRAM)
    done = subprocess.run([program, "-Tsvg"], input=source.encode(), capture_output=True)
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip()
        raise NemflowError(f"{program} could not draw flow {flow.name!r}: {words}")
    return done.stdout.decode()


def show_picture(
    flow: Blueprint,
    states: States | None = None,
    filename: str | None = None,
    format: str | None = None,  # noqa: A002  # Prefect's name
    horizontal: bool = False,
) -> Any:
    """Draw a flow with the package graphviz; ``Flow.visualize`` says what the arguments mean."""
    try:
        graphviz = importlib.import_module("graphviz")  # only who draws has it
    except ImportError as error:
        raise ImportError(_NO_PACKAGE) from error
    body = [f"{line}\n" for line in _dot_body(draw(flow, states), horizontal)]
    graph = graphviz.Digraph(body=body)
    try:
        if filename is not None:
            stem, kind = _split_format(filename, format, graphviz.FORMATS)
            graph.render(stem, format=kind, cleanup=True)
        elif not _in_notebook():
            import tempfile  # only to show a picture at once

            folder = tempfile.mkdtemp(prefix="nemflow-")
            graph.render("flow", folder, format=format or "pdf", view=True, cleanup=True)
    except graphviz.ExecutableNotFound as error:
        raise NemflowError(_NO_PROGRAM) from error
    except FileNotFoundError as error:  # no viewer on this machine
        raise NemflowError(f"the picture cannot be shown here ({error}); give filename=") from error
    return graph


def _split_format(filename: str, format_: str | None, known: set[str]) -> tuple[str, str]:
    """Return the name without its format, and the format: as given, as the name ends, or PDF."""
    path = Path(filename)
    suffix = path.suffix.removeprefix(".").lower()
    chosen = format_ or (suffix if suffix in known else "pdf")
    return (str(path.with_suffix("")) if suffix == chosen else filename), chosen


def _in_notebook() -> bool:
    """Tell whether IPython runs, which shows what an expression returns by itself."""
    try:
        shell = importlib.import_module("IPython").get_ipython()
    except ImportError:
        return False
    return shell is not None
