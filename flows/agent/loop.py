"""The agent's loop: turn events into runs, take what is due, do each in a process of its own.

::

    every tick:  sweep what died ──> events become runs ──> reap ──> take and start, up to `workers`
                 ▲                                                                   │
                 └──────── wait for the next event, the end of a run, or `poll_s` ───┘
"""

import logging
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nemflow.flows.agent.run_queue import (
    QueuedRun,
    RunState,
    claim_run,
    forget_ended,
    give_back,
    next_due,
    run_with,
    take_back_lost,
)
from nemflow.flows.agent.store import Store
from nemflow.flows.agent.stored import make_due_runs
from nemflow.flows.history.stamps import utc_now
from nemflow.results.locks import TargetLock

_KEPT = timedelta(days=30)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """How an agent works.

    Args:
        store: the file of the store.
        lock_dir: where the locks lie that tell who is alive.
        start: starts the process of a run that was claimed; its end is the end of the run.
        labels: which runs it may take, see ``labels``.
        workers: runs at a time.
        poll_s: how often it looks, at least, in seconds.
        grace_s: how long runs may go on when it is told to stop, in seconds.
        tell: hears in a line what it does.
        now: the clock.
    """

    store: Path
    lock_dir: Path
    start: Callable[[QueuedRun], "subprocess.Popen[bytes]"]
    labels: Sequence[str] = ()
    workers: int = 1
    poll_s: float = 5.0
    grace_s: float = 10.0
    tell: Callable[[str], None] = _log.info
    now: Callable[[], datetime] = utc_now


@dataclass(slots=True)
class _Child:
    run: QueuedRun
    process: "subprocess.Popen[bytes]"


def agent_lock(lock_dir: Path, agent: str) -> TargetLock:
    """Return the lock that an agent holds as long as it lives."""
    return TargetLock(lock_dir, f"agent {agent}")


def run_lock(lock_dir: Path, run_id: str) -> TargetLock:
    """Return the lock that the process of a run holds as long as it lives."""
    return TargetLock(lock_dir, f"agent run {run_id}")


def is_held(lock: TargetLock) -> bool:
    """Tell whether somebody who is alive holds a lock."""
    if not lock.try_acquire():
        return True
    lock.release()
    return False


def run_agent(settings: AgentSettings, *, once: bool = False) -> int:
    """Do what is due until an exception (KeyboardInterrupt, one from a signal handler) ends it.

    On its way out it takes nothing more, lets its runs end within ``grace_s``, then interrupts them;
    the next agent does those.

    Args:
        settings: how.
        once: end when nothing is due any more and all is done.

    Returns the number of runs that failed for good.

    Raises:
        SettingsError: the store cannot be opened.
    """
    name = f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}"
    with ExitStack() as stack:
        store = stack.enter_context(Store(settings.store))
        stack.enter_context(agent_lock(settings.lock_dir, name))
        agent = _Agent(name, store, settings)
        try:
            return agent.work(once)
        except BaseException:
            agent.stop()
            raise


class _Agent:
    """One agent at work; see the module."""

    def __init__(self, name: str, store: Store, settings: AgentSettings) -> None:
        self._name = name
        self._store = store
        self._settings = settings
        self._children: list[_Child] = []
        self._failed = 0
        self._news = threading.Event()
        self._complaints: set[str] = set()

    def work(self, once: bool) -> int:
        """Tick until there is nothing left to do (`once`), else for ever."""
        forget_ended(self._store, self._settings.now() - _KEPT)
        while True:
            self._news.clear()
            coming = self._tick()
            if once and not self._children:
                return self._failed
            self._wait(coming)

    def stop(self) -> None:
        """Take nothing more, wait for the runs for a while, then interrupt them."""
        children = self._children
        if children:
            self._settings.tell(
                f"stopping: {len(children)} runs may go on for {self._settings.grace_s:.0f} s"
            )
        deadline = time.monotonic() + self._settings.grace_s
        while any(child.process.poll() is None for child in children):
            if time.monotonic() >= deadline:
                break
            self._news.clear()
            self._news.wait(min(0.2, self._settings.grace_s))
        give_back(self._store, self._name)
        for child in children:
            if child.process.poll() is None:
                child.process.terminate()
        for child in children:
            child.process.wait()
        self._reap()

    def _tick(self) -> datetime | None:
        self._reap()
        self._sweep()
        coming = make_due_runs(self._store, self._settings.now(), self._complain)
        while len(self._children) < self._settings.workers:
            run = claim_run(self._store, self._name, self._settings.labels, self._settings.now())
            if run is None:
                break
            self._start(run)
        return coming

    def _complain(self, sentence: str) -> None:
        """Tell what is wrong once, not at every tick."""
        if sentence not in self._complaints:
            self._complaints.add(sentence)
            self._settings.tell(sentence)

    def _sweep(self) -> None:
        lock_dir = self._settings.lock_dir
        lost = take_back_lost(
            self._store,
            lambda agent: agent == self._name or is_held(agent_lock(lock_dir, agent)),
            lambda run_id: is_held(run_lock(lock_dir, run_id)),
        )
        for run in lost:
            self._settings.tell(f"{_title(run)}: its process died; it is done again")

    def _start(self, run: QueuedRun) -> None:
        child = _Child(run, self._settings.start(run))
        self._children.append(child)
        self._settings.tell(f"{_title(run)}: started, process {child.process.pid}")
        threading.Thread(target=self._announce_end, args=(child,), daemon=True).start()

    def _announce_end(self, child: _Child) -> None:
        child.process.wait()
        self._news.set()

    def _reap(self) -> None:
        ended = [child for child in self._children if child.process.poll() is not None]
        for child in ended:
            self._children.remove(child)
            run = run_with(self._store, child.run.id)
            state = RunState.CANCELLED if run is None else run.state
            self._failed += state is RunState.FAILED
            again = ""
            if run is not None and state is RunState.SCHEDULED:
                again = f"; tried again at {run.not_before.astimezone():%Y-%m-%d %H:%M:%S}"
            code = child.process.returncode
            self._settings.tell(f"{_title(child.run)}: {state}, exit code {code}{again}")

    def _wait(self, coming: datetime | None) -> None:
        now = self._settings.now()
        moments = [moment for moment in (coming, next_due(self._store, now)) if moment is not None]
        left_s = min(((moment - now).total_seconds() for moment in moments), default=3600.0)
        # What is due now and was not taken waits for a free place or for an agent with its labels.
        is_ours = len(self._children) < self._settings.workers and left_s > 0
        self._news.wait(min(self._settings.poll_s, left_s) if is_ours else self._settings.poll_s)


def _title(run: QueuedRun) -> str:
    words = " ".join(f"{name}={value}" for name, value in run.parameters.items())
    return f"{run.flow} {words} ({run.id})".replace("  ", " ")
