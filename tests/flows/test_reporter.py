"""Reporters that are made of others."""

from nemflow.flows.base import Flow
from nemflow.flows.reporter import Several
from nemflow.tasks.context import report_progress
from nemflow.tasks.decorator import task


def test_several_reporters_hear_the_same(events):
    other = type(events)()

    @task
    def work():
        report_progress(1, 2, "files")

    with Flow("f") as flow:
        work()
    flow.run(reporter=Several(events, other))
    assert events.told == other.told
    assert events.told == [
        "f started: work-1",
        "work-1 Running",
        "work-1 1/2 files",
        "work-1 Success",
        "f Success",
    ]


def test_a_run_tells_the_version_of_its_flow(events):
    @task
    def work():
        return None

    with Flow("f") as flow:
        work()
    flow.run(reporter=events)
    assert events.runs[0].version() == flow.version
