"""Secrets: found when they are needed, kept nowhere."""

import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.base import Flow
from nemflow.flows.executors.processes import ProcessExecutor
from nemflow.flows.settings import RunSettings
from nemflow.results import LocalResult
from nemflow.results.base import NOT_READ
from nemflow.results.secret import SecretResult
from nemflow.tasks.base import Task
from nemflow.tasks.context import context
from nemflow.tasks.decorator import task
from nemflow.tasks.secret import EnvVarSecret, Secret, SecretBase
from nemflow.tasks.states import Pending


@pytest.fixture
def settings(tmp_path: Path) -> RunSettings:
    """Settings of a run whose locks lie beside its results."""
    return RunSettings(checkpointing=True, lock_dir=tmp_path / "locks")


class TestEnvVarSecret:
    def test_it_is_the_variables_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOKEN", "12")
        assert EnvVarSecret("TOKEN").run() == "12"

    def test_a_cast_is_applied(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOKEN", "12")
        assert EnvVarSecret("TOKEN", cast=int).run() == 12

    def test_where_it_is_not_set_it_is_none_and_not_cast(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TOKEN", raising=False)
        assert EnvVarSecret("TOKEN", cast=int).run() is None

    def test_or_an_error_where_that_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TOKEN", raising=False)
        with pytest.raises(ValueError, match="TOKEN is not set"):
            EnvVarSecret("TOKEN", raise_if_missing=True).run()

    def test_it_is_read_when_it_runs_not_when_it_is_made(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOKEN", "old")
        with Flow("f") as flow:
            token = EnvVarSecret("TOKEN")()
        monkeypatch.setenv("TOKEN", "new")
        assert flow.run().result[token].result == "new"


class TestSecret:
    def test_it_comes_from_the_context(self) -> None:
        with Flow("f") as flow:
            token = Secret("token")()
        assert flow.run(context={"secrets": {"token": "hush"}}).result[token].result == "hush"

    def test_there_the_case_of_its_name_counts(self) -> None:
        with context(secrets={"token": "small", "Token": "large"}):
            assert (Secret("token").run(), Secret("Token").run()) == ("small", "large")

    def test_else_from_the_settings_in_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NEMFLOW_SECRET_TOKEN", "from outside")
        assert Secret("token").run() == "from outside"
        with context(secrets={"token": "from the context"}):
            assert Secret("token").run() == "from the context"

    @pytest.mark.parametrize(
        ("text", "value"),
        [('{"x": 1}', {"x": 1}), ("[1]", [1]), ("12", 12), ("{no json", "{no json"), (5, 5)],
        ids=str,
    )
    def test_text_that_is_json_comes_parsed(self, text: Any, value: Any) -> None:
        with context(secrets={"token": text}):
            assert Secret("token").run() == value

    def test_a_missing_one_is_an_error_that_says_where_to_put_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("NEMFLOW_SECRET_TOKEN", raising=False)
        with pytest.raises(ValueError, match="NEMFLOW_SECRET_TOKEN"):
            Secret("token").run()


class TestKeptNowhere:
    @pytest.mark.parametrize("make", [Secret, EnvVarSecret])
    def test_a_name_is_needed(self, make: Any) -> None:
        with pytest.raises(DefinitionError, match="name"):
            make("")

    @pytest.mark.parametrize("option", ["result", "target", "cache_for"])
    def test_it_takes_no_place_to_be_kept_in(self, option: str) -> None:
        with pytest.raises(DefinitionError, match=f"takes no {option}"):
            SecretBase(**{option: "somewhere"})

    def test_checkpoint_is_off_whatever_is_said(self) -> None:
        assert SecretBase(checkpoint=True).checkpoint is False

    def test_not_even_where_the_flow_keeps_results(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        kept = tmp_path / "kept"
        with Flow("f", result=LocalResult(kept)) as flow:
            token = Secret("token")()
            task(lambda token: len(token))(token)
        flow.run(context={"secrets": {"token": "hush, hush"}}, settings=settings)
        files = [path for path in kept.rglob("*") if path.is_file()]
        assert len(files) == 1
        assert b"hush" not in files[0].read_bytes()

    def test_it_is_asked_again_when_a_run_is_taken_up(self) -> None:
        with Flow("f") as flow:
            token = Secret("token")()
            used = task(lambda token: token)(token)
        first = flow.run(context={"secrets": {"token": "old"}}).result
        states = {**first, used: Pending()}
        second = flow.run(context={"secrets": {"token": "new"}}, task_states=states).result
        assert second[used].result == "new"

    def test_not_as_a_part_of_it_or_in_a_collection(
        self, tmp_path: Path, settings: RunSettings
    ) -> None:
        kept = tmp_path / "kept"
        with Flow("f", result=LocalResult(kept)) as flow:
            token = Secret("token")()
            task(lambda **parts: None)(part=token["key"], listed=[token], named={"a": token})
        state = flow.run(context={"secrets": {"token": {"key": "hush"}}}, settings=settings)
        assert state.is_successful()
        assert b"hush" not in b"".join(p.read_bytes() for p in kept.rglob("*") if p.is_file())

    @pytest.mark.parametrize("pickling", [pickle, cloudpickle])
    def test_a_pickled_state_holds_the_question_and_not_the_answer(
        self, monkeypatch: pytest.MonkeyPatch, pickling: Any
    ) -> None:
        monkeypatch.setenv("TOKEN", "hush")
        with Flow("f") as flow:
            token = EnvVarSecret("TOKEN")()
        state = flow.run().result[token]
        pickled = pickling.dumps(state)
        assert state.result == "hush"
        assert b"hush" not in pickled
        monkeypatch.setenv("TOKEN", "changed")
        assert pickle.loads(pickled).result == "changed"

    def test_in_another_process_the_task_that_needs_it_asks_for_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TOKEN", "from the environment")
        with Flow("f") as flow:
            first, second = EnvVarSecret("TOKEN")(), Secret("token")()
            used = task(lambda *, a, b: f"{a}, {b}")(a=first, b=second)
        states = flow.run(
            context={"secrets": {"token": "from the context"}}, executor=ProcessExecutor(1)
        ).result
        assert states[used].result == "from the environment, from the context"
        assert states[first]._result.value is NOT_READ
        assert states[first].result == "from the environment"

    def test_a_copy_asks_for_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOKEN", "hush")
        secret = EnvVarSecret("OTHER")
        copy = secret.copy(variable="TOKEN")
        assert isinstance(copy.result, SecretResult)
        assert copy.result.read("").value == "hush"
        with pytest.raises(DefinitionError, match="takes no target"):
            secret.copy(target="somewhere")

    def test_a_task_of_ones_own_can_be_a_secret(self) -> None:
        class Vault(SecretBase):
            def run(self) -> str:
                return "from the vault"

        assert isinstance(Vault(), Task)
        assert Vault().run() == "from the vault"
