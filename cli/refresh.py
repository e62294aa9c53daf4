"""``nemflow refresh``: look for something better than the stored days that are not final."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime

import click

from nemflow.cli import completing
from nemflow.cli.dates import FIRST_DAY, read_days
from nemflow.cli.exit_codes import DONE, FAILED, HELD
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
from nemflow.cli.recording import Source, facts_of, made_by
from nemflow.cli.settings import SYNTHETIC
from nemflow.cli.surroundings import Manner, Surroundings, surroundings
from nemflow.cli.wording import align, count_of
from nemflow.errors import SettingsError
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.changes import Change
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
from nemflow.tasks.nem.market_time import NEM_TIME, today

LISTED = 10
"""Up to so many changed values of a day get a line each; more are counted."""

_FAILURE = (Outcome.FAILED, Outcome.OVERDUE, Outcome.CANCELLED)


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
    settings, verbosity = settings_of(context), verbosity_of(context)
    now = datetime.now(UTC)
    span = _span(start, end, now)
    words = pinned_words(context, settings, sandbox=sandbox)
    source = Source(
        command=lambda run: _words_of(run, [*words, *(["--sandbox"] if sandbox else [])]),
        folder=os.getcwd(),
        is_alone=False,
        made_by=made_by(context),
    )
    manner = Manner(dry_run=dry_run, sandbox=sandbox, verbosity=verbosity, source=source)
    told: list[Refreshed] = []

    def tell(day: Refreshed) -> None:
        told.append(day)
        if as_json:
            put_json(day.as_json())

    with surroundings(manner, settings, flags_of(context)) as around:
        for name in names or CATALOG.datasets():
            _refresh(DATASETS[name], span, around, tell, reissued=reissued, revised=revised)
    _conclude(told, verbosity, f"{SYNTHETIC} " if sandbox else "", as_json=as_json)
    context.exit(_code(told))


def _refresh(
    dataset: Dataset,
    span: Span,
    around: Surroundings,
    tell: Callable[[Refreshed], None],
    *,
    reissued: bool,
    revised: bool,
) -> None:
    market, conditions = around.market, around.conditions
    days = list(due_days(market.data_dir, dataset.name, span, conditions.now()))

    def keep(record: FlowRunRecord) -> None:
        around.history.add_facts(record.flow_run, facts_of(record))

    if conditions.dry_run:
        for day in planned(dataset, span, market, days, reissued=reissued):
            tell(day)
        if revised:
            for day in planned_revised(dataset, span, market, set(days)):
                tell(day)
        return
    refresh_days(dataset, days, market, conditions, tell, keep)
    if revised:
        refresh_revised(dataset, span, market, conditions, tell, keep, looked_at=set(days))
    if reissued:
        refresh_months(dataset, span, market, conditions, tell, keep)


def _span(start: str | None, end: str | None, now: datetime) -> Span:
    first = FIRST_DAY if start is None else _days_named(start, now)[0]
    last = today(now) if end is None else _days_named(end, now)[-1]
    if first > last:
        raise SettingsError(f"--start {start} lies after --end {end or last}: swap them")
    return Span(first, last)


def _days_named(word: str, now: datetime) -> tuple[date, date]:
    """Return the first and the last day that a word names: a day, a month or a year."""
    if word.isdigit() and len(word) == 4 and FIRST_DAY.year <= int(word) <= today(now).year:
        return max(FIRST_DAY, date(int(word), 1, 1)), min(today(now), date(int(word), 12, 31))
    days = read_days([word], now)
    return days[0], days[-1]


def _words_of(run: FlowRunInfo, flags: Sequence[str]) -> list[str]:
    return ["run", run.flow_name, *flags, "--date", str(run.parameters["date"])]


def _code(told: Sequence[Refreshed]) -> int:
    outcomes = {day.outcome for day in told}
    if outcomes.intersection(_FAILURE):
        return FAILED
    return HELD if Outcome.HELD in outcomes else DONE


def _conclude(told: Sequence[Refreshed], verbosity: Verbosity, mark: str, *, as_json: bool) -> None:
    """Say what became of the days, and what to do about those that failed."""
    failed = [day for day in told if day.outcome in _FAILURE]
    if as_json or verbosity is Verbosity.QUIET:
        for day in failed:
            put_error(f"error: {day.dataset} {day.date}: {day.error or day.reason}")
    else:
        put_lines(f"{mark}{line}" for line in _lines(told))
    if failed:
        put_error("hint: the next nemflow refresh looks at what failed again")


def _lines(told: Sequence[Refreshed]) -> Iterator[str]:
    if not told:
        yield "nothing is due"
        return
    rows = [(f"{day.dataset} {day.date}", _words(day)) for day in told]
    for line, day in zip(align(rows), told, strict=True):
        yield line
        yield from (f"  {change}" for change in _changes(day.changes))
    counts = Counter(day.outcome for day in told)
    words = ", ".join(f"{counts[o]:,} {_OUTCOMES.get(o, o.words)}" for o in Outcome if o in counts)
    changed = sum(len(day.changes) for day in told)
    yield f"{count_of(len(told), 'day')}: {words}; {count_of(changed, 'value')} changed"


_OUTCOMES = {Outcome.WRITTEN: "replaced", Outcome.PRESENT: "left as they are"}


def _words(day: Refreshed) -> str:
    if day.outcome in _FAILURE:
        return f"{day.outcome.words}: {day.error or day.reason}"
    if day.outcome is not Outcome.WRITTEN:
        words = _OUTCOMES.get(day.outcome, day.outcome.words)
        return f"{words} ({day.reason or day.why})"
    told = f"{day.quality} from {day.source}"
    if (day.source_before, day.quality_before) != (day.source, day.quality):
        told = f"{day.quality_before} from {day.source_before}, now {told}"
    return f"replaced: {told}; {count_of(len(day.changes), 'value')} changed"


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the changed values; of many the first, and how many there are of each column."""
    shown = changes if len(changes) <= LISTED else changes[:3]
    for change in shown:
        end = change.interval_end.astimezone(NEM_TIME)
        yield (
            f"{end:%Y-%m-%d %H:%M} {change.region} {change.column}: "
            f"{_value(change.old)} -> {_value(change.new)}"
        )
    if len(shown) < len(changes):
        columns = Counter(change.column for change in changes)
        told = ", ".join(f"{column} {count:,}" for column, count in columns.most_common(5))
        more = f" and {len(columns) - 5} columns more" if len(columns) > 5 else ""
        yield f"... in all {told}{more}; --json lists every one"


def _value(value: object) -> str:
    return "none" if value is None else str(value)
