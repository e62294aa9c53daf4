"""``nemflow refresh``: look for something better than the stored days that are not final."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import click

from nemflow.cli import completing
from nemflow.cli.dates import FIRST_DAY, read_days
from nemflow.cli.exit_codes import DONE, FAILED, HELD
from nemflow.cli.notify import notifying
from nemflow.cli.options import (
    Verbosity,
    debug_option,
    flags_of,
    json_option,
    market_options,
    settings_of,
    settings_options,
    talk_options,
    verbosity_of,
)
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.pinned import pinned_words
from nemflow.cli.recording import Source, made_by
from nemflow.cli.refresh_lines import FAILURE, describe_refreshed, failure_lines
from nemflow.cli.settings import SYNTHETIC, Settings, flag
from nemflow.cli.surroundings import Manner, Surroundings, surroundings
from nemflow.errors import SettingsError
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.outcome import FlowRunRecord, Outcome
from nemflow.flows.nem.refresh import (
    Refreshed,
    Span,
    due_days,
    planned,
    refresh_days,
    refresh_months,
)
from nemflow.flows.nem.revised import planned_revised, refresh_revised
from nemflow.flows.reporter import FlowRunInfo
from nemflow.tasks.nem.datasets import DATASETS, Dataset
from nemflow.tasks.nem.market_time import today


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, beside settings.

    Attributes:
        names: of the data sets.
        span: the days that may be looked at.
        reissued: ask for months that were issued again too.
        revised: look at days too whose prices AEMO has revised.
        dry_run: only say what would be looked at.
        sandbox: use the synthetic market.
        as_json: one JSON object per day instead of lines.
        verbosity: how much is said on standard error.
        again: the command, for doing it once more.
        source: the words that make one of the flow runs again, for the history.
    """

    names: Sequence[str]
    span: Span
    reissued: bool
    revised: bool
    dry_run: bool
    sandbox: bool
    as_json: bool
    verbosity: Verbosity
    again: Sequence[str]
    source: Source


@click.command("refresh", short_help="Look for better prices of days that are not final.")
@click.option(
    "--start",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The first day, or month; default all.",
)
@click.option(
    "--end",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The last day, or month; default today.",
)
@click.option(
    "--dataset",
    "names",
    multiple=True,
    type=click.Choice(CATALOG.datasets()),
    help="A data set; may be repeated; default all that are stored.",
)
@click.option(
    "--reissued",
    is_flag=True,
    help="Also ask whether the months' files of final days were issued again.",
)
@click.option(
    "--revised",
    is_flag=True,
    help="Also look at recent days that are not due, if AEMO has revised prices since.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be looked at; touch nothing.")
