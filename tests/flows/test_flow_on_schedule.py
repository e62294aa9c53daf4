"""A flow with a schedule runs itself at the schedule's events."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import Parameter
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.clocks import DatesClock
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task

LONG_AGO = [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.fixture
def noting():
    """A flow on three missed events, and the list of what its runs saw."""
    seen: list[tuple[object, ...]] = []

    @task
    def note(n):
        seen.append((n, context.scheduled_start_time, context.flow_run_name))

    clock = DatesClock(LONG_AGO, parameter_defaults={"n": "clock"})
    with Flow("scheduled", schedule=Schedule([clock])) as flow:
        note(Parameter("n", default="own"))
    return flow, seen


class TestFlowOnSchedule:
    def test_missed_events_are_caught_up_on_demand_each_as_a_run_of_its_own(self, noting):
        flow, seen = noting
        before = LONG_AGO[0] - timedelta(days=1)
        state = flow.run(catchup=True, since=before)
        assert state.is_successful()
        assert [moment for _, moment, _ in seen] == LONG_AGO
        assert len({name for _, _, name in seen}) == 3

    def test_trap_19_the_clocks_parameters_win_over_those_of_run(self, noting):
        flow, seen = noting
        flow.run(catchup=True, since=LONG_AGO[0] - timedelta(days=1), n="given")
        assert {n for n, _, _ in seen} == {"clock"}

    def test_labels_of_the_clock_are_for_agents_and_keep_nothing_from_running(self, noting):
        flow, seen = noting
        flow.schedule = Schedule([DatesClock(LONG_AGO, {"n": 1}, labels=["elsewhere"])])
        flow.run(catchup=True, since=LONG_AGO[0] - timedelta(days=1))
        assert len(seen) == 3

    def test_run_on_schedule_false_runs_once_now(self, noting):
        flow, seen = noting
        flow.run(run_on_schedule=False)
        assert [n for n, _, _ in seen] == ["own"]

    def test_a_schedule_without_events_to_come_is_an_error(self, noting):
        flow, _ = noting
        with pytest.raises(DefinitionError):
            flow.run()


def test_sigterm_ends_a_waiting_schedule_in_order():
    code = (
        "from datetime import timedelta\n"
        "from nemflow import Flow, task\n"
        "from nemflow.flows.schedules.shorthands import IntervalSchedule\n"
        "flow = Flow('f', schedule=IntervalSchedule(interval=timedelta(days=9)))\n"
        "flow.add_task(task(lambda: 1))\n"
        "print('waiting', flush=True)\n"
        "flow.run()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    _until_asleep(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 143
    process.stdout.close()


def _until_asleep(pid: int) -> None:
    """Wait until the process sleeps in the clock's call, past all its imports."""
    import psutil

    process = psutil.Process(pid)
    seen = 0
    while seen < 20:
        seen = seen + 1 if process.status() == psutil.STATUS_SLEEPING else 0
        process.cpu_percent(interval=0.02)
