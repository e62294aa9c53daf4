"""What may import what: cli > flows > tasks > results, and no cycle anywhere."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ["results", "tasks", "flows", "cli"]  # each may import those to its left
EVERYBODYS = {"nemflow.errors"}  # lies beside the face and imports nothing


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("nemflow", *parts)).removesuffix(".__init__")


MODULES = {
    module_name(path): path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))
}


def imports_of(module: str) -> set[str]:
    """The nemflow modules that *module* names in an import, wherever it stands."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            deeper = {f"{base}.{alias.name}" for alias in node.names}
            found |= (deeper & MODULES.keys()) or {base}
    return {name for name in found if name.split(".")[0] == "nemflow"}


def layer_of(module: str) -> int:
    return LAYERS.index(module.split(".")[1])


def is_market(module: str) -> bool:
    return "nem" in module.split(".")[2:]


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module):
    for name in imports_of(module) - {"nemflow"}:
        if name not in EVERYBODYS:
            assert layer_of(name) <= layer_of(module), f"{module} imports {name}"


@pytest.mark.parametrize("module", [m for m in MODULES if not is_market(m)])
def test_the_engine_knows_nothing_of_the_market(module):
    if not module.startswith("nemflow.cli"):
        assert not [name for name in imports_of(module) if is_market(name)]


@pytest.mark.parametrize("module", [m for m in MODULES if not is_market(m)])
def test_only_market_code_uses_the_face(module):
    allowed = module.startswith("nemflow.cli")  # for the version
    assert allowed or "nemflow" not in imports_of(module), f"{module}: name the module instead"


@pytest.mark.parametrize("module", [m for m in MODULES if is_market(m)])
def test_market_code_knows_the_engine_by_its_face_alone(module):
    for name in imports_of(module) - {"nemflow"} - EVERYBODYS:
        assert is_market(name), f"{module} imports {name}: take it from the face"


def test_the_errors_import_nothing():
    tree = ast.parse((ROOT / "nemflow" / "errors.py").read_text())
    assert not [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]


def test_no_import_cycle():
    graph = {m: imports_of(m) & MODULES.keys() for m in MODULES}
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, naming the modules
    assert set(order) == set(MODULES)
