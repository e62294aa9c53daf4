"""Flow runs as plain lines with timestamps: for cron, pipes and terminals that can no more.

::

    2026-11-23 21:14:03+10:00 nem_prices_raw_2014-01-01 extract Running
    2026-11-23 21:14:05+10:00 nem_prices_raw_2014-01-01 extract Success, 2.51 MB, 1.9 s
    2026-11-23 21:14:05+10:00 nem_prices_raw_2014-01-01 Success, 2.3 s

Times are market time (UTC+10).
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TextIO

import click

from nemflow.cli.output import talk
from nemflow.cli.task_lines import TaskLine, is_news, message_of
from nemflow.cli.wording import format_seconds
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo, happened_at
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.states import Pending, State, Success


class PlainTeller:
    """Tells of flow runs in plain lines: the start and end of each task, retries, log records.

    Not safe for threads: `WorkOnly`, which has it, lets one in at a time.

    Args:
        stream: where the lines go; one that nobody reads any more is no error.
        colour: whether the names of states are coloured.
        verbose: tell of every state.
        now: the present instant, aware.
        clock: seconds, for durations.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        colour: bool = False,
        verbose: bool = False,
        now: Callable[[], datetime] = happened_at,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._colour = colour
        self._verbose = verbose
        self._now = now
        self._clock = clock
        self._started = clock()
        self._tasks: dict[str, TaskLine] = {}

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Note the time."""
        self._started = self._clock()
        self._tasks = {}

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Print the state, if it is worth a line."""
        now = self._clock()
        line = self._line(task)
        is_new = line.change(state, now) and task.slug not in run.parameters
        if not is_new or not (self._verbose or is_news(state)):
            return
        facts = "".join(f", {fact}" for fact in line.facts(now)) if state.is_finished() else ""
        told = "" if type(state) is Success or state.is_running() else message_of(state)
        self._print(f"{run.name} {task.name} {self._name(state)}{facts}{told}")

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Keep it for the line of the task's end."""
        self._line(task).progress(done, None, unit, self._clock())

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Print the state."""
        took = format_seconds(self._clock() - self._started)
        self._print(f"{run.name} {self._name(state)}, {took}")

    def log(self, level: int, text: str) -> None:
        """Print a log record."""
        self._print(f"{logging.getLevelName(level).lower()}: {text}")

    def close(self) -> None:
        """Do nothing: lines need no end."""

    def _line(self, task: TaskRunInfo) -> TaskLine:
        return self._tasks.setdefault(task.slug, TaskLine(task.name, Pending()))

    def _name(self, state: State) -> str:
        name = type(state).__name__
        if not self._colour:
            return name
        red, green, blue = bytes.fromhex(state.color.removeprefix("#"))
        return click.style(name, fg=(red, green, blue))

    def _print(self, text: str) -> None:
        moment = self._now().astimezone(NEM_TIME)
        talk(f"{moment:%Y-%m-%d %H:%M:%S}+10:00 {text}", self._stream)
