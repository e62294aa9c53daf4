"""The children of mapped tasks, told as one."""

from datetime import timedelta

import pytest

from nemflow import Flow, ThreadExecutor, signals, task
from nemflow.cli.children import ChildrenAsOne
from nemflow.flows.reporter import Silent


class Told(Silent):
    """Keeps what it is told of tasks, in words."""

    def __init__(self):
        self.words = []

    def task_run_changed(self, run, task, state):
        self.words.append(f"{task.name} {type(state).__name__}: {state.message}")

    def task_run_progress(self, run, task, done, total, unit):
        self.words.append(f"{task.name} {done} of {total} {unit}")


@pytest.fixture
def told():
    """Run a task over elements; return what is told of it."""

    def run(function, elements, executor=None):
        reporter = Told()
        with Flow("f") as flow:
            function.map(elements)
        flow.run(reporter=ChildrenAsOne(reporter), executor=executor)
        return [words for words in reporter.words if not words.startswith("list ")]

    return run


def test_children_are_counted_and_end_as_one(told):
    @task
    def double(x):
        return 2 * x

    assert told(double, [1, 2, 3]) == [
        "double Running: 3 children",
        "double 1 of 3 children",
        "double 2 of 3 children",
        "double 3 of 3 children",
        "double Mapped: 3 Success",
    ]


def test_a_child_that_failed_fails_the_whole_with_its_reason(told):
    @task
    def inverse(x):
        if x == 5:
            raise signals.SKIP("no five")
        return 1 / x

    assert told(inverse, [1, 0, 5, 0])[-1] == (
        "inverse Failed: 1 Success, 2 Failed, 1 Skipped; "
        "inverse[1]: ZeroDivisionError('division by zero')"
    )


def test_retries_and_loops_of_a_child_are_not_ends(told):
    seen = []

    @task(max_retries=1, retry_delay=timedelta(0))
    def twice(x):
        seen.append(x)
        if len(seen) == 1:
            raise ValueError
        if len(seen) == 2:
            raise signals.LOOP("again")
        return x

    words = told(twice, [1, 2])
    assert words[1:] == [
        "twice 1 of 2 children",
        "twice 2 of 2 children",
        "twice Mapped: 2 Success",
    ]


def test_a_map_over_nothing_is_told_as_it_is(told):
    @task
    def double(x):
        return 2 * x

    assert told(double, []) == ["double Mapped: 0 children"]


def test_children_in_threads_are_all_counted(told):
    @task
    def double(x):
        return 2 * x

    words = told(double, list(range(200)), ThreadExecutor(4))
    assert len(words) == 202
    assert words[-1] == "double Mapped: 200 Success"


def test_children_that_are_cancelled_end_as_cancelled():
    @task
    def stop(x):
        if x == 1:
            raise KeyboardInterrupt

    reporter = Told()
    with Flow("f") as flow:
        stop.map([0, 1, 2])
    with pytest.raises(KeyboardInterrupt):
        flow.run(reporter=ChildrenAsOne(reporter))
    assert reporter.words[-1] == "stop Cancelled: 1 Success, 2 Cancelled"
