"""The engine's settings for a run."""

from pathlib import Path

import pytest

from nemflow.flows.base import Flow
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.tasks.decorator import task


@pytest.mark.parametrize("word", ["false", "False", "0", "no", "off"])
def test_checkpointing_can_be_turned_off_by_the_environment(word: str) -> None:
    assert not RunSettings.from_environment({"NEMFLOW_CHECKPOINTING": word}).checkpointing


@pytest.mark.parametrize("environment", [{}, {"NEMFLOW_CHECKPOINTING": "true"}])
def test_checkpointing_is_on_otherwise(environment: dict[str, str]) -> None:
    assert RunSettings.from_environment(environment).checkpointing


def test_locks_lie_in_the_state_folder() -> None:
    settings = RunSettings.from_environment({"NEMFLOW_STATE_DIR": "/state"})
    assert settings.lock_dir == Path("/state/locks")


def test_the_platforms_state_folder_is_the_default() -> None:
    lock_dir = RunSettings.from_environment({}).lock_dir
    assert lock_dir is not None
    assert lock_dir.is_absolute()
    assert "nemflow" in lock_dir.parts


def test_the_environment_is_read_when_a_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Flow("f") as flow:
        task(result=LocalResult(tmp_path / "out"), target="a")(lambda: 5)()
    monkeypatch.setenv("NEMFLOW_CHECKPOINTING", "false")
    flow.run()
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv("NEMFLOW_CHECKPOINTING", "true")
    flow.run()
    assert (tmp_path / "out" / "a").exists()


def test_without_settings_of_its_own_a_run_locks_below_the_state_folder(tmp_path: Path) -> None:
    with Flow("f") as flow:
        task(result=LocalResult(tmp_path / "out"), target="a")(lambda: 5)()
    flow.run()
    assert (tmp_path / "state" / "locks").is_dir()
