"""``nemflow cron``: the crontab line that keeps prices up to date."""

import shlex

import click

from nemflow.cli import completing
from nemflow.cli.agent import program
from nemflow.cli.options import debug_option, settings_of, settings_options
from nemflow.cli.output import put_lines
from nemflow.cli.pinned import pinned_words
from nemflow.cli.settings import Layer, variable
from nemflow.cli.wording import did_you_mean
from nemflow.errors import SettingsError
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET


@click.command("cron", short_help="Print a crontab line.")
@click.argument(
    "what", metavar="[FLOW_OR_DATASET]", default=DEFAULT_DATASET, shell_complete=completing.flows
)
@click.option(
    "--at",
    "clock",
    default="05:30",
    show_default=True,
    metavar="HH:MM",
    help="This machine's time.",
)
@click.option(
    "--agent", is_flag=True, help="A line for the schedules: an agent, once a quarter hour."
)
@settings_options
@debug_option
@click.pass_context
def command(context: click.Context, /, *, what: str, clock: str, agent: bool) -> None:
    """Print the crontab line that fetches yesterday's prices each day.

    Nothing is changed. Cron goes by the clock of this machine. Prices of a market day are published
    by 04:05 market time (UTC+10) of the day after; choose --at later than that.

    \b
    Examples:
      nemflow cron
      (crontab -l; nemflow cron --at 06:00) | crontab -
    """
    if what not in (*CATALOG.names(), *CATALOG.datasets()):
        raise SettingsError(
            f"there is no flow or data set {what!r}{did_you_mean(what, CATALOG.datasets())}"
        )
    settings = settings_of(context)
    variables = [
        f"{variable(name)}={shlex.quote(str(value))}"
        for name, value, origin in settings.values()
        if origin.layer is Layer.ENVIRONMENT
    ]
    flags = pinned_words(context, settings)
    if agent:
        when, words = "*/15 * * * *", ["agent", "start", "--once", *flags]
    else:
        hour, minute = _time(clock)
        when = f"{minute} {hour} * * *"
        words = ["run", what, "--date", "yesterday", "--quiet", *flags]
    # In a crontab a bare % ends the command.
    line = " ".join([*variables, shlex.join([*program(), *words])]).replace("%", r"\%")
    put_lines([f"{when}  {line}"])


def _time(clock: str) -> tuple[int, int]:
    hour, colon, minute = clock.partition(":")
    is_time = colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2
    if not is_time or int(hour) > 23 or int(minute) > 59:
        raise SettingsError(f"--at {clock}: write a time of day as HH:MM, such as 05:30")
    return int(hour), int(minute)
