"""What holds for task runs in other processes, be they of this machine or of a Dask cluster."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.base import Executor
from nemflow.flows.parameters import Parameter
from nemflow.results.file import FileResult
from nemflow.results.local import LocalResult
from nemflow.tasks import signals, states
from nemflow.tasks.caching import all_inputs
from nemflow.tasks.context import context, report_progress
from nemflow.tasks.decorator import task
from nemflow.tasks.states import State

NO_DELAY = timedelta(0)


def state_of(flow: Flow, executor: Executor, wanted: Any, **arguments: Any) -> State:
    """Run a flow and return the state of one task."""
    state = flow.run(executor=executor, **arguments)
    assert isinstance(state.result, dict), state.message
    found: State = state.result[wanted]
    return found


class TestWhatTaskCodeSees:
    def test_tasks_run_in_another_process(self, far: Executor) -> None:
        with Flow("f") as flow:
            asked = task(lambda: os.getpid())()
        assert state_of(flow, far, asked).result not in (os.getpid(), None)

    def test_the_context_parameters_and_tags_are_there(self, far: Executor) -> None:
        with Flow("f") as flow:
            Parameter("colour")
            asked = task(
                lambda: (
                    context.parameters["colour"],
                    context.flow_name,
                    sorted(context.task_tags),
                ),
                tags=["a", "b"],
            )()
        state = state_of(flow, far, asked, parameters={"colour": "blue"})
        assert state.result == ("blue", "f", ["a", "b"])

    def test_prints_and_records_come_to_the_loggers_here(
        self, far: Executor, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, logger="nemflow")
        with Flow("f") as flow:
            task(lambda: print("from afar"), name="speaks", log_stdout=True)()
            task(lambda: context.logger.warning("beware of %s", "it"), name="warns")()
        flow.run(executor=far)
        heard = {(record.name, record.getMessage()) for record in caplog.records}
        assert {("nemflow.speaks", "from afar"), ("nemflow.warns", "beware of it")} <= heard

    def test_the_reporter_hears_of_the_beginning_and_of_progress(
        self, far: Executor, events: Any
    ) -> None:
        with Flow("f") as flow:
            task(lambda: report_progress(3, 3, "steps"), name="t")()
        flow.run(executor=far, reporter=events)
        assert {"t-1 Running", "t-1 3/3 steps", "t-1 Success"} <= set(events.told)

    def test_a_timeout_ends_a_task(self, far: Executor) -> None:
        with Flow("f") as flow:
            slow = task(lambda: threading.Event().wait(20), timeout=0.2)()
            known = task(lambda: context.task_name, name="quick", timeout=20)()
        state = flow.run(executor=far)
        assert type(state.result[slow]) is states.TimedOut
        assert state.result[known].result == "quick"


class TestOutcomes:
    def test_retries_and_mapped_children_end_as_they_should(
        self, far: Executor, tmp_path: Path
    ) -> None:
        def fail_once(x: int) -> int:
            mark = tmp_path / str(x)
            if x % 2 and not mark.exists():
                mark.touch()
                raise ValueError("not yet")
            return x * 10

        with Flow("f") as flow:
            tried = task(fail_once, max_retries=1, retry_delay=NO_DELAY).map([0, 1, 2, 3])
            total = task(lambda xs: sum(xs))(tried)
        assert state_of(flow, far, total).result == 60

    def test_signals_make_the_states_that_they_stand_for(self, far: Executor) -> None:
        def skip() -> None:
            raise signals.SKIP("nothing today")

        with Flow("f") as flow:
            skipped = task(skip)()
        state = state_of(flow, far, skipped)
        assert type(state) is states.Skipped
        assert isinstance(state.result, signals.SKIP)

    def test_an_exception_that_cannot_be_pickled_becomes_its_text(self, far: Executor) -> None:
        def fail() -> None:
            error = ValueError("broke")
            error.lock = threading.Lock()  # type: ignore[attr-defined]  # the point of the test
            raise error

        with Flow("f") as flow:
            failing = task(fail)()
        state = state_of(flow, far, failing)
        assert (type(state), state.result) == (states.Failed, "ValueError('broke')")

    def test_an_exception_class_of_a_script_comes_back_as_itself(self, far: Executor) -> None:
        class OwnError(Exception):
            pass

        def fail() -> None:
            raise OwnError("mine")

        with Flow("f") as flow:
            failing = task(fail)()
        assert type(state_of(flow, far, failing).result).__name__ == "OwnError"

    @pytest.mark.parametrize("where", ["input", "function", "context", "parameter"])
    def test_what_cannot_be_sent_fails_its_task_and_is_named(
        self, far: Executor, where: str
    ) -> None:
        lock = threading.Lock()
        with Flow("f") as flow:
            good = task(lambda: 1)() if where in ("input", "function") else None
            if where == "input":
                bad = task(lambda held: held, name="bad")(held=lock)
            elif where == "function":
                bad = task(lambda: lock.locked(), name="bad")()
            else:
                bad = task(lambda: 1, name="bad")()
            if where == "parameter":
                flow.add_task(Parameter("held", default=lock))
        given = {"context": {"held": lock}} if where == "context" else {}
        state = flow.run(executor=far, **given)
        message = str(state.result[bad].message)
        named = {
            "input": "its input 'held'",
            "function": "its function",
            "context": "the context's 'held'",
            "parameter": "the parameter 'held'",
        }
        assert message.startswith(f"task 'bad': {named[where]} cannot be sent to another process")
        assert good is None or state.result[good].result == 1

    def test_a_value_that_cannot_be_sent_back_fails_its_task(self, far: Executor) -> None:
        def count() -> Generator[int]:
            yield 1

        failures: list[str] = []
        with Flow("f") as flow:
            bad = task(count, name="bad", on_failure=lambda t, s: failures.append(s.message))()
        state = state_of(flow, far, bad)
        assert type(state) is states.Failed
        assert str(state.message).startswith("task 'bad': what came of it cannot be sent back")
        assert failures == [state.message]

    def test_code_that_the_worker_cannot_import_is_said_to_be_missing_there(
        self, far: Executor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        only_here = ModuleType("only_here")
        exec("def work(): return 1", only_here.__dict__)
        monkeypatch.setitem(sys.modules, "only_here", only_here)
        with Flow("f") as flow:
            missing = task(only_here.work)()
        message = str(state_of(flow, far, missing).message)
        assert "No module named 'only_here'" in message
        assert message.endswith("install it there")

    def test_raise_on_exception_raises_here(self, far: Executor) -> None:
        with Flow("f") as flow:
            task(lambda: 1 / 0)()
        with pytest.raises(ZeroDivisionError):
            flow.run(executor=far, context={"raise_on_exception": True})


class TestResults:
    def test_a_target_is_written_there_and_read_here_when_asked_for(
        self, far: Executor, tmp_path: Path
    ) -> None:
        with Flow("f") as flow:
            made = task(lambda: "kept", target="a.pickle", result=LocalResult(tmp_path))()
            below = task(lambda x: x + "!")(made)
        state = flow.run(executor=far)
        assert (tmp_path / "a.pickle").exists()
        assert state.result[below].result == "kept!"
        assert state.result[made].result == "kept"
        assert type(state_of(flow, far, made)) is states.Cached

    def test_a_target_that_was_removed_is_a_clear_failure_downstream(
        self, far: Executor, tmp_path: Path
    ) -> None:
        with Flow("f") as flow:
            made = task(lambda: "kept", target="a.pickle", result=LocalResult(tmp_path))()
            removed = task(lambda: os.unlink(tmp_path / "a.pickle"))(upstream_tasks=[made])
            below = task(lambda x: x)(made, upstream_tasks=[removed])
        state = state_of(flow, far, below)
        assert type(state) is states.Failed
        assert "cannot be read back" in str(state.message)

    def test_a_file_that_the_task_makes_is_moved_into_place(
        self, far: Executor, tmp_path: Path
    ) -> None:
        with Flow("f") as flow:
            made = task(
                lambda path: path.write_text("made"), target="a.txt", result=FileResult(tmp_path)
            )()
        assert state_of(flow, far, made).result == tmp_path / "a.txt"
        assert (tmp_path / "a.txt").read_text() == "made"

    def test_two_tasks_with_one_target_are_a_clear_failure(
        self, far: Executor, tmp_path: Path
    ) -> None:
        with Flow("f") as flow:
            for name in ("one", "two"):
                task(lambda: 1, name=name, target="same", result=LocalResult(tmp_path))()
        state = flow.run(executor=far)
        assert sorted(found.is_failed() for found in state.result.values()) == [False, True]
        assert "is also the target of" in str(state.message)

    def test_what_is_kept_in_the_cache_is_there_for_the_next_run(
        self, far: Executor, tmp_path: Path
    ) -> None:
        log = tmp_path / "log"

        def work(x: int) -> int:
            with log.open("a") as file:
                file.write("ran\n")
            return x

        with Flow("f") as flow:
            x = Parameter("x")
            kept = task(work, cache_for=timedelta(hours=1), cache_validator=all_inputs)(x)
        for value in (1, 1, 2):
            assert state_of(flow, far, kept, parameters={"x": value}).result == value
        assert log.read_text() == "ran\n" * 2


class TestStarting:
    def test_one_that_runs_a_flow_cannot_run_another_at_the_same_time(self, far: Executor) -> None:
        with far.start(), pytest.raises(DefinitionError, match="runs a flow already"), far.start():
            pass

    def test_submitting_before_the_start_is_a_clear_error(self, far: Executor) -> None:
        with pytest.raises(DefinitionError, match=r"executor\.start"):
            far.submit(0, print)


INTERRUPTED = """
import os, signal, sys, time
from nemflow import Flow, task
from nemflow.flows.executors.dask import DaskExecutor
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.reporter import Silent

class Telling(Silent):
    def task_run_changed(self, run, task, state):
        print(task.slug, type(state).__name__, flush=True)

def work(folder=sys.argv[2]):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(60)

def end(number, frame):
    raise SystemExit(143)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    executors = {
        "processes": lambda: ProcessExecutor(1),
        "dask": lambda: DaskExecutor(cluster_kwargs={"n_workers": 1, "threads_per_worker": 1}),
    }
    with Flow("f") as flow:
        for _ in range(3):
            task(work)()
    flow.run(executor=executors[sys.argv[1]](), reporter=Telling())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_an_interrupt_ends_all_within_2_s_and_runs_nothing_that_waits(
    kind: str, number: signal.Signals, start: Callable[..., Any], tmp_path: Path
) -> None:
    if kind == "dask":
        pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")
    child = start(INTERRUPTED, kind, tmp_path)
    assert child.stdout.readline().endswith("Running\n")
    begun = time.monotonic()
    child.send_signal(number)
    told, _ = child.communicate(timeout=30)
    assert time.monotonic() - begun < 2
    assert told.count("Cancelled") == 3
    workers = [int(path.name) for path in tmp_path.iterdir()]
    assert len(workers) <= 1
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
