"""``nemflow verify``: read stored files again, and say what is wrong and what to do."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from nemflow.cli.asked import Subject, find_dataset, subject_of
from nemflow.cli.dates import read_span
from nemflow.cli.exit_codes import DONE, FAILED
from nemflow.cli.notify import notifying
from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_line, put_lines
from nemflow.cli.settings import SYNTHETIC, flag
from nemflow.cli.stored_options import stored_days_options
from nemflow.cli.wording import count_of
from nemflow.flows.nem.findings import Finding, Looked, Remedy
from nemflow.flows.nem.span import first_day_of
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month, today

SCHEMA = 1
"""The version of the JSON objects; grows when a key changes its meaning or goes."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered.

    Attributes:
        subject: what it is about.
        first: the first day.
        last: the last day.
        full: compare every day with the archive.
        as_json: JSON objects instead of lines.
        mark: before the name of the data set.
    """

    subject: Subject
    first: date
    last: date
    full: bool
    as_json: bool
    mark: str


@click.command("verify", short_help="Read stored files again.")
@stored_days_options("The first day: 2014-01-01, 2014-01, 2014; default all.")
@click.option("--full", is_flag=True, help="Compare every day with the archive, not one a month.")
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
    as it tells; dispatch prices are compared with trading prices and PRICE_AND_DEMAND, average prices
    with the means of trading prices, where these are here. With --full every day is held against the
    archive's rows, and each clean day against its raw one. Nothing is changed. Exits with 1 if
    anything is wrong.

    \b
    Examples:
      nemflow verify
      nemflow verify --start 2014 --end 2014 --full
      nemflow verify nem_trading_prices --json
    """
    settings = settings_of(context)
    name = find_dataset(context, dataset, named)
    first, last = _span(name, start, end)
    order = Order(
        subject=subject_of(context, name, sandbox=sandbox),
        first=first,
        last=last,
        full=full,
        as_json=as_json,
        mark=f"{SYNTHETIC} " if sandbox else "",
    )
    says: list[str] = []
    with notifying(settings, _words_again(context, order.subject), lambda: says) as ending:
        where = settings.for_sandbox() if sandbox else settings
        ending.code = FAILED if _verify(order, where.data_dir, says) else DONE
    context.exit(ending.code)


def _words_again(context: click.Context, subject: Subject) -> list[str]:
    """Return the command as it was called, without what changes only its output."""
    given = context.params
    dates = [word for n in ("start", "end") if given[n] for word in (flag(n), given[n])]
    return subject.words("verify", *dates, *(["--full"] if given["full"] else []))


def _verify(order: Order, data_dir: Path, says: list[str]) -> bool:
    """Tell what is wrong, in the end what to do; return whether anything is.

    Args:
        says: gets a line for each finding.
    """
    from nemflow.flows.nem.audit import Audit  # pyarrow: wrong use need not wait for it

    name, counter = order.subject.dataset, _Counter()
    span = (order.first, order.last)
    audit = Audit(data_dir, DATASETS[name], *span, full=order.full, tell=counter.show)
    findings: list[Finding] = []
    for finding in audit.findings():
        findings.append(finding)
        says.append(_line(finding))
        counter.clear()
        if order.as_json:
            put_json(_as_json(finding, order.subject))
        else:
            put_line(says[-1])
    counter.clear()
    if order.as_json:
        put_json(_whole_as_json(name, *span, findings, audit.looked))
    else:
        put_lines(_to_do(findings, order.subject))
        put_lines([_told(f"{order.mark}{name}", findings, audit.looked)])
    return bool(findings)


def _line(finding: Finding) -> str:
    has_path = bool(finding.path) and finding.says.startswith(str(finding.path))
    says = finding.says if has_path else f"{finding.path}: {finding.says}"
    return f"{_which(finding.first, finding.last)}  {says}"


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
