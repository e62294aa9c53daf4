"""What the runners log: two lines a run at INFO, each change of state at DEBUG, and who ran."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.tasks import signals
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[..., list[str]]:
    """Run a flow and return what the runner of tasks has logged from a level on."""

    def run(flow: Flow, level: int = logging.INFO, **how: object) -> list[str]:
        with caplog.at_level(level, logger="nemflow"):
            flow.run(**how)
        found = [r for r in caplog.records if r.name == "nemflow.TaskRunner"]
        return [record.getMessage() for record in found]

    return run


def flow_of(*functions: Callable[..., object], **options: object) -> Flow:
    with Flow("f") as flow:
        for function in functions:
            task(**options)(function)()
    return flow


def work() -> None:
    pass


def broken() -> None:
    raise OSError("disk full")


def test_a_task_run_logs_its_start_and_its_end(lines) -> None:
    assert lines(flow_of(work)) == [
        "Task 'work': Starting task run...",
        "Task 'work': Finished task run for task with final state: 'Success'",
    ]


def test_the_end_of_a_failure_says_why(lines) -> None:
    assert lines(flow_of(broken))[1] == (
        "Task 'broken': Finished task run for task with final state: 'Failed': disk full"
    )


def test_each_attempt_is_logged(lines) -> None:
    told = lines(flow_of(broken, max_retries=1, retry_delay=timedelta(0)))
    assert [line.partition("state: ")[2].partition(":")[0] for line in told] == [
        "",
        "'Retrying'",
        "",
        "'Failed'",
    ]


def test_a_loop_logs_its_start_and_its_end_once(lines) -> None:
    def count() -> None:
        if context.get("task_loop_count", 1) < 5:
            raise signals.LOOP()

    assert len(lines(flow_of(count))) == 2


def test_a_mapped_child_is_logged_by_its_number(lines) -> None:
    with Flow("f") as flow:
        task(lambda x: x, name="each").map([1])
    told = [line.partition(":")[0] for line in lines(flow)]
    assert told == ["Task 'each'"] * 2 + ["Task 'each[0]'"] * 2


def test_each_change_of_state_is_logged_at_debug(lines) -> None:
    told = lines(flow_of(work), logging.DEBUG)
    assert told[1:3] == [
        'work: <Pending> to <Running: "started">',
        'work: <Running: "started"> to <Success: "done">',
    ]


def test_a_flow_run_logs_its_start_and_its_end(lines, caplog) -> None:
    lines(flow_of(broken), context={"flow_run_name": "monday"})
    told = [r.getMessage() for r in caplog.records if r.name == "nemflow.FlowRunner"]
    assert told == ["Beginning Flow run for 'monday'", "Flow run FAILED: broken: disk full"]


@pytest.mark.parametrize("executor", [None, ProcessExecutor(1)], ids=["local", "processes"])
def test_every_line_says_which_run_it_is_of(lines, caplog, executor) -> None:
    lines(flow_of(work), context={"flow_run_id": "abc"}, executor=executor)
    runners = ("nemflow.FlowRunner", "nemflow.TaskRunner")
    ours = [record for record in caplog.records if record.name in runners]
    assert [(r.flow_run_id, r.task_name) for r in ours] == [
        ("abc", None),
        ("abc", "work"),
        ("abc", "work"),
        ("abc", None),
    ]


def test_no_record_is_made_where_nobody_listens(caplog) -> None:
    logging.getLogger("nemflow").setLevel(logging.WARNING)
    made = []
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(
        lambda *words, **more: made.append(words) or factory(*words, **more)
    )
    try:
        flow_of(work, broken).run()
    finally:
        logging.setLogRecordFactory(factory)
        logging.getLogger("nemflow").setLevel(logging.NOTSET)
    assert made == []
