"""Pauses: a person at a terminal is asked, a run without one ends as Paused and says how to go on."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.tasks import signals, states, triggers
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task

FLOW = """
from nemflow import Flow, pause_task, task, unmapped

@task
def count():
    print("counting")
    return 2

@task
def send(letter, copies):
    pause_task("read it first")
    return f"sent {letter} {copies}"

with Flow("post") as flow:
    copies = count()
    sent = send.map(["A", "B"], copies=unmapped(count()))
    later = send("C", copies)

state = flow.run()
print(state)
print([type(s).__name__ for s in state.result[sent].map_states], state.result[later].result)
"""


@pytest.fixture
def at_terminal(tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """Run the flow at a terminal where somebody types; return what is printed and what is asked."""

    def run(typed: bytes) -> tuple[str, str]:
        person, terminal = pty.openpty()
        os.write(person, typed)
        env = {**os.environ, "NEMFLOW_STATE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", FLOW],
            stdin=terminal,
            stderr=terminal,
            stdout=subprocess.PIPE,
            env=env,
            timeout=60,
            check=True,
        )
        os.close(terminal)
        asked = os.read(person, 65536).decode().replace("\r\n", "\n")
        os.close(person)
        return done.stdout.decode(), asked

    return run


class TestAtATerminal:
    def test_each_paused_task_is_asked_for_until_the_answer_is_clear(self, at_terminal) -> None:
        printed, asked = at_terminal(b"what?\ny\nyes\nY\n")
        assert printed.splitlines()[-1] == "['Success', 'Success'] sent C 2"
        questions = re.findall(r"(\S+) is paused: read it first\. Resume it\? \[y/n\] ", asked)
        assert questions == ["send[0]", "send[0]", "send[1]", "send"]

    def test_what_has_finished_is_not_run_again(self, at_terminal) -> None:
        printed, _ = at_terminal(b"y\ny\ny\n")
        assert printed.count("counting") == 2

    def test_no_leaves_a_task_paused_and_is_not_asked_again(self, at_terminal) -> None:
        printed, asked = at_terminal(b"n\ny\nn\n")
        assert printed.splitlines()[-1] == "['Paused', 'Success'] read it first"
        assert asked.count("Resume it?") == 3

    def test_the_end_of_the_input_leaves_them_all_paused(self, at_terminal) -> None:
        printed, asked = at_terminal(b"\x04\x04\x04")
        assert '<Paused: "paused at send, send[0], send[1]: ' in printed
        assert asked.count("Resume it?") == 3


class TestWithoutATerminal:
    @pytest.fixture
    def flow(self) -> Flow:
        @task
        def once(x: Any) -> Any:
            if not context.resume:
                raise signals.PAUSE("wait")
            return x

        with Flow("f") as flow:
            manual = task(lambda: "by hand", name="manual", trigger=triggers.manual_only)()
            once.map([1, 2])
            task(lambda x: x, name="last")(manual)
        return flow

    def test_the_run_ends_as_paused_and_says_how_to_go_on(self, flow: Flow) -> None:
        state = flow.run()
        assert type(state) is states.Paused
        assert state.message == (
            "paused at manual, once[0], once[1]: to go on, run the flow with state= this state and "
            "context={'resume': True}"
        )

    def test_as_it_says_it_goes_on(self, flow: Flow) -> None:
        paused = flow.run()
        state = flow.run(state=paused, context={"resume": True})
        assert state.is_successful()
        by_name = {one.name: found.result for one, found in state.result.items()}
        assert (by_name["once"], by_name["last"]) == ([1, 2], "by hand")

    def test_a_single_task_can_be_told_to_go_on(self, flow: Flow) -> None:
        [manual] = flow.get_tasks(name="manual")
        state = flow.run(state=flow.run(), task_contexts={manual: {"resume": True}})
        assert type(state) is states.Paused
        assert state.message is not None
        assert state.message.startswith("paused at once[0], once[1]:")
