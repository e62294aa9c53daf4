"""``nemflow plan``: what run or backfill with the same words would do."""

import click

from nemflow.cli.options import debug_option, flags_of

_OF_BACKFILL = ("--start", "--end", "--failed", "--stage", "--newest-first")


@click.command(
    "plan",
    short_help="Say what run or backfill would do.",
    context_settings={"ignore_unknown_options": True},
    options_metavar="[OPTIONS OF RUN OR BACKFILL]",
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[FLOW_OR_DATASET]")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, words: tuple[str, ...]) -> None:
    """Say what run or backfill with the same words would do, and why; touch nothing.

    With --start it is what backfill would do, with --date what run would. Each day has its reason:
    its target is missing, forced, due for something better, stale (with --stale), or there. At the
    end: how many requests and bytes, from what is in the archive and from usual sizes, and how long
    past runs of these flows took. The same as --dry-run of both.

    \b
    Examples:
      nemflow plan --date 2014-01
      nemflow plan --start 2014 --end 2016
      nemflow plan nem_demand --start 2024 --json
      nemflow plan --start 2014 --end 2014 --stale
    """
    verb = "backfill" if any(w.partition("=")[0] in _OF_BACKFILL for w in words) else "run"
    parent = context.parent
    assert parent is not None  # the group
    group = parent.command
    assert isinstance(group, click.Group)
    called = group.get_command(parent, verb)
    assert called is not None
    flags_of(context)  # one context of settings for both
    with called.make_context(verb, [*words, "--dry-run"], parent=parent) as inner:
        try:
            called.invoke(inner)
        except click.MissingParameter:
            raise click.UsageError(
                "say --date, for what run would do, or --start, for what backfill would.", context
            ) from None
