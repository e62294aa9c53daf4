"""Options that several commands share.

Their values are kept in the context, not passed to the command: `settings_of` and `verbosity_of`
hand them out. `--debug` thus works before and after the command's name.
"""

import enum
import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

import click

from nemflow.cli.exit_codes import WRONG_USE
from nemflow.cli.output import put_error
from nemflow.cli.settings import SOURCES, Settings, load_settings, variable

EXECUTORS = ("local", "threads", "processes", "dask")

_Command = TypeVar("_Command", bound=Callable[..., object] | click.Command)

_FLAGS = "nemflow.flags"
_TALK = "nemflow.talk"


class Verbosity(enum.IntEnum):
    """How much is said on standard error."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
    DEBUG = 3


def settings_of(context: click.Context) -> Settings:
    """Make the settings of a command, out of its flags, the environment and the settings file.

    Raises:
        SettingsError: see `load_settings`.
    """
    return load_settings(flags_of(context), os.environ, Path.cwd())


def flags_of(context: click.Context) -> dict[str, str]:
    """Return what the flags of settings say, by name of the setting."""
    flags: dict[str, str] = context.meta.setdefault(_FLAGS, {})
    return flags


def verbosity_of(context: click.Context) -> Verbosity:
    """Return how much the command is to say.

    Raises:
        click.UsageError: it is to say both less and more.
    """
    asked: set[Verbosity] = context.meta.get(_TALK, set())
    if Verbosity.QUIET in asked and len(asked) > 1:
        raise click.UsageError("--quiet and --verbose or --debug exclude each other.", context)
    return max(asked, default=Verbosity.NORMAL)


def is_debug(context: click.Context) -> bool:
    """Tell whether errors are to be shown with their traceback."""
    return Verbosity.DEBUG in context.meta.get(_TALK, set())


def need_command(context: click.Context) -> None:
    """Show a group's help and exit with `WRONG_USE` where none of its commands was named."""
    if context.invoked_subcommand is None:
        put_error(context.get_help())
        context.exit(WRONG_USE)


def gathered(name: str, kind: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator by which a command gets some of its options as one record.

    It stands below the options.

    Args:
        name: of the command's argument for the record.
        kind: a dataclass; its fields are called as the options are.
    """
    names = [field.name for field in fields(kind)]

    def gather(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(*arguments: object, **options: object) -> None:
            record = kind(**{field: options.pop(field) for field in names})
            command(*arguments, **options, **{name: record})

        return called

    return gather


def config_option(command: _Command) -> _Command:
    """Add ``--config``."""
    return _setting("--config", "The settings file.", form="FILE")(command)


def settings_options(command: _Command) -> _Command:
    """Add ``--data-dir`` and ``--config``."""
    command = config_option(command)
    return _setting("--data-dir", "Where prices are kept.", form="FOLDER")(command)


def market_options(command: _Command) -> _Command:
    """Add ``--source``, ``--nemweb-url`` and ``--aemo-url``."""
    for option in (
        _setting("--aemo-url", "A mirror of AEMO's website.", form="URL"),
        _setting("--nemweb-url", "A mirror of NEMweb.", form="URL"),
        _setting("--source", "Take prices from this source only.", words=SOURCES),
    ):
        command = option(command)
    return command


def executor_options(command: _Command) -> _Command:
    """Add ``--executor``, ``--workers`` and ``--scheduler``."""
    for option in (
        click.option("--scheduler", metavar="URL", help="A running Dask scheduler, tcp://..."),
        _setting("--workers", "How many tasks may run at once.", form="N"),
        click.option("--executor", type=click.Choice(EXECUTORS), help="Where tasks run."),
    ):
        command = option(command)
    return command


def workers_option(command: _Command) -> _Command:
    """Add ``--workers`` alone."""
    return _setting("--workers", "How many runs at a time.", form="N")(command)


def talk_options(command: _Command) -> _Command:
    """Add ``--quiet`` and ``--verbose``."""
    command = _talk("--verbose", "-v", Verbosity.VERBOSE, "Say more: every step.")(command)
    return quiet_option(command)


def quiet_option(command: _Command) -> _Command:
    """Add ``--quiet`` alone."""
    return _talk("--quiet", "-q", Verbosity.QUIET, "Say nothing but errors.")(command)


def debug_option(command: _Command) -> _Command:
    """Add ``--debug``."""
    text = "Say everything; show errors with their traceback."
    return _talk("--debug", "--debug", Verbosity.DEBUG, text)(command)


def json_option(text: str) -> Callable[[_Command], _Command]:
    """Return a decorator that adds ``--json``, passed to the command as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def _setting(
    name: str, text: str, *, form: str | None = None, words: Sequence[str] = ()
) -> Callable[[_Command], _Command]:
    key = name.removeprefix("--").replace("-", "_")

    def keep(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            flags_of(context)[key] = value

    return click.option(
        name,
        type=click.Choice(words) if words else str,
        metavar=form,
        help=f"{text} [env: {variable(key)}]",
        expose_value=False,
        callback=keep,
    )


def _talk(name: str, short: str, verbosity: Verbosity, text: str) -> Callable[[_Command], _Command]:
    def keep(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            context.meta.setdefault(_TALK, set()).add(verbosity)

    return click.option(
        *dict.fromkeys((name, short)), is_flag=True, help=text, expose_value=False, callback=keep
    )
