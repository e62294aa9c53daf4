"""``nemflow schedule``: when flows are to run; an agent runs them then."""

import shlex
from datetime import UTC, datetime

import click

from nemflow.cli import completing
from nemflow.cli.dates import read_days
from nemflow.cli.name_value import split_words
from nemflow.cli.options import (
    debug_option,
    json_option,
    market_options,
    need_command,
    settings_of,
    settings_options,
)
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.pinned import pinned_words
from nemflow.cli.schedule_lines import (
    clock_words,
    describe_schedule,
    merged_events,
    parameter_words,
    schedule_facts,
)
from nemflow.cli.settings import Settings
from nemflow.cli.stores import PROJECT, agent_command, find_flow_to_run, open_store
from nemflow.cli.wording import align
from nemflow.errors import SettingsError
from nemflow.flows.agent.registry import Registration
from nemflow.flows.agent.stored import (
    Missed,
    StoredSchedule,
    add_schedule,
    pause_schedule,
    remove_schedule,
    resume_schedule,
    schedule_named,
    schedules,
)
from nemflow.flows.agent.timetable import Timetable
from nemflow.tasks.nem.market_time import ARROW_ZONE

SCHEMA = 1
"""The version of the JSON objects."""


@click.group("schedule", invoke_without_command=True, short_help="Say when flows are to run.")
@debug_option
@click.pass_context
def command(context: click.Context, /) -> None:
    """Say when flows are to run; an agent runs them then.

    `nemflow agent start` starts one.

    \b
    Examples:
      nemflow schedule add nem_prices --cron "30 4 * * *" date=yesterday
      nemflow schedule list
      nemflow schedule next --n 10
      nemflow schedule pause nem_prices
    """
    need_command(context)


@command.command("add", short_help="Add a schedule.")
@click.argument("what", metavar="FLOW_OR_DATASET", shell_complete=completing.flows)
@click.argument("words", nargs=-1, metavar="[NAME=VALUE]...")
@click.option(
    "--cron", default="", metavar="EXPRESSION", help="Cron: minute hour day month weekday."
)
@click.option("--every", default="", metavar="INTERVAL", help="5m, 1h, 1d: counted from midnight.")
@click.option(
    "--tz", "zone", default=ARROW_ZONE, show_default="market time", help="The zone of these times."
)
@click.option("--weekdays", is_flag=True, help="Only Monday to Friday.")
@click.option("--weekends", is_flag=True, help="Only Saturday and Sunday.")
@click.option("--month-start", is_flag=True, help="Only on the first of the month.")
@click.option("--month-end", is_flag=True, help="Only on the last of the month.")
@click.option("--between", default="", metavar="HH:MM-HH:MM", help="Only at these times of day.")
@click.option(
    "--missed",
    type=click.Choice([word.value for word in Missed]),
    default=Missed.LATEST.value,
    show_default=True,
    help="Which events are made up for that passed while no agent was there.",
)
@click.option("--name", default=None, help="The schedule's name; default the flow's.")
@click.option("--project", default=None, help="A label that groups flows.")
@click.option("--label", "labels", multiple=True, help="Only agents with it; may be repeated.")
@market_options
@settings_options
@debug_option
@click.pass_context
def add(
    context: click.Context,
    /,
    *,
    what: str,
    words: tuple[str, ...],
    cron: str,
    every: str,
    zone: str,
    weekdays: bool,
    weekends: bool,
    month_start: bool,
    month_end: bool,
    between: str,
    missed: str,
    name: str | None,
    project: str | None,
    labels: tuple[str, ...],
) -> None:
    """Add a schedule for a data set, a flow, or a registered flow of your own.

    Parameters are words such as date=yesterday; today and yesterday are taken when the run is due, in
    market time. A flow of nemflow's that is given no date takes yesterday.

    \b
    Examples:
      nemflow schedule add nem_prices --cron "30 4 * * *" --project prices
      nemflow schedule add my_flow --every 5m --weekdays --label gpu n=3
    """
    settings, now = settings_of(context), datetime.now(UTC)
    timetable = Timetable(
        cron=cron,
        every=every,
        zone=zone,
        weekdays=weekdays,
        weekends=weekends,
        month_start=month_start,
        month_end=month_end,
        between=between,
    )
    parameters = split_words(words, option="")
    with open_store(settings) as store:
        registration = find_flow_to_run(store, what, project)
        if registration is None:
            parameters = _checked_dates(parameters, now)
        schedule = StoredSchedule(
            name=name or what,
            project=registration.project if registration else project or PROJECT,
            flow=what,
            registration=None if registration is None else registration.id,
            timetable=timetable,
            parameters=parameters,
            options=options_to_keep(context, settings, registration),
            labels=sorted({*labels, *(registration.labels if registration else ())}),
            missed=Missed(missed),
            paused=False,
            created_at=now,
            seen_until=now,
        )
        add_schedule(store, schedule)
        put_lines(describe_schedule(store, schedule, now))
        starts = agent_command(schedule.labels)
        put_lines([f"an agent runs it: {starts}, or nemflow agent systemd for a service"])


