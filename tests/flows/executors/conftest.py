"""What the tests of executors share: one of each kind, and a Dask cluster in processes of its own."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nemflow.flows.executors.base import Done, Executor
from nemflow.flows.executors.dask import DaskExecutor
from nemflow.flows.executors.local import LocalExecutor
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.executors.threads import ThreadExecutor

TIME_OUT_S = 30.0
NEAR: dict[str, Callable[[], Executor]] = {
    "local": LocalExecutor,
    "one thread": lambda: ThreadExecutor(1),
    "threads": lambda: ThreadExecutor(3),
}
FAR = ("processes", "dask")
CLUSTER = """
import sys
from distributed import LocalCluster

with LocalCluster(
    n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50,
    resources={"GPU": 1},
) as cluster:
    print(cluster.scheduler_address, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="session")
def dask_address() -> Iterator[str]:
    """The address of a Dask scheduler with two workers, each of which offers GPU=1."""
    if importlib.util.find_spec("distributed") is None:
        pytest.skip("Dask is not installed (the extra `dask`)")
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as cluster:
        assert cluster.stdout is not None
        yield cluster.stdout.readline().strip()
        cluster.communicate("")


def make(kind: str, request: pytest.FixtureRequest) -> Executor:
    if kind == "dask":
        return DaskExecutor(request.getfixturevalue("dask_address"))
    return ProcessExecutor(2) if kind == "processes" else NEAR[kind]()


@pytest.fixture(params=[*NEAR, *FAR])
def executor(request: pytest.FixtureRequest) -> Executor:
    """Every executor, not started."""
    return make(request.param, request)


@pytest.fixture
def started(executor: Executor) -> Iterator[Executor]:
    """Every executor, started."""
    with executor.start():
        yield executor


@pytest.fixture(params=NEAR)
def near(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Every executor whose calls run in this process, started."""
    executor = make(request.param, request)
    with executor.start():
        yield executor


@pytest.fixture(params=FAR)
def far(request: pytest.FixtureRequest) -> Executor:
    """Every executor whose calls run in other processes, not started."""
    return make(request.param, request)


@pytest.fixture
def collect() -> Callable[[Executor, int], dict[Any, Done]]:
    """Take ends of calls until there are so many; each comes once."""

    def take(executor: Executor, count: int) -> dict[Any, Done]:
        done: dict[Any, Done] = {}
        while len(done) < count:
            for end in executor.completed(TIME_OUT_S):
                assert end.token not in done
                done[end.token] = end
        return done

    return take
