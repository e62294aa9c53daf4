import io
import logging
import os
from datetime import UTC, datetime

import pytest

from nemflow import signals
from nemflow.cli.plain import PlainTeller
from nemflow.errors import DownloadError
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo
from nemflow.tasks.states import (
    Cached,
    Failed,
    Pending,
    Retrying,
    Running,
    Skipped,
    Success,
    TriggerFailed,
)

RUN = FlowRunInfo("1", "raw_2014-01-01", "raw", {"date": None})
DATE = TaskRunInfo("date", "date")
EXTRACT = TaskRunInfo("extract-1", "extract")
AT = "2026-11-23 21:14:03+10:00 "


class NotYet(signals.SKIP):
    not_published = True


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def tell(stream):
    """Make a teller at a fixed instant, with a clock that moves half a second at each look."""
    seconds = iter(number / 2 for number in range(1000))

    def make(**how):
        instant = datetime(2026, 11, 23, 11, 14, 3, tzinfo=UTC)
        return PlainTeller(stream, now=lambda: instant, clock=lambda: next(seconds), **how)

    return make


def test_a_flow_run_is_told_from_start_to_end(tell, stream):
    teller = tell()
    teller.flow_run_started(RUN, (DATE, EXTRACT))
    teller.task_run_changed(RUN, DATE, Running())
    teller.task_run_changed(RUN, DATE, Success())
    teller.task_run_changed(RUN, EXTRACT, Pending())
    teller.task_run_changed(RUN, EXTRACT, Running("now"))
    teller.task_run_progress(RUN, EXTRACT, 1_000_000, 2_510_000, "bytes")
    teller.task_run_progress(RUN, EXTRACT, 2_510_000, 2_510_000, "bytes")
    teller.task_run_changed(RUN, EXTRACT, Success("done"))
    teller.flow_run_finished(RUN, Success("done"), {})
    assert stream.getvalue() == (
        f"{AT}raw_2014-01-01 extract Running\n"
        f"{AT}raw_2014-01-01 extract Success, 2.51 MB, 1.5 s\n"
        f"{AT}raw_2014-01-01 Success, 4.0 s\n"
    )


def test_a_retry_and_a_failure_say_why(tell, stream):
    teller = tell()
    error = DownloadError("the server\nis down")
    teller.task_run_changed(RUN, EXTRACT, Running())
    teller.task_run_changed(RUN, EXTRACT, Retrying("in 3 s", run_count=1))
    teller.task_run_changed(RUN, EXTRACT, Failed("Unexpected error", result=error))
    assert stream.getvalue().splitlines()[1:] == [
        f"{AT}raw_2014-01-01 extract Retrying: in 3 s",
        f"{AT}raw_2014-01-01 extract Failed, 1.0 s: the server is down",
    ]


def test_what_is_not_published_yet_is_told_but_no_other_skip(tell, stream):
    teller = tell()
    signal = NotYet("the day is not over")
    teller.task_run_changed(RUN, EXTRACT, Skipped("the day is not over", result=signal))
    teller.task_run_changed(RUN, EXTRACT, Skipped("upstream was skipped"))
    teller.task_run_changed(RUN, EXTRACT, TriggerFailed("upstream failed"))
    assert stream.getvalue() == f"{AT}raw_2014-01-01 extract Skipped: the day is not over\n"


def test_verbose_tells_every_state(tell, stream):
    teller = tell(verbose=True)
    teller.task_run_changed(RUN, EXTRACT, Pending())
    teller.task_run_changed(RUN, EXTRACT, Skipped("not needed"))
    teller.task_run_changed(RUN, EXTRACT, Cached("it was there"))
    assert stream.getvalue() == (
        f"{AT}raw_2014-01-01 extract Pending\n"
        f"{AT}raw_2014-01-01 extract Skipped: not needed\n"
        f"{AT}raw_2014-01-01 extract Cached: it was there\n"
    )


def test_a_state_that_is_told_twice_gets_one_line(tell, stream):
    teller = tell()
    state = Success()
    teller.task_run_changed(RUN, EXTRACT, state)
    teller.task_run_changed(RUN, EXTRACT, state)
    assert len(stream.getvalue().splitlines()) == 1


def test_a_log_record_has_its_level(tell, stream):
    tell().log(logging.WARNING, "slow server")
    assert stream.getvalue() == f"{AT}warning: slow server\n"


def test_colour_is_for_the_names_of_states_only(tell, stream):
    tell(colour=True).task_run_changed(RUN, EXTRACT, Running())
    assert stream.getvalue() == f"{AT}raw_2014-01-01 extract \x1b[38;2;61;103;255mRunning\x1b[0m\n"


def test_where_the_reader_has_gone_the_rest_goes_nowhere():
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as stream:
        teller = PlainTeller(stream)
        teller.log(logging.ERROR, "nobody hears it")
        teller.log(logging.ERROR, "nor this")
        assert os.path.samestat(os.fstat(stream.fileno()), os.stat(os.devnull))
