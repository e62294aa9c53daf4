"""``nemflow run``: the flows of a data set, for dates; or a flow of the user's own."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from nemflow.cli import completing
from nemflow.cli.dates import read_days
from nemflow.cli.executors import choose_executor
from nemflow.cli.options import flags_of, gathered, settings_of, verbosity_of
from nemflow.cli.own_flows import is_own
from nemflow.cli.pinned import pinned_flags, pinned_words
from nemflow.cli.price_runs import Order, carry_out
from nemflow.cli.recording import Source, made_by, resumed_run
from nemflow.cli.settings import Settings, flag
from nemflow.cli.work_options import Work, work_options
from nemflow.flows.catalog import Entry
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET
from nemflow.flows.reporter import FlowRunInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to run, as the command line says.

    Attributes:
        what: a flow, a data set, or a flow of the user's own.
        date_words: days and months.
        parameters: of a flow of the user's own, ``name=value``.
        no_wait: leave out what another run is at.
        submit: ask an agent.
        labels: only agents with them.
    """

    what: str
    date_words: tuple[str, ...]
    parameters: tuple[str, ...]
    no_wait: bool
    submit: bool
    labels: tuple[str, ...]


@click.command("run", short_help="Fetch prices.")
@click.argument(
    "what",
    metavar="[FLOW_OR_DATASET_OR_FILE]",
    default=DEFAULT_DATASET,
    shell_complete=completing.flows,
)
@click.option(
    "--date",
    "date_words",
    multiple=True,
    shell_complete=completing.dates,
    metavar="DATE",
    help="A day (2014-01-01), a month (2014-01), today or yesterday; may be repeated.",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of a flow of your own, as JSON or text; may be repeated.",
)
@click.option(
    "--no-wait",
    is_flag=True,
    help="Do not wait for another run that makes the same file: exit 4 and say who it is.",
)
@click.option("--submit", is_flag=True, help="Ask an agent for the runs, instead of doing them.")
@click.option("--label", "labels", multiple=True, help="With --submit: only agents with it.")
@work_options("One JSON object per flow run on standard output.")
@gathered("asked", Asked)
@click.pass_context
def command(context: click.Context, /, *, asked: Asked, work: Work) -> None:
    """Fetch prices and keep them as Parquet; skip what is there.

    Runs the flows of a data set (default nem_prices: raw, then clean), or one flow, for each date.
    Times and dates are market time, UTC+10. Or runs a flow of your own, from a file or module.

    \b
    Examples:
      nemflow run --date 2014-01-01
      nemflow run --date 2014-01 --date yesterday
      nemflow run nem_prices_raw --date 2014-01-01 --force
      nemflow run --date 2014-01 --dry-run
      nemflow run flows.py:my_flow --param day=2014-01-01 --executor threads --workers 8
      nemflow run package.module:my_flow --param n=3
    """
    settings = settings_of(context)
    if asked.labels and not asked.submit:
        raise click.UsageError("--label is for --submit: a run here needs no agent.", context)
    if asked.submit:
        _submit(context, asked, work, settings)
        return
    what = _saved_flow(asked.what, settings)
    if is_own(what):
        context.exit(_run_own(context, replace(asked, what=what), work, settings))
    if asked.parameters:
        raise click.UsageError(f"--param is for flows of your own; {what} takes --date.", context)
    if not asked.date_words:
        raise click.MissingParameter(ctx=context, param_type="option", param_hint="'--date'")
    order = _order(context, asked, work, settings)
    context.exit(carry_out(order, settings, flags_of(context)))


def _submit(context: click.Context, asked: Asked, work: Work, settings: Settings) -> None:
    """Ask an agent for the runs."""
    if work.dry_run:
        raise click.UsageError("--dry-run and --submit exclude each other.", context)
    from nemflow.cli.submit import submit_runs  # sqlite: only who asks an agent needs it

    switches = ("force", "stale", "allow_large_download", "sandbox")
    submit_runs(
        asked.what,
        asked.date_words,
        asked.parameters,
        labels=asked.labels,
        options=[
            *pinned_words(context, settings, sandbox=work.sandbox),
            *(flag(name) for name in switches if getattr(work, name)),
        ],
        settings=settings,
        as_json=work.as_json,
    )


