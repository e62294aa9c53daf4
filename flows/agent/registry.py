"""Registered flows: each changed structure is a new version, saved so that it can be run as it was.

A project is just a label. Project and name tell flows apart; registering a flow whose structure has
not changed makes no new version. Schedules of the flow go over to the new version, runs that were
made before keep theirs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from sqlite3 import Row
from typing import TYPE_CHECKING

from nemflow.flows.agent.store import Store, as_moment, as_text

if TYPE_CHECKING:  # who only lists what is registered does not pay for the engine
    from nemflow.flows.base import Flow


@dataclass(frozen=True, slots=True)
class Registration:
    """One version of a registered flow.

    Args:
        origin: where it was found when it was registered.
        saved: the file that holds it.
        labels: of its runs, beside those of a schedule.
        registered_at: aware, UTC.
    """

    id: int
    project: str
    flow: str
    version: int
    structure: str
    origin: str
    saved: Path
    labels: tuple[str, ...]
    registered_at: datetime


def register(
    store: Store,
    flow: "Flow",
    *,
    project: str,
    origin: str,
    labels: Sequence[str],
    folder: Path,
    now: datetime,
) -> tuple[Registration, bool]:
    """Keep a flow; return its registration and whether that is new.

    Args:
        flow: what its functions need must be importable where it runs, or be pickled by value.
        folder: where versions are saved.

    Raises:
        OSError: the flow cannot be saved.
    """
    from nemflow.results.location import file_name  # as above

    structure = flow.version
    wanted = tuple(sorted(set(labels)))
    with store.writing() as rows:
        newest = newest_version(store, project, flow.name)
        if newest is not None and (newest.structure, newest.labels) == (structure, wanted):
            if not newest.saved.exists():  # somebody has removed it
                flow.save(newest.saved)
            return newest, False
        version = newest.version + 1 if newest else 1
        saved = folder / f"{file_name(f'{project} {flow.name}')}-{version}.flow"
        saved.parent.mkdir(parents=True, exist_ok=True)
        flow.save(saved)
        rows.execute(
            "INSERT INTO registrations (project, flow, version, structure, origin, saved, labels, "
            "registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(project, flow.name, version, structure, origin, str(saved)),
                *(json.dumps(wanted), as_text(now)),
            ),
        )
        made = newest_version(store, project, flow.name)
        assert made is not None  # just written, in this transaction
        rows.execute(
            "UPDATE schedules SET registration = ? WHERE project = ? AND flow = ? "
            "AND registration IS NOT NULL",
            (made.id, project, flow.name),
        )
        return made, True


def newest_version(store: Store, project: str, flow: str) -> Registration | None:
    """Return the newest version of a flow; None if it was never registered."""
    row = store.rows.execute(
        "SELECT * FROM registrations WHERE project = ? AND flow = ? ORDER BY version DESC LIMIT 1",
        (project, flow),
    ).fetchone()
    return None if row is None else _of_row(row)


def registration_of(store: Store, number: int) -> Registration:
    """Return the registration of that id, which must be there."""
    row = store.rows.execute("SELECT * FROM registrations WHERE id = ?", (number,)).fetchone()
    return _of_row(row)


def registered_flows(store: Store, project: str | None = None) -> list[Registration]:
    """Return the newest version of every flow, of one project or of all, by project and name."""
    rows = store.rows.execute(
        "SELECT * FROM registrations AS one WHERE version = (SELECT max(version) FROM registrations "
        "WHERE project = one.project AND flow = one.flow) AND (? IS NULL OR project = ?) "
        "ORDER BY project, flow",
        (project, project),
    )
    return [_of_row(row) for row in rows]


def named_flows(store: Store, name: str) -> list[Registration]:
    """Return the newest versions of the flows of that name, in whatever projects."""
    return [found for found in registered_flows(store) if found.flow == name]


def _of_row(row: Row) -> Registration:
    return Registration(
        id=row["id"],
        project=row["project"],
        flow=row["flow"],
        version=row["version"],
        structure=row["structure"],
        origin=row["origin"],
        saved=Path(row["saved"]),
        labels=tuple(json.loads(row["labels"])),
        registered_at=as_moment(row["registered_at"]),
    )
