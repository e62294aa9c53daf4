"""Which run a word means, and which runs there are."""

from datetime import UTC, datetime, timedelta

import pytest

from nemflow.flows.history.reading import FAILED_STATES, History, UnknownRun
from nemflow.flows.history.writer import FILE, HistoryReporter

START = datetime(2014, 1, 1, tzinfo=UTC)


@pytest.fixture
def history(double, state_dir):
    """A history of runs an hour apart: 1, 2, -1, 1 again."""
    hours = iter(range(100))
    moments = {}

    def now():
        return moments.setdefault("now", START)

    with HistoryReporter(state_dir, now=now) as reporter:
        for n, run_id in ((1, "aaaa1111"), (2, "aaaa2222"), (-1, "bbbb"), (1, "cccc")):
            moments["now"] = START + timedelta(hours=next(hours))
            double.run(n=n, reporter=reporter, context={"flow_run_id": run_id})
    with History(state_dir / FILE) as history:
        yield history


def ids(runs):
    return [run["id"] for run in runs]


def test_runs_come_the_newest_first(history):
    assert ids(history.runs()) == ["cccc", "bbbb", "aaaa2222", "aaaa1111"]
    assert ids(history.runs(limit=1)) == ["cccc"]


def test_runs_are_chosen_by_flow_time_and_state(history):
    since = START + timedelta(hours=2)
    assert ids(history.runs(since=since)) == ["cccc", "bbbb"]
    assert ids(history.runs(states=FAILED_STATES)) == ["bbbb"]
    assert ids(history.runs(flow="double", since=since, states=["Success"])) == ["cccc"]
    assert history.runs(flow="other") == []
    assert history.count(since=since) == 2


def test_a_name_means_its_last_run(history):
    assert history.find("double_1")["id"] == "cccc"


def test_an_id_or_the_beginning_of_one_means_its_run(history):
    assert history.find("bbbb")["name"] == "double_-1"
    assert history.find("AAAA1")["id"] == "aaaa1111"


def test_a_beginning_of_two_ids_is_refused_with_both(history):
    with pytest.raises(UnknownRun, match=r"2 runs have ids that begin with 'aaaa'.*aaaa1111"):
        history.find("aaaa")


@pytest.mark.parametrize("word", ["aaa", "double", "dddd", "%", "double_1; DROP TABLE flow_runs"])
def test_another_word_means_none_and_knows_the_names(word, history):
    with pytest.raises(UnknownRun) as caught:
        history.find(word)
    assert caught.value.known == ["double_1", "double_-1", "double_2"]


def test_the_last_run_of_each_name(history):
    assert ids(history.last_of_each()) == ["aaaa2222", "bbbb", "cccc"]


def test_the_runs_of_the_last_command_are_those_of_its_process(history):
    assert ids(history.of_last_command()) == ["aaaa1111", "aaaa2222", "bbbb", "cccc"]


def test_without_a_file_there_is_no_run_and_none_is_made(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        assert history.runs() == []
        assert not history.is_there
    assert list(tmp_path.iterdir()) == []


def test_a_large_history_is_asked_by_its_indexes(history):
    for words in (
        "SELECT * FROM flow_runs ORDER BY started_at DESC LIMIT 20",
        "SELECT * FROM flow_runs WHERE flow = 'x' ORDER BY started_at DESC LIMIT 20",
        "SELECT * FROM flow_runs WHERE name = 'x' ORDER BY started_at DESC LIMIT 1",
        "SELECT * FROM flow_runs WHERE state = 'Running'",
        "SELECT * FROM task_runs WHERE flow_run_id = 'x'",
        "SELECT * FROM state_changes WHERE flow_run_id = 'x'",
    ):
        [plan] = [row["detail"] for row in history._ask(f"EXPLAIN QUERY PLAN {words}")]
        assert "USING INDEX" in plan or "USING PRIMARY KEY" in plan, words
