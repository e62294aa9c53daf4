"""``nemflow compact``: day files of whole, final months become one file a month."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from nemflow.cli import completing
from nemflow.cli.exit_codes import DONE, FAILED, HELD
from nemflow.cli.options import (
    Verbosity,
    debug_option,
    json_option,
    settings_of,
    settings_options,
    talk_options,
    verbosity_of,
)
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.settings import SYNTHETIC
from nemflow.cli.wording import align, count_of, format_bytes
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET
from nemflow.flows.nem.compaction import compact_months
from nemflow.flows.nem.holdings import stored_months
from nemflow.flows.nem.month_plan import Compacted, MonthRecord, Surroundings
from nemflow.flows.nem.span import read_span

_TOLD = (
    Compacted.COMPACTED,
    Compacted.PLANNED,
    Compacted.HELD,
    Compacted.CANNOT_SWAP,
    Compacted.FAILED,
)
"""What is told of each month; of the others only their number, unless --verbose."""


@click.command("compact", short_help="Put the day files of final months into one file a month.")
@click.argument("dataset", default=DEFAULT_DATASET, shell_complete=completing.datasets)
@click.option(
    "--start",
    metavar="DATE",
    shell_complete=completing.dates,
    help="From the month of this day, month or year.",
)
@click.option(
    "--end",
    metavar="DATE",
    shell_complete=completing.dates,
    help="To the month of this day, month or year.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done; touch nothing.")
@click.option("--sandbox", is_flag=True, help="The prices of the SYNTHETIC market.")
@settings_options
@json_option("One JSON object per month on standard output.")
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    dataset: str,
    start: str | None,
    end: str | None,
    dry_run: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Put the clean day files of months that are whole and final into one file a month.

    Readers may read meanwhile, and runs of a day wait for their month. A month is whole when every day
    of it is there, and final when none of them may still change. Stopped at any moment, the next call
    goes on. Needs a file system that can swap two folders in one step, which network drives cannot.

    \b
    Examples:
      nemflow compact
      nemflow compact --start 2014 --end 2014 --dry-run
      nemflow compact nem_trading_prices --json

    \b
    Exit codes: 0 done, nothing to do, or only not whole or not final yet; 1 a month
    failed, or the file system cannot do it; 2 wrong use; 4 another run holds a month.
    """
    CATALOG.dataset(dataset)
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    where = Surroundings(data_dir=settings.data_dir, lock_dir=settings.lock_dir)
    now = datetime.now(UTC)
    months = stored_months(settings.data_dir, dataset)
    if start is not None:
        months = [m for m in months if m.last_day >= read_span(start, start, now).first]
    if end is not None:
        months = [m for m in months if m.first_day <= read_span(end, end, now).last]
    records = []
    for record in compact_months(where, dataset, months, dry_run=dry_run):
        records.append(record)
        if as_json:
            put_json(record.as_json())
    if not as_json:
        _tell(records, f"{SYNTHETIC} {dataset}" if sandbox else dataset, verbosity_of(context))
    context.exit(_exit_code(records))


def _tell(records: Sequence[MonthRecord], title: str, verbosity: Verbosity) -> None:
    """Say what became of the months; *title* is the data set, marked where it is synthetic."""
    bad = (Compacted.CANNOT_SWAP, Compacted.FAILED)
    if verbosity is Verbosity.QUIET:
        for record in records:
            if record.outcome in bad:
                put_error(f"error: {title} {record.month} {record.outcome.words}: {record.reason}")
        return
    shown = [r for r in records if r.outcome in _TOLD or verbosity >= Verbosity.VERBOSE]
    put_lines(align(_cells(record, title) for record in shown))
    left = [r for r in records if r not in shown]
    if left:
        counted = {outcome: sum(r.outcome is outcome for r in left) for outcome in Compacted}
        told = ", ".join(
            f"{count_of(number, 'month')} {outcome.words}"
            for outcome, number in counted.items()
            if number
        )
        put_lines([f"{title}: {told}"])
    elif not records:
        put_lines([f"{title}: no months are there to compact"])


def _cells(record: MonthRecord, title: str) -> tuple[str, str, str, str]:
    facts = [count_of(record.files, "day file")] if record.files else []
    if record.bytes_after is not None:
        facts.append(f"{format_bytes(record.bytes_before)} to {format_bytes(record.bytes_after)}")
    else:
        facts.append(format_bytes(record.bytes_before))
    said = record.reason if record.outcome is not Compacted.COMPACTED else record.target
    return f"{title} {record.month}", record.outcome.words, ", ".join(facts), said


def _exit_code(records: Sequence[MonthRecord]) -> int:
    outcomes = {record.outcome for record in records}
    if outcomes & {Compacted.FAILED, Compacted.CANNOT_SWAP}:
        return FAILED
    return HELD if Compacted.HELD in outcomes else DONE
