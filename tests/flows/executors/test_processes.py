"""ProcessExecutor: worker processes that die, and what they leave."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.base import CallLost
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.tasks.decorator import task

TIME_OUT_S = 30.0


def test_a_call_whose_worker_was_killed_runs_again(tmp_path: Path) -> None:
    def die_once() -> str:
        try:
            (tmp_path / "mark").touch(exist_ok=False)
        except FileExistsError:
            return "survived"
        os.kill(os.getpid(), signal.SIGKILL)
        return "unreachable"

    with Flow("f") as flow:
        one = task(die_once)()
    assert flow.run(executor=ProcessExecutor(1)).result[one].result == "survived"


def test_a_call_that_always_kills_its_worker_fails_in_a_sentence_and_harms_no_other(
    tmp_path: Path,
) -> None:
    def note_and_die() -> None:
        with (tmp_path / "tries").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)

    def note(number: int) -> int:
        with (tmp_path / "others").open("a") as file:
            file.write("x")
        return number

    with Flow("f") as flow:
        deadly = task(note_and_die, name="deadly")()
        others = task(note).map(list(range(10)))
    state = flow.run(executor=ProcessExecutor(2))
    assert state.result[others].result == list(range(10))
    assert (tmp_path / "others").read_text() == "x" * 10
    assert (tmp_path / "tries").read_text() == "x" * 4
    assert state.result[deadly].message == (
        "task 'deadly': the worker process in which it ran was killed by SIGKILL, 4 times over; "
        "look whether it needs more memory than there is"
    )


def test_a_call_that_leaves_by_exit_code_is_lost_with_that_code(
    collect: Callable[..., Any],
) -> None:
    executor = ProcessExecutor(1)
    with executor.start():
        executor.submit(0, lambda: os._exit(7))
        error = collect(executor, 1)[0].error
    assert isinstance(error, CallLost)
    assert "ended with code 7" in str(error)


def test_as_many_calls_run_at_once_as_there_are_workers(
    tmp_path: Path, collect: Callable[..., Any]
) -> None:
    def meet(me: str, other: str) -> None:
        (tmp_path / me).touch()
        while not (tmp_path / other).exists():  # no event reaches across
            threading.Event().wait(0.005)

    executor = ProcessExecutor(2)
    with executor.start():
        executor.submit(0, meet, "a", "b")
        executor.submit(1, meet, "b", "a")
        assert all(done.error is None for done in collect(executor, 2).values())


def test_workers_are_started_when_there_is_work_and_used_again(
    collect: Callable[..., Any],
) -> None:
    executor = ProcessExecutor(5)
    with executor.start():
        seen = set()
        for token in range(3):
            executor.submit(token, os.getpid)
            seen.add(collect(executor, 1)[token].outcome)
    assert len(seen) == 1


def test_large_values_travel_both_ways(collect: Callable[..., Any]) -> None:
    executor = ProcessExecutor(1)
    with executor.start():
        executor.submit(0, lambda data: data[::-1], b"ab" * 5_000_000)
        assert collect(executor, 1)[0].outcome == b"ba" * 5_000_000


def test_a_task_that_resists_its_end_is_killed_with_what_it_has_started(
    start: Callable[..., Any],
) -> None:
    child = start(
        "import subprocess, time\n"
        "from nemflow import Flow, task\n"
        "from nemflow.flows.executors.processes import ProcessExecutor\n"
        "def resist():\n"
        "    import os\n"
        "    sleeper = subprocess.Popen(['sleep', '60'])\n"
        "    print(os.getpid(), sleeper.pid, flush=True)\n"
        "    while True:\n"
        "        try:\n"
        "            time.sleep(60)\n"
        "        except BaseException:\n"
        "            pass\n"
        "with Flow('f') as flow:\n"
        "    task(resist)()\n"
        "flow.run(executor=ProcessExecutor(1))\n"
    )
    pids = [int(pid) for pid in child.stdout.readline().split()]
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=TIME_OUT_S)
    for pid in pids:
        assert not is_alive(pid)


def test_an_end_that_comes_in_a_callback_of_pythons_comes_again_and_says_nothing(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    child = start(
        "import time\n"
        "from pathlib import Path\n"
        "from nemflow.flows.executors.processes import ProcessExecutor\n"
        "class Slow:\n"
        "    def __del__(self):\n"
        "        print('in a callback', flush=True)\n"
        "        time.sleep(60)\n"
        "def work():\n"
        "    try:\n"
        "        Slow()\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        f"        Path({str(tmp_path / 'ended')!r}).touch()\n"
        "executor = ProcessExecutor(1)\n"
        "with executor.start():\n"
        "    executor.submit(0, work)\n"
        "    executor.completed(None)\n"
    )
    assert child.stdout.readline() == "in a callback\n"
    child.kill()
    assert child.stdout.read() == ""  # the worker has ended too
    assert (tmp_path / "ended").exists()
    assert child.stderr.read() == ""


def test_workers_end_when_the_process_of_the_run_is_killed(start: Callable[..., Any]) -> None:
    child = start(
        "import os, time\n"
        "from nemflow import Flow, task\n"
        "from nemflow.flows.executors.processes import ProcessExecutor\n"
        "def work():\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "with Flow('f') as flow:\n"
        "    task(work)()\n"
        "flow.run(executor=ProcessExecutor(1))\n"
    )
    int(child.stdout.readline())
    child.kill()
    # The worker has the pipe too: its end is read when the worker has ended.
    assert child.stdout.read() == ""


def test_the_number_of_workers_is_that_of_the_processors_unless_given() -> None:
    assert ProcessExecutor().num_workers == os.cpu_count()


@pytest.mark.parametrize("number", [0, -1])
def test_at_least_one_worker_is_needed(number: int) -> None:
    with pytest.raises(DefinitionError, match=f"got {number}"):
        ProcessExecutor(number)


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False
