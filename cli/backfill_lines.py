"""A backfill in plain lines with timestamps: for cron, pipes and terminals that can no more.

::

    2026-11-23 21:14:03+10:00 2019-01: 31 days written, 1.27 MB fetched, 0.9 s (31 of 365 days)
    2026-11-23 21:14:04+10:00 2019-02: 28 days failed: extract: https://… answers 404
    2026-11-23 21:14:09+10:00 120 of 1,200 days (10 %), 12.4 MB at 3.4 MB/s, 2 min 10 s left

Of up to so many published files each has a line, of more each tenth of the days. Times are market
time (UTC+10).
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TextIO

from nemflow.cli.backfill_tally import Tally, UnitTally, group_failures
from nemflow.cli.output import put_error, talk
from nemflow.cli.wording import count_of, format_bytes, format_seconds
from nemflow.flows.nem.outcome import Outcome
from nemflow.tasks.nem.market_time import NEM_TIME, utc_now

_MOST_UNIT_LINES = 40
_MOST_WARNINGS = 20


class Warnings:
    """Lets each log record pass once, and of many different ones the first."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.withheld = 0

    def is_news(self, level: int, text: str) -> bool:
        """Tell whether a record is to be shown; errors always are."""
        if level >= logging.ERROR:
            return True
        if text in self._seen:
            return False
        if len(self._seen) >= _MOST_WARNINGS:
            self.withheld += 1
            return False
        self._seen.add(text)
        return True


class Lines:
    """The screen of plain lines.

    Args:
        stream: where they go; one that nobody reads any more is no error.
        verbose: a line for every published file, and every log record.
        now: the present instant, aware.
    """

    def __init__(
        self, stream: TextIO, *, verbose: bool = False, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._stream = stream
        self._verbose = verbose
        self._now = now
        self._warnings = Warnings()
        self._tenths = 0

    def unit_ended(self, tally: Tally, unit: UnitTally) -> None:
        """Print a line for the file, or for the tenth of the days that it completes."""
        for line in failure_lines(unit):
            self._print(line)
        if self._verbose or len(tally.plan.units) <= _MOST_UNIT_LINES:
            self._print(f"{describe_unit(tally, unit)} ({describe_days(tally)})")
            return
        tenths = 10 * tally.days_ended // max(tally.plan.lacking, 1)
        if tenths > self._tenths:
            self._tenths = tenths
            self._print(", ".join([f"{describe_days(tally)} ({tenths}0 %)", *describe_pace(tally)]))

    def log(self, level: int, text: str) -> None:
        """Print a log record that was not printed before."""
        if self._verbose or self._warnings.is_news(level, text):
            self._print(f"{logging.getLevelName(level).lower()}: {text}")

    def close(self, tally: Tally) -> None:
        """Say how many log records were not shown."""
        for line in describe_withheld(self._warnings):
            self._print(line)

    def _print(self, text: str) -> None:
        moment = self._now().astimezone(NEM_TIME)
        talk(f"{moment:%Y-%m-%d %H:%M:%S}+10:00 {text}", self._stream)


class ErrorsOnly:
    """The screen of ``--quiet``: errors that were logged, and no more."""

    def unit_ended(self, tally: Tally, unit: UnitTally) -> None:
        """Show nothing: what failed is told at the end."""

    def log(self, level: int, text: str) -> None:
        """Print an error."""
        if level >= logging.ERROR:
            put_error(f"error: {text}")

    def close(self, tally: Tally) -> None:
        """Do nothing."""


def describe_unit(tally: Tally, unit: UnitTally) -> str:
    """Say what became of a published file's days."""
    ends = Counter(outcome for ends in unit.outcomes.values() for outcome in ends)
    facts = [count_of(len(unit.unit.days), "day")]
    if unit.bytes:
        facts.append(f"{format_bytes(unit.bytes)} fetched")
    if ends:  # days whose flow runs have not all ended: it was stopped
        facts.append("stopped")
    facts.append(format_seconds(tally.elapsed_s - (unit.began - tally.began)))
    return f"{unit.unit.name}: {', '.join(facts)}"


def describe_days(tally: Tally) -> str:
    """Say how many days are done, and how many of them failed."""
    told = f"{tally.days_ended:,} of {count_of(tally.plan.lacking, 'day')}"
    failed = tally.days_failed
    waiting = tally.days[Outcome.NOT_PUBLISHED]
    told += f", {failed:,} failed" if failed else ""
    return told + (f", {waiting:,} not published yet" if waiting else "")


def describe_pace(tally: Tally) -> list[str]:
    """Say how much came, how fast, and how long it may yet take."""
    facts = []
    if tally.bytes:
        facts.append(format_bytes(tally.bytes))
        facts.append(f"{format_bytes(tally.bytes / max(tally.elapsed_s, 1e-3))}/s")
    left = tally.left_s
    if left is not None:
        facts.append(f"{format_seconds(left)} left")
    return facts


def failure_lines(unit: UnitTally) -> list[str]:
    """Return a line for each reason for which days of a published file failed."""
    lines = []
    for group, sentence in group_failures(unit.failures):
        days = {record.date for record in group}
        what = str(min(days)) if len(days) == 1 else count_of(len(days), "day")
        lines.append(f"{unit.unit.name}: {what} failed: {sentence}")
    return lines


def describe_withheld(warnings: Warnings) -> list[str]:
    """Say how many log records were not shown."""
    number = warnings.withheld
    return [f"and {count_of(number, 'more warning')}; --verbose shows all"] if number else []