def _run_own(context: click.Context, asked: Asked, work: Work, settings: Settings) -> int:
    """Run a flow of the user's own; return the exit code."""
    executor = choose_executor(work.executor, work.scheduler, settings)
    _refuse_price_options(context, asked, work)
    # prices do not pay for what flows of the user's own need
    from nemflow.cli.own_run import OwnOrder, carry_out_own

    order = OwnOrder(
        what=asked.what,
        parameters=asked.parameters,
        executor=executor,
        force=work.force,
        wait=not asked.no_wait,
        dry_run=work.dry_run,
        as_json=work.as_json,
        verbosity=verbosity_of(context),
        options=tuple(work.executor_words(context)),
        made_by=made_by(context),
        resumes=resumed_run(context),
    )
    return carry_out_own(order, settings)


def _order(context: click.Context, asked: Asked, work: Work, settings: Settings) -> Order:
    """Return what was ordered of the price flows."""
    now = datetime.now(UTC)
    entries, days = CATALOG.find(asked.what), read_days(asked.date_words, now)
    named = [asked.what] if asked.what != DEFAULT_DATASET else []
    words = ["nemflow", "run", *named]
    pinned = pinned_flags(context, settings, sandbox=work.sandbox)
    return Order(
        entries=entries,
        days=days,
        force=work.force,
        stale=work.stale,
        dry_run=work.dry_run,
        large_download=work.allow_large_download,
        sandbox=work.sandbox,
        as_json=work.as_json,
        verbosity=verbosity_of(context),
        executor=choose_executor(work.executor, work.scheduler, settings),
        wait=not asked.no_wait,
        again=work.words_again(words, flags_of(context)),
        source=Source(
            command=_command_of(work.words_again(words, pinned), entries),
            folder=os.getcwd(),
            is_alone=len(entries) * len(days) == 1,
            made_by=made_by(context),
        ),
        now=now,
    )


def _command_of(
    words: Sequence[str], entries: Sequence[Entry]
) -> Callable[[FlowRunInfo], list[str]]:
    """Return what makes the words of one flow run of those of the whole command.

    The first stage is run again with what comes after it, a later one alone.
    """

    def command(run: FlowRunInfo) -> list[str]:
        [_, verb, *rest] = words
        if run.flow_name != entries[0].name:
            rest = [run.flow_name, *rest[not rest[0].startswith("-") :]]
        return [verb, *rest, "--date", str(run.parameters["date"])]

    return command


def _saved_flow(what: str, settings: Settings) -> str:
    """Return the file of a registered flow; any other word as it is."""
    if is_own(what) or what in (*CATALOG.names(), *CATALOG.datasets()):
        return what
    # only such names need it
    from nemflow.cli.stores import find_flow_to_run, open_store, store_path

    if not store_path(settings).exists():
        return what
    with open_store(settings) as store:
        registration = find_flow_to_run(store, what, None)
    return what if registration is None else str(registration.saved)


def _refuse_price_options(context: click.Context, asked: Asked, work: Work) -> None:
    """Check that a flow of the user's own was not given what only the price flows take."""
    if asked.date_words:
        raise click.UsageError(
            "--date is for the price flows: a flow of your own takes --param date=2014-01-01.",
            context,
        )
    names = [n for n in ("sandbox", "stale", "allow_large_download") if getattr(work, n)]
    names += [n for n in ("source", "nemweb_url", "aemo_url", "data_dir") if n in flags_of(context)]
    if names:
        raise click.UsageError(f"{flag(names[0])} is for the price flows: leave it out.", context)
