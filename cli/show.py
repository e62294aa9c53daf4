"""``nemflow show``: what became of one flow run."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from nemflow.cli import completing
from nemflow.cli.options import config_option, debug_option, json_option, settings_of
from nemflow.cli.output import put_json, put_lines, width_of_terminal
from nemflow.cli.runs import (
    SCHEMA,
    as_json,
    find_run,
    retry_words,
    took,
    words_of,
    write_moment,
)
from nemflow.cli.timeline import draw
from nemflow.cli.wording import align, count_of, cut, format_bytes
from nemflow.flows.history.reading import History


@click.command("show", short_help="Show one run: its tasks, states, target, error.")
@click.argument("run", shell_complete=completing.runs)
@click.option("--all", "everything", is_flag=True, help="List all children of mapped tasks.")
@config_option
@json_option("One JSON object: the run, its task runs and its changes of state.")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, run: str, everything: bool, as_json: bool) -> None:
    """Show one run: its tasks as a timeline, what it made, what failed.

    RUN is a name, such as nem_prices_raw_2014-01-01, which means the last run of that name, or an
    id or the beginning of one.

    \b
    Examples:
      nemflow show nem_prices_raw_2014-01-01
      nemflow show 3f2a91c0 --json
    """
    settings = settings_of(context)
    with History(settings.history_file) as history:
        found = find_run(history, run)
        tasks = history.tasks(found["id"])
        if as_json:
            put_json(_as_json(found, tasks, history), indent=2)
            return
        log = None if found["log"] is None else settings.state_dir / found["log"]
        retry = retry_words(found, history)
    encoding = (sys.stdout.encoding or "").lower() if sys.stdout is not None else ""
    timeline = draw(found, tasks, unicode=encoding.startswith("utf"), everything=everything)
    put_lines(_facts(found, log))
    put_lines(["", *cut(timeline, width_of_terminal())] if timeline else [])
    put_lines(
        ["", f"{'go on' if found['state'] == 'Paused' else 'retry'}: {retry}"] if retry else []
    )


def _as_json(run: sqlite3.Row, tasks: Sequence[sqlite3.Row], history: History) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "run": as_json(run),
        "tasks": [dict(task) for task in tasks],
        "changes": [dict(change) for change in history.changes(run["id"])],
        "retry": retry_words(run, history) or None,
    }


def _facts(run: sqlite3.Row, log: Path | None) -> list[str]:
    ended = write_moment(run["ended_at"])
    version = f", version {run['version']}" if run["version"] else ""
    made = [count_of(run["rows"], "row")] if run["rows"] is not None else []
    made += [format_bytes(run["bytes"])] if run["bytes"] is not None else []
    source = (
        f"{run['source']}{', ' + run['quality'] if run['quality'] else ''}" if run["source"] else ""
    )
    words = words_of(run)
    by = f"{run['made_by']}: {_shell(words)}" if words else run["made_by"]
    facts = [
        ("state", _state(run)),
        ("error", run["error"] or ""),
        ("flow", f"{run['flow']}{version}"),
        ("parameters", ", ".join(_parameters(run))),
        ("started", write_moment(run["started_at"])),
        ("ended", f"{ended}, after {took(run)}" if ended else ""),
        ("target", run["target"] or ""),
        ("made", ", ".join(made)),
        ("source", source),
        ("note", run["reason"] or ""),
        ("made by", by),
        ("process", f"{run['pid']} on {run['host']}, nemflow {run['nemflow_version']}"),
        ("log", "" if log is None else f"{log}{'' if log.exists() else ' (removed)'}"),
        ("id", run["id"]),
    ]
    mark = "SYNTHETIC " if run["synthetic"] else ""
    return [f"{mark}{run['name']}", *align((f"  {k}", v) for k, v in facts if v)]


def _state(run: sqlite3.Row) -> str:
    facts = [run["state"]]
    if run["outcome"] and run["outcome"] != run["state"].lower():
        facts.append(str(run["outcome"]).replace("_", " "))
    asked = f"to be cancelled since {write_moment(run['cancel_asked_at'])}"
    facts += [asked] if run["state"] == "Running" and run["cancel_asked_at"] else []
    told = ", ".join(facts)
    has_words = run["message"] and run["state"] not in ("Success", "Failed")
    return f"{told}: {run['message']}" if has_words else told


def _parameters(run: sqlite3.Row) -> list[str]:
    import json  # what reads the history needs it anyhow

    return [
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in json.loads(run["parameters"]).items()
    ]


def _shell(words: Sequence[str]) -> str:
    import shlex

    return shlex.join(["nemflow", *words])
