"""A backfill on a terminal: a bar for the whole, and the published files that are worked on.

::

    ⠹ nem_prices  ━━━━━━━━━━━╸━━━━━━━━━━━━  147 of 365 days, 3 failed  12.4 MB  2.1 MB/s  7.0 s left
      2019-05  fetching  1.20 MB of 1.27 MB
      2019-06  making    12 of 60 files
"""

import logging
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from nemflow.cli.backfill_lines import (
    Warnings,
    describe_days,
    describe_pace,
    describe_withheld,
    failure_lines,
)
from nemflow.cli.backfill_tally import Tally, UnitTally
from nemflow.cli.wording import format_bytes

_REFRESHES_PER_S = 8
_MOST_FILES = 10
_BAR_WIDTH = 24


class _View:
    """What the live display shows; rich asks for it at each refresh."""

    def __init__(self, name: str, tally: Tally, *, unicode: bool) -> None:
        self._name = name
        self._tally = tally
        self._spinner = Spinner("dots" if unicode else "line")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the bar and as many files as there is room for."""
        tally = self._tally
        with tally.lock:
            head = Table.grid(padding=(0, 1))
            for _ in range(2):
                head.add_column(no_wrap=True)
            head.add_column(width=_BAR_WIDTH)
            head.add_column(no_wrap=True, overflow="ellipsis")
            bar = ProgressBar(max(tally.plan.lacking, 1), tally.days_ended, width=_BAR_WIDTH)
            told = "  ".join([describe_days(tally), *describe_pace(tally)])
            now = tally.elapsed_s
            head.add_row(self._spinner.render(now), Text(self._name, "bold"), bar, Text(told))
            yield head
            room = max(1, min(_MOST_FILES, console.height - 4))
            open_files = sorted(tally.open.values(), key=lambda unit: unit.phase != "making")
            width = max((len(unit.unit.name) for unit in open_files), default=0)
            for unit in open_files[:room]:
                line = f"  {unit.unit.name:{width}}  {_doing(unit)}"
                yield Text(line, "dim", no_wrap=True, overflow="ellipsis")


class LiveScreen:
    """The screen of a terminal; failures and warnings stay above the live display.

    Args:
        console: the terminal.
        name: of the data set.
        tally: what is shown.
        verbose: leave a line for every log record.
    """

    def __init__(self, console: Console, name: str, tally: Tally, *, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._warnings = Warnings()
        self._live = Live(
            _View(name, tally, unicode=console.encoding.startswith("utf")),
            console=console,
            refresh_per_second=_REFRESHES_PER_S,
            transient=True,
            redirect_stdout=False,  # results may go to a file
        )
        self._live.start()

    def unit_ended(self, tally: Tally, unit: UnitTally) -> None:
        """Leave a line for what failed."""
        for line in failure_lines(unit):
            self._print(Text(line, "red"))

    def log(self, level: int, text: str) -> None:
        """Print a log record that was not printed before."""
        if self._verbose or self._warnings.is_news(level, text):
            style = "red" if level >= logging.ERROR else "yellow"
            self._print(Text(f"{logging.getLevelName(level).lower()}: {text}", style))

    def close(self, tally: Tally) -> None:
        """Take the live display away; say how many log records were not shown."""
        self._live.stop()
        for line in describe_withheld(self._warnings):
            self._print(Text(line, "yellow"))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)


def make_live_screen(
    stream: TextIO, environment: Mapping[str, str], name: str, tally: Tally, *, verbose: bool
) -> LiveScreen:
    """Make the screen of a terminal; ``NO_COLOR`` takes its colours away."""
    no_colour = bool(environment.get("NO_COLOR"))
    console = Console(file=stream, no_color=no_colour, highlight=False, emoji=False)
    return LiveScreen(console, name, tally, verbose=verbose)


def _doing(unit: UnitTally) -> str:
    if unit.phase == "making":
        return f"making    {unit.ended} of {unit.unit.flow_runs} files"
    done, total = unit.now
    if not done:
        return "fetching"
    return f"fetching  {format_bytes(done)}" + (f" of {format_bytes(total)}" if total else "")
