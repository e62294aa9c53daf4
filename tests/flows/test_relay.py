"""What flow runs report, told again elsewhere."""

import pickle
from datetime import UTC, datetime

from nemflow import Flow, HistoryReporter, Parameter, Relay, states, task, tell_again
from nemflow.flows.history.reading import History
from nemflow.flows.history.stamps import read_stamp
from nemflow.flows.history.writer import FILE


class Notes:
    """A reporter that writes down who told what."""

    def __init__(self) -> None:
        self.told = []

    def flow_run_started(self, run, tasks):
        self.told.append(("started", run.name, run.version(), [task.slug for task in tasks]))

    def task_run_changed(self, run, task, state):
        self.told.append((run.name, task.slug, type(state).__name__, state.message))

    def task_run_progress(self, run, task, done, total, unit):
        self.told.append((run.name, task.slug, done, total, unit))

    def flow_run_finished(self, run, state, task_states):
        ends = {slug: type(end).__name__ for slug, end in task_states.items()}
        self.told.append(("finished", run.name, type(state).__name__, ends))


@task
def half(n):
    return n / 2 if n % 2 == 0 else 1 / 0


def run(n, reporter):
    with Flow("halves", flow_run_name="halves_{n}") as flow:
        half(Parameter("n"))
    flow.run(n=n, reporter=reporter)


def test_what_is_told_again_is_what_was_told() -> None:
    first, relay, again = Notes(), Relay(), Notes()
    for n in (2, 3):
        run(n, first)
        run(n, relay)
    tell_again(pickle.loads(pickle.dumps(relay.told)), again)
    assert again.told == first.told


def test_who_is_told_again_knows_when_it_happened(tmp_path) -> None:
    relay, before = Relay(), datetime.now(UTC)
    run(2, relay)
    after = datetime.now(UTC)
    while datetime.now(UTC) == after:
        pass
    with HistoryReporter(tmp_path) as history:
        tell_again(relay.told, history)
    with History(tmp_path / FILE) as kept:
        [row] = kept.runs()
    started, ended = (read_stamp(row[name]) for name in ("started_at", "ended_at"))
    assert before <= started <= ended <= after


def test_values_stay_where_they_are_and_failures_travel() -> None:
    relay = Relay()
    for n in (2, 3):
        run(n, relay)
    ends = [
        arguments[2]
        for _, method, arguments in relay.told
        if method == "task_run_changed"
        and arguments[1].name == "half"
        and arguments[2].is_finished()
    ]
    assert [type(end) for end in ends] == [states.Success, states.Failed]
    assert ends[0].result is None
    assert isinstance(ends[1].result, ZeroDivisionError)


def test_a_version_that_is_known_is_not_worked_out() -> None:
    relay = Relay({"halves": "0123"})
    run(2, relay)
    assert {told.arguments[0].version() for told in relay.told} == {"0123"}
