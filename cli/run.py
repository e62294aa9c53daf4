"""``nemflow run``: the flows of a data set, for dates; or a flow of the user's own."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import click

from nemflow.cli import completing
from nemflow.cli.dates import read_days
from nemflow.cli.executors import choose_executor
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
from nemflow.cli.own_flows import is_own
from nemflow.cli.pinned import pinned_flags, pinned_words
from nemflow.cli.price_runs import Order, carry_out
from nemflow.cli.recording import (
    Source,
    made_by,
    resumed_run,
)
from nemflow.cli.settings import Settings, flag
from nemflow.flows.catalog import Entry
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET
from nemflow.flows.reporter import FlowRunInfo


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
@click.option("--force", is_flag=True, help="Make files again though they are there.")
@click.option("--stale", is_flag=True, help="Make what is stale again too; a look into each file.")
@click.option(
    "--no-wait",
    is_flag=True,
    help="Do not wait for another run that makes the same file: exit 4 and say who it is.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would run, and why; touch nothing.")
@click.option(
    "--allow-large-download",
    is_flag=True,
    help="Fetch a whole 2 GB bundle where a server cannot send parts of it.",
)
@click.option("--submit", is_flag=True, help="Ask an agent for the runs, instead of doing them.")
@click.option("--label", "labels", multiple=True, help="With --submit: only agents with it.")
@click.option("--sandbox", is_flag=True, help="Use a SYNTHETIC market, in a folder of its own.")
@executor_options
@market_options
@settings_options
@json_option("One JSON object per flow run on standard output.")
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    what: str,
    date_words: tuple[str, ...],
    parameters: tuple[str, ...],
    force: bool,
    stale: bool,
    no_wait: bool,
    dry_run: bool,
    allow_large_download: bool,
    submit: bool,
    labels: tuple[str, ...],
    sandbox: bool,
    executor: str | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
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
    verbosity = verbosity_of(context)
    if labels and not submit:
        raise click.UsageError("--label is for --submit: a run here needs no agent.", context)
    if submit:
        from nemflow.cli.submit import submit_runs  # sqlite: only who asks an agent needs it

        _refuse_for_submit(context)
        switches = [
            flag(n)
            for n in ("force", "stale", "allow_large_download", "sandbox")
            if context.params[n]
        ]
        submit_runs(
            what,
            date_words,
            parameters,
            labels=labels,
            options=[*pinned_words(context, settings, sandbox=sandbox), *switches],
            settings=settings,
            as_json=as_json,
        )
        return
    what = _saved_flow(what, settings)
    chosen = choose_executor(executor, scheduler, settings)
    if is_own(what):
        _refuse_price_options(context)
        # prices do not pay for what flows of the user's own need
        from nemflow.cli.own_run import OwnOrder, carry_out_own

        own = OwnOrder(
            what=what,
            parameters=parameters,
            executor=chosen,
            force=force,
            wait=not no_wait,
            dry_run=dry_run,
            as_json=as_json,
            verbosity=verbosity,
            options=tuple(_executor_words(context)),
            made_by=made_by(context),
            resumes=resumed_run(context),
        )
        context.exit(carry_out_own(own, settings))
    if parameters:
        raise click.UsageError(f"--param is for flows of your own; {what} takes --date.", context)
    if not date_words:
        raise click.MissingParameter(ctx=context, param_type="option", param_hint="'--date'")
    now = datetime.now(UTC)
    entries, days = CATALOG.find(what), read_days(date_words, now)
    order = Order(
        entries=entries,
        days=days,
        force=force,
        stale=stale,
        dry_run=dry_run,
        large_download=allow_large_download,
        sandbox=sandbox,
        as_json=as_json,
        verbosity=verbosity,
        executor=chosen,
        wait=not no_wait,
        again=_words_again(context, what, flags_of(context)),
        source=Source(
            command=_command_of(
                _words_again(
                    context,
                    what,
                    pinned_flags(context, settings, sandbox=context.params["sandbox"]),
                ),
                entries,
            ),
            folder=os.getcwd(),
            is_alone=len(entries) * len(days) == 1,
            made_by=made_by(context),
        ),
        now=now,
    )
    context.exit(carry_out(order, settings, flags_of(context)))


def _words_again(context: click.Context, what: str, flags: Mapping[str, str]) -> list[str]:
    """Return the command, without its dates and without what changes only its output."""
    words = ["nemflow", "run"] + ([what] if what != DEFAULT_DATASET else [])
    for name, value in flags.items():
        words += [flag(name), value]
    for name in ("executor", "scheduler"):
        if context.params[name]:
            words += [flag(name), context.params[name]]
    switches = ("sandbox", "force", "stale", "allow_large_download")
    return words + [flag(name) for name in switches if context.params[name]]


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


def _executor_words(context: click.Context) -> Iterator[str]:
    flags = flags_of(context)
    for name, value in (*context.params.items(), *flags.items()):
        if name in ("executor", "scheduler", "workers") and value:
            yield from (flag(name), value)


def _refuse_for_submit(context: click.Context) -> None:
    if context.params["dry_run"]:
        raise click.UsageError("--dry-run and --submit exclude each other.", context)


def _saved_flow(what: str, settings: Settings) -> str:
    """Return the file of a registered flow; any other word as it is."""
    if is_own(what) or what in (*CATALOG.names(), *CATALOG.datasets()):
        return what
    from nemflow.cli.stores import (  # only such names need it
        find_flow_to_run,
        open_store,
        store_path,
    )

    if not store_path(settings).exists():
        return what
    with open_store(settings) as store:
        registration = find_flow_to_run(store, what, None)
    return what if registration is None else str(registration.saved)


def _refuse_price_options(context: click.Context) -> None:
    """Check that a flow of the user's own was not given what only the price flows take."""
    if context.params["date_words"]:
        raise click.UsageError(
            "--date is for the price flows: a flow of your own takes --param date=2014-01-01.",
            context,
        )
    names = [name for name in ("sandbox", "stale", "allow_large_download") if context.params[name]]
    names += [n for n in ("source", "nemweb_url", "aemo_url", "data_dir") if n in flags_of(context)]
    if names:
        raise click.UsageError(f"{flag(names[0])} is for the price flows: leave it out.", context)
