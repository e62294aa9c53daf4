"""``nemflow help``: what belongs to no single command."""

import click

from nemflow.cli import exit_codes
from nemflow.cli.dates import FIRST_DAY
from nemflow.cli.options import debug_option
from nemflow.cli.output import put_lines
from nemflow.cli.settings import DESCRIPTIONS, variable
from nemflow.cli.wording import align, did_you_mean

EXIT_CODES = {
    exit_codes.DONE: "done, already there, nothing to do, or only not published yet",
    exit_codes.FAILED: "work failed, or what should have been published is not",
    exit_codes.WRONG_USE: "wrong use: the command line, the environment or the settings file",
    exit_codes.WORK_FOUND: "a command with --check found something to do",
    exit_codes.HELD: "another run holds what was to be made, and --no-wait was given",
    exit_codes.INTERRUPTED: "interrupted by Ctrl-C",
    exit_codes.TERMINATED: "terminated by SIGTERM",
}
"""Every exit code and what it means."""

OTHER_VARIABLES = {
    "NEMFLOW_CONFIG": "the settings file, as --config",
    "NO_COLOR": "no colours",
    "FORCE_COLOR": "colours in plain lines too",
    "COLUMNS": "the width of the terminal",
    "TERM": "dumb: plain lines instead of a live display",
}
"""Variables that are no settings."""


def _exit_codes() -> list[str]:
    rows = [(str(code), text) for code, text in EXIT_CODES.items()]
    return [
        *align(rows),
        "",
        "A repeated run does only what is missing, so that cron may call one command every morning",
        "and mail what exits with another code than 0.",
    ]


def _environment() -> list[str]:
    settings = [(variable(name), text) for name, text in DESCRIPTIONS.items()]
    return [
        "A flag wins over its variable, that over the settings file, that over the default;",
        "`nemflow config` shows what is in force and why. An empty variable counts as not there.",
        "",
        *align([*settings, *OTHER_VARIABLES.items()]),
    ]


def _dates() -> list[str]:
    return [
        "A date is a day of the market in market time: UTC+10 all year, no daylight saving. It holds",
        "the intervals that end at 00:05 of the day to 00:00 of the next: 288 of five minutes, or 48",
        "of thirty, for each region.",
        "",
        *align(
            [
                ("2014-01-31", "a day"),
                ("2014-01", "every day of a month; of the present one up to today"),
                ("today, yesterday", "days of the market, not of this computer's time zone"),
            ]
        ),
        "",
        f"The first day is {FIRST_DAY}. --date may be repeated. --since takes a date, or how long",
        "ago: 30m, 12h, 7d, 4w. Times that are printed are market time too.",
    ]


def _targets() -> list[str]:
    return [
        "A target is the file that a run makes. It gets its name only when it is whole and checked,",
        "so one that is there is right, and its run is skipped: no network, no work.",
        "",
        *align(
            [
                ("--force", "make it again; the old one stays until the new one is whole"),
                ("--dry-run", "say what would be made and why; touch nothing"),
                ("--no-wait", "exit with 4 if another run is making it, instead of waiting"),
            ]
        ),
        "",
        "One run at a time makes a target: it holds a lock in the state folder, which the system",
        "frees when the run ends, however it ends. What a killed run left half made is removed by the",
        "next. `nemflow flows show NAME` shows a flow's targets.",
    ]


TOPICS = {
    "exit-codes": _exit_codes,
    "environment": _environment,
    "dates": _dates,
    "targets": _targets,
}
"""The topics and what tells each."""


@click.command("help", short_help="Explain a topic.")
@click.argument("topic", required=False, metavar="[TOPIC]")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, topic: str | None) -> None:
    """Explain exit codes, environment variables, dates or targets.

    \b
    Topics:
      exit-codes   what a script can ask
      environment  the variables that are read
      dates        what --date and --since mean
      targets      when a run is skipped, when not
    \b
    Examples:
      nemflow help exit-codes
      nemflow help environment
    """
    if topic is None:
        put_lines(context.get_help().splitlines())
        return
    if topic not in TOPICS:
        raise click.UsageError(
            f"there is no topic {topic!r}{did_you_mean(topic, TOPICS)}; there are "
            f"{', '.join(TOPICS)}. Commands take --help.",
            context,
        )
    put_lines(TOPICS[topic]())
