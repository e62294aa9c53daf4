"""A flow written for Prefect Core 1.x runs after changing ``prefect`` to ``nemflow`` in its imports."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import nemflow.engine
import nemflow.schedules
import nemflow.utilities

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


@pytest.mark.parametrize("package", [nemflow.engine, nemflow.schedules, nemflow.utilities])
def test_every_old_name_leads_to_something(package):
    modules = [
        package.__name__,
        *(f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__)),
    ]
    for name in modules:
        module = importlib.import_module(name)
        for exported in getattr(module, "__all__", ()):
            assert getattr(module, exported) is not None


def test_a_scheduler_that_local_dask_never_had_is_named():
    from nemflow.executors import LocalDaskExecutor

    with pytest.raises(ValueError, match="no scheduler 'cloud'; there are: multiprocessing"):
        LocalDaskExecutor("cloud")
