"""The thirty places where a re-implementation of Prefect Core's engine goes wrong.

Each has at least one test that bears its number, ``trap_12`` say, and lies where its subject does; the
words ``better`` and ``changed`` mark where nemflow departs from Prefect Core on purpose. Here are those
that have no better place.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nemflow import Flow, LocalResult, RunSettings, context, states, task
from nemflow.schedules import Schedule
from nemflow.schedules.clocks import DatesClock

TESTS = Path(__file__).parent


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    return RunSettings(lock_dir=tmp_path / "locks")


@pytest.mark.parametrize("number", range(1, 31))
def test_each_trap_has_a_test_that_bears_its_number(number):
    named = re.compile(rf"def test_\w*trap_{number}_")
    assert any(named.search(path.read_text()) for path in TESTS.rglob("test_*.py"))


def test_better_9_trap_23_each_scheduled_run_has_an_id_and_a_target_of_its_own(tmp_path, settings):
    now = datetime.now(UTC)
    dates = DatesClock([now - timedelta(hours=hours) for hours in (1, 2)])

    @task(result=LocalResult(tmp_path / "kept"), target="{flow_run_id}")
    def work():
        return context.flow_run_id

    with Flow("f", schedule=Schedule([dates])) as flow:
        work()
    flow.run(catchup=True, since=now - timedelta(days=1), settings=settings)
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_better_2_trap_28_a_folder_is_where_it_was_said_to_be(tmp_path, monkeypatch, settings):
    monkeypatch.setenv("NEMFLOW_STATE_DIR", str(tmp_path))  # the home of nemflow's own files
    with Flow("f", result=LocalResult(tmp_path / "own", location="a.p")) as flow:
        task(lambda: 1)()
    flow.run(settings=settings)
    assert (tmp_path / "own" / "a.p").exists()


def test_better_2_trap_28_a_truncated_target_is_made_again(tmp_path, settings):
    with Flow("f") as flow:
        made = task(lambda: [1, 2, 3], result=LocalResult(tmp_path), target="a.p")()
    flow.run(settings=settings)
    target = tmp_path / "a.p"
    target.write_bytes(target.read_bytes()[:-4])
    state = flow.run(settings=settings).result[made]
    assert (type(state), state.result) == (states.Success, [1, 2, 3])
    assert LocalResult(tmp_path).read("a.p").value == [1, 2, 3]
