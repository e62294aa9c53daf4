"""``nemflow projects``: the projects, each just a label, and what is in them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import click

from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.schedule_lines import events_of
from nemflow.cli.stores import open_store
from nemflow.cli.wording import align, count_of
from nemflow.flows.agent.registry import registered_flows
from nemflow.flows.agent.store import Store
from nemflow.flows.agent.stored import schedules

SCHEMA = 1
"""The version of the JSON objects."""


@click.command("projects", short_help="List the projects.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, as_json: bool) -> None:
    """List the projects with their flows and schedules.

    \b
    Example:
      nemflow projects
    """
    now = datetime.now(UTC)
    with open_store(settings_of(context), make=False) as store:
        projects = _projects(store, now)
    if as_json:
        put_json({"schema": SCHEMA, "projects": [project.as_json() for project in projects]})
    elif not projects:
        put_lines(["no projects; they come with: nemflow register … --project NAME"])
    else:
        put_lines(align(project.row() for project in projects))


@dataclass(frozen=True, slots=True)
class _Project:
    name: str
    flows: list[str]
    schedules: list[str]
    coming: datetime | None

    def as_json(self) -> dict[str, object]:
        return {
            "project": self.name,
            "flows": self.flows,
            "schedules": self.schedules,
            "next": None if self.coming is None else self.coming.isoformat(),
        }

    def row(self) -> tuple[str, ...]:
        coming = self.coming
        return (
            self.name,
            count_of(len(self.flows), "registered flow"),
            count_of(len(self.schedules), "schedule"),
            "" if coming is None else f"next {coming.isoformat(sep=' ', timespec='minutes')}",
        )


def _projects(store: Store, now: datetime) -> list[_Project]:
    flows, stored = registered_flows(store), schedules(store)
    names = {*(flow.project for flow in flows), *(schedule.project for schedule in stored)}
    found = []
    for name in sorted(names):
        own = [schedule for schedule in stored if schedule.project == name]
        coming = [event for schedule in own for event in events_of(store, schedule, 1, now)[0]]
        first = min(coming, default=None, key=lambda event: event.instant)
        found.append(
            _Project(
                name,
                [flow.flow for flow in flows if flow.project == name],
                [schedule.name for schedule in own],
                None if first is None else first.start_time,
            )
        )
    return found
