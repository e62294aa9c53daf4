"""The face: what ``import nemflow`` gives."""

import ast
import inspect
import subprocess
import sys

import pytest

import nemflow
from nemflow import Flow, raise_on_exception, task

WHAT_A_FLOW_NEEDS = [
    "apply_map",
    "caching",
    "case",
    "context",
    "DateTimeParameter",
    "defaults_from_attrs",
    "Edge",
    "EnvVarSecret",
    "FilterTask",
    "flatten",
    "Flow",
    "GetItem",
    "ifelse",
    "mapped",
    "merge",
    "Parameter",
    "pause_task",
    "raise_on_exception",
    "resource_manager",
    "Secret",
    "signals",
    "states",
    "switch",
    "tags",
    "Task",
    "task",
    "triggers",
    "unmapped",
]


def test_all_is_sorted_without_doubles_and_everything_in_it_is_there() -> None:
    assert list(nemflow.__all__) == sorted(set(nemflow.__all__))
    assert [name for name in nemflow.__all__ if not hasattr(nemflow, name)] == []


@pytest.mark.parametrize("name", WHAT_A_FLOW_NEEDS)
def test_what_a_flow_needs_is_there(name: str) -> None:
    assert name in nemflow.__all__


def test_raise_on_exception_lets_a_tasks_exception_out_of_the_run() -> None:
    with Flow("f") as flow:
        task(lambda: 1 // 0)()
    with raise_on_exception(), pytest.raises(ZeroDivisionError):
        flow.run()
    assert flow.run().is_failed()


def test_a_name_stands_alike_in_all_in_dir_for_type_checkers_and_in_the_tables() -> None:
    tree = ast.parse(inspect.getsource(nemflow))
    [checked] = [
        node for node in tree.body if isinstance(node, ast.If) and node.body[0].lineno < 30
    ]
    seen = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = {name: home.removesuffix(f".{name}") for name, home in nemflow._MODULES.items()}
    assert seen == {**modules, **nemflow._HOMES}
    assert {*seen, "NemflowError"} == set(nemflow.__all__)
    assert set(nemflow.__all__) <= set(dir(nemflow))


def test_a_name_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="'nemflow' has no attribute 'Folw'"):
        nemflow.Folw  # noqa: B018


def test_importing_it_loads_none_of_its_parts() -> None:
    code = "import sys, nemflow; print([name for name in sys.modules if name[:8] == 'nemflow.'])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "['nemflow.errors']"
