"""The worker processes of a ProcessExecutor, seen from the process of the flow run.

There is one socket to each worker and one call at a time in it, so that it is known which call was in
a worker that died; ``concurrent.futures`` only knows that its pool is broken, and loses every call.
No thread is needed: whoever waits for ends of calls waits on all sockets.

Workers are started as fresh interpreters, not forked: a fork of a process with threads may hang. Each
has a process group of its own: Ctrl-C at a terminal reaches this process, which decides, and what a
task has started is ended with it.
"""

import collections
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from nemflow.flows.executors.base import CallLost, CallNotSent, Done
from nemflow.flows.executors.parcels import Parcel, deliver, pack, unpack
from nemflow.flows.executors.process_worker import ANSWER

MAX_RERUNS = 3
END_WITHIN_S = 1.0
POLL_S = 0.005

log = logging.getLogger(__name__)


class _Job:
    """A call that waits or runs; it may have ended some workers before."""

    __slots__ = ("deaths", "parcel", "token")

    def __init__(self, token: Any, parcel: Parcel) -> None:
        self.token = token
        self.parcel = parcel
        self.deaths = 0


class _Worker:
    """One worker process and what it is at."""

    def __init__(self) -> None:
        self.connection, there = Pipe()
        with there:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _begin(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                process_group=0,
            )
        self.job: _Job | None = None

    def give(self, job: _Job) -> None:
        """Hand a call over; a worker that is dead by now is noticed when it is listened to."""
        self.job = job
        with suppress(OSError):
            self.connection.send_bytes(job.parcel.data)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker and to what its task has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def _begin(descriptor: int) -> str:
    level = logging.getLogger().level
    return (
        f"import sys; sys.path[:] = {sys.path!r}; "
        "from nemflow.flows.executors.process_worker import serve; "
        f"serve({descriptor}, {level})"
    )


class ProcessPool:
    """Runs calls in worker processes.

    Args:
        num_workers: how many at most.
    """

    def __init__(self, num_workers: int) -> None:
        self.num_workers = num_workers
        self._workers: dict[Connection[Any, Any], _Worker] = {}
        self._jobs: collections.deque[_Job] = collections.deque()
        self._done: list[Done] = []

    def submit(self, token: Any, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        """Give the call to a worker that is free, or let it wait for one."""
        try:
            parcel = pack(call, arguments)
        except CallNotSent as error:
            self._done.append(Done(token, None, error))
            return
        self._jobs.append(_Job(token, parcel))
        self._give_out()

    def completed(self, timeout_s: float | None) -> list[Done]:
        """Wait for the first call to end, then take all that have."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._done:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = wait([c for c, worker in self._workers.items() if worker.job], left)
            if not ready:
                break
            for connection in ready:
                assert isinstance(connection, Connection)
                self._listen(self._workers[connection])
            self._give_out()
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """End all workers: the idle at once, the busy ones by SIGTERM, those that resist by SIGKILL."""
        workers = list(self._workers.values())
        self._workers.clear()
        self._jobs.clear()
        for worker in workers:
            worker.connection.close()
            if worker.job is not None:
                worker.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_WITHIN_S
        for worker in workers:
            while worker.process.poll() is None and time.monotonic() < deadline:
                time.sleep(POLL_S)
            if worker.process.returncode is None or worker.job is not None:
                worker.send_signal(signal.SIGKILL)
            worker.process.wait()

    def _give_out(self) -> None:
        idle = [worker for worker in self._workers.values() if worker.job is None]
        while self._jobs and (idle or len(self._workers) < self.num_workers):
            worker = idle.pop() if idle else self._start_worker()
            worker.give(self._jobs.popleft())

    def _start_worker(self) -> _Worker:
        worker = _Worker()
        self._workers[worker.connection] = worker
        return worker

    def _listen(self, worker: _Worker) -> None:
        job = worker.job
        assert job is not None
        try:
            message = worker.connection.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker, job)
            return
        if message.startswith(ANSWER):
            worker.job = None
            self._done.append(Done(job.token, *unpack(message[len(ANSWER) :])))
        else:
            deliver(message[1:], job.parcel.listener)

    def _bury(self, worker: _Worker, job: _Job) -> None:
        """Let another worker run the call of one that died, unless it has ended too many."""
        del self._workers[worker.connection]
        worker.connection.close()
        worker.send_signal(signal.SIGKILL)
        how = _how_it_ended(worker.process.wait())
        job.deaths += 1
        if job.deaths <= MAX_RERUNS:
            log.warning("the worker process of %s %s; it is run again", job.parcel.name, how)
            self._jobs.appendleft(job)
            return
        message = (
            f"the worker process in which it ran {how}, {job.deaths} times over; "
            "look whether it needs more memory than there is"
        )
        self._done.append(Done(job.token, None, CallLost(message)))


def _how_it_ended(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with code {returncode}"
