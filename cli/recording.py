"""Keeps the history of a command's flow runs, and their logs; lets other processes cancel them."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

import click

from nemflow import __version__
from nemflow.cli.settings import Settings
from nemflow.flows.history.records import FACTS, Making
from nemflow.flows.history.run_logs import Keeping, RunLogs
from nemflow.flows.history.writer import HistoryReporter
from nemflow.flows.reporter import FlowRunInfo, Reporter, Several, Silent, TaskRunInfo
from nemflow.flows.runner import CancelRun
from nemflow.tasks.context import RUNNERS
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.states import State

_CANCEL = signal.SIGUSR1


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where flow runs come from.

    Attributes:
        command: returns the words after ``nemflow`` that make a run again.
        folder: where those words are to be said.
        is_alone: the process makes one flow run and no other.
        made_by: command, retry or resume.
        behind_s: for how long starts and ends may wait to be written together.
    """

    command: Callable[[FlowRunInfo], list[str]]
    folder: str
    is_alone: bool
    made_by: str = "command"
    behind_s: float = 0.0


NOWHERE = Source(command=lambda run: [], folder="", is_alone=False)
"""Where flow runs come from that cannot be made again by words."""

_MADE_BY = "nemflow.made_by"
_RESUMES = "nemflow.resumes"


def made_by(context: click.Context) -> str:
    """Return what makes a command's flow runs: the command itself, retry or resume."""
    return str(context.meta.get(_MADE_BY, "command"))


def resumed_run(context: click.Context) -> str | None:
    """Return the id of the paused flow run that a command goes on with."""
    run_id: str | None = context.meta.get(_RESUMES)
    return run_id


def say_made_by(context: click.Context, name: str, resumes: str | None = None) -> None:
    """Say what makes the flow runs of a command that is about to be called."""
    context.meta[_MADE_BY] = name
    context.meta[_RESUMES] = resumes


class Ended(Protocol):
    """What is known of a flow run that has ended: its name, and some of what the history keeps."""

    @property
    def flow_run(self) -> str:
        """The run's name."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reporter that tells somebody and keeps the history."""

    reporter: Reporter
    history: HistoryReporter

    def add(self, record: Ended) -> None:
        """Add to the history what a record of a flow run that has ended tells."""
        facts = {name: getattr(record, name, None) for name in FACTS}
        self.history.add_facts(record.flow_run, facts)


@contextmanager
def recording(settings: Settings, source: Source, teller: Reporter) -> Iterator[Recorded]:
    """Keep the history of the flow runs in the block; nothing is written before there is work.

    Args:
        settings: say where the history lies, and how long it and logs are kept.
        source: where the flow runs come from.
        teller: hears of them too.
    """
    keeping = Keeping(settings.log_days, settings.log_megabytes)
    logs = RunLogs(settings.state_dir, NEM_TIME, keeping)
    with ExitStack() as stack:
        cancelling = _Cancelling()
        can_be_asked = stack.enter_context(cancelling.listening())

        def making(run: FlowRunInfo) -> Making:
            asked = can_be_asked and threading.current_thread() is threading.main_thread()
            return Making(
                made_by=source.made_by,
                command=tuple(source.command(run)),
                folder=source.folder,
                cancel_by="signal" if source.is_alone else "request" if asked else None,
            )

        history = HistoryReporter(
            settings.state_dir,
            making=making,
            logs=logs,
            days=settings.history_days,
            facts_follow=True,
            on_cancel=cancelling.ask,
            behind_s=source.behind_s,
            nemflow_version=__version__,
        )
        stack.enter_context(_logging_to(logs))
        stack.enter_context(history)
        yield Recorded(Several(history, cancelling, teller), history)


@contextmanager
def _logging_to(logs: RunLogs) -> Iterator[None]:
    """Give the logs of runs what nemflow and the tasks log inside the block."""
    logger = logging.getLogger("nemflow")
    level = logger.level
    # what they say of starts and ends would be made up for each task only to be left out
    before = {name: logging.getLogger(name).level for name in RUNNERS}
    for name in RUNNERS:
        logging.getLogger(name).setLevel(logging.getLogger(name).getEffectiveLevel())
    logger.addHandler(logs)
    logger.setLevel(min(level, logs.level) if level else logs.level)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(logs)
        for name, own in before.items():
            logging.getLogger(name).setLevel(own)


class _Cancelling(Silent):
    """Interrupts the flow run of the main thread when another process asks for it.

    By a signal of this process to itself: it also ends a wait for a server.
    """

    def __init__(self) -> None:
        self._current: str | None = None
        self._asked: str | None = None

    @contextmanager
    def listening(self) -> Iterator[bool]:
        """Take requests inside the block; gives False where signals cannot be had."""
        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or signal.getsignal(_CANCEL) is not signal.SIG_DFL:
            yield False
            return
        before = signal.signal(_CANCEL, self._interrupt)
        try:
            yield True
        finally:
            signal.signal(_CANCEL, before)

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Note which run the main thread is at."""
        if threading.current_thread() is threading.main_thread():
            self._current = run.id

    def flow_run_finished(self, run: FlowRunInfo, state: State, task_states: object) -> None:
        """Note that it is at none."""
        if self._current == run.id:
            self._current = None

    def ask(self, run_id: str) -> None:
        """Ask the main thread to stop a run."""
        self._asked = run_id
        main = threading.main_thread().ident
        assert main is not None  # it has started
        signal.pthread_kill(main, _CANCEL)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._current is not None and self._asked == self._current:
            self._current = None  # once: the run is ending now
            raise CancelRun("cancelled by another process: nemflow cancel")
