"""The options of the commands that work: run and backfill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import click

from nemflow.cli.options import (
    debug_option,
    executor_options,
    flags_of,
    gathered,
    json_option,
    market_options,
    settings_options,
    talk_options,
)
from nemflow.cli.settings import flag

_SWITCHES = ("sandbox", "force", "stale", "allow_large_download")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How the work is to be done, as the options say.

    Attributes:
        force: make files again.
        stale: make those again that are stale.
        dry_run: only say what would be done.
        allow_large_download: whole month bundles of 2 GB may be fetched.
        sandbox: use the synthetic market.
        executor: the name of where tasks run, if one was given.
        scheduler: the address of a Dask scheduler, if one was given.
        as_json: JSON instead of lines.
    """

    force: bool
    stale: bool
    dry_run: bool
    allow_large_download: bool
    sandbox: bool
    executor: str | None
    scheduler: str | None
    as_json: bool

    def words_again(
        self,
        words: Sequence[str],
        flags: Mapping[str, str],
        switches: Sequence[str] = _SWITCHES,
    ) -> list[str]:
        """Return a command with these options, without what changes only its output.

        Args:
            words: its first words.
            flags: what it is to say of settings, by their names.
            switches: which of the options without a value it is to repeat.
        """
        given = {**flags, "executor": self.executor, "scheduler": self.scheduler}
        said = [word for name, value in given.items() if value for word in (flag(name), value)]
        return [*words, *said, *(flag(name) for name in switches if getattr(self, name))]

    def executor_words(self, context: click.Context) -> list[str]:
        """Return the options that say where tasks run."""
        workers = flags_of(context).get("workers", "")
        return self.words_again([], {"workers": workers}, switches=())


def work_options(json_help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options; the command gets them as one argument, ``work``.

    Args:
        json_help: the help of ``--json``.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        command = gathered("work", Work)(command)
        for options in (
            debug_option,
            talk_options,
            json_option(json_help),
            settings_options,
            market_options,
            executor_options,
        ):
            command = options(command)
        for name, text in reversed(_HELPS.items()):
            command = click.option(flag(name), is_flag=True, help=text)(command)
        return command

    return add


_HELPS = {
    "force": "Make files again though they are there.",
    "stale": "Make what is stale again too; a look into each file.",
    "dry_run": "Only say what would be done, and why; touch nothing.",
    "allow_large_download": "Fetch whole 2 GB bundles where a server cannot send parts of them.",
    "sandbox": "Use a SYNTHETIC market, in a folder of its own.",
}
