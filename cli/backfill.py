"""``nemflow backfill``: years of days, put together by the published file that holds them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import click

from nemflow.cli import completing
from nemflow.cli.backfill_order import Order
from nemflow.cli.backfill_run import carry_out
from nemflow.cli.dates import FIRST_DAY, MARKET, Beginning, read_span
from nemflow.cli.executors import choose_executor
from nemflow.cli.exit_codes import DONE
from nemflow.cli.options import flags_of, gathered, settings_of, verbosity_of
from nemflow.cli.output import put_error
from nemflow.cli.pinned import pinned_flags
from nemflow.cli.settings import Layer, Settings, flag
from nemflow.cli.work_options import Work, work_options
from nemflow.flows.catalog import Entry
from nemflow.flows.nem.backfill_record import BackfillRecord, BackfillRecords
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET
from nemflow.flows.nem.span import first_day_of
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import NEM_TIME

_MOST_WORKERS = 4  # beyond that a backfill mostly waits for the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which days are to be made, as the command line says.

    Attributes:
        dataset: the data set, if one was named.
        start: the first day.
        end: the last day.
        stage: the one stage to make.
        failed: just what failed in the last backfill.
        newest_first: begin with the last days.
        fail_fast: begin nothing more after a failure.
        compact: put whole months into one file each, at the end.
    """

    dataset: str | None
    start: str | None
    end: str | None
    stage: str | None
    failed: bool
    newest_first: bool
    fail_fast: bool
    compact: bool


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
@click.option("--newest-first", is_flag=True, help="Begin with the last days.")
@click.option("--fail-fast", is_flag=True, help="Begin nothing more after a failure.")
@click.option(
    "--compact/--no-compact",
    default=True,
    show_default=True,
    help="Put months that are whole and final into one file each, at the end.",
)
@work_options("One JSON object per flow run on standard output, and one for the whole at the end.")
@gathered("asked", Asked)
@click.pass_context
def command(context: click.Context, /, *, asked: Asked, work: Work) -> None:
    """Fetch years of prices; skip what is there.

    Makes every stage of a data set (default nem_prices) for each day from --start to --end that
    lacks it. Each published file is fetched and parsed once for all its days, while others are
    downloaded. A day that fails stops no other. Interrupted at any moment, the same command goes on.

    As many files are worked on at once as there are processors, at most 4, or --workers: one in this
    process, each other in one of its own, which takes some 80 MB. --executor threads starts none.

    \b
    Examples:
      nemflow backfill --start 2014-01-01 --end 2014-12-31
      nemflow backfill --start 2014 --end 2016
      nemflow backfill nem_demand --start 2024-01 --newest-first
      nemflow backfill --start 1998 --dry-run
      nemflow backfill --failed
    """
    settings = settings_of(context)
    last = None
    if asked.failed:
        _refuse_for_failed(context, asked)
        last = _last_backfill(settings, asked.dataset, sandbox=work.sandbox)
        if last is None or not last.failures:
            _say_none_failed(last, settings)
            context.exit(DONE)
    elif asked.start is None:
        raise click.MissingParameter(ctx=context, param_type="option", param_hint="'--start'")
    order = _order(context, asked, work, settings, last)
    context.exit(carry_out(order, settings, flags_of(context)))


def _order(
    context: click.Context,
    asked: Asked,
    work: Work,
    settings: Settings,
    last: BackfillRecord | None,
) -> Order:
    """Return what was ordered.

    Args:
        last: the backfill of which just what failed is to be done.
    """
    now = datetime.now(UTC)
    words = ["nemflow", "backfill", *([asked.dataset] if asked.dataset else [])]
    flags = pinned_flags(context, settings, sandbox=work.sandbox)
    executor = choose_executor(work.executor, work.scheduler, settings)
    is_chosen = work.executor is not None or work.scheduler is not None
    return Order(
        entries=_entries(asked, last),
        days=_days(asked, last, now),
        known=last.failures if last else (),
        force=work.force,
        stale=work.stale,
        newest_first=asked.newest_first,
        fail_fast=asked.fail_fast,
        compact=asked.compact,
        dry_run=work.dry_run,
        large_download=work.allow_large_download,
        sandbox=work.sandbox,
        as_json=work.as_json,
        verbosity=verbosity_of(context),
        executor=executor if is_chosen else None,
        workers=_workers(settings),
        again=work.words_again(words, flags_of(context), ("sandbox", "allow_large_download")),
        pinned=work.words_again([], flags, ("sandbox",)),
        now=now,
    )


def _refuse_for_failed(context: click.Context, asked: Asked) -> None:
    for name in ("start", "end", "stage"):
        if getattr(asked, name) is not None:
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
        when = f"{last.started_at.astimezone(NEM_TIME):%Y-%m-%d %H:%M}+10:00"
        put_error(f"nothing failed in the last backfill, of {when}, {last.start} to {last.end}")


def _entries(asked: Asked, last: BackfillRecord | None) -> tuple[Entry, ...]:
    dataset = last.dataset if last else asked.dataset or DEFAULT_DATASET
    stages = last.stages if last else (asked.stage,) if asked.stage else None
    entries = CATALOG.dataset(dataset)
    return tuple(entry for entry in entries if stages is None or entry.stage in stages)


def _days(asked: Asked, last: BackfillRecord | None, now: datetime) -> Sequence[date]:
    if last is not None:
        return sorted({failure.date for failure in last.failures})
    assert asked.start is not None  # the command has seen to it
    dataset = DATASETS[asked.dataset or DEFAULT_DATASET]
    first = first_day_of(dataset)
    beginning = MARKET if first == FIRST_DAY else Beginning(first, dataset.name, dataset.instead)
    return read_span(asked.start, asked.end, now, beginning)


def _workers(settings: Settings) -> int:
    if settings.origins["workers"].layer is not Layer.DEFAULT:
        return settings.workers
    return min(os.cpu_count() or 1, _MOST_WORKERS)
