"""The command ``nemflow``: its group of commands, and the one place where errors become words.

Commands are imported when they are called; their one-line helps stand here so that ``--help``
imports none of them.
"""

import atexit
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from types import MappingProxyType
from typing import NoReturn

import click

from nemflow import __version__
from nemflow.cli import interrupts
from nemflow.cli.exit_codes import DONE, FAILED, INTERRUPTED, TERMINATED, WRONG_USE
from nemflow.cli.interrupts import Terminated, orderly_signals
from nemflow.cli.options import debug_option, is_debug, need_command
from nemflow.cli.output import drop, put_error, put_line
from nemflow.cli.wording import did_you_mean
from nemflow.errors import DefinitionError, NemflowError, ParameterError, SettingsError, one_line

NAME = "nemflow"

COMMANDS = MappingProxyType(
    {
        "run": "Fetch prices and keep them as Parquet; skip what is there.",
        "backfill": "Fetch years of prices; skip what is there.",
        "refresh": "Look for better prices of stored days that are due, and list what changed.",
        "verify": "Read stored files again, say what is wrong and what to do.",
        "compact": "Put the clean day files of months that are whole and final into one file a month.",
        "prices": "Print stored prices: a row for each interval and region, sorted by both.",
        "plot": "Draw stored prices against market time (UTC+10), a panel for each region.",
        "status": "Show which days are there, and what is to be done.",
        "plan": "Say what run or backfill with the same words would do, and why; touch nothing.",
        "why": "Tell where a stored day comes from, or why it is not there and what to do.",
        "clean": "Remove what is left over: of killed runs, damaged files, empty folders, old logs.",
        "history": "List the runs of the past, the newest first.",
        "show": "Show one run: its tasks as a timeline, what it made, what failed.",
        "logs": "Show the log of a run, or of one of its tasks.",
        "retry": "Run again just what failed.",
        "cancel": "Cancel a run that another process is at, or that is paused.",
        "resume": "Go on with a paused run.",
        "schedule": "Say when flows are to run; an agent runs them then.",
        "agent": "Look out for runs that are due, and run each in a process of its own.",
        "register": "Register a flow of your own, so that schedules and agents run it by its name.",
        "projects": "List the projects with their flows and schedules.",
        "flows": "List the flows, or show one.",
        "report": "Make an HTML page of what is there, what ran and what failed.",
        "ui": "Serve the page of `nemflow report` live, with buttons that start runs.",
        "config": "Show the settings in force and where each comes from.",
        "sandbox": "Serve a synthetic market, for trying things out.",
        "completion": "Print what makes a shell complete commands, flows, runs and dates.",
        "cron": "Print the crontab line that fetches yesterday's prices each day.",
        "help": "Explain exit codes, environment variables, dates or targets.",
    }
)
"""The commands and their one-line helps."""

COMPLETION = "_NEMFLOW_COMPLETE"
"""The variable by which a shell asks for completions."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of the commands in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"nemflow.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the words name."""
        name = words[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(
                f"There is no command {name!r}{did_you_mean(name, COMMANDS)}", context
            )
        return super().resolve_command(context, words)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        put_line(f"{NAME} {__version__}")
        context.exit()


@click.group(name=NAME, cls=LazyGroup, invoke_without_command=True)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@debug_option
@click.pass_context
def group(context: click.Context, /) -> None:
    """Fetch Australian electricity prices, verified, as Parquet.

    \b
    Examples:
      nemflow run --date 2014-01-01      the prices of a day
      nemflow run --date 2014-01         those of a month
      nemflow run --sandbox --date 2014-01-01    try it with made-up prices
      nemflow prices --start 2014-01-01 --region SA1    print them
      nemflow flows show nem_prices_raw  what a flow is made of

    \b
    Exit codes:
      0    done, already there, or only not published yet
      1    work failed
      2    wrong use
      3    --check found something to do
      4    held by another run (--no-wait)
      130  interrupted by Ctrl-C
      143  terminated by SIGTERM
    """
    need_command(context)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Args:
        arguments: the words after the command's name; default those of the process.
    """
    _complete()
    # Before it ends, Python looks for cycles among all objects again and again: a fifth of a second
    # after a backfill, for memory that goes back to the system just then.
    atexit.register(gc.freeze)
    with orderly_signals():
        code = run_command(sys.argv[1:] if arguments is None else arguments)
        if code in (INTERRUPTED, TERMINATED):
            interrupts.leave(code)
    sys.exit(code)


def run_command(
    arguments: Sequence[str], *, made_by: str | None = None, resumes: str | None = None
) -> int:
    """Run a command, say what went wrong, and return the exit code.

    Args:
        arguments: the words after the command's name.
        made_by: what is written into the history as having made its flow runs, such as ``agent``.
        resumes: the id of the paused flow run that the command goes on with.
    """
    context: click.Context | None = None
    try:
        context = group.make_context(NAME, list(arguments))
        if made_by is not None:
            from nemflow.cli.recording import say_made_by  # what makes no runs does not pay for it

            say_made_by(context, made_by, resumes)
        with context:
            group.invoke(context)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except SystemExit:
        raise
    except BaseException as error:  # the edge: whatever it is, the user reads one sentence
        return explain(error, debug=context is not None and is_debug(context))
    return DONE


def explain(error: BaseException, *, debug: bool = False) -> int:
    """Say on standard error what ended a command, and return the exit code.

    Args:
        error: what ended it.
        debug: show the traceback as well.
    """
    if debug:
        import traceback  # only --debug shows it

        traceback.print_exception(error)
    match error:
        case KeyboardInterrupt() | click.Abort():
            put_error("interrupted (Ctrl-C): what was under way is cancelled")
            return INTERRUPTED
        case Terminated():
            put_error("terminated (SIGTERM): what was under way is cancelled")
            return TERMINATED
        case BrokenPipeError():
            drop(sys.stdout)
            return DONE
        case click.ClickException():
            return _explain_use(error)
        case NemflowError():
            _put(str(error), getattr(error, "__notes__", ()))
            wrong_use = isinstance(error, (SettingsError, DefinitionError, ParameterError))
            return WRONG_USE if wrong_use else FAILED
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            _put(f"{place}{error.strerror or error}")
            return FAILED
    more = "" if debug else "; run again with --debug for the traceback"
    put_error(f"internal error: {type(error).__name__}: {one_line(str(error))}{more}")
    return FAILED


def _explain_use(error: click.ClickException) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else NAME
    _put(error.format_message(), [f"`{path} --help` shows how it is used"])
    return error.exit_code


def _put(message: str, hints: Sequence[str] = ()) -> None:
    put_error(f"error: {one_line(message)}")
    for hint in hints:
        put_error(f"hint: {one_line(hint)}")


def _complete() -> None:
    """Answer a shell that asks for completions; ``_NEMFLOW_COMPLETE=bash_source nemflow`` sets it up."""
    instruction = os.environ.get(COMPLETION)
    if instruction:
        from click.shell_completion import shell_complete  # only shells need it

        sys.exit(shell_complete(group, {}, NAME, COMPLETION, instruction))
