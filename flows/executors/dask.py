"""DaskExecutor: calls on a Dask cluster, for what outgrows one machine."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from nemflow.errors import DefinitionError
from nemflow.flows.executors.base import Done, Executor

if TYPE_CHECKING:
    from nemflow.flows.executors.dask_calls import DaskCalls


class DaskExecutor(Executor):
    """Runs calls on a running Dask cluster, or on one of its own that lives as long as the run.

    Values of tasks with a target or result travel as their locations, so the workers have to see the
    same folders or stores. A worker that dies takes nothing with it: its calls run again elsewhere,
    and a call that ends its worker four times is Failed. A task with the tag ``dask-resource:GPU=1``
    runs where a worker offers that much of the resource.

    Args:
        address: of the scheduler of a running cluster, such as ``tcp://host:8786``.
        cluster_class: makes a cluster for the run, called with ``cluster_kwargs``; a callable or its
            dotted name, such as ``dask_kubernetes.KubeCluster``. Default: a LocalCluster.
        cluster_kwargs: arguments for it.
        adapt_kwargs: let the cluster grow and shrink: arguments for its ``adapt``.
        client_kwargs: arguments for the ``distributed.Client``, such as ``timeout`` or ``security``.
        no_worker_s: how long a run waits, in seconds, for a cluster whose workers have all gone; one
            that adapts is waited for.
        debug: show what the workers of the default LocalCluster log, and its dashboard.

    Raises:
        DefinitionError: an address together with a cluster to make.
    """

    shares_memory: ClassVar[bool] = False

    def __init__(
        self,
        address: str | None = None,
        *,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: Mapping[str, Any] | None = None,
        adapt_kwargs: Mapping[str, Any] | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
        no_worker_s: float = 60.0,
        debug: bool = False,
    ) -> None:
        if address is not None and (cluster_class or cluster_kwargs or adapt_kwargs):
            raise DefinitionError(
                "a DaskExecutor takes the address of a running cluster or the arguments to make one "
                "(cluster_class, cluster_kwargs, adapt_kwargs), not both"
            )
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = dict(client_kwargs or {})
        self.no_worker_s = math.inf if adapt_kwargs else no_worker_s
        self.debug = debug
        self._calls: DaskCalls | None = None

    @property
    def room(self) -> int:  # type: ignore[override]  # it follows the size of the cluster
        """How many calls to hand over before one has ended."""
        return self._started().room

    @contextmanager
    def start(self) -> Iterator[None]:
        """Connect, or make a cluster; at the end what has not run is cancelled and the cluster closed.

        Raises:
            DefinitionError: it is started already, or ``distributed`` is not installed.
            ClusterNotThere: no scheduler answers at the address.
        """
        if self._calls is not None:
            raise DefinitionError(
                "this DaskExecutor runs a flow already; give each run one of its own"
            )
        try:
            import distributed  # noqa: F401  # what the modules below are built on
        except ImportError as error:
            raise DefinitionError(
                'a DaskExecutor needs Dask: pip install "nemflow[dask]"'
            ) from error
        from nemflow.flows.executors.dask_calls import DaskCalls
        from nemflow.flows.executors.dask_cluster import connected

        with connected(self) as client:
            is_adaptive = bool(self.adapt_kwargs)
            calls = DaskCalls(client, is_adaptive=is_adaptive, no_worker_s=self.no_worker_s)
            with calls.collecting():
                self._calls = calls
                try:
                    yield
                finally:
                    self._calls = None

    def submit(self, token: Any, call: Callable[..., Any], *arguments: Any) -> None:
        """Have the cluster run the call; its context is nemflow's, not this thread's."""
        self._started().submit(token, call, arguments)

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Wait for the first call to end, then take all that have."""
        return self._started().completed(timeout_s)

    def _started(self) -> "DaskCalls":
        if self._calls is None:
            raise DefinitionError("use a DaskExecutor inside `with executor.start()`")
        return self._calls

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_calls": None}

    def __repr__(self) -> str:
        where = self.address or self.cluster_class or "LocalCluster"
        return f"<Executor: DaskExecutor({where})>"
