"""DaskExecutor: clusters, workers that die, resources, and what is sent to them."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.dask import DaskExecutor
from nemflow.results.local import LocalResult
from nemflow.tasks.decorator import task

pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")
import distributed  # after the line that skips where it is not there

TIME_OUT_S = 30.0
OWN_CLUSTER = {"n_workers": 1, "threads_per_worker": 1}


class StandAlone(NamedTuple):
    """A scheduler and two workers, started one by one as on machines of their own."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]]


@pytest.fixture
def stand_alone(tmp_path: Path) -> Iterator[StandAlone]:
    """A stand-alone scheduler with two workers that no nanny restarts."""
    info = tmp_path / "scheduler.json"
    options = ["--no-dashboard", "--scheduler-file", str(info), "--host", "127.0.0.1"]
    quiet = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    scheduler = subprocess.Popen([*dask, "scheduler", "--port", "0", *options], **quiet)  # type: ignore[call-overload]  # keywords in a dictionary
    options += ["--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path)]
    workers = [subprocess.Popen([*dask, "worker", *options], **quiet) for _ in range(2)]  # type: ignore[call-overload]  # as above
    try:
        with distributed.Client(
            scheduler_file=str(info), timeout=TIME_OUT_S, set_as_default=False
        ) as client:
            client.wait_for_workers(2, timeout=TIME_OUT_S)
        yield StandAlone(json.loads(info.read_text())["address"], scheduler, workers)
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def client(dask_address: str) -> Iterator[distributed.Client]:
    """A client of the shared cluster, to look at it."""
    with distributed.Client(dask_address, set_as_default=False) as client:
        yield client


class TestClusters:
    def test_without_an_address_a_cluster_lives_as_long_as_the_run(self) -> None:
        with Flow("f") as flow:
            pid = task(lambda: os.getpid())()
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        state = flow.run(executor=DaskExecutor(cluster_kwargs=OWN_CLUSTER))
        assert state.result[pid].result not in (None, os.getpid())
        after = psutil.Process().children(recursive=True)
        # Dask leaves the tracker of resources of the standard library, which lives with this process.
        left = [c for c in after if c.pid not in before and "tracker" not in str(c.cmdline())]
        assert left == []

    def test_a_cluster_class_may_be_given_by_name_and_may_adapt(self) -> None:
        executor = DaskExecutor(
            cluster_class="distributed.LocalCluster",
            cluster_kwargs={"n_workers": 0, "threads_per_worker": 1, "dashboard_address": ":0"},
            adapt_kwargs={"minimum": 1, "maximum": 1},
        )
        with Flow("f") as flow:
            one = task(lambda: 1)()
        assert flow.run(executor=executor).result[one].result == 1

    def test_an_unknown_cluster_class_is_a_clear_failure(self) -> None:
        state = Flow("f").run(executor=DaskExecutor(cluster_class="no.such.Cluster"))
        assert "cluster class 'no.such.Cluster' cannot be imported" in str(state.message)

    @pytest.mark.parametrize(
        "more",
        [{"cluster_class": "a.B"}, {"cluster_kwargs": OWN_CLUSTER}, {"adapt_kwargs": {"a": 1}}],
    )
    def test_an_address_together_with_a_cluster_to_make_is_refused(self, more: Any) -> None:
        with pytest.raises(DefinitionError, match="not both"):
            DaskExecutor("tcp://127.0.0.1:8786", **more)

    def test_a_scheduler_that_is_not_there_is_said_so_with_its_address(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        begun = time.monotonic()
        state = Flow("f").run(executor=DaskExecutor(address, client_kwargs={"timeout": 0.5}))
        assert time.monotonic() - begun < 5
        assert state.is_failed()
        assert str(state.message).startswith(f"no Dask scheduler answers at {address} within 0.5 s")

    def test_the_default_client_of_the_user_stays_what_it_is(self, dask_address: str) -> None:
        with DaskExecutor(dask_address).start(), pytest.raises(ValueError, match="No client"):
            distributed.default_client()


class TestFutures:
    def test_futures_are_let_go_as_answers_come(
        self, dask_address: str, client: distributed.Client, collect: Callable[..., Any]
    ) -> None:
        executor = DaskExecutor(dask_address)
        with executor.start():
            for token in range(40):
                executor.submit(token, pow, token, 2)
            collect(executor, 40)
            assert eventually(lambda: keys_of_runs(client) == [])

    def test_leaving_early_cancels_what_waits(
        self, dask_address: str, client: distributed.Client, tmp_path: Path
    ) -> None:
        def wait_for(stop: Path, mark: Path) -> None:
            while not stop.exists():
                threading.Event().wait(0.01)
            mark.touch()

        executor = DaskExecutor(dask_address)
        stop = tmp_path / "stop"
        with executor.start():
            for token in range(6):
                executor.submit(token, wait_for, stop, tmp_path / f"mark-{token}")
            executor.completed(0)
            assert eventually(lambda: len(keys_of_runs(client)) == 2)
        stop.touch()
        assert eventually(lambda: not any(client.processing().values()))
        assert keys_of_runs(client) == []
        # At most those that ran at once: one in each of the two workers.
        assert len(list(tmp_path.glob("mark-*"))) <= 2

    def test_runs_with_the_same_calls_do_not_share_results(
        self, dask_address: str, collect: Callable[..., Any]
    ) -> None:
        executor = DaskExecutor(dask_address)
        with executor.start():
            for token in range(2):
                executor.submit(token, os.urandom, 8)
            done = collect(executor, 2)
        assert done[0].outcome != done[1].outcome


class TestBundles:
    def test_small_calls_that_come_together_share_futures(
        self, dask_address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[int] = []
        plain_map = distributed.Client.map

        def counting_map(client: Any, function: Any, bundles: Any, **options: Any) -> Any:
            sent.append(len(bundles))
            return plain_map(client, function, bundles, **options)

        monkeypatch.setattr(distributed.Client, "map", counting_map)
        with Flow("f") as flow:
            numbers = task(lambda x: x).map(list(range(400)))
        state = flow.run(executor=DaskExecutor(dask_address))
        assert state.result[numbers].result == list(range(400))
        assert sum(sent) < 200

    def test_a_slow_call_in_a_bundle_holds_up_no_other(
        self, dask_address: str, tmp_path: Path
    ) -> None:
        go_on = tmp_path / "go on"

        def mostly_quick(number: int) -> int:
            if number == 150:  # in a bundle: the calls before have shown to be small
                while not go_on.exists():
                    threading.Event().wait(0.01)
            return number

        def release_when_all_others_are_done(numbers: list[int]) -> None:
            go_on.touch()

        with Flow("f") as flow:
            quick = task(mostly_quick).map(list(range(300)))
            after = task(lambda n: n).map(quick)
            # Needs every child but the slow one, which waits for this.
            others = task(lambda n: n).map(task(lambda: list(range(300)))())
            task(release_when_all_others_are_done)(others)
        state = flow.run(executor=DaskExecutor(dask_address))
        assert state.result[after].result == list(range(300))


class TestWorkersThatDie:
    def test_calls_of_a_killed_worker_run_again_on_the_other(
        self, stand_alone: StandAlone, tmp_path: Path
    ) -> None:
        def work(number: int) -> int:
            if number == 5:
                (tmp_path / "half way").touch()
                while not (tmp_path / "go on").exists():
                    threading.Event().wait(0.01)
            return number

        def kill_one() -> None:
            assert eventually((tmp_path / "half way").exists)
            stand_alone.workers[0].send_signal(signal.SIGKILL)
            (tmp_path / "go on").touch()

        with Flow("f") as flow:
            numbers = task(work).map(list(range(30)))
        killer = threading.Thread(target=kill_one)
        killer.start()
        state = flow.run(executor=DaskExecutor(stand_alone.address))
        killer.join()
        assert state.result[numbers].result == list(range(30))

    def test_a_call_that_always_kills_its_worker_fails_in_a_sentence_and_harms_no_other(
        self,
    ) -> None:
        def die() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        with Flow("f") as flow:
            deadly = task(die, name="deadly")()
            others = task(lambda x: x).map(list(range(20)))
        state = flow.run(executor=DaskExecutor(cluster_kwargs=OWN_CLUSTER))
        assert isinstance(state.result, dict), repr(state.result)
        assert state.result[others].result == list(range(20))
        assert str(state.result[deadly].message).startswith(
            "task 'deadly': the Dask worker in which it ran died, 4 times over"
        )

    def test_a_cluster_whose_workers_all_die_fails_the_run_with_a_sentence(
        self, stand_alone: StandAlone, tmp_path: Path
    ) -> None:
        def work() -> None:
            (tmp_path / "half way").touch()
            threading.Event().wait(TIME_OUT_S)

        def kill() -> None:
            assert eventually((tmp_path / "half way").exists)
            for worker in stand_alone.workers:
                worker.send_signal(signal.SIGKILL)

        with Flow("f") as flow:
            task(lambda x: x)(task(work)())
        killer = threading.Thread(target=kill)
        killer.start()
        state = flow.run(executor=DaskExecutor(stand_alone.address, no_worker_s=0))
        killer.join()
        assert str(state.message).startswith("the Dask cluster has had no worker for 0 s")

    def test_a_scheduler_that_dies_fails_the_run_with_a_sentence(
        self, stand_alone: StandAlone, tmp_path: Path
    ) -> None:
        def work() -> None:
            (tmp_path / "half way").touch()
            threading.Event().wait(TIME_OUT_S)

        def kill() -> None:
            assert eventually((tmp_path / "half way").exists)
            stand_alone.scheduler.send_signal(signal.SIGKILL)

        with Flow("f") as flow:
            task(lambda x: x)(task(work)())
        killer = threading.Thread(target=kill)
        killer.start()
        executor = DaskExecutor(stand_alone.address, client_kwargs={"timeout": 1})
        state = flow.run(executor=executor)
        killer.join()
        assert str(state.message).startswith("the Dask scheduler went away during the run")


class TestResources:
    def test_a_task_runs_where_a_worker_offers_what_its_tags_ask_for(
        self, dask_address: str
    ) -> None:
        with Flow("f") as flow:
            one = task(lambda: 1, tags=["dask-resource:GPU=1"])()
        assert flow.run(executor=DaskExecutor(dask_address)).result[one].result == 1

    def test_what_no_worker_offers_is_a_clear_failure(self, dask_address: str) -> None:
        with Flow("f") as flow:
            much = task(lambda: 1, name="much", tags=["dask-resource:GPU=2"])()
        state = flow.run(executor=DaskExecutor(dask_address))
        assert str(state.result[much].message).startswith(
            "task 'much': no worker of the Dask cluster offers GPU=2: start one with "
            "`dask worker --resources GPU=2`"
        )

    @pytest.mark.parametrize("tag", ["dask-resource:GPU", "dask-resource:GPU=many"])
    def test_a_tag_that_cannot_be_read_is_a_clear_failure(
        self, dask_address: str, tag: str
    ) -> None:
        with Flow("f") as flow:
            wrong = task(lambda: 1, tags=[tag])()
        state = flow.run(executor=DaskExecutor(dask_address))
        assert f"the tag {tag!r} is not of the form" in str(state.result[wrong].message)


def test_nothing_of_dask_is_imported_before_a_run() -> None:
    code = (
        "import sys, nemflow.flows.executors.dask; print([m for m in sys.modules if 'dask' in m])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['nemflow.flows.executors.dask']"


def test_a_value_with_a_target_goes_through_the_cluster_by_its_location(
    dask_address: str, client: distributed.Client, tmp_path: Path
) -> None:
    with Flow("f") as flow:
        large = task(lambda: bytes(50_000_000), target="large", result=LocalResult(tmp_path))()
        size = task(lambda data: len(data))(large)
    sent_before = bytes_sent()
    state = flow.run(executor=DaskExecutor(dask_address))
    assert state.result[size].result == 50_000_000
    assert bytes_sent() - sent_before < 1_000_000


def bytes_sent() -> int:
    """What this process has written, to sockets and files."""
    facts = Path("/proc/self/io").read_text()
    return int(dict(line.split(": ") for line in facts.splitlines())["wchar"])


def keys_of_runs(client: distributed.Client) -> list[str]:
    """The keys that the scheduler of the cluster knows."""

    def keys(dask_scheduler: Any) -> list[str]:
        return [str(key) for key in dask_scheduler.tasks]

    found: list[str] = client.run_on_scheduler(keys)
    return found


def eventually(is_so: Callable[[], bool]) -> bool:
    """Ask until something is so, for as long as a busy machine may take."""
    deadline = time.monotonic() + TIME_OUT_S
    while not is_so():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.02)
    return True
