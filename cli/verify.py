"""``nemflow verify``: read stored files again, and say what is wrong and what to do."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import click

from nemflow.cli import completing
from nemflow.cli.asked import Subject, find_dataset, subject_of
from nemflow.cli.dates import read_span
from nemflow.cli.exit_codes import DONE, FAILED
from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_line, put_lines
from nemflow.cli.settings import SYNTHETIC
from nemflow.cli.wording import count_of
from nemflow.flows.nem.coverage import first_day_of
from nemflow.flows.nem.findings import Finding, Looked, Remedy
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month, today

SCHEMA = 1
"""The version of the JSON objects; grows when a key changes its meaning or goes."""

_DAY = timedelta(days=1)


@click.command("verify", short_help="Read stored files again.")
@click.argument("dataset", required=False, metavar="[DATASET]", shell_complete=completing.datasets)
@click.option(
    "--dataset",
    "named",
    metavar="DATASET",
    shell_complete=completing.datasets,
    help="The same as DATASET.",
)
@click.option(
    "--start",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The first day: 2014-01-01, 2014-01, 2014; default all.",
)
@click.option(
    "--end",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The last day, in the same forms; default yesterday.",
)
@click.option("--full", is_flag=True, help="Compare every day with the archive, not one a month.")
@click.option("--sandbox", is_flag=True, help="Look at the SYNTHETIC market's folder.")
@settings_options
@json_option("One JSON object per finding on standard output, and one for the whole at the end.")
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    dataset: str | None,
    named: str | None,
    start: str | None,
    end: str | None,
    full: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Read stored files again, say what is wrong and what to do.

    The archive's files are held against the sha256 of their sidecars; raw days against those and, one
    day a month, against the archive's rows; each day is to have every interval once and as many rows
    as it tells; dispatch prices are compared with trading prices and PRICE_AND_DEMAND, where these
    are here. With --full every day is held against the archive's rows, and each clean day against
    its raw one. Nothing is changed. Exits with 1 if anything is wrong.

    \b
    Examples:
      nemflow verify
      nemflow verify --start 2014 --end 2014 --full
      nemflow verify nem_trading_prices --json
    """
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    name = find_dataset(context, dataset, named)
    subject = subject_of(context, name, sandbox=sandbox)
    first, last = _span(name, start, end)
    from nemflow.flows.nem.audit import Audit  # pyarrow: wrong use need not wait for it

    counter = _Counter()
    audit = Audit(settings.data_dir, DATASETS[name], first, last, full=full, tell=counter.show)
    findings: list[Finding] = []
    for finding in audit.findings():
        findings.append(finding)
        counter.clear()
        if as_json:
            put_json(_as_json(finding, subject))
        else:
            has_path = bool(finding.path) and finding.says.startswith(str(finding.path))
            says = finding.says if has_path else f"{finding.path}: {finding.says}"
            put_line(f"{_which(finding.first, finding.last)}  {says}")
    counter.clear()
    if as_json:
        put_json(_whole_as_json(name, first, last, findings, audit.looked))
    else:
        put_lines(_to_do(findings, subject))
        put_lines([_told(f"{SYNTHETIC} {name}" if sandbox else name, findings, audit.looked)])
    context.exit(FAILED if findings else DONE)


class _Counter:
    """Shows on a terminal which month is being read, in a line that goes away."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()

    def show(self, month: Month) -> None:
        """Show a month in place of the one before."""
        if self._is_shown:
            print(f"\rreading {month} ", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown:
            print("\r               \r", end="", file=sys.stderr, flush=True)


def _span(name: str, start: str | None, end: str | None) -> tuple[date, date]:
    now, first = datetime.now(UTC), first_day_of(DATASETS[name])
    if start is None and end is None:
        return first, today(now)
    days = read_span(first.isoformat() if start is None else start, end, now)
    return max(days[0], first), days[-1]


def _command(finding: Finding, subject: Subject) -> str:
    dates = ("--start", finding.first.isoformat(), "--end", finding.last.isoformat())
    match finding.remedy:
        case Remedy.REMAKE_RAW:
            return subject.command("backfill", *dates, "--force")
        case Remedy.REMAKE_CLEAN:
            return subject.command("backfill", *dates, "--force", "--stage", "clean")
        case Remedy.ASK_AGAIN:
            return subject.command("refresh", *dates, "--reissued")


def _as_json(finding: Finding, subject: Subject) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "type": "finding",
        "kind": str(finding.kind),
        "dataset": subject.dataset,
        "stage": finding.stage,
        "start": finding.first.isoformat(),
        "end": finding.last.isoformat(),
        "path": finding.path,
        "says": finding.says,
        "remedy": str(finding.remedy),
        "command": _command(finding, subject),
    }


def _whole_as_json(
    name: str, first: date, last: date, findings: Sequence[Finding], looked: Looked
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "type": "whole",
        "dataset": name,
        "start": first.isoformat(),
        "end": last.isoformat(),
        "findings": len(findings),
        "archived": looked.archived,
        "raw": looked.raw,
        "clean": looked.clean,
        "compared": looked.compared,
        "second": looked.second,
    }


def _to_do(findings: Sequence[Finding], subject: Subject) -> list[str]:
    """Return the commands that make the findings good, one for neighbouring days."""
    spans: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.remedy, f.first, f.last)):
        before = spans[-1] if spans else None
        if before and before.remedy is finding.remedy and finding.first <= before.last + _DAY:
            spans[-1] = replace(before, last=max(before.last, finding.last))
        else:
            spans.append(finding)
    return ["", "to do:", *(f"    {_command(span, subject)}" for span in spans)] if spans else []


def _told(name: str, findings: Sequence[Finding], looked: Looked) -> str:
    read = [
        count_of(looked.archived, "file") + " of the archive",
        f"{count_of(looked.raw, 'raw day')} ({looked.compared:,} compared with the archive's rows)",
        count_of(looked.clean, "clean day"),
    ]
    read += [f"{looked.second:,} comparisons with a second source"] if looked.second else []
    wrong = "nothing is wrong" if not findings else f"{count_of(len(findings), 'finding')}"
    return f"{name}: {wrong}; read {', '.join(read)}"


def _which(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"
