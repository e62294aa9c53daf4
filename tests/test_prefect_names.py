"""A flow written for Prefect Core 1.x runs after changing ``prefect`` to ``nemflow`` in its imports."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import nemflow.core
import nemflow.engine
import nemflow.schedules
import nemflow.utilities
from nemflow import Flow, NemflowError

PREFECT_FLOW = """
from datetime import timedelta

import prefect
from prefect import Flow, Parameter, Task, case, flatten, tags, task, unmapped
from prefect.engine import signals
from prefect.engine.results import LocalResult
from prefect.engine.state import Failed, Skipped, Success
from prefect.engine.cache_validators import all_inputs
from prefect.engine.serializers import JSONSerializer
from prefect.executors import LocalDaskExecutor
from prefect.schedules import IntervalSchedule
from prefect.schedules.clocks import CronClock
from prefect.schedules.filters import is_weekday
from prefect.tasks.control_flow import merge
from prefect.triggers import all_finished, any_failed
from prefect.utilities.debug import raise_on_exception
from prefect.utilities.edges import mapped


class Multiply(Task):
    def __init__(self, by, **kwargs):
        self.by = by
        super().__init__(**kwargs)

    def run(self, x):
        return x * self.by


@task(max_retries=2, retry_delay=timedelta(0))
def flaky():
    if prefect.context.task_run_count < 3:
        raise ValueError("again")
    return prefect.context.task_run_count


@task
def maybe(x):
    if x == 2:
        raise signals.SKIP("no twos")
    return x


@task(trigger=all_finished, skip_on_upstream_skip=False)
def total(xs):
    return sum(x for x in xs if isinstance(x, int))


with Flow("ported") as flow:
    n = Parameter("n", default=3)
    with tags("numbers"):
        tripled = Multiply(3)(n)
    kept = maybe.map([1, 2, 3])
    summed = total(kept)
    tries = flaky()
    with case(n, 3):
        three = Multiply(1)(n)
    result = merge(three, summed)

state = flow.run(executor=LocalDaskExecutor(scheduler="threads", num_workers=2))
assert isinstance(state, Success), state
print(state.result[tripled].result, state.result[summed].result, state.result[tries].result)
print(isinstance(state.result[kept].map_states[1], Skipped), state.result[result].result)
"""


def test_a_flow_of_prefect_core_runs_with_its_imports_changed():
    code = PREFECT_FLOW.replace("prefect", "nemflow")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["9 4 3", "True 3"]


@pytest.mark.parametrize(
    "package", [nemflow.core, nemflow.engine, nemflow.schedules, nemflow.utilities]
)
def test_every_old_name_leads_to_something(package):
    modules = [
        package.__name__,
        *(f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__)),
    ]
    for name in modules:
        module = importlib.import_module(name)
        for exported in module.__all__:
            assert getattr(module, exported) is not None


@pytest.mark.parametrize(
    ("scheduler", "kind"),
    [
        ("threads", "ThreadExecutor"),
        ("Threads", "ThreadExecutor"),
        ("processes", "ProcessExecutor"),
        ("multiprocessing", "ProcessExecutor"),
        ("synchronous", "LocalExecutor"),
        ("single-threaded", "LocalExecutor"),
    ],
)
def test_local_dask_is_the_executor_of_that_scheduler(scheduler, kind):
    from nemflow.executors import LocalDaskExecutor

    made = LocalDaskExecutor(scheduler=scheduler, num_workers=3)
    assert type(made).__name__ == kind
    assert getattr(made, "num_workers", 3) == 3
    assert type(LocalDaskExecutor(scheduler)).__name__ == kind
    assert type(LocalDaskExecutor()).__name__ == "ThreadExecutor"


def test_a_scheduler_that_local_dask_never_had_is_named():
    from nemflow.executors import LocalDaskExecutor

    with pytest.raises(ValueError, match="no scheduler 'cloud'; there are: multiprocessing"):
        LocalDaskExecutor("cloud")


@pytest.mark.parametrize(
    "name",
    [
        "client.Secret",
        "core.parameter.DateTimeParameter",
        "engine.results.LocalResult",
        "engine.signals.SKIP",
        "engine.state.Success",
        "executors.LocalDaskExecutor",
        "run_configs.LocalRun",
        "schedules.clocks.CronClock",
        "storage.Local",
        "triggers.all_failed",
        "utilities.logging.get_logger",
    ],
)
def test_importing_the_package_is_enough_to_reach_a_module_of_it(name):
    code = f"import nemflow; assert callable(nemflow.{name})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""


class TestOutOfScope:
    """What needs Prefect's server is kept as a record, or refused in one sentence."""

    def test_run_config_and_storage_are_kept_and_read_by_nobody(self):
        from nemflow.run_configs import DockerRun, LocalRun
        from nemflow.storage import S3, Local

        run_config = DockerRun(image="python", labels=["nem"])
        flow = Flow("f", run_config=run_config, storage=Local(directory="flows"))
        assert (flow.run_config.image, flow.run_config.labels) == ("python", {"nem"})
        assert flow.storage.directory == "flows"
        flow.run_config, flow.storage = LocalRun(), S3("bucket", key="a")
        assert flow.storage.arguments == ("bucket",)
        assert flow.run().is_successful()

    def test_registering_says_what_to_do_instead(self):
        with pytest.raises(NemflowError, match=r"no server; `nemflow register file.py:flow`"):
            Flow("f").register(project_name="p")

    def test_there_is_no_client(self):
        from nemflow.client import Client

        with pytest.raises(NemflowError, match="no server to be a client of"):
            Client()


