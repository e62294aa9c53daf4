"""``log_stdout``: what a task prints goes to its logger, a record for each line."""

import logging
import sys
import threading
from typing import Any

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.threads import ThreadExecutor
from nemflow.tasks.decorator import task

TIME_OUT_S = 20.0


@pytest.fixture(autouse=True)
def own_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what the engine puts in the place of ``sys.stdout`` to this test."""
    monkeypatch.setattr(sys, "stdout", sys.stdout)


def printed_by(work: Any, caplog: pytest.LogCaptureFixture, **options: Any) -> list[str]:
    with Flow("f") as flow:
        task(name="talk", log_stdout=True, **options)(work)()
    with caplog.at_level(logging.INFO, logger="nemflow.talk"):
        flow.run()
    return [record.getMessage() for record in caplog.records if record.name == "nemflow.talk"]


def test_each_line_that_is_printed_is_one_record(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def talk() -> None:
        print("one", 1, sep=" is ")
        print("two\nthree")

    assert printed_by(talk, caplog) == ["one is 1", "two", "three"]
    assert capsys.readouterr().out == ""


def test_a_last_line_without_end_and_no_empty_ones(caplog: pytest.LogCaptureFixture) -> None:
    def talk() -> None:
        print()
        print("no ", end="")
        print("end", end="")

    assert printed_by(talk, caplog) == ["no end"]


def test_writing_to_stdout_is_printing_too(caplog: pytest.LogCaptureFixture) -> None:
    def talk() -> None:
        assert sys.stdout.write("one\n") == 4
        sys.stdout.writelines(["two\n", "three\n"])
        sys.stdout.flush()

    assert printed_by(talk, caplog) == ["one", "two", "three"]


def test_what_was_printed_before_a_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def talk() -> None:
        print("before", end="")
        raise ValueError("broke")

    assert printed_by(talk, caplog) == ["before"]


def test_without_the_option_and_outside_of_the_task_prints_go_to_stdout(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with Flow("f") as flow:
        task(name="talk")(lambda: print("aloud"))()
        task(name="quiet", log_stdout=True)(lambda: print("quietly"))()
    flow.run()
    print("afterwards")
    assert capsys.readouterr().out == "aloud\nafterwards\n"


def test_tasks_that_print_at_once_are_told_apart(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    both = threading.Barrier(2, timeout=TIME_OUT_S)

    def talk(words: str) -> None:
        for word in words.split():
            both.wait()
            print(word, end=" ")

    with Flow("f") as flow:
        task(name="one", log_stdout=True)(talk)("a b c")
        task(name="other")(talk)("x y z")
    with caplog.at_level(logging.INFO, logger="nemflow.one"):
        assert flow.run(executor=ThreadExecutor(2)).is_successful()
    assert [r.getMessage() for r in caplog.records if r.name == "nemflow.one"] == ["a b c "]
    assert capsys.readouterr().out == "x y z "
