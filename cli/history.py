"""``nemflow history``: the flow runs, the newest first."""

import sqlite3
from collections.abc import Sequence

import click

from nemflow.cli import completing
from nemflow.cli.dates import read_since
from nemflow.cli.options import config_option, debug_option, json_option, settings_of
from nemflow.cli.output import put_error, put_json, put_lines, width_of_terminal
from nemflow.cli.runs import RETRIED_STATES, SCHEMA, as_json, in_market_time, told_of, took
from nemflow.cli.wording import align, count_of, cut, did_you_mean
from nemflow.errors import SettingsError
from nemflow.flows.history.lost import LOST
from nemflow.flows.history.reading import FAILED_STATES, History

STATES = {
    "success": ("Success",),
    "failed": FAILED_STATES,
    "lost": (LOST,),
    "cancelled": ("Cancelled",),
    "running": ("Running",),
    "paused": ("Paused",),
}
"""The words of ``--state`` and the states that they mean; a lost run counts as failed too."""

_LIMIT = 20


@click.command("history", short_help="List the runs of the past.")
@click.option(
    "--flow", metavar="FLOW", help="Only runs of this flow.", shell_complete=completing.flows
)
@click.option("--since", metavar="WHEN", help="Only runs since then: 7d, 12h, 30m, or a date.")
@click.option("--state", type=click.Choice(tuple(STATES), case_sensitive=False), help="Only these.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_LIMIT,
    show_default=True,
    metavar="N",
    help="At most so many; 0 for all.",
)
@config_option
@json_option("One JSON object with the runs.")
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    flow: str | None,
    since: str | None,
    state: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the runs of the past, the newest first.

    A run that found everything there leaves no trace. A run is named by its name, such as
    nem_prices_raw_2014-01-01, which means the last of that name, or by its id. Times are market
    time, UTC+10.

    \b
    Examples:
      nemflow history
      nemflow history --state failed --since 7d
      nemflow history --flow nem_prices_raw --limit 0 --json
    """
    settings = settings_of(context)
    moment = None if since is None else read_since(since)
    states = STATES[state] if state else ()
    with History(settings.history_file) as history:
        runs = history.runs(flow=flow, since=moment, states=states, limit=limit or None)
        total = history.count(flow=flow, since=moment, states=states)
        if not runs and flow is not None and flow not in history.flows():
            raise SettingsError(
                f"--flow {flow}: no flow of that name has run{did_you_mean(flow, history.flows())}"
            )
        is_there = history.is_there
    if as_json:
        put_json(_as_json(runs, total), indent=2)
        return
    width = width_of_terminal()
    put_lines(cut(_lines(runs, width), width))
    if total > len(runs):
        put_error(f"{len(runs)} of {count_of(total, 'run')}; --limit 0 shows all")
    elif not runs:
        put_error("no such run" if is_there else "no run has been recorded yet")


def _as_json(runs: Sequence[sqlite3.Row], total: int) -> dict[str, object]:
    return {"schema": SCHEMA, "total": total, "runs": [as_json(run) for run in runs]}


def _lines(runs: Sequence[sqlite3.Row], width: int | None) -> list[str]:
    """Return a line for each run; what it came to stands below where there is no room, or it failed."""
    if not runs:
        return []
    head = ("id", "started (UTC+10)", "run", "state", "took")
    lines = align([head, *map(_row, runs)])
    longest = max(map(len, lines))
    told = [lines[0]]
    for line, run in zip(lines[1:], runs, strict=True):
        made = told_of(run)
        has_room = width is None or longest + 2 + len(made) <= width
        if made and has_room and run["state"] not in (*RETRIED_STATES, "Paused"):
            told.append(f"{line.ljust(longest)}  {made}")
        else:
            told += [line, f"          {made}"] if made else [line]
    return told


def _row(run: sqlite3.Row) -> tuple[str, ...]:
    started = in_market_time(run["started_at"])
    return (run["id"][:8], f"{started:%Y-%m-%d %H:%M}", run["name"], run["state"], took(run))
