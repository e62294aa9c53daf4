"""The cluster and client of a DaskExecutor."""

import asyncio
import importlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import distributed

from nemflow.errors import DefinitionError, NemflowError

CONNECT_WITHIN_S = 10.0
END_WITHIN_S = 0.5


class ClusterNotThere(NemflowError):
    """No scheduler answers at the address, or a cluster could not be made."""


class Wish(Protocol):
    """What a DaskExecutor says of the cluster it wants."""

    address: str | None
    cluster_class: str | Callable[..., Any] | None
    cluster_kwargs: dict[str, Any]
    adapt_kwargs: dict[str, Any]
    client_kwargs: dict[str, Any]
    debug: bool


@contextmanager
def connected(wish: Wish) -> Iterator[distributed.Client]:
    """Give a client of the cluster that an executor wants; close what was opened.

    Raises:
        ClusterNotThere: no scheduler answers.
        DefinitionError: there is no such class of clusters.
    """
    if wish.address is not None:
        with _client(wish.address, wish.client_kwargs) as client:
            yield client
        return
    with _quiet(wish), _make_cluster(wish) as cluster:
        if wish.adapt_kwargs:
            cluster.adapt(**wish.adapt_kwargs)
        with _client(cluster, wish.client_kwargs) as client:
            try:
                yield client
            except BaseException:
                if isinstance(cluster, distributed.LocalCluster):
                    cluster.sync(_end_workers, cluster)
                raise


async def _end_workers(cluster: distributed.LocalCluster) -> None:
    """End workers that are at work: left to itself, a cluster waits for them for some time."""
    closing = [worker.close(timeout=END_WITHIN_S) for worker in cluster.workers.values()]
    await asyncio.gather(*closing)


def _client(where: Any, arguments: Mapping[str, Any]) -> distributed.Client:
    # Not the default client: a task or script that uses Dask itself keeps its own.
    arguments = {"timeout": CONNECT_WITHIN_S, "set_as_default": False, **arguments}
    try:
        return distributed.Client(where, **arguments)
    except OSError as error:
        raise ClusterNotThere(
            f"no Dask scheduler answers at {where} within {arguments['timeout']} s: check the "
            "address, or start one with `dask scheduler`"
        ) from error


@contextmanager
def _quiet(wish: Wish) -> Iterator[None]:
    """Keep what a scheduler in this process says of its own affairs out of the log."""
    logger = logging.getLogger("distributed")
    before = logger.level
    if not wish.debug:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _make_cluster(wish: Wish) -> Any:
    if wish.cluster_class is None:
        quiet = {} if wish.debug else {"silence_logs": logging.CRITICAL}
        any_port = {"dashboard_address": ":0"}
        return distributed.LocalCluster(**{**quiet, **any_port, **wish.cluster_kwargs})
    make = wish.cluster_class
    if isinstance(make, str):
        make = _find(make)
    return make(**wish.cluster_kwargs)


def _find(dotted: str) -> Callable[..., Any]:
    module, _, name = dotted.rpartition(".")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DefinitionError(
            f"the cluster class {dotted!r} cannot be imported ({error}); "
            "give it as package.module.Class"
        ) from error
    return found
