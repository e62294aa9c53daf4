"""Finding a flow of the user's own in a file or module."""

import subprocess
import sys
from pathlib import Path

import pytest

from nemflow.cli.own_flows import find_flow
from nemflow.errors import DefinitionError, SettingsError

ONE = "from nemflow import Flow\nwith Flow('one') as flow:\n    pass\n"
TWO = "from nemflow import Flow\nfirst, second = Flow('eins'), Flow('zwei')\nnumber = 3\n"


@pytest.fixture(autouse=True)
def imports_as_they_were():
    """Forget the modules that a test imports, and where it found them."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def found(tmp_path):
    """Find a flow in a file of this content; return its name."""

    def find(content, what="mine.py"):
        (tmp_path / "mine.py").write_text(content)
        return find_flow(what, tmp_path).flow.name

    return find


@pytest.fixture
def fault(tmp_path):
    """Return what is said of a file of this content, with the folder cut out."""

    def find(content, what="mine.py", kind=SettingsError):
        (tmp_path / "mine.py").write_text(content)
        with pytest.raises(kind) as raised:
            find_flow(what, tmp_path)
        return str(raised.value).replace(f"{tmp_path}/", "")

    return find


def test_the_only_flow_of_a_file_needs_no_name(found):
    assert found(ONE) == "one"


def test_one_flow_under_two_variables_is_still_the_only_one(found):
    assert found(f"{ONE}again = flow\n") == "one"


def test_a_flow_is_named_by_its_variable(found):
    assert found(TWO, "mine.py:second") == "zwei"


def test_a_flow_is_named_by_its_name_too(found):
    assert found(TWO, "mine.py:zwei") == "zwei"


def test_a_flow_is_found_in_a_module_of_the_current_folder(tmp_path):
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "module.py").write_text(ONE)
    assert find_flow("own_package.module:flow", tmp_path).flow.name == "one"
    assert find_flow("own_package.module", tmp_path).flow.name == "one"


def test_a_file_imports_what_lies_beside_it(found, tmp_path):
    (tmp_path / "beside_it.py").write_text("NAME = 'from beside'\n")
    content = "from nemflow import Flow\nfrom beside_it import NAME\nflow = Flow(NAME)\n"
    assert found(content) == "from beside"


def test_what_is_under_the_main_guard_does_not_run(found):
    assert found(f"{ONE}if __name__ == '__main__':\n    raise AssertionError\n") == "one"


def test_the_module_of_a_file_can_be_imported_by_name(tmp_path):
    (tmp_path / "my_own_flows.py").write_text(ONE)
    module = find_flow("my_own_flows.py", tmp_path).module
    assert (module.__name__, sys.modules["my_own_flows"]) == ("my_own_flows", module)


@pytest.mark.parametrize("name", ["json.py", "__main__.py", "my-flows.py", "class.py", "a b.c.py"])
def test_a_file_whose_name_is_taken_or_is_no_name_hides_nothing(tmp_path, name):
    import json

    (tmp_path / name).write_text(ONE)
    module = find_flow(name, tmp_path).module
    assert module.__name__.startswith("nemflow_own_")
    assert sys.modules[module.__name__] is module
    assert sys.modules["json"] is json


def test_a_path_with_a_colon_in_a_folder_is_a_path(tmp_path):
    (tmp_path / "a:b").mkdir()
    (tmp_path / "a:b" / "mine.py").write_text(ONE)
    assert find_flow("a:b/mine.py", tmp_path).flow.name == "one"
    assert find_flow("a:b/mine.py:flow", tmp_path).flow.name == "one"


class TestFaults:
    def test_a_file_that_is_not_there(self, fault):
        told = "nope.py is not there: name a Python file, as in flows.py:my_flow"
        assert fault("", "nope.py:flow") == told

    def test_a_folder(self, fault, tmp_path):
        (tmp_path / "folder.py").mkdir()
        assert fault("", "folder.py").startswith("folder.py is a folder, not a file: ")

    def test_a_file_without_a_flow(self, fault):
        told = "mine.py has no flow: make one at its top level, as in `with Flow('name') as flow:`"
        assert fault("x = 1\n") == told

    def test_several_flows_and_no_name(self, fault):
        told = "mine.py has more than one flow: write mine.py:first (it has first, second)"
        assert fault(TWO) == told

    def test_a_mistyped_name_is_told_the_nearest(self, fault):
        told = "mine.py has no flow 'secnd' (it has first, second); did you mean 'second'?"
        assert fault(TWO, "mine.py:secnd") == told

    def test_a_name_of_something_else(self, fault):
        told = "'number' in mine.py is of type int, not a flow (it has first, second)"
        assert fault(TWO, "mine.py:number") == told

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("\nimport not_there_at_all\n", "line 2: ModuleNotFoundError: No module named"),
            ("x = 1\nx.y\n", "line 2: AttributeError: 'int' object has no attribute 'y'"),
            ("def f():\n    1 / 0\nf()\n", "line 2: ZeroDivisionError: division by zero"),
            ("x = 1\ny = (\n", "line 2: SyntaxError: '(' was never closed"),
            ("raise SystemExit\n", "line 1: SystemExit"),
            ("raise ValueError('two\\nlines')\n", "line 1: ValueError: two lines"),
        ],
    )
    def test_a_file_that_cannot_be_imported_is_told_with_the_line(self, fault, content, told):
        said = fault(content, kind=DefinitionError)
        assert said.startswith(f"mine.py cannot be imported: {told}")
        assert "mine" not in sys.modules

    def test_a_file_with_a_null_byte(self, fault):
        assert "cannot be imported" in fault("x = 1\0\n", kind=DefinitionError)

    def test_a_module_that_is_not_there(self, fault, tmp_path):
        for what in ("not_there.module:flow", "not_there.module", "xml.not_there:flow"):
            assert fault("", what).startswith(f"there is no module {what.split(':')[0]!r} in ")

    def test_a_module_that_cannot_be_imported_is_told_with_the_line(self, fault):
        said = fault("\nimport not_there_at_all\n", "mine:flow", kind=DefinitionError)
        assert said.startswith("module mine cannot be imported: line 2: ModuleNotFoundError: ")


def test_what_a_module_defines_can_be_sent_to_where_the_file_is_not(tmp_path):
    (tmp_path / "sent_flows.py").write_text(
        "from nemflow import Flow, task\n"
        "@task\n"
        "def double(x):\n    return 2 * x\n"
        "with Flow('sent') as flow:\n    double(21)\n"
    )
    code = (
        "import sys, cloudpickle; from pathlib import Path\n"
        "from nemflow.cli.own_flows import find_flow, send_by_value\n"
        "own = find_flow('sent_flows.py', Path(sys.argv[1])); send_by_value(own.module)\n"
        "sys.stdout.buffer.write(cloudpickle.dumps(own.flow))\n"
    )
    python = [sys.executable, "-c"]
    sent = subprocess.run([*python, code, tmp_path], capture_output=True, check=True).stdout
    code = (
        "import sys, cloudpickle\n"
        "flow = cloudpickle.load(sys.stdin.buffer)\n"
        "assert 'sent_flows' not in sys.modules\n"
        "print([state.result for state in flow.run().result.values()])\n"
    )
    got = subprocess.run(
        [*python, code], input=sent, capture_output=True, check=True, cwd=Path("/")
    ).stdout
    assert got == b"[42]\n"
