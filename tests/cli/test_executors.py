"""Which executor the options ask for."""

import sys

import click
import pytest

from nemflow.cli.executors import choose_executor
from nemflow.cli.settings import load_settings
from nemflow.errors import SettingsError


@pytest.fixture
def choose(tmp_path):
    """Choose by name, scheduler, and the workers that the flag or environment asks for."""

    def choose(name=None, scheduler=None, flag=None, variable=None):
        environment = {"HOME": str(tmp_path)}
        if variable is not None:
            environment["NEMFLOW_WORKERS"] = variable
        flags = {} if flag is None else {"workers": flag}
        executor = choose_executor(name, scheduler, load_settings(flags, environment, tmp_path))
        return None if executor is None else repr(executor)

    return choose


def test_who_asks_for_nothing_gets_the_executor_of_the_flow(choose):
    assert choose() is None


def test_workers_alone_are_threads(choose):
    assert choose(flag="3") == "<Executor: ThreadExecutor(num_workers=3)>"
    assert choose(variable="3") == "<Executor: ThreadExecutor(num_workers=3)>"


def test_an_executor_is_made_with_as_many_workers_as_asked_for(choose):
    assert choose("threads", flag="3") == "<Executor: ThreadExecutor(num_workers=3)>"
    assert choose("threads", variable="5") == "<Executor: ThreadExecutor(num_workers=5)>"
    assert choose("threads", flag="1") == "<Executor: ThreadExecutor(num_workers=1)>"


def test_an_executor_has_its_own_number_of_workers_where_nobody_says(choose):
    assert choose("threads") == "<Executor: ThreadExecutor(num_workers=4)>"


def test_the_local_executor_lets_the_environment_speak_of_workers(choose):
    assert choose("local", variable="3") == "<Executor: LocalExecutor>"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "local", "flag": "2"}, "--executor local runs one task at a time"),
        ({"scheduler": "tcp://x:1", "flag": "2"}, "--scheduler has workers of its own"),
        ({"scheduler": "tcp://x:1", "name": "threads"}, "--scheduler is for --executor dask"),
    ],
)
def test_options_that_contradict_each_other_are_refused(choose, options, told):
    with pytest.raises(click.UsageError, match=told):
        choose(**options)


def test_dask_without_its_extra_says_what_to_install(choose, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        SettingsError, match=r"^--executor dask needs Dask: pip install 'nemflow\[d"
    ):
        choose("dask")
