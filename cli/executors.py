"""Where the tasks of flow runs run: ``--executor``, ``--workers`` and ``--scheduler``."""

import click

from nemflow.cli.settings import Layer, Settings
from nemflow.errors import SettingsError
from nemflow.flows.executors.base import Executor


def choose_executor(name: str | None, scheduler: str | None, settings: Settings) -> Executor | None:
    """Return the executor that the options ask for; None for the flow's own.

    Args:
        name: one of `EXECUTORS`, if one was named.
        scheduler: the address of a running Dask scheduler, if one was given.
        settings: says how many workers; where nobody said so, the executor's own default counts.

    Raises:
        click.UsageError: the options contradict each other.
        SettingsError: the executor needs something that is not installed.
    """
    asked = settings.origins["workers"].layer is Layer.FLAG
    if scheduler is not None and name not in (None, "dask"):
        raise click.UsageError(f"--scheduler is for --executor dask, not {name}.")
    if scheduler is not None and asked:
        raise click.UsageError("--scheduler has workers of its own: leave --workers out.")
    if name == "local" and asked and settings.workers > 1:
        raise click.UsageError("--executor local runs one task at a time: leave --workers out.")
    if name is None and scheduler is None:
        return None if settings.workers == 1 else _make("threads", None, settings.workers)
    is_said = settings.origins["workers"].layer is not Layer.DEFAULT
    return _make(name or "dask", scheduler, settings.workers if is_said else None)


def _make(name: str, scheduler: str | None, workers: int | None) -> Executor:
    """Make an executor; each is imported only here, for a pool or a cluster takes a while to load."""
    number = {} if workers is None else {"num_workers": workers}
    if name == "local":
        from nemflow.flows.executors.local import LocalExecutor

        return LocalExecutor()
    if name == "threads":
        from nemflow.flows.executors.threads import ThreadExecutor

        return ThreadExecutor(**number)
    if name == "processes":
        from nemflow.flows.executors.processes import ProcessExecutor

        return ProcessExecutor(**number)
    return _dask(scheduler, workers)


def _dask(scheduler: str | None, workers: int | None) -> Executor:
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        raise SettingsError("--executor dask needs Dask: pip install 'nemflow[dask]'")
    from nemflow.flows.executors.dask import DaskExecutor

    if scheduler is not None:
        return DaskExecutor(address=scheduler)
    return DaskExecutor(cluster_kwargs={} if workers is None else {"n_workers": workers})
