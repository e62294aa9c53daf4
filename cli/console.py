"""Flow runs on a terminal: a live display of the tasks, then one permanent line per flow run.

While a flow run goes on::

    ⠹ nem_prices_raw_2014-01-01  2.1 s
      ✓ extract    2.51 MB  1.9 s
      ⠹ transform  0.2 s
      · load

After it::

    ✓ nem_prices_raw_2014-01-01  extract ✓ 2.51 MB 1.9 s  transform ✓ 0.3 s  load ✓ 0.1 s  2.4 s
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from nemflow.cli.task_lines import TaskLine, is_news, message_of
from nemflow.cli.wording import format_seconds
from nemflow.flows.nem.outcome import describe_failure
from nemflow.flows.picture import count_states
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo
from nemflow.tasks.states import (
    Cached,
    Cancelled,
    Failed,
    Finished,
    Pending,
    Retrying,
    Running,
    Skipped,
    State,
    TriggerFailed,
)

_SYMBOLS: tuple[tuple[type[State], str, str], ...] = (
    (TriggerFailed, "◦", "-"),
    (Failed, "✗", "x"),
    (Skipped, "◦", "-"),
    (Cached, "✓", "="),
    (Cancelled, "⊘", "x"),
    (Finished, "✓", "+"),
    (Retrying, "↻", "~"),
    (Running, "▸", ">"),
    (State, "·", "."),
)
_REFRESHES_PER_S = 10
_NAMED = 10  # up to so many tasks are named in the permanent line
_LINES_AROUND = 3  # the flow run's own line, that of the hidden tasks, the cursor's


class RunView:
    """What the live display shows of one flow run; rich asks for it at each refresh.

    Args:
        name: the flow run's name.
        tasks: its tasks, without parameters.
        clock: seconds.
        unicode: whether the terminal can show the symbols.
    """

    def __init__(
        self,
        name: str,
        tasks: tuple[TaskRunInfo, ...],
        clock: Callable[[], float],
        *,
        unicode: bool,
    ) -> None:
        self.name = name
        self.lines = {task.slug: TaskLine(task.name, Pending()) for task in tasks}
        self.started = clock()
        self.clock = clock
        self.unicode = unicode
        self.lock = threading.RLock()
        self._spinner = Spinner("dots" if unicode else "line")

    def line(self, task: TaskRunInfo) -> TaskLine:
        """Return a task's line; the children of a mapped task get one when they come."""
        return self.lines.setdefault(task.slug, TaskLine(task.name, Pending()))

    def symbol(self, state: State) -> Text:
        """Return the sign for a state, in its colour."""
        for kind, fine, plain in _SYMBOLS:
            if isinstance(state, kind):
                return Text(fine if self.unicode else plain, style=state.color)
        raise AssertionError("every state is a State")

    def summary(self, state: State) -> Text:
        """Return the permanent line."""
        now = self.clock()
        text = Text.assemble(self.symbol(state), " ", (self.name, "bold"))
        ran = [line for line in self.lines.values() if line.ran]
        if len(ran) > _NAMED:
            text.append(f"  {count_states(line.state for line in ran)}")
            ran = []
        for line in ran:
            text.append(f"  {line.name} ").append_text(self.symbol(line.state))
            text.append(f" {' '.join(line.facts(now))}", style="dim")
        return text.append(f"  {format_seconds(now - self.started)}")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the flow run and as many of its tasks as the terminal has lines for."""
        with self.lock:
            now = self.clock()
            table = Table.grid(padding=(0, 1))
            table.add_column(no_wrap=True)
            table.add_column(no_wrap=True, overflow="ellipsis")
            head = Text.assemble((self.name, "bold"), f"  {format_seconds(now - self.started)}")
            table.add_row(self._spinner.render(now), head)
            shown = self._most_telling(max(console.height - _LINES_AROUND, 1))
            width = max((len(line.name) for line in shown), default=0)
            for line in shown:
                table.add_row(" ", self._task_row(line, width, now))
            hidden = len(self.lines) - len(shown)
            if hidden:
                table.add_row(" ", Text(f"and {hidden} more tasks", style="dim"))
        yield table

    def _task_row(self, line: TaskLine, width: int, now: float) -> Text:
        running = line.state.is_running()
        sign = self._spinner.render(now) if running else self.symbol(line.state)
        assert isinstance(sign, Text)
        return Text.assemble(sign, f" {line.name:<{width}}  ", ("  ".join(line.facts(now)), "dim"))

    def _most_telling(self, room: int) -> list[TaskLine]:
        lines = list(self.lines.values())
        if len(lines) <= room:
            return lines
        ranked = sorted(lines, key=lambda line: (not line.ran, line.state.is_finished()))
        chosen = ranked[:room]
        return [line for line in lines if line in chosen]


class ConsoleTeller:
    """Tells of flow runs on a terminal.

    Not safe for threads: `WorkOnly`, which has it, lets one in at a time.

    Args:
        console: the terminal.
        verbose: leave a permanent line for every state of every task.
        clock: seconds.
    """

    def __init__(
        self,
        console: Console,
        *,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._verbose = verbose
        self._clock = clock
        self._unicode = console.encoding.startswith("utf")
        self._view: RunView | None = None
        self._live: Live | None = None

    def flow_run_started(self, run: FlowRunInfo, tasks: tuple[TaskRunInfo, ...]) -> None:
        """Start the live display."""
        own = tuple(task for task in tasks if task.slug not in run.parameters)
        self._view = RunView(run.name, own, self._clock, unicode=self._unicode)
        self._live = Live(
            self._view,
            console=self._console,
            refresh_per_second=_REFRESHES_PER_S,
            transient=True,
            redirect_stdout=False,  # results may go to a file; they come between flow runs
        )
        self._live.start()

    def task_run_changed(self, run: FlowRunInfo, task: TaskRunInfo, state: State) -> None:
        """Show the state; leave a line for retries."""
        view = self._view
        if view is None or task.slug in run.parameters:
            return
        with view.lock:
            is_new = view.line(task).change(state, self._clock())
        if is_new and (self._verbose or state.is_retrying()):
            told = f"{run.name} {task.name} {type(state).__name__}{message_of(state)}"
            self._print(Text.assemble(view.symbol(state), f" {told}"))

    def task_run_progress(
        self, run: FlowRunInfo, task: TaskRunInfo, done: int, total: int | None, unit: str
    ) -> None:
        """Show how far the task is, and how fast."""
        view = self._view
        if view is not None:
            with view.lock:
                view.line(task).progress(done, total, unit, self._clock())

    def flow_run_finished(
        self, run: FlowRunInfo, state: State, task_states: Mapping[str, State]
    ) -> None:
        """Replace the live display by permanent lines."""
        view = self._view
        self.close()
        if view is None:
            return
        self._print(view.summary(state))
        for line in view.lines.values():
            if line.state.is_failed() and is_news(line.state):
                self._print(Text(f"  {line.name}: {describe_failure(line.state)}", style="red"))

    def log(self, level: int, text: str) -> None:
        """Print a log record above the live display."""
        style = "red" if level >= logging.ERROR else "yellow" if level >= logging.WARNING else "dim"
        self._print(Text(f"{logging.getLevelName(level).lower()}: {text}", style=style))

    def close(self) -> None:
        """Take the live display away."""
        live, self._live, self._view = self._live, None, None
        if live is not None:
            live.stop()

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def make_console_teller(
    stream: TextIO, environment: Mapping[str, str], *, verbose: bool
) -> ConsoleTeller:
    """Make the teller for a terminal; ``NO_COLOR`` takes its colours away."""
    no_colour = bool(environment.get("NO_COLOR"))
    console = Console(file=stream, no_color=no_colour, highlight=False, emoji=False)
    return ConsoleTeller(console, verbose=verbose)
