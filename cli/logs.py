"""``nemflow logs``: the log of one flow run, or of one of its tasks."""

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from nemflow.cli import completing
from nemflow.cli.exit_codes import INTERRUPTED
from nemflow.cli.options import config_option, debug_option, json_option, settings_of
from nemflow.cli.output import put_json, put_line
from nemflow.cli.runs import SCHEMA, find_run
from nemflow.cli.settings import Settings
from nemflow.cli.wording import did_you_mean
from nemflow.errors import NemflowError, SettingsError
from nemflow.flows.history.reading import History
from nemflow.flows.history.run_logs import aside_of

_HEAD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) ([A-Z]+) (.*)", re.DOTALL)
_POLL_S = 0.2
_LOOKS_FOR_LOST_EVERY = 10  # polls


@click.command("logs", short_help="Show the log of a run, or of one of its tasks.")
@click.argument("run", shell_complete=completing.runs)
@click.argument("task", required=False)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@config_option
@json_option("One JSON object per entry.")
@debug_option
@click.pass_context
def command(
    context: click.Context, /, *, run: str, task: str | None, follow: bool, as_json: bool
) -> None:
    """Show the log of a run, or of one of its tasks.

    With the tracebacks of what failed; times are market time. RUN is a name, such as
    nem_prices_raw_2014-01-01, which means the last run of that name, or an id or the beginning of
    one.

    \b
    Examples:
      nemflow logs nem_prices_raw_2014-01-01
      nemflow logs nem_prices_raw_2014-01-01 extract
      nemflow logs nem_prices_raw_2014-01-01 --follow
    """
    settings = settings_of(context)
    try:
        with History(settings.history_file) as history:
            found = find_run(history, run)
            if task is not None:
                _check_task(history, found["id"], found["name"], task)
            path = _log_of(settings, found["name"], found["log"])
            texts = _follow(path, history, found["id"]) if follow else _whole(path)
            for entry in _entries(texts):
                if task is None or _is_of(entry, task):
                    _put(entry, as_json=as_json)
    except KeyboardInterrupt:  # only the reader stops, not the run
        context.exit(INTERRUPTED)


def _log_of(settings: Settings, name: str, log: str | None) -> Path:
    path = None if log is None else settings.state_dir / log
    if path is None:
        raise NemflowError(f"{name} has no log: it was run by a program that keeps none")
    if not path.exists() and not aside_of(path).exists():
        raise NemflowError(
            f"the log of {name} is not there any more: logs are kept for {settings.log_days} days "
            f"and up to {settings.log_megabytes} MB (settings log_days, log_megabytes)"
        )
    return path


def _check_task(history: History, run_id: str, name: str, task: str) -> None:
    names = [row["name"] for row in history.tasks(run_id)]
    if task not in names and f"{task}[0]" not in names:
        known = list(dict.fromkeys(name.partition("[")[0] for name in names))
        hint = did_you_mean(task, known) or (f"; it has {', '.join(known)}" if known else "")
        raise SettingsError(f"{name} has no task {task!r}{hint}")


def _whole(path: Path) -> Iterator[str]:
    """Give a log's text, the part that was put aside first."""
    for part in (aside_of(path), path):
        if part.exists():
            with part.open(encoding="utf-8", errors="replace") as file:
                yield from file


def _follow(path: Path, history: History, run_id: str) -> Iterator[str]:
    """Give a log's text as it comes, to the end of the run."""
    polls = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        while True:
            is_over = history.get(run_id)["state"] != "Running"
            yield from iter(file.readline, "")
            if is_over:
                return
            polls += 1
            if polls % _LOOKS_FOR_LOST_EVERY == 0:
                history.look_for_lost()
            yield ""  # nothing new for now: what is there can be shown
            time.sleep(_POLL_S)


def _entries(texts: Iterable[str]) -> Iterator[str]:
    """Put lines together to entries: a line without a time goes on with the entry above it.

    An empty text says that the entry before it is whole.
    """
    entry = ""
    for text in texts:
        if entry and (not text or _HEAD.match(text)):
            yield entry.rstrip("\n")
            entry = ""
        entry += text
    if entry:
        yield entry.rstrip("\n")


def _is_of(entry: str, task: str) -> bool:
    match = _HEAD.match(entry)
    rest = match[3] if match else ""
    return rest.startswith((f"{task}: ", f"{task}["))


def _put(entry: str, *, as_json: bool) -> None:
    if not as_json:
        put_line(entry)
        return
    match = _HEAD.match(entry)
    at, level, text = match.groups() if match else (None, None, entry)
    put_json({"schema": SCHEMA, "at": at, "level": level, "text": text})
