"""The calls of one run on a Dask cluster, seen from the process of the flow run.

They go out in groups and come back in groups: one message for whatever has come together. Those of
tasks that have shown to be small share futures (``dask_bundle``). A future is let go as soon as its
answers are here: what has ended does not run again when its worker dies.

Dask runs the calls of a dead worker again elsewhere, and gives up a future whose workers have died four
times. It may have shared them with the culprit, so each of its calls gets one more chance as a
*suspect*: one suspect at a time, in a future of its own.

Futures are followed in the client's own loop; nothing there ever waits for this thread. Notes come by
the scheduler's events, all under one topic, since a scheduler keeps topics as long as it lives.
"""

import asyncio
import collections
import itertools
import math
import pickle
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeAlias

import dask
import distributed

from nemflow.flows.executors.base import CallLost, Done
from nemflow.flows.executors.dask_bundle import TOPIC, Answer, HandedBack, Note, run_bundle
from nemflow.flows.executors.dask_cluster import ClusterNotThere
from nemflow.flows.executors.dask_resources import Resources, check_offered, read_resources
from nemflow.flows.executors.parcels import Parcel, deliver, pack, unpack

BUNDLE = 16
SINGLE_AFTER_SLOW = 50
LEAST_ROOM = 64
GATHER_AFTER_S = 0.002
LOOK_EVERY_S = 2.0
WATCH_EVERY_S = 2.0

Future: TypeAlias = Any  # a distributed.Future of dict[int, Answer]; Dask is typed in part


class _Call:
    """A call that has not ended."""

    __slots__ = ("is_suspect", "number", "parcel", "resources", "token")

    def __init__(self, number: int, token: Any, parcel: Parcel, resources: Resources) -> None:
        self.number = number
        self.token = token
        self.parcel = parcel
        self.resources = resources
        self.is_suspect = False


class _Ended(NamedTuple):
    """A future has ended: with answers, or for a reason that is none of its calls' own."""

    key: str
    answers: dict[int, Answer] | CallLost


