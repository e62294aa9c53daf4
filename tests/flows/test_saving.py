"""Flows in files: saved, loaded, run elsewhere."""

import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.flows.parameters import Parameter
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks.containers import Constant
from nemflow.tasks.control_flow import case
from nemflow.tasks.decorator import task

SAVE = """
import sys
from nemflow import Flow, Parameter, case, task

@task(name="twice")
def twice(x):
    return 2 * x

with Flow("saved") as flow:
    n = Parameter("n", default=3)
    with case(n, 3):
        doubled = twice.map([1, n, twice(n)])
flow.save(sys.argv[1])
"""
LOAD = """
import sys
from nemflow import Flow

flow = Flow.load(sys.argv[1])
state = flow.run()
(doubled,) = flow.terminal_tasks()
print(state, state.result[doubled].result)
"""


def small_flow(**options: Any) -> Flow:
    with Flow("small", **options) as flow:
        add = task(name="add")(lambda x, y: x + y)
        n = Parameter("n")
        with case(n, 1):
            add.map([1, 2], [n, add(n, 10)])
    return flow


def names(flow: Flow) -> list[tuple[str, list[str]]]:
    """The tasks in their order, each with what is right before it."""
    return [(flow.slugs[t], sorted(flow.slugs[u] for u in flow.upstream_tasks(t))) for t in flow]


class TestRoundTrip:
    def test_the_flow_comes_back_with_its_shape_and_runs(self, tmp_path: Path) -> None:
        flow = small_flow()
        path = flow.save(tmp_path / "small.flow")
        loaded = Flow.load(path)
        assert names(loaded) == names(flow)
        for kept in (flow, loaded):
            state = kept.run(n=1)
            (mapped,) = kept.terminal_tasks()
            assert state.result[mapped].result == [2, 13]

    def test_it_runs_in_another_process_than_the_one_that_saved_it(
        self, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
    ) -> None:
        path = tmp_path / "saved.flow"
        saving = start(SAVE, path)
        assert saving.communicate(timeout=60)[1] == ""
        out, error = start(LOAD, path).communicate(timeout=60)
        assert (out, error) == (
            '<Success: "all reference tasks succeeded"> [2, 6, 12]\n',
            "",
        )

    def test_what_was_cached_stays_behind(self, tmp_path: Path) -> None:
        with Flow("f") as flow:
            drawn = task(cache_for=timedelta(hours=1))(lambda: os.urandom(8))()
        first = flow.run().result[drawn].result
        assert flow.run().result[drawn].result == first
        loaded = Flow.load(flow.save(tmp_path / "f.flow"))
        (drawn,) = loaded.tasks
        assert loaded.run().result[drawn].result != first

    def test_options_come_along(self, tmp_path: Path) -> None:
        flow = small_flow(
            executor=ThreadExecutor(3),
            result=LocalResult(tmp_path / "kept"),
            flow_run_name="{flow_name}_{n}",
        )
        flow.set_reference_tasks(flow.get_tasks(name="add")[:1])
        flow.save(tmp_path / "small.flow")
        loaded = Flow.load(tmp_path / "small.flow")
        assert isinstance(loaded.executor, ThreadExecutor)
        assert loaded.executor.num_workers == 3
        assert loaded.result == flow.result
        assert loaded.flow_run_name == "{flow_name}_{n}"
        assert [t.name for t in loaded.reference_tasks()] == ["add"]
        settings = RunSettings(lock_dir=tmp_path / "locks")
        assert loaded.run(n=1, settings=settings).is_successful()

    def test_a_loaded_flow_can_be_built_on(self, tmp_path: Path) -> None:
        small_flow().save(tmp_path / "small.flow")
        loaded = Flow.load(tmp_path / "small.flow")
        with loaded:
            more = task(lambda: 5)()
        assert loaded.run(n=1).result[more].result == 5

    def test_saving_in_the_open_block_saves_a_closed_flow(self, tmp_path: Path) -> None:
        with Flow("open") as flow:
            task(lambda: 1)()
            flow.save(tmp_path / "open.flow")
        assert Flow.load(tmp_path / "open.flow").run().is_successful()


class TestFiles:
    def test_a_file_is_replaced_as_a_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "small.flow"
        small_flow().save(path)
        whole = path.read_bytes()
        broken = Flow("broken", tasks=[Constant(open)])
        broken.constants[Constant(1)] = {"x": (n for n in ())}
        with pytest.raises(TypeError, match="generator"):
            broken.save(path)
        assert path.read_bytes() == whole
        assert [file.name for file in tmp_path.iterdir()] == ["small.flow"]

    def test_what_holds_no_flow_is_refused(self, tmp_path: Path) -> None:
        import cloudpickle  # type: ignore[import-untyped]  # no stubs

        path = tmp_path / "other"
        path.write_bytes(cloudpickle.dumps({"a": 1}))
        with pytest.raises(TypeError, match="holds no flow but dict"):
            Flow.load(path)

    def test_a_missing_file_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            Flow.load(tmp_path / "missing")