class TestConfig:
    def test_what_is_in_force_can_be_read(self, monkeypatch, tmp_path):
        monkeypatch.setenv("NEMFLOW_STATE_DIR", str(tmp_path))
        assert nemflow.config.flows.checkpointing is True
        monkeypatch.setenv("NEMFLOW_CHECKPOINTING", "false")
        assert nemflow.config["flows"]["checkpointing"] is False
        assert nemflow.config.home_dir == str(tmp_path)
        assert nemflow.config.tasks.defaults.max_retries == 0
        assert nemflow.config.get("cloud", "none") == "none"
        assert {"flows", "tasks", "logging", "home_dir"} <= set(nemflow.config)

    def test_a_key_that_is_not_there_is_named(self):
        with pytest.raises(AttributeError, match=r"no 'cloud'"):
            nemflow.config.cloud  # noqa: B018

    def test_what_is_set_to_what_it_is_does_no_harm(self, monkeypatch):
        monkeypatch.delenv("NEMFLOW_CHECKPOINTING", raising=False)
        nemflow.config.flows.checkpointing = True
        with nemflow.utilities.configuration.set_temporary_config({"flows.checkpointing": True}):
            assert nemflow.config.flows.checkpointing is True

    def test_anything_else_is_refused_and_says_where_it_belongs(self):
        with pytest.raises(
            NemflowError, match=r"flows.checkpointing cannot be set to False: .*Run"
        ):
            nemflow.config.flows.checkpointing = False
        temporary = {"tasks.defaults.max_retries": 3}
        with (
            pytest.raises(NemflowError, match="options of a task are given with the task"),
            nemflow.utilities.configuration.set_temporary_config(temporary),
        ):
            pass


class TestResultsOfStores:
    def test_they_are_remote_results_of_the_stores_url(self):
        from nemflow.engine.results import AzureResult, GCSResult, S3Result

        made = [
            S3Result("bucket", location="{x}.p", boto3_kwargs={"region_name": "ap-southeast-2"}),
            GCSResult("bucket", location="{x}.p"),
            AzureResult("container", location="{x}.p", connection_string="secret"),
        ]
        assert [one.url for one in made] == ["s3://bucket", "gs://bucket", "abfs://container"]
        assert {one.location for one in made} == {"{x}.p"}
        assert "secret" not in repr(made[2])


class TestGetLogger:
    def test_it_gives_the_logger_below_nemflow(self):
        get_logger = nemflow.utilities.logging.get_logger
        names = [get_logger().name, get_logger("nemflow").name, get_logger("own").name]
        assert names == ["nemflow", "nemflow", "nemflow.own"]


class TestClientSecret:
    def test_it_is_found_where_the_task_finds_it(self):
        from nemflow.client import Secret

        with nemflow.context(secrets={"TOKEN": '{"a": 1}'}):
            assert Secret("TOKEN").get() == {"a": 1}
            assert Secret("TOKEN").exists()
            assert not Secret("OTHER").exists()
