"""The goal: whose target makes a run unnecessary, and whose lock a run holds to its end."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.flows.settings import RunSettings
from nemflow.results import FileResult, LocalResult
from nemflow.results.locks import TargetLock
from nemflow.tasks import states
from nemflow.tasks.base import Task
from nemflow.tasks.decorator import task

Start = Callable[..., subprocess.Popen[str]]

RUN = """
import sys
from pathlib import Path
from nemflow import FileResult, Flow, Parameter, RunSettings, task

root, force = Path(sys.argv[1]), sys.argv[2:] == ["force"]

@task
def extract(day):
    with open(root / "work", "a") as work:
        work.write("extracted ")
    return day

@task(result=FileResult(root / "out"), target="{day}.txt")
def load(rows, day, path):
    path.write_text("half")
    print("half", flush=True)
    sys.stdin.readline()
    path.write_text(f"whole {day}, made by the child")

with Flow("prices") as flow:
    day = Parameter("day")
    flow.set_goal(load(extract(day), day))

state = flow.run(day="monday", force=force, settings=RunSettings(lock_dir=root / "locks"))
print(type(state).__name__, state.message, flush=True)
"""


def build(root: Path, ran: list[str] | None = None, target: str = "{day}.txt") -> Flow:
    """Build in this process the flow that ``RUN`` runs in its own."""

    @task
    def extract(day: str) -> str:
        if ran is not None:
            ran.append("extract")
        return day

    @task(result=FileResult(root / "out"), target=target)
    def load(rows: str, day: str, path: Path) -> None:
        path.write_text(f"whole {day}")

    with Flow("prices") as flow:
        day = Parameter("day")
        flow.set_goal(load(extract(day), day))
    return flow


def lock_of(root: Path) -> TargetLock:
    name = LocalResult(root / "out").lock_name("monday.txt")
    return TargetLock(root / "locks", str(name))


def is_given_back(lock: TargetLock) -> bool:
    """Tell a lock that was given back from one that went with its process or object."""
    return not lock.needs_sweep() and lock.try_acquire()


class TestSetting:
    def test_the_goal_must_have_a_target(self, tmp_path: Path) -> None:
        flow = Flow("f", tasks=[only := Task(result=LocalResult(tmp_path))])
        with pytest.raises(DefinitionError, match="no target and result"):
            flow.set_goal(only)

    def test_the_goal_must_have_a_result_of_its_own_or_of_its_flow(self, tmp_path: Path) -> None:
        only = Task(target="a")
        with pytest.raises(DefinitionError, match="no target and result"):
            Flow("f", tasks=[only]).set_goal(only)
        Flow("f", tasks=[only], result=LocalResult(tmp_path)).set_goal(only)

    def test_the_goal_must_be_a_member(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="not in this flow"):
            Flow("f").set_goal(Task(target="a", result=LocalResult(tmp_path)))


class TestThere:
    def test_no_task_runs_when_the_goals_target_is_there(
        self, tmp_path: Path, settings: RunSettings, events: Any
    ) -> None:
        ran: list[str] = []
        flow = build(tmp_path, ran)
        flow.run(day="monday", settings=settings)
        state = flow.run(day="monday", settings=settings, reporter=events)
        assert ran == ["extract"]
        assert type(state) is states.Success
        assert events.told == [
            "prices started: day extract-1 load-1",
            "day Skipped",
            "extract-1 Skipped",
            "load-1 Cached",
            "prices Success",
        ]

    def test_the_goals_state_has_the_value(self, tmp_path: Path, settings: RunSettings) -> None:
        flow = build(tmp_path)
        flow.run(day="monday", settings=settings)
        assert flow.goal is not None
        found = flow.run(day="monday", settings=settings).result[flow.goal]
        assert found.result == tmp_path / "out" / "monday.txt"

    def test_another_day_is_another_target(self, tmp_path: Path, settings: RunSettings) -> None:
        ran: list[str] = []
        flow = build(tmp_path, ran)
        flow.run(day="monday", settings=settings)
        flow.run(day="tuesday", settings=settings)
        assert len(ran) == 2

    def test_force_runs_all_the_same(self, tmp_path: Path, settings: RunSettings) -> None:
        ran: list[str] = []
        flow = build(tmp_path, ran)
        for _ in range(2):
            assert flow.run(day="monday", settings=settings, force=True).is_successful()
        assert len(ran) == 2

    def test_a_target_that_needs_a_tasks_result_is_a_clear_failure(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        state = build(tmp_path, target="{rows}.txt").run(day="monday", settings=settings)
        assert type(state) is states.Failed
        assert "the result of another task" in str(state.message)


class TestLock:
    def test_it_is_held_from_start_to_end(self, tmp_path: Path) -> None:
        was_free: list[bool] = []

        @task
        def look(when: str) -> str:
            was_free.append(lock_of(tmp_path).try_acquire())
            return when

        kept = task(result=LocalResult(tmp_path / "out"), target="monday.txt")
        with Flow("f") as flow:
            goal = kept(lambda x: x)(look("before"))
            flow.set_goal(goal)
            look("after", upstream_tasks=[goal])
        flow.run(settings=RunSettings(lock_dir=tmp_path / "locks"))
        assert was_free == [False, False]
        assert is_given_back(lock_of(tmp_path))

    def test_it_is_given_back_when_the_run_fails(self, tmp_path: Path) -> None:
        @task
        def fail() -> None:
            raise ValueError("no")

        kept = task(result=LocalResult(tmp_path / "out"), target="monday.txt")
        with Flow("f") as flow:
            flow.set_goal(kept(lambda x: x)(fail()))
        assert flow.run(settings=RunSettings(lock_dir=tmp_path / "locks")).is_failed()
        assert is_given_back(lock_of(tmp_path))

    def test_two_processes_do_the_work_once_and_the_second_says_whom_it_waits_for(
        self, tmp_path: Path, start: Start
    ) -> None:
        first = start(RUN, tmp_path)
        assert first.stdout.readline() == "half\n"
        second = start(RUN, tmp_path)
        assert f"is being made by process {first.pid} on host" in second.stderr.readline()
        assert first.communicate("\n", timeout=30)[0].startswith("Success")
        assert "was there" in second.communicate(timeout=30)[0]
        assert (tmp_path / "work").read_text() == "extracted "

    def test_whoever_waited_for_a_run_that_died_does_the_work(
        self, tmp_path: Path, start: Start
    ) -> None:
        first = start(RUN, tmp_path)
        assert first.stdout.readline() == "half\n"
        second = start(RUN, tmp_path)
        second.stderr.readline()
        os.kill(first.pid, signal.SIGKILL)
        assert second.stdout.readline() == "half\n"
        assert second.communicate("\n", timeout=30)[0].startswith("Success")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["monday.txt"]


class TestHealing:
    def killed(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        assert child.stdout.readline() == "half\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()

    def test_a_killed_run_leaves_no_target_and_the_next_run_heals(
        self, tmp_path: Path, start: Start, settings: RunSettings
    ) -> None:
        self.killed(start(RUN, tmp_path))
        out = tmp_path / "out"
        assert [path.suffix for path in out.iterdir()] == [".part"]
        assert build(tmp_path).run(day="monday", settings=settings).is_successful()
        assert [path.name for path in out.iterdir()] == ["monday.txt"]
        assert (out / "monday.txt").read_text() == "whole monday"

    def test_force_keeps_the_old_file_until_the_new_one_is_whole(
        self, tmp_path: Path, start: Start, settings: RunSettings
    ) -> None:
        build(tmp_path).run(day="monday", settings=settings)
        final = tmp_path / "out" / "monday.txt"
        forced = start(RUN, tmp_path, "force")
        assert forced.stdout.readline() == "half\n"
        assert final.read_text() == "whole monday"
        forced.communicate("\n", timeout=30)
        assert final.read_text() == "whole monday, made by the child"

    def test_leftovers_of_a_killed_forced_run_are_swept_by_a_run_that_finds_the_target(
        self, tmp_path: Path, start: Start, settings: RunSettings
    ) -> None:
        build(tmp_path).run(day="monday", settings=settings)
        self.killed(start(RUN, tmp_path, "force"))
        assert len(list((tmp_path / "out").iterdir())) == 2
        state = build(tmp_path).run(day="monday", settings=settings)
        assert "was there" in str(state.message)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["monday.txt"]

    def test_an_unreadable_target_is_set_aside_and_made_again(
        self, tmp_path: Path, settings: RunSettings, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "out" / "monday.txt").mkdir(parents=True)
        state = build(tmp_path).run(day="monday", settings=settings)
        assert state.is_successful()
        assert (tmp_path / "out" / "monday.txt").read_text() == "whole monday"
        assert "set aside as" in caplog.text
        assert len(list((tmp_path / "out").iterdir())) == 2
