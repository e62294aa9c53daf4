"""``nemflow retry``: what failed is run again, as it was."""

import sqlite3
from collections.abc import Sequence

import click

from nemflow.cli import completing
from nemflow.cli.again import commands_of, make_again, talk_words
from nemflow.cli.dates import read_since
from nemflow.cli.exit_codes import DONE, FAILED
from nemflow.cli.options import (
    Verbosity,
    config_option,
    debug_option,
    json_option,
    settings_of,
    talk_options,
    verbosity_of,
)
from nemflow.cli.output import put_error
from nemflow.cli.runs import RETRIED_STATES, find_run
from nemflow.flows.history.reading import FAILED_STATES, History


@click.command("retry", short_help="Run again what failed.")
@click.argument("run", required=False, shell_complete=completing.runs)
@click.option("--last", is_flag=True, help="What failed of the last command.")
@click.option("--failed", is_flag=True, help="Every run whose last attempt failed.")
@click.option("--since", metavar="WHEN", help="With --failed: only since then: 7d, 12h, a date.")
@click.option("--dry-run", is_flag=True, help="Only say what would run; touch nothing.")
@config_option
@json_option("One JSON object per flow run on standard output.")
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    run: str | None,
    last: bool,
    failed: bool,
    since: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run again just what failed.

    With the parameters, data directory, source and place of flows that it was run with, by the same
    code as nemflow run: what is there is skipped, and a day whose first stage failed goes on to the
    next. Runs that were lost count as failed. RUN is a name, which means the last run of that name,
    or an id or the beginning of one.

    \b
    Examples:
      nemflow retry nem_prices_raw_2014-01-01
      nemflow retry --last
      nemflow retry --failed --since 2d
    """
    if sum((run is not None, last, failed)) != 1:
        raise click.UsageError("name a run, or say --last or --failed.", context)
    if since is not None and not failed:
        raise click.UsageError("--since goes with --failed.", context)
    verbosity = verbosity_of(context)
    with History(settings_of(context).history_file) as history:
        if run is not None:
            runs = _one(find_run(history, run))
        elif last:
            runs = [r for r in history.of_last_command() if r["state"] in RETRIED_STATES]
        else:
            moment = None if since is None else read_since(since)
            runs = [r for r in history.last_of_each(moment) if r["state"] in FAILED_STATES]
    mine = [r["name"] for r in runs if not r["command"]]
    for name in mine:
        put_error(f"{name} was run by a program of its own: run that program again")
    commands = commands_of([r for r in runs if r["command"]])
    if not commands:
        if verbosity is not Verbosity.QUIET and not mine:
            put_error("nothing to retry")
        context.exit(FAILED if mine else DONE)
    options = talk_words(verbosity, as_json=as_json, dry_run=dry_run)
    code = make_again(commands, made_by="retry", options=options)
    context.exit(code or (FAILED if mine else DONE))


def _one(run: sqlite3.Row) -> Sequence[sqlite3.Row]:
    if run["state"] in RETRIED_STATES:
        return [run]
    advice = f"; nemflow resume {run['name']} goes on with it" if run["state"] == "Paused" else ""
    put_error(f"{run['name']} did not fail, its state is {run['state']}{advice}")
    return []
