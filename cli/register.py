"""``nemflow register``: put a flow of the user's own beside the built-in ones."""

import shlex
from datetime import UTC, datetime
from pathlib import Path

import click

from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.own_flows import OwnFlow, find_flow, send_by_value
from nemflow.cli.stores import PROJECT, agent_command, open_store, registration_facts
from nemflow.errors import DefinitionError
from nemflow.flows.agent.registry import Registration, register
from nemflow.flows.agent.store import Store
from nemflow.flows.agent.stored import Missed, StoredSchedule, add_schedule, schedules
from nemflow.flows.agent.timetable import Timetable
from nemflow.flows.nem.catalog import CATALOG

SCHEMA = 1
"""The version of the JSON objects."""


@click.command("register", short_help="Register a flow of your own.")
@click.argument("what", metavar="FILE_OR_MODULE:FLOW")
@click.option("--project", default=PROJECT, show_default=True, help="A label that groups flows.")
@click.option(
    "--label", "labels", multiple=True, help="Only agents with it run it; may be repeated."
)
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    what: str,
    project: str,
    labels: tuple[str, ...],
    as_json: bool,
) -> None:
    """Register a flow of your own, so that schedules and agents run it by its name.

    The flow is saved as it is now; scheduled runs use this version until it is registered again. A flow
    that has not changed makes no new version. What its file imports must be importable where the agent
    runs. A flow with a schedule of its own gets that schedule.

    \b
    Examples:
      nemflow register flows.py:my_flow --project prices
      nemflow register package.module:my_flow --label gpu
    """
    settings, now = settings_of(context), datetime.now(UTC)
    own = find_flow(what, Path.cwd())
    _refuse_known_name(own)
    if own.module is not None:
        send_by_value(own.module)
    with open_store(settings) as store:
        registration, is_new = register(
            store,
            own.flow,
            project=project,
            origin=_origin(what, own),
            labels=labels,
            folder=settings.state_dir / "flows",
            now=now,
        )
        scheduled = _own_schedule(store, own, registration, now)
    if as_json:
        put_json({"schema": SCHEMA, "new": is_new, **registration_facts(registration)})
        return
    state = "registered" if is_new else "not changed since it was registered"
    put_lines([f"{project}/{own.flow.name} version {registration.version}: {state}"])
    if scheduled:
        put_lines([f"schedule {scheduled}: the flow's own"])
    asks = shlex.join(["nemflow", "run", own.flow.name, "--submit"])
    put_lines([f"ask for a run: {asks}; an agent does it: {agent_command(registration.labels)}"])


def _refuse_known_name(own: OwnFlow) -> None:
    if own.flow.name in (*CATALOG.names(), *CATALOG.datasets()):
        raise DefinitionError(
            f"{own.flow.name!r} is the name of a flow or data set of nemflow's: name yours otherwise"
        )


def _origin(what: str, own: OwnFlow) -> str:
    source, colon, _ = what.rpartition(":")
    path = Path(source if colon else what)
    return f"{path.resolve()}:{own.flow.name}" if path.is_file() else what


def _own_schedule(store: Store, own: OwnFlow, registration: Registration, now: datetime) -> str:
    """Keep the flow's own schedule, if it has one that is not kept yet; return its name."""
    name = own.flow.name
    if own.flow.schedule is None or any(known.name == name for known in schedules(store)):
        return ""
    schedule = StoredSchedule(
        name=name,
        project=registration.project,
        flow=name,
        registration=registration.id,
        timetable=Timetable(own=True),
        parameters={},
        options=[],
        labels=registration.labels,
        missed=Missed.LATEST,
        paused=False,
        created_at=now,
        seen_until=now,
    )
    add_schedule(store, schedule)
    return name
