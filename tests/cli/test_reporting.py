import logging

import pytest

from nemflow.cli.options import Verbosity
from nemflow.cli.reporting import WorkOnly, telling
from nemflow.flows.base import Flow
from nemflow.flows.reporter import FlowRunInfo, Silent, TaskRunInfo
from nemflow.flows.settings import RunSettings
from nemflow.tasks.decorator import task
from nemflow.tasks.states import Cached, Failed, Running, Skipped, Success

RUN = FlowRunInfo("1", "raw_2014-01-01", "raw", {})
TASK = TaskRunInfo("extract-1", "extract")


class Listing(Silent):
    """Keeps a list of what it is told."""

    def __init__(self):
        self.told = []

    def flow_run_started(self, run, tasks):
        self.told.append(f"{run.name} started")

    def task_run_changed(self, run, task, state):
        self.told.append(f"{task.name} {type(state).__name__}")

    def task_run_progress(self, run, task, done, total, unit):
        self.told.append(f"{task.name} {done}")

    def flow_run_finished(self, run, state, task_states):
        self.told.append(f"{run.name} {type(state).__name__}")

    def log(self, level, text):
        self.told.append(text)

    def close(self):
        self.told.append("closed")


@pytest.fixture
def made():
    """The tellers that were made."""
    return []


@pytest.fixture
def work_only(made):
    def make():
        made.append(Listing())
        return made[-1]

    return WorkOnly(make)


def find_everything(reporter):
    reporter.flow_run_started(RUN, (TASK,))
    reporter.task_run_changed(RUN, TASK, Skipped())
    reporter.task_run_changed(RUN, TASK, Cached())
    reporter.flow_run_finished(RUN, Success(), {})


def work(reporter):
    reporter.flow_run_started(RUN, (TASK,))
    reporter.task_run_changed(RUN, TASK, Running())
    reporter.task_run_progress(RUN, TASK, 5, None, "bytes")
    reporter.task_run_changed(RUN, TASK, Success())
    reporter.flow_run_finished(RUN, Success(), {})


WORK = [
    "raw_2014-01-01 started",
    "extract Running",
    "extract 5",
    "extract Success",
    "raw_2014-01-01 Success",
]


def test_a_flow_run_that_finds_everything_makes_no_teller(work_only, made):
    find_everything(work_only)
    work_only.close()
    assert made == []


def test_a_flow_run_that_works_is_told_from_its_start(work_only, made):
    work(work_only)
    work_only.close()
    assert made[0].told == [*WORK, "closed"]


def test_between_two_that_work_one_that_does_not_is_not_told(work_only, made):
    work(work_only)
    find_everything(work_only)
    work(work_only)
    assert [teller.told for teller in made] == [WORK * 2]


def test_a_flow_run_that_fails_without_work_is_told(work_only, made):
    work_only.flow_run_started(RUN, (TASK,))
    work_only.flow_run_finished(RUN, Failed(), {})
    assert made[0].told == ["raw_2014-01-01 started", "raw_2014-01-01 Failed"]


def test_a_log_record_is_told_at_once(work_only, made):
    work_only.flow_run_started(RUN, (TASK,))
    work_only.log(logging.WARNING, "waiting for another run")
    assert made[0].told == ["waiting for another run"]


def test_everything_is_told_where_it_was_asked_for(made):
    teller = Listing()
    find_everything(WorkOnly(lambda: teller, everything=True))
    assert teller.told[0] == "raw_2014-01-01 started"
    assert len(teller.told) == 4


@pytest.mark.parametrize(
    ("verbosity", "heard"),
    [
        (Verbosity.QUIET, ["error"]),
        (Verbosity.NORMAL, ["warning", "error"]),
        (Verbosity.VERBOSE, ["info", "warning", "error"]),
        (Verbosity.DEBUG, ["debug", "info", "warning", "error"]),
    ],
)
def test_log_records_are_heard_by_verbosity(verbosity, heard, capsys):
    logger = logging.getLogger("nemflow.somewhere")
    with telling(verbosity, {}):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logger.log(level, "a %s", "word")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": a word")[0].split()[-1] for line in lines] == heard


def test_what_the_runners_log_of_each_run_is_not_told_twice(capsys):
    @task
    def work():
        """Do nothing."""

    with Flow("f") as flow:
        work()
    with telling(Verbosity.VERBOSE, {}) as teller:
        flow.run(reporter=teller, settings=RunSettings())
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[-2:] for line in lines if "info:" in line] == []
    assert len([line for line in lines if "work" in line]) == 2


def test_a_traceback_is_shown_only_where_everything_is(capsys):
    logger = logging.getLogger("nemflow.somewhere")
    for verbosity in (Verbosity.VERBOSE, Verbosity.DEBUG):
        with telling(verbosity, {}):
            try:
                raise ValueError("inner")
            except ValueError:
                logger.warning("outer", exc_info=True)
    assert capsys.readouterr().err.count("Traceback") == 1


def test_logging_is_left_as_it_was_found():
    logger = logging.getLogger("nemflow")
    before = (logger.level, list(logger.handlers))
    with telling(Verbosity.DEBUG, {}):
        assert logger.level == logging.DEBUG
    assert (logger.level, list(logger.handlers)) == before


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_plain_lines_have_colour_where_it_is_forced_and_not_forbidden(
    environment, coloured, capsys
):
    with telling(Verbosity.NORMAL, environment) as reporter:
        work(reporter)
    assert ("\x1b[38;2;" in capsys.readouterr().err) is coloured