@click.option("--sandbox", is_flag=True, help="Use a SYNTHETIC market, in a folder of its own.")
@market_options
@settings_options
@json_option("One JSON object per day on standard output, with every changed value.")
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    start: str | None,
    end: str | None,
    names: tuple[str, ...],
    reissued: bool,
    revised: bool,
    dry_run: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Look for better prices of stored days that are due, and list what changed.

    A day taken before its month was published is replaced when something better is there: recent
    prices change for two business days, months come about 11 days after their end. What is final is
    left alone; with --reissued AEMO is asked whether it has issued those months again. With
    --revised one page of AEMO's, of a megabyte, tells when it revised prices.

    \b
    Examples:
      nemflow refresh
      nemflow refresh --start 2026-11-01 --end 2026-11-20
      nemflow refresh --start 2024 --end 2024 --reissued
      nemflow refresh --dry-run
    """
    settings = settings_of(context)
    pinned = pinned_words(context, settings, sandbox=sandbox) + (["--sandbox"] if sandbox else [])
    order = Order(
        names=names or CATALOG.datasets(),
        span=_span(start, end, datetime.now(UTC)),
        reissued=reissued,
        revised=revised,
        dry_run=dry_run,
        sandbox=sandbox,
        as_json=as_json,
        verbosity=verbosity_of(context),
        again=_words_again(context),
        source=Source(
            command=lambda run: _words_of(run, pinned),
            folder=os.getcwd(),
            is_alone=False,
            made_by=made_by(context),
        ),
    )
    context.exit(carry_out(order, settings, flags_of(context)))


def carry_out(order: Order, settings: Settings, flags: dict[str, str]) -> int:
    """Do what was ordered, say what came of it on standard output, and return the exit code.

    Args:
        settings: the settings in force.
        flags: those settings that were given as flags.
    """
    told: list[Refreshed] = []
    if order.dry_run:
        return _do(order, settings, flags, told)
    with notifying(settings, order.again, lambda: failure_lines(told)) as ending:
        ending.code = _do(order, settings, flags, told)
    return ending.code


def _do(order: Order, settings: Settings, flags: dict[str, str], told: list[Refreshed]) -> int:
    def tell(day: Refreshed) -> None:
        told.append(day)
        if order.as_json:
            put_json(day.as_json())

    manner = Manner(
        dry_run=order.dry_run,
        sandbox=order.sandbox,
        verbosity=order.verbosity,
        source=order.source,
    )
    with surroundings(manner, settings, flags) as around:
        for name in order.names:
            _refresh(DATASETS[name], order, around, tell)
    _conclude(order, told)
    return _code(told)


def _words_again(context: click.Context) -> list[str]:
    """Return the command as it was called, without what changes only its output."""
    given = context.params
    words = ["nemflow", "refresh"]
    for name in ("start", "end"):
        words += [flag(name), given[name]] if given[name] else []
    for name in given["names"]:
        words += ["--dataset", name]
    for name, value in flags_of(context).items():
        words += [flag(name), value]
    return words + [flag(name) for name in ("reissued", "revised", "sandbox") if given[name]]


def _refresh(
    dataset: Dataset, order: Order, around: Surroundings, tell: Callable[[Refreshed], None]
) -> None:
    span, market, conditions = order.span, around.market, around.conditions
    days = list(due_days(market.data_dir, dataset.name, span, conditions.now()))

    def keep(record: FlowRunRecord) -> None:
        around.recorded.add(record)

    if conditions.dry_run:
        for day in planned(dataset, span, market, days, reissued=order.reissued):
            tell(day)
        if order.revised:
            for day in planned_revised(dataset, span, market, set(days)):
                tell(day)
        return
    refresh_days(dataset, days, market, conditions, tell, keep)
    if order.revised:
        refresh_revised(dataset, span, market, conditions, tell, keep, looked_at=set(days))
    if order.reissued:
        refresh_months(dataset, span, market, conditions, tell, keep)


def _span(start: str | None, end: str | None, now: datetime) -> Span:
    first = FIRST_DAY if start is None else _days_named("--start ", start, now)[0]
    last = today(now) if end is None else _days_named("--end ", end, now)[-1]
    if first > last:
        raise SettingsError(f"--start {start} lies after --end {end or last}: swap them")
    return Span(first, last)


def _days_named(said: str, word: str, now: datetime) -> tuple[date, date]:
    """Return the first and the last day that a word names: a day, a month or a year."""
    if word.isdigit() and len(word) == 4 and FIRST_DAY.year <= int(word) <= today(now).year:
        return max(FIRST_DAY, date(int(word), 1, 1)), min(today(now), date(int(word), 12, 31))
    days = read_days([word], now, said=said)
    return days[0], days[-1]


def _words_of(run: FlowRunInfo, flags: Sequence[str]) -> list[str]:
    return ["run", run.flow_name, *flags, "--date", str(run.parameters["date"])]


def _code(told: Sequence[Refreshed]) -> int:
    outcomes = {day.outcome for day in told}
    if outcomes.intersection(FAILURE):
        return FAILED
    return HELD if Outcome.HELD in outcomes else DONE


def _conclude(order: Order, told: Sequence[Refreshed]) -> None:
    """Say what became of the days, and what to do about those that failed."""
    failed = failure_lines(told)
    if order.as_json or order.verbosity is Verbosity.QUIET:
        for line in failed:
            put_error(f"error: {line}")
    else:
        mark = f"{SYNTHETIC} " if order.sandbox else ""
        put_lines(f"{mark}{line}" for line in describe_refreshed(told))
    if failed:
        put_error("hint: the next nemflow refresh looks at what failed again")