@command.command("list", short_help="List the schedules with their next times.")
@click.option("--project", default=None, help="Of this project only.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def list_(context: click.Context, /, *, project: str | None, as_json: bool) -> None:
    """List the schedules with their next three times.

    \b
    Example:
      nemflow schedule list
    """
    now = datetime.now(UTC)
    with open_store(settings_of(context), make=False) as store:
        found = [one for one in schedules(store) if project in (None, one.project)]
        if as_json:
            put_json(
                {"schema": SCHEMA, "schedules": [schedule_facts(store, s, now) for s in found]}
            )
        elif not found:
            put_lines(["no schedules; add one with: nemflow schedule add nem_prices --cron …"])
        for schedule in [] if as_json else found:
            put_lines(describe_schedule(store, schedule, now))


@command.command("next", short_help="Show what is due next, over all schedules.")
@click.argument("name", required=False, shell_complete=completing.schedules)
@click.option("--n", "number", type=click.IntRange(1, 1000), default=10, show_default=True)
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def next_(context: click.Context, /, *, name: str | None, number: int, as_json: bool) -> None:
    """Show the next events of one schedule, or of all.

    \b
    Example:
      nemflow schedule next --n 10
    """
    now = datetime.now(UTC)
    with open_store(settings_of(context), make=False) as store:
        chosen = [schedule_named(store, name)] if name else schedules(store)
        rows, wrong = merged_events(store, chosen, number, now)
    for sentence in wrong:
        put_error(f"warning: {sentence}")
    if as_json:
        found = [{"schedule": s.name, "flow": s.flow, "at": m.isoformat()} for m, s in rows]
        put_json({"schema": SCHEMA, "events": found})
        return
    lines = (
        align((clock_words(moment), s.name, parameter_words(s)) for moment, s in rows)
        if rows
        else []
    )
    put_lines(lines or ["nothing is due: no schedules, or all are paused"])


@command.command("pause", short_help="Pause a schedule.")
@click.argument("name", shell_complete=completing.schedules)
@settings_options
@debug_option
@click.pass_context
def pause(context: click.Context, /, *, name: str) -> None:
    """Let a schedule make no runs until it is resumed.

    \b
    Example:
      nemflow schedule pause nem_prices
    """
    with open_store(settings_of(context)) as store:
        pause_schedule(store, name)
    put_lines([f"{name} is paused; go on with: nemflow schedule resume {shlex.quote(name)}"])


@command.command("resume", short_help="Resume a schedule.")
@click.argument("name", shell_complete=completing.schedules)
@settings_options
@debug_option
@click.pass_context
def resume(context: click.Context, /, *, name: str) -> None:
    """Go on with a paused schedule; what passed meanwhile is not made up for.

    \b
    Example:
      nemflow schedule resume nem_prices
    """
    now = datetime.now(UTC)
    with open_store(settings_of(context)) as store:
        resume_schedule(store, name, now)
        put_lines(describe_schedule(store, schedule_named(store, name), now))


@command.command("remove", short_help="Remove a schedule.")
@click.argument("name", shell_complete=completing.schedules)
@settings_options
@debug_option
@click.pass_context
def remove(context: click.Context, /, *, name: str) -> None:
    """Remove a schedule and those of its runs that no agent has taken yet.

    \b
    Example:
      nemflow schedule remove nem_prices
    """
    with open_store(settings_of(context)) as store:
        gone = remove_schedule(store, name)
    runs = f", and {gone} waiting runs of it" if gone else ""
    put_lines([f"{name} is removed{runs}"])


def options_to_keep(
    context: click.Context, settings: Settings, registration: Registration | None
) -> list[str]:
    """Return the words that make a later run use the settings in force now.

    The data directory is always kept, since an agent may be started in another environment.
    """
    if registration is not None:
        return []
    return pinned_words(context, settings)


def _checked_dates(parameters: dict[str, str], now: datetime) -> dict[str, str]:
    unknown = sorted(set(parameters) - {"date"})
    if unknown:
        raise SettingsError(
            f"{unknown[0]}: the flows of nemflow take date=…, such as date=yesterday"
        )
    read_days([parameters.get("date", "yesterday")], now, said="date=")
    return {"date": "yesterday", **parameters}
