"""``nemflow cancel``: ends a run that another process is at, or that is paused."""

import os
import signal
import sqlite3
import time

import click

from nemflow.cli import completing
from nemflow.cli.exit_codes import DONE, FAILED
from nemflow.cli.options import config_option, debug_option, json_option, settings_of
from nemflow.cli.output import put_json, put_line
from nemflow.cli.runs import SCHEMA, find_run
from nemflow.errors import NemflowError
from nemflow.flows.history.processes import ProcessMark, is_alive
from nemflow.flows.history.reading import History

_POLL_S = 0.1


@click.command("cancel", short_help="Cancel a running or paused run.")
@click.argument("run", shell_complete=completing.runs)
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for its end.",
)
@config_option
@json_option("One JSON object: the run's state.")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, run: str, wait_s: float, as_json: bool) -> None:
    """Cancel a run that another process is at, or that is paused.

    Where the process makes this run alone, it is sent SIGTERM. Where it makes others too, it is
    asked through the history, looks there once a second, and goes on with the next run. A run ends
    in order: what is half made is removed. RUN is a name, which means the last run of that name, or
    an id or the beginning of one. Exits with 1 if the run goes on.

    \b
    Example:
      nemflow cancel nem_prices_raw_2014-01-01
    """
    with History(settings_of(context).history_file) as history:
        found = find_run(history, run)
        if found["state"] == "Paused":
            history.cancel_paused(found["id"])
        elif found["state"] == "Running":
            _ask(found, history)
        else:
            raise NemflowError(f"{found['name']} has ended already, its state is {found['state']}")
        ended = _wait_for_end(history, found["id"], wait_s)
    context.exit(_tell(ended, as_json=as_json))


def _ask(run: sqlite3.Row, history: History) -> None:
    """Ask the process of a running run to end it.

    Raises:
        NemflowError: it cannot be asked.
    """
    mark = ProcessMark(run["host"], run["boot_id"], run["pid"], run["process_started"])
    alive = is_alive(mark)
    if alive is None:
        raise NemflowError(f"{run['name']} runs on {run['host']}: cancel it there")
    match run["cancel_by"]:
        case "signal" if alive:
            _terminate(run)
        case "request":
            history.ask_to_cancel(run["id"])
        case _:
            raise NemflowError(
                f"{run['name']} cannot be cancelled by itself: process {run['pid']} takes no "
                f"requests; `kill {run['pid']}` ends it with all that it does"
            )


def _terminate(run: sqlite3.Row) -> None:
    try:
        os.kill(run["pid"], signal.SIGTERM)
    except OSError as error:
        raise NemflowError(
            f"{run['name']}: process {run['pid']} cannot be ended: {error.strerror}"
        ) from error


def _wait_for_end(history: History, run_id: str, wait_s: float) -> sqlite3.Row:
    until = time.monotonic() + wait_s
    while True:
        history.look_for_lost()
        run = history.get(run_id)
        if run["state"] != "Running" or time.monotonic() >= until:
            return run
        time.sleep(_POLL_S)


def _tell(run: sqlite3.Row, *, as_json: bool) -> int:
    goes_on = run["state"] == "Running"
    if as_json:
        put_json({"schema": SCHEMA, "id": run["id"], "name": run["name"], "state": run["state"]})
    elif goes_on:
        put_line(
            f"{run['name']} was asked to end and still runs, in process {run['pid']}: "
            "a task that cannot be interrupted ends first"
        )
    else:
        put_line(f"{run['name']}  {run['state']}")
    return FAILED if goes_on or run["state"] != "Cancelled" else DONE
