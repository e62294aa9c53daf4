"""The reporter that writes the history.

A flow run is written when something happens in it: its start in one transaction, its end in
another, and in between, once a second, what is new. One that finds everything there leaves no row.
Where many short runs follow each other, what is new of all of them may be written together, a moment
later: a process that is killed then leaves nothing of that moment in the history.
"""

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nemflow.errors import TargetHeld
from nemflow.flows.history.records import FACTS, Making, RunRecord, error_of
from nemflow.flows.history.run_logs import RunLogs
from nemflow.flows.history.stamps import HEARTBEAT
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo, happened_at
from nemflow.results.local import RealFolders
from nemflow.tasks.states import Cancelled, State, TriggerFailed

if TYPE_CHECKING:
    from nemflow.flows.history.store import Store

FILE = "history.sqlite"
"""The name of the history in the state folder."""

_MOST_UNWRITTEN = 10_000  # ended runs that wait to be written


def made_by_program(run: FlowRunInfo) -> Making:
    """Say that a run was started by a program, which alone knows how to do that again."""
    return Making()


class HistoryReporter:
    """Writes flow runs to the history. Safe for threads.

    Close it at the end; as a context manager it closes itself.

    Args:
        state_dir: the folder in which the history lies: on this machine, not on a network drive.
        making: says how a run was made.
        logs: where the logs of runs go; None for no logs.
        days: for how many days runs are kept; 0 for ever.
        facts_follow: `add_facts` will be called after each flow run, which is written only then.
        on_cancel: called, in a thread of its own, with the id of a run that is to be cancelled.
        nemflow_version: of the program that writes.
        tick_s: how often what is new is written while a run goes on, in seconds.
        behind_s: for how long starts and ends may wait to be written together; 0 for not at all.
        now: when what is told happens, aware.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        making: Callable[[FlowRunInfo], Making] = made_by_program,
        logs: RunLogs | None = None,
        days: int = 0,
        facts_follow: bool = False,
        on_cancel: Callable[[str], None] | None = None,
        nemflow_version: str = "",
        tick_s: float = 1.0,
        behind_s: float = 0.0,
        now: Callable[[], datetime] = happened_at,
    ) -> None:
        self._path = state_dir / FILE
        self._store: Store | None = None
        self._making = making
        self._logs = logs
        self._days = days
        self._facts_follow = facts_follow
        self._on_cancel = on_cancel
        self._nemflow_version = nemflow_version
        self._now = now
        self._open: dict[str, RunRecord] = {}
        self._ended: list[RunRecord] = []  # what is still to be written of runs that have ended
        self._awaiting: dict[str, RunRecord] = {}  # by name: ended, and facts are to come
        self._folders = RealFolders()
        self._lock = threading.RLock()
        self._is_behind = behind_s > 0
        self._ticks = _Ticks(min(tick_s, behind_s) if behind_s else tick_s, self._tick)
        self._seen = now()

    def __enter__(self) -> "HistoryReporter":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Hold it back until something happens."""
        with self._lock:
            now = self._now()
            record = RunRecord(run, self._making(run), self._nemflow_version, now)
            record.note(None, "Running", None, now)
            self._open[run.id] = record

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Note the state."""
        if task.slug in run.parameters:
            return
        with self._lock:
            record = self._open.get(run.id)
            if record is None:
                return
            now = self._now()
            known = record.task(task)
            if not known.change(state, now, self._folders):
                return
            record.unwritten.add(task.slug)
            record.note(task.slug, known.state, known.message, now)
            if record.is_held and not (state.is_running() or state.is_failed()):
                return
            if record.is_held:
                self._release(record)
            self._log_state(record, task.name, state, now)

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Note how far the task is."""
        with self._lock:
            record = self._open.get(run.id)
            if record is not None:
                known = record.task(task)
                known.progress, known.unit = done, unit
                record.unwritten.add(task.slug)

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Write the end, if anything has happened."""
        with self._lock:
            record = self._open.pop(run.id, None)
            if record is None:
                return
            is_work = not record.is_held or not state.is_successful()
            if not is_work or (record.is_held and isinstance(state.result, TargetHeld)):
                return
            if record.is_held:
                self._release(record, write=False)
            now = self._now()
            if record.version is None and not isinstance(state, Cancelled):  # which is in a hurry
                record.version = record.info.version()
            record.finish(state, task_states, now)
            self._log_end(record, state, now)
            self._ended.append(record)
            if self._facts_follow:
                self._awaiting[run.name] = record
            else:
                self._write_soon()

    def add_facts(self, name: str, facts: Mapping[str, object]) -> None:
        """Add what is known of the flow run of that name that has ended last, and write it.

        Args:
            name: the run's name.
            facts: values by the names in `FACTS`; others, and None, are left out.
        """
        with self._lock:
            record = self._awaiting.pop(name, None)
            if record is None:
                return
            known = {k: v for k, v in facts.items() if k in FACTS and v not in (None, "")}
            record.facts.update(known)
            record.is_unwritten = True
            if record not in self._ended:  # its end was written meanwhile
                self._ended.append(record)
            self._write_soon()

    def close(self) -> None:
        """Write what is not written yet; runs that have not ended were interrupted."""
        self._ticks.stop()
        with self._lock:
            now = self._now()
            for record in self._open.values():
                if not record.is_held:
                    record.state, record.ended, record.is_unwritten = "Cancelled", now, True
                    record.message = "the flow run was interrupted"
                    self._ended.append(record)
            self._open.clear()
            self._flush(insist=True)
            if self._store is not None:
                self._store.close()
            if self._logs is not None:
                self._logs.close()

    def _release(self, record: RunRecord, *, write: bool = True) -> None:
        """Begin to record a run, now that something happens in it."""
        record.is_held = False
        if self._logs is not None:
            record.log = self._logs.begin(record.info)
        if write:
            if not self._is_behind:
                self._flush()
            self._ticks.start()

    def _write_soon(self) -> None:
        if self._is_behind:
            self._ticks.start()
        else:
            self._flush()

    def _flush(self, *, insist: bool = False) -> None:
        going_on = [record for record in self._open.values() if not record.is_held]
        if not going_on and not self._ended:
            return
        if self._ready().write([*self._ended, *going_on], self._now(), insist=insist):
            self._ended.clear()
        else:
            del self._ended[: max(0, len(self._ended) - _MOST_UNWRITTEN)]

    def _ready(self) -> "Store":
        if self._store is None:
            from nemflow.flows.history.store import Store  # SQLite is loaded when there is work

            self._store = Store(self._path, self._days)
        return self._store

    def _tick(self) -> None:
        for record in [r for r in list(self._open.values()) if r.version is None and not r.is_held]:
            record.version = record.info.version()  # takes a while: here nobody waits for it
            record.is_unwritten = True
        with self._lock:
            now = self._now()
            self._flush()
            if now - self._seen >= HEARTBEAT:
                self._seen = now
                self._ready().say_alive(list(self._open), now)
            asks = self._on_cancel is not None
            asked = self._ready().asked_to_cancel() & self._open.keys() if asks else set()
        for run_id in asked:
            assert self._on_cancel is not None
            self._on_cancel(run_id)

    def _log_state(self, record: RunRecord, task: str, state: State, now: datetime) -> None:
        if self._logs is None:
            return
        is_bad = state.is_failed() or state.is_retrying()
        why = f": {error_of(state) if is_bad else state.message}" if state.message or is_bad else ""
        cause = state.result if is_bad and not isinstance(state, TriggerFailed) else None
        error = cause if isinstance(cause, BaseException) else None
        level = logging.ERROR if state.is_failed() else logging.WARNING if is_bad else logging.INFO
        words = f"{type(state).__name__}{why}"
        self._logs.say(record.info.id, now, level, task, words, error)

    def _log_end(self, record: RunRecord, state: State, now: datetime) -> None:
        if self._logs is None:
            return
        why = f": {record.message}" if record.message else ""
        level = logging.ERROR if state.is_failed() else logging.INFO
        cause = state.result if state.is_failed() else None
        error = cause if isinstance(cause, BaseException) else None
        words = f"{record.info.name} {record.state}{why}"
        self._logs.say(record.info.id, now, level, None, words, error)
        self._logs.end(record.info.id)


class _Ticks:
    """A thread that calls something again and again, from when it is first started."""

    def __init__(self, period_s: float, call: Callable[[], None]) -> None:
        self._period_s = period_s
        self._call = call
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start, unless that was done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="nemflow-history", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for a call that is under way."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        # A signal that this thread took would not wake the main thread, which handles it.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._end.wait(self._period_s):
            self._call()
