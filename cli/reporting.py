"""Who tells the user about flow runs while they go on, and what is worth telling."""

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TextIO

from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error
from nemflow.flows.reporter import FlowRunInfo, Reporter, Silent, TaskRunInfo
from nemflow.tasks.context import RUNNERS
from nemflow.tasks.states import State

_LOG_LEVELS = {
    Verbosity.QUIET: logging.ERROR,
    Verbosity.NORMAL: logging.WARNING,
    Verbosity.VERBOSE: logging.INFO,
    Verbosity.DEBUG: logging.DEBUG,
}


class Teller(Reporter, Protocol):
    """A reporter that also takes lines of other kinds, and ends."""

    def log(self, level: int, text: str) -> None:
        """Tell a log record, of a level of ``logging``."""

    def close(self) -> None:
        """End: leave standard error as it was found."""


class WorkOnly:
    """Passes on only those flow runs in which something happens; makes its teller for the first.

    A run that finds everything there says nothing and costs nothing: no rich, no display. Lets one
    thread in at a time.

    Args:
        make: makes the teller.
        everything: pass on all flow runs.
    """

    def __init__(self, make: Callable[[], Teller], *, everything: bool = False) -> None:
        self._make = make
        self._everything = everything
        self._teller: Teller | None = None
        self._held: list[Callable[[Teller], None]] = []
        self._holding = True
        self._lock = threading.RLock()

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Hold the news back until something happens."""
        with self._lock:
            self._held, self._holding = [], not self._everything
            self._pass(lambda teller: teller.flow_run_started(run, tasks))

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Tell, if this or something before it is work."""
        with self._lock:
            if state.is_running() or state.is_failed() or state.is_retrying():
                self._release()
            self._pass(lambda teller: teller.task_run_changed(run, task, state))

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Tell: progress is work."""
        with self._lock:
            self._release()
            self._pass(lambda teller: teller.task_run_progress(run, task, done, total, unit))

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Tell, if there was work or the flow run did not end well."""
        with self._lock:
            if not state.is_successful():
                self._release()
            self._pass(lambda teller: teller.flow_run_finished(run, state, task_states))

    def log(self, level: int, text: str) -> None:
        """Tell at once."""
        with self._lock:
            self._ready().log(level, text)

    def close(self) -> None:
        """Close the teller, if one was made."""
        with self._lock:
            if self._teller is not None:
                self._teller.close()

    def _ready(self) -> Teller:
        if self._teller is None:
            self._teller = self._make()
        return self._teller

    def _release(self) -> None:
        if self._holding:
            self._holding = False
            for call in self._held:
                call(self._ready())
            self._held = []

    def _pass(self, call: Callable[[Teller], None]) -> None:
        if self._holding:
            self._held.append(call)
        else:
            call(self._ready())


class _ToTeller(logging.Handler):
    """Hands log records to what knows how to print beside a live display."""

    def __init__(self, tell: Callable[[int, str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell the record on one line; its traceback, if it has one, is for --debug."""
        self._tell(record.levelno, self.format(record))


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a record says what the teller does not say itself, of each run and its end."""
    return not (record.name in RUNNERS and record.levelno == logging.INFO)


class _OneLine(logging.Formatter):
    """Formats a record as its message, with the traceback only where everything is wanted."""

    def __init__(self, *, traceback: bool) -> None:
        super().__init__()
        self._traceback = traceback

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record) if self._traceback else record.getMessage()


class ErrorLines(Silent):
    """The teller of ``--quiet``: log records only, of which it gets errors."""

    def log(self, level: int, text: str) -> None:
        """Print the text."""
        put_error(f"error: {text}")

    def close(self) -> None:
        """Do nothing: nothing was changed."""


@contextmanager
def telling(verbosity: Verbosity, environment: Mapping[str, str]) -> Iterator[Reporter]:
    """Tell of flow runs on standard error inside the block; log records of nemflow as well.

    On a terminal with a live display, elsewhere in plain lines.
    """
    stream = sys.stderr if sys.stderr is not None else io.StringIO()
    teller = _teller(verbosity, environment, stream)
    try:
        with logging_to(teller.log, verbosity):
            yield teller
    finally:
        teller.close()


@contextmanager
def logging_to(tell: Callable[[int, str], None], verbosity: Verbosity) -> Iterator[None]:
    """Tell inside the block what nemflow logs, as much of it as the verbosity says."""
    logger = logging.getLogger("nemflow")
    handler = _ToTeller(tell)
    handler.setLevel(_LOG_LEVELS[verbosity])  # others may want more of the logger
    handler.addFilter(_is_news)
    handler.setFormatter(_OneLine(traceback=verbosity is Verbosity.DEBUG))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(_LOG_LEVELS[verbosity])
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


def _teller(verbosity: Verbosity, environment: Mapping[str, str], stream: TextIO) -> Teller:
    if verbosity is Verbosity.QUIET:
        return ErrorLines()
    verbose = verbosity >= Verbosity.VERBOSE

    def make() -> Teller:
        if stream.isatty() and environment.get("TERM") != "dumb":
            from nemflow.cli.console import make_console_teller  # rich, only where it is used

            return make_console_teller(stream, environment, verbose=verbose)
        from nemflow.cli.plain import PlainTeller  # not needed where everything is there already

        return PlainTeller(stream, colour=_wants_colour(environment), verbose=verbose)

    return WorkOnly(make, everything=verbose)


def _wants_colour(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("FORCE_COLOR")) and not environment.get("NO_COLOR")
