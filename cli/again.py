"""Making runs of the past again, by the very command that made them."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nemflow.cli.exit_codes import DONE, INTERRUPTED, TERMINATED
from nemflow.cli.options import Verbosity
from nemflow.cli.runs import words_of
from nemflow.errors import NemflowError

_DATE = "--date"
_TALK = {
    Verbosity.QUIET: ["--quiet"],
    Verbosity.NORMAL: [],
    Verbosity.VERBOSE: ["--verbose"],
    Verbosity.DEBUG: ["--debug"],
}


def commands_of(runs: Sequence[sqlite3.Row]) -> list[tuple[str, list[str]]]:
    """Return the commands that make runs again: folder and words; days of one kind go together."""
    days: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    for run in runs:
        words = words_of(run)
        dated = len(words) > 1 and words[-2] == _DATE
        base = tuple(words[:-2] if dated else words)
        group = days.setdefault((run["folder"], base), {})
        if dated:
            group[words[-1]] = None
    return [
        (folder, [*base, *(word for day in group for word in (_DATE, day))])
        for (folder, base), group in days.items()
    ]


def make_again(
    commands: Sequence[tuple[str, list[str]]],
    *,
    made_by: str,
    options: Sequence[str] = (),
    resumes: str | None = None,
) -> int:
    """Call commands, each in its folder, to the first interruption; return the worst exit code.

    Args:
        commands: folder and words of each.
        made_by: what is written into the history: retry or resume.
        options: more words for each.
        resumes: the id of the paused run to go on with.

    Raises:
        NemflowError: a folder is not there any more.
    """
    from nemflow.cli.app import run_command  # which imports this module's commands when called

    codes = []
    for folder, words in commands:
        with _in_folder(folder):
            codes.append(run_command([*words, *options], made_by=made_by, resumes=resumes))
        if codes[-1] in (INTERRUPTED, TERMINATED):
            return codes[-1]
    return min((code for code in codes if code != DONE), default=DONE)


def talk_words(verbosity: Verbosity, *, as_json: bool = False, dry_run: bool = False) -> list[str]:
    """Return the words that make a command say as much as this one."""
    words = list(_TALK[verbosity])
    words += ["--json"] if as_json else []
    return words + (["--dry-run"] if dry_run else [])


@contextmanager
def _in_folder(folder: str) -> Iterator[None]:
    """Be in the folder in which a command was given: its paths start there."""
    before = Path.cwd()
    try:
        os.chdir(folder)
    except OSError as error:
        raise NemflowError(
            f"the run was made in the folder {folder}, which cannot be entered: {error.strerror}"
        ) from error
    try:
        yield
    finally:
        os.chdir(before)
