"""The store of schedules and runs, as the command line finds it."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from nemflow.cli.settings import Settings
from nemflow.errors import DefinitionError, SettingsError
from nemflow.flows.agent.registry import Registration, named_flows, newest_version
from nemflow.flows.agent.store import Store
from nemflow.flows.catalog import Entry

PROJECT = "default"
"""The project of what was given none."""


def open_store(settings: Settings, *, make: bool = True) -> Store:
    """Return the store, to be used in a with statement.

    Args:
        make: it where it is not there; who only reads finds it empty then.
    """
    return Store(store_path(settings), make=make)


def store_path(settings: Settings) -> Path:
    """Return where the store lies."""
    return settings.state_dir / "agent.sqlite"


def find_flow_to_run(store: Store, what: str, project: str | None) -> Registration | None:
    """Return the registered flow of that name, or None for a flow or data set of nemflow's.

    Raises:
        SettingsError: several projects have a flow of that name.
        DefinitionError: there is no such flow; the message names the nearest.
    """
    from nemflow.flows.nem.catalog import CATALOG  # who only lists does not pay for the flows

    found = named_flows(store, what)
    if project is not None:
        exact = newest_version(store, project, what)
        if exact is not None:
            return exact
        if what not in (*CATALOG.names(), *CATALOG.datasets()) and found:
            there = ", ".join(registration.project for registration in found)
            raise SettingsError(
                f"project {project!r} has no flow {what!r}: it is registered in {there}"
            )
    elif len(found) > 1:
        there = ", ".join(registration.project for registration in found)
        raise SettingsError(f"{what!r} is registered in several projects ({there}): say --project")
    elif found:
        return found[0]
    try:
        CATALOG.find(what)
    except DefinitionError as error:
        raise DefinitionError(
            f"{error}; a flow of your own is registered with: nemflow register file.py:flow"
        ) from None
    return None


def agent_command(labels: Iterable[str]) -> str:
    """Return the command that starts an agent for runs with these labels."""
    words = [word for label in labels for word in ("--label", label)]
    return shlex.join(["nemflow", "agent", "start", *words])


def registration_facts(registration: Registration) -> dict[str, object]:
    """Return a registration as the keys of a JSON object."""
    return {
        "project": registration.project,
        "flow": registration.flow,
        "version": registration.version,
        "structure": registration.structure,
        "origin": registration.origin,
        "labels": list(registration.labels),
        "registered_at": registration.registered_at.isoformat(),
    }


def entry_facts(entry: Entry) -> dict[str, object]:
    """Return a flow that comes with nemflow as the keys of a JSON object."""
    return {
        "flow": entry.name,
        "dataset": entry.dataset,
        "stage": entry.stage,
        "description": entry.description,
    }
