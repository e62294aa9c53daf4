"""The version of a flow changes with what it does, and with nothing else."""

import ast
import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nemflow import Flow, Parameter, task

BEFORE = '''
from nemflow import Flow, Parameter, task
from beside import scale

FACTOR = 2

def helper(x):
    """Help."""
    return x * FACTOR

@task(max_retries=0)
def double(x):
    """Double."""
    # a comment
    return helper(x) + scale(x)

with Flow("f") as flow:
    double(Parameter("n", default=1))
'''

BESIDE = "def scale(x):\n    return inner(x)\n\ndef inner(x):\n    return 3 * x\n"


@pytest.fixture
def version(tmp_path, monkeypatch):
    """Load a file with a flow as if for the first time, and return its version."""
    count = iter(range(100))

    def version(text, beside=BESIDE):
        folder = tmp_path / str(next(count))
        folder.mkdir()
        (folder / "beside.py").write_text(beside)
        path = folder / "flows_of_mine.py"
        path.write_text(textwrap.dedent(text))
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "beside", raising=False)
        spec = importlib.util.spec_from_file_location("flows_of_mine", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "flows_of_mine", module)
        spec.loader.exec_module(module)
        return module.flow.version

    return version


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # a comment\n", ""),
        ('    """Double."""\n', ""),
        ('    """Help."""\n', '    """Help a lot."""\n'),
        ("return helper(x) + scale(x)", "return (\n        helper(x)\n        + scale(x)\n    )"),
        ("FACTOR = 2\n", "FACTOR = 2\nOTHER = 3\n"),
    ],
)
def test_comments_docstrings_layout_and_what_is_not_used_do_not_count(old, new, version):
    assert version(BEFORE.replace(old, new)) == version(BEFORE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return helper(x) + scale(x)", "return helper(x) - scale(x)"),
        ("return x * FACTOR", "return x * FACTOR + 1"),
        ("FACTOR = 2", "FACTOR = 3"),
        ("max_retries=0", "timeout=1.5"),
        ("default=1", "default=2"),
        ('Parameter("n"', 'Parameter("m"'),
        ('Flow("f")', 'Flow("g")'),
        ("double(Param", "double.map(Param"),
        ("    double(", "    double(1)\n    double("),
    ],
)
def test_code_options_parameters_and_structure_count(old, new, version):
    assert old in BEFORE
    assert version(BEFORE.replace(old, new)) != version(BEFORE)


def test_what_lies_in_a_file_beside_counts_as_far_as_it_is_used(version):
    before = version(BEFORE)
    assert version(BEFORE, BESIDE.replace("3 * x", "4 * x")) != before
    assert version(BEFORE, BESIDE + "\ndef unused():\n    return 1\n") == before


def test_it_is_the_same_in_every_process(version, tmp_path):
    here = version(BEFORE)
    code = "import sys; sys.path.insert(0, '0'); import flows_of_mine; print(flows_of_mine.flow.version)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == here


def test_lambdas_and_code_without_a_file_have_one_too():
    def flow_of(text):
        space = {"Flow": Flow, "task": task}
        exec(text, space)
        return space["flow"]

    text = "work = task(lambda x: x + 1)\nwith Flow('f') as flow:\n    work(1)\n"
    assert flow_of(text).version == flow_of("\n\n" + text).version
    assert flow_of(text).version != flow_of(text.replace("x + 1", "x + 2")).version


def test_it_is_worked_out_anew_when_a_task_is_added():
    @task
    def one():
        return 1

    with Flow("f") as flow:
        one()
    before = flow.version
    assert flow.version is before
    flow.add_task(Parameter("n"))
    assert flow.version != before


def test_it_does_not_travel_with_the_flow(tmp_path):
    with Flow("f") as flow:
        Parameter("n")
    version = flow.version
    again = Flow.load(flow.save(tmp_path / "flow"))
    assert "_version" not in again.__dict__
    assert again.version == version


def test_a_default_that_cannot_be_written_down_is_no_failure():
    class Broken:
        def __repr__(self):
            raise ValueError("no words")

    def flow_of(default):
        with Flow("f") as flow:
            Parameter("n", default=default)
        return flow

    assert flow_of([Broken()]).version == flow_of([Broken()]).version
    assert flow_of({3, 1, 2}).version == flow_of({2, 3, 1}).version
    assert flow_of([1] * 20).version != flow_of([1] * 21).version


def test_only_one_thread_at_a_time_makes_a_syntax_tree(tmp_path, monkeypatch):
    """In Python 3.11 two at once may both fail."""
    parse, inside, clashes = ast.parse, threading.Lock(), []

    def watched(source):
        is_alone = inside.acquire(blocking=False)
        for _ in range(200):
            os.sched_yield()  # whoever waits for nothing comes in now
        tree = parse(source)
        if is_alone:
            inside.release()
        else:
            clashes.append(source)
        return tree

    flows = []
    for number in range(4):
        path = tmp_path / f"threaded_{number}.py"
        path.write_text(f"def work():\n    return {number}\n")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        with Flow("f") as flow:
            task(module.work)()
        flows.append(flow)
    with monkeypatch.context() as patch, ThreadPoolExecutor(len(flows)) as pool:
        patch.setattr(ast, "parse", watched)
        versions = set(pool.map(lambda flow: flow.version, flows))
    assert (len(versions), clashes) == (4, [])