class DaskCalls:
    """Sends calls to a cluster and brings back what came of them.

    Args:
        client: connected; it is the caller's to close.
        is_adaptive: whether the cluster grows with what waits for it.
        no_worker_s: how long to wait for a cluster whose workers have all gone, in seconds.
    """

    def __init__(
        self, client: distributed.Client, *, is_adaptive: bool, no_worker_s: float
    ) -> None:
        self._client = client
        self._is_adaptive = is_adaptive
        self._no_worker_s = no_worker_s
        self._alone_since: float | None = None
        self._run_id = uuid.uuid4().hex
        self._numbers = itertools.count()
        self._threads = 1
        self._looked_at = -math.inf
        self._calls: dict[int, _Call] = {}
        self._to_send: list[_Call] = []
        self._suspects: collections.deque[_Call] = collections.deque()
        self._busy = 0  # futures that are out, but for those that wait for resources
        self._sent: dict[str, tuple[Future, list[_Call]]] = {}
        self._done: list[Done] = []
        # By name, how many calls in a row were small; less than none after a slow one in a bundle.
        self._in_a_row: dict[str, int] = {}
        self._ended: list[Future] = []  # belongs to the client's loop
        self._news: queue.SimpleQueue[_Ended | HandedBack] = queue.SimpleQueue()

    @property
    def room(self) -> int:
        """How many calls to send before one has ended."""
        return max(LEAST_ROOM, 2 * BUNDLE * self._threads)

    @contextmanager
    def collecting(self) -> Iterator["DaskCalls"]:
        """Listen to what the calls tell; at the end cancel those that have not run."""
        self._client.subscribe_topic(TOPIC, self._hear)
        try:
            yield self
        finally:
            if not self._is_closed():  # a scheduler that is gone has nothing to cancel
                with suppress(OSError, TimeoutError):
                    self._client.unsubscribe_topic(TOPIC)
                    self._client.cancel([future for future, _ in self._sent.values()], force=True)

    def submit(self, token: Any, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Put a call in the next group."""
        try:
            parcel = pack(call, arguments)
            resources = read_resources(parcel.tags)
            check_offered(self._client, resources)
        except CallLost as error:
            self._done.append(Done(token, None, error))
            return
        made = _Call(next(self._numbers), token, parcel, resources)
        self._calls[made.number] = made
        self._to_send.append(made)

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Send what is to be sent; wait for the first call to end, then take all that have.

        Raises:
            ClusterNotThere: the scheduler went away for good, or all workers did.
        """
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        self._send()
        while not self._done:
            left = max(0.0, deadline - time.monotonic())
            try:
                self._take(self._news.get(timeout=min(left, WATCH_EVERY_S)))
            except queue.Empty:
                if left <= WATCH_EVERY_S:
                    break
                self._watch()
                continue
            while not self._news.empty():
                self._take(self._news.get())
            self._send()
        done, self._done = self._done, []
        return done

    # Sending

    def _send(self) -> None:
        self._check_open()
        if self._suspects and not any(call.is_suspect for call in self._calls.values()):
            suspect = self._suspects.popleft()
            suspect.is_suspect = True
            self._to_send.append(suspect)
        if not self._to_send:
            return
        self._look_at_cluster()
        groups: dict[Resources, list[list[_Call]]] = {}
        for call in self._to_send:
            if call.resources:
                groups.setdefault(call.resources, []).append([call])
        self._to_send = [call for call in self._to_send if not call.resources]
        free = self._most_futures() - self._busy
        if self._to_send and free > 0:
            groups[()] = self._take_bundles(free)
            self._busy += len(groups[()])
        for resources, bundles in groups.items():
            self._send_bundles(resources, bundles)

    def _watch(self) -> None:
        """See that there is still somebody to wait for: no news come of what is gone for good."""
        self._check_open()
        if self._client.status != "running":  # it connects again, or is closed in the end
            return
        now = time.monotonic()
        if not self._sent or self._client.scheduler_info(n_workers=-1)["workers"]:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since >= self._no_worker_s:
            raise ClusterNotThere(
                f"the Dask cluster has had no worker for {self._no_worker_s:.0f} s; what has a target "
                "is kept: look why its workers ended, and run the flow again"
            )

    def _check_open(self) -> None:
        if self._is_closed():
            raise ClusterNotThere(
                "the Dask scheduler went away during the run and did not come back; what has a "
                "target is kept: run the flow again when the cluster is there"
            )

    def _is_closed(self) -> bool:
        return self._client.status in ("closing", "closed")

    def _look_at_cluster(self) -> None:
        """Count the threads of the workers, now and then: clusters grow and shrink."""
        is_connected = self._client.status == "running"
        if is_connected and time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self._threads = max(1, self._client.scheduler_info(n_workers=0)["total_threads"])
            self._looked_at = time.monotonic()

    def _most_futures(self) -> int:
        """How many futures to have out: one that waits behind a slow one might wait for long.

        Where the cluster is to grow with what waits for it, it gets to see some.
        """
        return self._threads * (2 if self._is_adaptive else 1)

    def _take_bundles(self, number: int) -> list[list[_Call]]:
        """Take at most so many bundles of what is to be sent, so that each is worth its future."""
        single = collections.deque(call for call in self._to_send if not self._may_share(call))
        small = collections.deque(call for call in self._to_send if self._may_share(call))
        size = min(BUNDLE, math.ceil(len(small) / number))
        bundles: list[list[_Call]] = []
        while (single or small) and len(bundles) < number:
            if single and not (small and small[0].number < single[0].number):
                bundles.append([single.popleft()])
            else:
                bundles.append([small.popleft() for _ in range(min(size, len(small)))])
        self._to_send = [*single, *small]
        return bundles

    def _may_share(self, call: _Call) -> bool:
        return self._in_a_row.get(call.parcel.name, 0) > 0 and not call.is_suspect

    def _send_bundles(self, resources: Resources, bundles: list[list[_Call]]) -> None:
        keys = [f"{bundle[0].parcel.name}-{uuid.uuid4().hex}" for bundle in bundles]
        # The warning of large graphs is meant for people who make graphs.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 PB"}):
            futures = self._client.map(
                run_bundle,
                [[(call.number, call.parcel.data) for call in bundle] for bundle in bundles],
                run_id=self._run_id,
                key=keys,
                resources=dict(resources) or None,
                pure=False,
            )
        self._sent.update(zip(keys, zip(futures, bundles, strict=True), strict=True))
        for future in futures:
            self._client.loop.add_callback(self._follow, future)

    # Taking back

    def _take(self, news: _Ended | HandedBack) -> None:
        if isinstance(news, HandedBack):
            self._take_answers(news.answers)
            self._send_again(news)
            return
        _, calls = self._sent.pop(news.key)
        self._busy -= not calls[0].resources
        if isinstance(news.answers, CallLost):
            self._take_lost(calls, news.answers)
        else:
            self._take_answers(news.answers)

    def _take_answers(self, answers: dict[int, Answer]) -> None:
        for number, answer in answers.items():
            call = self._calls.pop(number, None)
            if call is None:  # it was handed back before, or its worker died later on
                continue
            name = call.parcel.name
            known = self._in_a_row.get(name, 0)
            self._in_a_row[name] = known + 1 if answer.is_small else min(known, 0)
            self._done.append(Done(call.token, *unpack(answer.data)))

    def _send_again(self, back: HandedBack) -> None:
        slow = self._calls.get(back.slow)
        if slow is not None:
            self._in_a_row[slow.parcel.name] = -SINGLE_AFTER_SLOW
        for _, calls in self._sent.values():
            calls[:] = [call for call in calls if call.number not in back.not_begun]
        self._to_send.extend(self._calls[n] for n in back.not_begun if n in self._calls)

    def _take_lost(self, calls: list[_Call], error: CallLost) -> None:
        for call in calls:
            if call.number not in self._calls:
                continue
            if isinstance(error, _WorkersDied) and not call.is_suspect:
                self._suspects.append(call)
            else:
                del self._calls[call.number]
                self._done.append(Done(call.token, None, error))

    # In the client's loop

    async def _follow(self, future: Future) -> None:
        await future._state.wait()
        self._ended.append(future)
        if len(self._ended) == 1:  # the first of a group brings along what ends meanwhile
            await asyncio.sleep(GATHER_AFTER_S)
            group, self._ended = self._ended, []
            await self._gather(group)

    async def _gather(self, group: list[Future]) -> None:
        whole = [future for future in group if future.status == "finished"]
        for future in group:
            if future.status != "finished":
                self._news.put(_Ended(future.key, _why_lost(future)))
        try:
            answers = await self._client.gather(whole)
        except Exception as error:  # whatever it is, somebody waits for these
            lost = CallLost(f"what came of it cannot be fetched from the Dask cluster: {error!r}")
            answers = [lost] * len(whole)
        for future, answer in zip(whole, answers, strict=True):
            self._news.put(_Ended(future.key, answer))
            future.release()

    def _hear(self, event: tuple[float, Any]) -> None:
        _, (run_id, data) = event
        if run_id != self._run_id:  # all runs on the cluster hear all events
            return
        told: HandedBack | Note = pickle.loads(data)
        if isinstance(told, HandedBack):
            self._news.put(told)
        elif (call := self._calls.get(told.number)) is not None:
            deliver(told.data, call.parcel.listener)


class _WorkersDied(CallLost):
    """Dask gave a future up since too many workers died with it."""


def _why_lost(future: Future) -> CallLost:
    error = future._state.exception
    if isinstance(error, distributed.KilledWorker):
        return _WorkersDied(
            f"the Dask worker in which it ran died, {error.allowed_failures + 1} times over; "
            "look whether it needs more memory than there is"
        )
    if isinstance(error, ImportError):
        return CallLost(f"nemflow must be installed on the Dask workers ({error})")
    return CallLost(f"the Dask cluster gave it up: {error!r}")
