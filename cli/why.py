"""``nemflow why``: where a stored day comes from, or why it is not there."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import click

from nemflow.cli import completing
from nemflow.cli.advice import ask_history
from nemflow.cli.asked import Subject, subject_of
from nemflow.cli.dates import read_days
from nemflow.cli.known import known_of, making_of
from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.runs import as_json as run_as_json
from nemflow.cli.runs import told_of, took, write_moment
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.cli.to_do import command_for
from nemflow.cli.wording import align, count_of, did_you_mean, format_bytes
from nemflow.errors import SettingsError
from nemflow.flows.history.reading import History, UnknownRun
from nemflow.flows.nem.account import Account, Inquiry, Origin, give_accounts
from nemflow.flows.nem.coverage import DayStatus, Gap
from nemflow.flows.nem.on_disk import STAGES
from nemflow.flows.nem.span import first_day_of
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sources import Rung

SCHEMA = 1
"""The version of the JSON object; grows when a key changes its meaning or goes."""

_MOST_ORIGINS = 6


@click.command("why", short_help="Tell where a stored day comes from.")
@click.argument("name", metavar="DATASET|FLOW|RUN", shell_complete=completing.flows)
@click.argument("day", metavar="[DATE]", required=False, shell_complete=completing.dates)
@click.option("--sandbox", is_flag=True, help="Look at the SYNTHETIC market's folder.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def command(
    context: click.Context, /, *, name: str, day: str | None, sandbox: bool, as_json: bool
) -> None:
    """Tell where a stored day comes from, or why it is not there and what to do.

    For each stage of the day: its file, when and by which run and version it was made, from which
    published files with their sha256, whether the archive still has these, how settled the values
    are and when something better is due. Data are not read, only what files say of themselves.

    \b
    Examples:
      nemflow why nem_prices 2014-01-01
      nemflow why nem_prices_clean 2014-01-01
      nemflow why nem_prices_clean_2014-01-01 --json
    """
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    now = datetime.now(UTC)
    dataset, stages, which = _read_name(name, day, now)
    inquiry = Inquiry(
        data_dir=settings.data_dir,
        dataset=DATASETS[dataset],
        day=which,
        now=now,
        known=known_of(settings, dataset),
        making=making_of(settings, dataset),
    )
    accounts = give_accounts(inquiry, stages)
    runs = {account.stage: _last_run(settings, account) for account in accounts}
    subject = subject_of(context, dataset, sandbox=sandbox)
    if as_json:
        told = [_as_json(account, runs[account.stage], subject) for account in accounts]
        put_json(
            {"schema": SCHEMA, "dataset": dataset, "date": which.isoformat(), "stages": told},
            indent=2,
        )
        return
    mark = f"{SYNTHETIC} " if sandbox else ""
    shown: Sequence[Origin] = ()
    for number, account in enumerate(accounts):
        put_lines([""] if number else [])
        put_lines(_lines(account, runs[account.stage], subject, mark, shown))
        shown = account.origins


def _read_name(name: str, day: str | None, now: datetime) -> tuple[str, Sequence[str], date]:
    """Return the data set, stages and day that are meant.

    Raises:
        SettingsError: there is nothing of that name, or no day.
    """
    flow = name
    if day is None and name[-11:-10] in ("_", " "):
        flow, day = name[:-11], name[-10:]
    dataset = flow
    stages: Sequence[str] = STAGES
    for stage in STAGES:
        if flow.endswith(f"_{stage}"):
            dataset, stages = flow.removesuffix(f"_{stage}"), (stage,)
    if dataset not in DATASETS:
        known = [*DATASETS, *(f"{known}_{stage}" for known in DATASETS for stage in STAGES)]
        raise SettingsError(
            f"{name}: there is no flow or data set of that name{did_you_mean(flow, known)}"
        )
    if day is None:
        raise SettingsError(
            f"{name}: which day? write it behind, as in: nemflow why {flow} 2014-01-01"
        )
    days = read_days([day], now, said="")
    if len(days) != 1:
        raise SettingsError(f"{day} is {len(days)} days: name one")
    return dataset, stages, days[0]


def _last_run(settings: Settings, account: Account) -> sqlite3.Row | None:
    def find(history: History) -> sqlite3.Row | None:
        try:
            return history.find(f"{account.dataset}_{account.stage}_{account.day}")
        except UnknownRun:
            return None

    return ask_history(settings, find)


def _what_to_do(account: Account, subject: Subject) -> str:
    """Return what is to be done about a day, mostly a command; empty where nothing is."""
    state = account.state
    if account.damage:
        force = ("--force", "--stage", account.stage)
        return subject.command("backfill", "--start", *_twice(account.day), *force)
    if account.day < first_day_of(DATASETS[account.dataset]):
        instead = DATASETS[account.dataset].instead
        return f"take {instead}" if instead else ""
    return command_for(Gap(account.day, account.day, state), subject) if state.asks_for_work else ""


def _twice(day: date) -> tuple[str, str, str]:
    return (day.isoformat(), "--end", day.isoformat())


def _as_json(account: Account, run: sqlite3.Row | None, subject: Subject) -> dict[str, object]:
    facts, file, standing = account.facts, account.file, account.standing
    return {
        "stage": account.stage,
        "flow_run": f"{account.dataset}_{account.stage}_{account.day}",
        "status": str(account.state.status),
        "why": account.damage or account.state.why,
        "due": account.state.due,
        "target": str(account.target) if file is None else file.path,
        "bytes": None if file is None else file.size,
        "in_month": file is not None and file.is_month,
        "rows": facts.rows,
        "made_at": facts.get("made_at") or None,
        "nemflow_version": facts.get("version") or None,
        "flow_version": facts.get("flow_version") or (run["version"] if run else None),
        "source": facts.get("source") or None,
        "reason": facts.get("reason"),
        "quality": facts.get("quality") or None,
        "due_at": None if standing is None else standing.due_at.isoformat(),
        "forced": standing is not None and standing.forced,
        "published": [_origin_as_json(origin) for origin in account.origins],
        "inputs": [str(path) for path in account.inputs],
        "run": None if run is None else run_as_json(run),
        "sources": [_rung_as_json(rung) for rung in account.rungs],
        "command": _what_to_do(account, subject) or None,
    }


def _origin_as_json(origin: Origin) -> dict[str, object]:
    made_of, kept = origin.made_of, origin.kept
    return {
        "url": made_of.url,
        "sha256": made_of.sha256,
        "bytes": made_of.size,
        "fetched_at": made_of.fetched_at,
        "created": made_of.created,
        "archived": None if kept is None else str(kept.file.path),
        "archived_sha256": None if kept is None else kept.file.sha256,
    }


def _rung_as_json(rung: Rung) -> dict[str, object]:
    return {
        "source": str(rung.source),
        "shelf": str(rung.shelf),
        "quality": str(rung.quality),
        "usual_at": rung.usual_at.isoformat(),
        "overdue_at": rung.overdue_at.isoformat(),
    }


def _lines(
    account: Account,
    run: sqlite3.Row | None,
    subject: Subject,
    mark: str,
    shown: Sequence[Origin],
) -> list[str]:
    """Return what there is to tell of a stage; published files that were shown are not repeated."""
    state = account.state
    words = "damaged" if account.damage else state.status.words
    why = account.damage or (state.why if not account.state.is_there or state.why else "")
    head = f"{mark}{account.dataset}_{account.stage} {account.day}: {words}"
    is_there = account.file is not None
    rows = list(_there(account, run, shown) if is_there else _absent(account, run))
    to_do = _what_to_do(account, subject)
    rows += [("do", to_do)] if to_do else []
    return [f"{head}, {why}" if why else head, *align((f"  {k}", v) for k, v in rows)]


def _there(
    account: Account, run: sqlite3.Row | None, shown: Sequence[Origin]
) -> Iterator[tuple[str, str]]:
    facts, file = account.facts, account.file
    assert file is not None
    of_month = ", with the other days of its month" if file.is_month else ""
    rows = "" if facts.rows is None else f"{count_of(facts.rows, 'row')}, "
    yield "file", file.path
    yield "", f"{rows}{format_bytes(file.size)}{of_month}"
    if facts.get("made_at"):
        version = facts.get("flow_version") or (run["version"] if run else "")
        code = f", code {version}" if version else ""
        yield "made", f"{_moment(facts.get('made_at'))} by nemflow {facts.get('version')}{code}"
    if facts.get("source"):
        reason = f": {facts.get('reason')}" if facts.get("reason") else ""
        yield "source", f"{facts.get('source')}, {facts.get('quality') or 'final'}{reason}"
    yield from _published(account.origins, shown)
    for path in account.inputs:
        yield "input", f"{path}{'' if path.exists() else ' (not there)'}"
    if account.standing is not None:
        word = "was due" if account.state.due else "due"
        yield "better", f"{word} {_moment(account.standing.due_at.isoformat())}"
    yield from _run(run)


def _published(origins: Sequence[Origin], shown: Sequence[Origin]) -> Iterator[tuple[str, str]]:
    if origins and list(origins) == list(shown):
        yield "published", "the same as the raw file's"
        return
    for origin in origins[:_MOST_ORIGINS]:
        yield from _origin(origin)
    if len(origins) > _MOST_ORIGINS:
        yield "", f"and {len(origins) - _MOST_ORIGINS:,} files more; --json lists all"


def _origin(origin: Origin) -> Iterator[tuple[str, str]]:
    made_of, kept = origin.made_of, origin.kept
    yield "published", made_of.url
    yield "", f"sha256 {made_of.sha256}"
    created = f", created {made_of.created}" if made_of.created else ""
    yield "", f"{format_bytes(made_of.size)}, fetched {_moment(made_of.fetched_at)}{created}"
    if kept is None:
        yield "", "no longer in the archive"
    else:
        yield "", str(kept.file.path)
        if not origin.is_same:
            yield "", f"which by now has the sha256 {kept.file.sha256}"


def _absent(account: Account, run: sqlite3.Row | None) -> Iterator[tuple[str, str]]:
    yield "target", str(account.target)
    if run is None and account.state.status is not DayStatus.NOT_PUBLISHED:
        yield "run", "none is known"
    yield from _run(run)
    label = "sources"
    for rung in account.rungs:
        yield (
            label,
            f"{rung.source} ({rung.shelf}), {rung.quality}, usually there by {_at(rung.usual_at)}",
        )
        label = ""
    if not account.rungs:
        yield "sources", "none is known for this day"


def _run(run: sqlite3.Row | None) -> Iterator[tuple[str, str]]:
    if run is None:
        return
    told = told_of(run)
    yield (
        "run",
        f"{write_moment(run['started_at'])}, {run['state']}, {took(run)}: nemflow show {run['id'][:8]}",
    )
    if told:
        yield "", told


def _moment(text: str) -> str:
    return _at(datetime.fromisoformat(text)) if text else "at an unknown time"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(NEM_TIME):%Y-%m-%d %H:%M}+10:00"
