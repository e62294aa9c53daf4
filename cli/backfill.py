"""``nemflow backfill``: years of days, put together by the published file that holds them."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime

import click

from nemflow.cli import completing
from nemflow.cli.backfill_order import Order
from nemflow.cli.backfill_run import carry_out
from nemflow.cli.dates import read_span
from nemflow.cli.executors import choose_executor
from nemflow.cli.exit_codes import DONE
from nemflow.cli.options import (
    debug_option,
    executor_options,
    flags_of,
    json_option,
    market_options,
    settings_of,
    settings_options,
    talk_options,
    verbosity_of,
)
from nemflow.cli.output import put_error
from nemflow.cli.pinned import pinned_words
from nemflow.cli.settings import Layer, Settings, flag
from nemflow.flows.catalog import Entry
from nemflow.flows.nem.backfill_record import BackfillRecord, BackfillRecords
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET

_MOST_WORKERS = 4  # more get in each other's way


@click.command("backfill", short_help="Fetch years of prices.")
@click.argument("dataset", metavar="[DATASET]", required=False, shell_complete=completing.datasets)
@click.option(
    "--start",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The first day: 2014-01-01, 2014-01, 2014, yesterday.",
)
@click.option(
    "--end",
    metavar="DATE",
    shell_complete=completing.dates,
    help="The last day, in the same forms; default yesterday.",
)
@click.option("--stage", type=click.Choice(("raw", "clean")), help="Make this stage only.")
@click.option("--failed", is_flag=True, help="Do just what failed in the last backfill.")
@click.option("--force", is_flag=True, help="Make files again though they are there.")
@click.option("--stale", is_flag=True, help="Make what is stale again too; a look into each file.")
@click.option("--newest-first", is_flag=True, help="Begin with the last days.")
@click.option("--fail-fast", is_flag=True, help="Begin nothing more after a failure.")
@click.option(
    "--compact/--no-compact",
    default=True,
    show_default=True,
    help="Put months that are whole and final into one file each, at the end.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be made; touch nothing.")
@click.option(
    "--allow-large-download",
    is_flag=True,
    help="Fetch whole 2 GB bundles where a server cannot send parts of them.",
)
@click.option("--sandbox", is_flag=True, help="Use a SYNTHETIC market, in a folder of its own.")
@executor_options
@market_options
@settings_options
@json_option("One JSON object per flow run on standard output, and one for the whole at the end.")
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    dataset: str | None,
    start: str | None,
    end: str | None,
    stage: str | None,
    failed: bool,
    force: bool,
    stale: bool,
    newest_first: bool,
    fail_fast: bool,
    compact: bool,
    dry_run: bool,
    allow_large_download: bool,
    sandbox: bool,
    executor: str | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Fetch years of prices; skip what is there.

    Makes every stage of a data set (default nem_prices) for each day from --start to --end that
    lacks it. Each published file is fetched and parsed once for all its days, while others are
    downloaded. A day that fails stops no other. Interrupted at any moment, the same command goes on.

    \b
    Examples:
      nemflow backfill --start 2014-01-01 --end 2014-12-31
      nemflow backfill --start 2014 --end 2016
      nemflow backfill nem_demand --start 2024-01 --newest-first
      nemflow backfill --start 1998 --dry-run
      nemflow backfill --failed
    """
    settings = settings_of(context)
    now = datetime.now(UTC)
    last = None
    if failed:
        _refuse_for_failed(context)
        last = _last_backfill(settings, dataset, sandbox=sandbox)
        if last is None or not last.failures:
            _say_none_failed(last, settings)
            context.exit(DONE)
    elif start is None:
        raise click.MissingParameter(ctx=context, param_type="option", param_hint="'--start'")
    name = last.dataset if last else dataset or DEFAULT_DATASET
    chosen = choose_executor(executor, scheduler, settings)
    order = Order(
        entries=_entries(name, stage, last),
        days=_days(last, start, end, now),
        known=last.failures if last else (),
        force=force,
        stale=stale,
        newest_first=newest_first,
        fail_fast=fail_fast,
        compact=compact,
        dry_run=dry_run,
        large_download=allow_large_download,
        sandbox=sandbox,
        as_json=as_json,
        verbosity=verbosity_of(context),
        executor=None if executor in (None, "threads") and scheduler is None else chosen,
        workers=_workers(settings),
        again=_words_again(context, dataset),
        pinned=[
            *pinned_words(context, settings, sandbox=sandbox),
            *(["--sandbox"] if sandbox else []),
        ],
        now=now,
    )
    context.exit(carry_out(order, settings, flags_of(context)))


def _refuse_for_failed(context: click.Context) -> None:
    for name in ("start", "end", "stage"):
        if context.params[name] is not None:
            raise click.UsageError(
                f"--failed and {flag(name)} exclude each other: the last backfill says which days.",
                context,
            )


def _last_backfill(
    settings: Settings, dataset: str | None, *, sandbox: bool
) -> BackfillRecord | None:
    data_dir = settings.for_sandbox().data_dir if sandbox else settings.data_dir
    return BackfillRecords(settings.state_dir / "backfills").last(data_dir, dataset)


def _say_none_failed(last: BackfillRecord | None, settings: Settings) -> None:
    if last is None:
        put_error(f"there was no backfill into {settings.data_dir} yet; give --start")
    else:
        when = f"{last.started_at.astimezone():%Y-%m-%d %H:%M}"
        put_error(f"nothing failed in the last backfill, of {when}, {last.start} to {last.end}")


def _entries(dataset: str, stage: str | None, last: BackfillRecord | None) -> tuple[Entry, ...]:
    stages = last.stages if last else (stage,) if stage else None
    entries = CATALOG.dataset(dataset)
    return tuple(entry for entry in entries if stages is None or entry.stage in stages)


def _days(
    last: BackfillRecord | None, start: str | None, end: str | None, now: datetime
) -> Sequence[date]:
    if last is not None:
        return sorted({failure.date for failure in last.failures})
    assert start is not None  # the command has seen to it
    return read_span(start, end, now)


def _workers(settings: Settings) -> int:
    if settings.origins["workers"].layer is not Layer.DEFAULT:
        return settings.workers
    return min(os.cpu_count() or 1, _MOST_WORKERS)


def _words_again(context: click.Context, dataset: str | None) -> list[str]:
    """Return the command, without its dates and without what changes only its output."""
    words = ["backfill", *([dataset] if dataset else [])]
    for name, value in flags_of(context).items():
        words += [flag(name), value]
    for name in ("executor", "scheduler"):
        if context.params[name]:
            words += [flag(name), context.params[name]]
    switches = ("sandbox", "allow_large_download")
    return words + [flag(name) for name in switches if context.params[name]]
