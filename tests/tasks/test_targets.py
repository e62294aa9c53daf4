"""Targets: found, taken once, locked, set aside, healed after a killed process."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import TargetHeld, UnreadableTarget
from nemflow.flows.base import Flow
from nemflow.results import FileResult, LocalResult, MemoryResult
from nemflow.results.locks import TargetLock
from nemflow.tasks import signals
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task
from nemflow.tasks.runner import run_task
from nemflow.tasks.states import State
from nemflow.tasks.targets import find_target, place_target, take_lock
from nemflow.tasks.task_run import RunContext, TaskRun

Start = Callable[..., subprocess.Popen[str]]

MAKE_FILE = """
import sys
from pathlib import Path
from nemflow.results import FileResult
from nemflow.tasks.decorator import task
from nemflow.tasks.runner import run_task
from nemflow.tasks.task_run import RunContext, TaskRun

folder, locks, force = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] == ["force"]

@task(result=FileResult(folder), target="a.txt")
def make(path):
    path.write_text("half")
    print("half", flush=True)
    sys.stdin.readline()
    path.write_text("whole, made by the child")

state = run_task(TaskRun(make, {}, RunContext(lock_dir=locks, force=force)))
print(type(state).__name__, flush=True)
"""


def place(folder: Path, target: Any, context: RunContext, slug: str = "t-1", **keys: Any) -> Any:
    made = Task(name="t", result=LocalResult(folder), target=target)
    run = TaskRun(made, {}, context, slug=slug)
    run.inputs = keys
    return place_target(run)


def make_whole(folder: Path, context: RunContext) -> State:
    """Run in this process what ``MAKE_FILE`` runs in its own."""

    @task(result=FileResult(folder), target="a.txt")
    def make(path: Path) -> None:
        path.write_text("whole")

    return run_task(TaskRun(make, {}, context))


class TestPlacing:
    def test_the_template_is_filled(self, tmp_path: Path) -> None:
        assert (
            place(tmp_path, "{x}/{task_name}", RunContext(), x=5, task_name="t").location == "5/t"
        )

    def test_a_callable_gets_the_keys(self, tmp_path: Path) -> None:
        assert place(tmp_path, lambda x, **_: f"{x}.p", RunContext(), x=5).location == "5.p"

    def test_trap_22_parameters_give_way_to_context_and_context_to_inputs(
        self, tmp_path: Path
    ) -> None:
        context = RunContext(
            parameters={"a": "parameter", "b": "parameter", "c": "parameter"},
            values={"b": "context", "c": "context"},
        )
        placed = place(tmp_path, "{a}-{b}-{c}", context, c="input")
        assert placed.location == "parameter-context-input"

    def test_arguments_may_have_the_names_that_results_use_themselves(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        @task(result=LocalResult(tmp_path), target="{location}-{value_}-{self}")
        def make(location: str, value_: str) -> int:
            return 5

        run = TaskRun(make, {}, locked)
        locked.values = {"self": "context"}
        run.inputs.update(location="a", value_="b")
        state = run_task(run)
        assert (type(state).__name__, state.result) == ("Success", 5)
        assert (tmp_path / "a-b-context").exists()

    def test_a_place_that_another_task_of_the_run_has_taken_is_refused(
        self, tmp_path: Path
    ) -> None:
        context = RunContext()
        place(tmp_path, "{x}.p", context, slug="first-1", x=5)
        with pytest.raises(signals.FAIL, match=r"5\.p of 'second-1' is also .* of 'first-1'"):
            place(tmp_path, "5.p", context, slug="second-1")

    def test_the_same_task_may_come_back_to_its_place(self, tmp_path: Path) -> None:
        context = RunContext()
        assert place(tmp_path, "a", context) == place(tmp_path, "a", context)

    def test_one_name_in_two_folders_is_two_places(self, tmp_path: Path) -> None:
        context = RunContext()
        place(tmp_path / "one", "a", context, slug="first-1")
        place(tmp_path / "two", "a", context, slug="second-1")
        assert sorted(context.taken_targets.values()) == ["first-1", "second-1"]


class TestFinding:
    def test_what_lies_there_is_read(self, tmp_path: Path) -> None:
        LocalResult(tmp_path, location="a").write(5)
        found = find_target(LocalResult(tmp_path, location="a"), RunContext())
        assert found is not None
        assert found.value == 5

    def test_force_finds_nothing(self, tmp_path: Path) -> None:
        LocalResult(tmp_path, location="a").write(5)
        assert find_target(LocalResult(tmp_path, location="a"), RunContext(force=True)) is None

    def test_an_unreadable_target_is_set_aside_with_a_message_and_made_again(
        self, tmp_path: Path, locked: RunContext, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "a").write_bytes(b"no pickle")
        made = task(result=LocalResult(tmp_path), target="a")(lambda: 5)
        state = run_task(TaskRun(made, {}, locked))
        assert (type(state).__name__, state.result) == ("Success", 5)
        aside = [path for path in tmp_path.iterdir() if "unreadable" in path.name]
        assert aside[0].read_bytes() == b"no pickle"
        assert "cannot be read back" in caplog.text
        assert aside[0].name in caplog.text

    def test_without_locks_it_is_set_aside_just_so(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"")
        assert find_target(LocalResult(tmp_path, location="a"), RunContext()) is None
        assert not (tmp_path / "a").exists()

    def test_only_who_holds_the_lock_sets_it_aside(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        (tmp_path / "a").write_bytes(b"")
        placed = LocalResult(tmp_path, location="a")
        assert find_target(placed, locked) is None
        assert (tmp_path / "a").exists()
        assert find_target(placed, locked, held=True) is None
        assert not (tmp_path / "a").exists()

    def test_a_file_that_fails_its_check_is_made_again(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        def check(path: Path) -> None:
            if not path.read_text().startswith("whole"):
                raise UnreadableTarget(f"{path} is not whole")

        (tmp_path / "a.txt").write_text("half")

        @task(result=FileResult(tmp_path, check=check), target="a.txt")
        def make(path: Path) -> None:
            path.write_text("whole")

        assert run_task(TaskRun(make, {}, locked)).is_successful()
        assert (tmp_path / "a.txt").read_text() == "whole"


class TestLocking:
    def test_the_lock_is_given_back_however_the_task_ends(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        def end(error: BaseException | None) -> int:
            if error:
                raise error
            return 1

        for error in (None, ValueError(), signals.SKIP(), KeyboardInterrupt()):
            made = task(result=LocalResult(tmp_path), target="a", name="t")(lambda e=error: end(e))
            context = RunContext(lock_dir=locked.lock_dir, force=True)
            if isinstance(error, KeyboardInterrupt):
                with pytest.raises(KeyboardInterrupt):
                    run_task(TaskRun(made, {}, context))
            else:
                run_task(TaskRun(made, {}, context))
            assert locked.lock_dir is not None
            lock = TargetLock(locked.lock_dir, str(tmp_path / "a"))
            assert not lock.needs_sweep()
            assert lock.try_acquire()
            lock.release()

    def test_no_lock_is_taken_where_the_target_is_there(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        LocalResult(tmp_path, location="a").write(5)
        made = task(result=LocalResult(tmp_path), target="a")(lambda: 6)
        assert run_task(TaskRun(made, {}, locked)).result == 5
        assert locked.lock_dir is not None
        assert not locked.lock_dir.exists()

    def test_a_lock_that_the_flow_run_claims_is_not_taken_again(
        self, tmp_path: Path, locked: RunContext
    ) -> None:
        placed = LocalResult(tmp_path, location="a")
        locked.claimed = frozenset([str(placed.lock_name("a"))])
        assert take_lock(placed, locked) is None

    def test_two_processes_make_one_target_once_and_the_second_says_whom_it_waits_for(
        self, tmp_path: Path, start: Start
    ) -> None:
        first = start(MAKE_FILE, tmp_path / "out", tmp_path / "locks")
        assert first.stdout.readline() == "half\n"
        second = start(MAKE_FILE, tmp_path / "out", tmp_path / "locks")
        waiting = second.stderr.readline()
        assert f"a.txt is being made by process {first.pid} on host" in waiting
        assert first.communicate("\n", timeout=30)[0] == "Success\n"
        assert second.communicate(timeout=30)[0] == "Cached\n"
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]

    def test_a_target_that_is_there_is_taken_while_another_process_makes_it_again(
        self, tmp_path: Path, start: Start
    ) -> None:
        context = RunContext(lock_dir=tmp_path / "locks")
        make_whole(tmp_path / "out", context)
        forced = start(MAKE_FILE, tmp_path / "out", tmp_path / "locks", "force")
        assert forced.stdout.readline() == "half\n"
        assert make_whole(tmp_path / "out", RunContext(lock_dir=tmp_path / "locks")).is_cached()
        assert (tmp_path / "out" / "a.txt").read_text() == "whole"
        assert forced.communicate("\n", timeout=30)[0] == "Success\n"
        assert (tmp_path / "out" / "a.txt").read_text() == "whole, made by the child"


class TestKilled:
    def test_a_killed_process_leaves_no_target_and_the_next_run_heals(
        self, tmp_path: Path, start: Start
    ) -> None:
        child = start(MAKE_FILE, tmp_path / "out", tmp_path / "locks")
        assert child.stdout.readline() == "half\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        [leftover] = (tmp_path / "out").iterdir()
        assert leftover.name.startswith(".a.txt.")
        assert make_whole(tmp_path / "out", RunContext(lock_dir=tmp_path / "locks")).is_successful()
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
        assert (tmp_path / "out" / "a.txt").read_text() == "whole"

    def test_a_killed_forced_run_leaves_the_old_target_and_its_leftovers_are_swept(
        self, tmp_path: Path, start: Start
    ) -> None:
        make_whole(tmp_path / "out", RunContext(lock_dir=tmp_path / "locks"))
        child = start(MAKE_FILE, tmp_path / "out", tmp_path / "locks", "force")
        assert child.stdout.readline() == "half\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert (tmp_path / "out" / "a.txt").read_text() == "whole"
        assert len(list((tmp_path / "out").iterdir())) == 2
        assert make_whole(tmp_path / "out", RunContext(lock_dir=tmp_path / "locks")).is_cached()
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]


def test_the_owner_of_a_lock_is_told_beside_it(tmp_path: Path, locked: RunContext) -> None:
    lock = take_lock(LocalResult(tmp_path, location="a"), locked)
    assert isinstance(lock, TargetLock)
    assert locked.lock_dir is not None
    [owner] = locked.lock_dir.glob("*.owner")
    assert json.loads(owner.read_text())["pid"] == os.getpid()
    lock.release()


def test_a_target_in_memory_is_written_and_found_by_the_next_run():
    calls = []

    @task(target="answer", result=MemoryResult())
    def answer():
        calls.append(1)
        return 42

    with Flow("f") as flow:
        answered = answer()
    first, second = flow.run().result[answered], flow.run().result[answered]
    assert (type(first).__name__, type(second).__name__) == ("Success", "Cached")
    assert (second.result, calls) == (42, [1])


class TestNotWaiting:
    def test_a_held_target_fails_at_once_and_says_who_holds_it(self, tmp_path: Path) -> None:
        with TargetLock(tmp_path / "locks", str(tmp_path / "a.txt")):
            state = make_whole(
                tmp_path, RunContext(lock_dir=tmp_path / "locks", wait_for_locks=False)
            )
        assert isinstance(state.result, TargetHeld)
        assert f"a.txt is being made by process {os.getpid()} on host" in str(state.message)
        assert not (tmp_path / "a.txt").exists()

    def test_a_free_target_is_made(self, tmp_path: Path) -> None:
        context = RunContext(lock_dir=tmp_path / "locks", wait_for_locks=False)
        assert make_whole(tmp_path, context).is_successful()
        assert list((tmp_path / "locks").glob("*.owner")) == []
