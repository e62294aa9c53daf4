"""Which stored days are stale: reported, and made again only where that is asked for.

A raw day is stale if the archive has by now another file under the address that the day was made of,
or if other code made it than would now. A clean day is, if the raw one was made of other files than
the clean one tells, or later, or if other code made it. This takes a look into every file; the cheap
tests, by names and times, are `coverage`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from nemflow.flows.nem.facts import DayFacts, try_facts
from nemflow.flows.nem.on_disk import STAGES, Stored, look
from nemflow.tasks.nem.archive_index import archive_by_url
from nemflow.tasks.nem.holding import Holding

Key = tuple[str, date]
"""A stage and a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How days would be made now, and how they were.

    Args:
        versions: the version of each stage's flow now.
        recorded: what the history says of the version that made a day whose file does not tell it.
    """

    versions: Mapping[str, str]
    recorded: Mapping[Key, str]


def find_stale(
    data_dir: Path, dataset: str, first: date, last: date, making: Making
) -> dict[Key, str]:
    """Return the stale days from `first` to `last`, and why each is."""
    stored = {stage: look(data_dir, dataset, stage, first, last) for stage in STAGES}
    return find_stale_among(stored, archive_by_url(data_dir / "archive"), making)


def find_stale_among(
    stored: Mapping[str, Stored], archive: Mapping[str, Holding], making: Making
) -> dict[Key, str]:
    """Return the stale days among stored ones, and why each is.

    Args:
        archive: its files, by their address.
    """
    stale: dict[Key, str] = {}
    raws: dict[date, DayFacts] = {}
    for stage in STAGES:
        for day, file in sorted(stored[stage].files.items()):
            facts = try_facts(file, day)
            if facts is None:
                stale[stage, day] = "the file cannot be read"
                continue
            if stage == "raw":
                raws[day] = facts
                why = _other_file(facts, archive)
            else:
                why = _other_raw(facts, raws.get(day))
            why = why or _other_code(facts, (stage, day), making)
            if why:
                stale[stage, day] = why
    return stale


def _other_file(facts: DayFacts, archive: Mapping[str, Holding]) -> str:
    for made_of in facts.files:
        held = archive.get(made_of.url)
        if held is not None and held.file.sha256 != made_of.sha256:
            return f"the archive has another {held.file.path.name} by now"
    return ""


def _other_raw(clean: DayFacts, raw: DayFacts | None) -> str:
    if raw is None or not raw.get("files"):
        return ""
    if clean.get("files") != raw.get("files"):
        return "the raw file is of other published files by now"
    made = [facts.get("made_at") for facts in (clean, raw)]
    if all(made) and datetime.fromisoformat(made[0]) < datetime.fromisoformat(made[1]):
        return "the raw file is newer"
    return ""


def _other_code(facts: DayFacts, key: Key, making: Making) -> str:
    made_by = facts.get("flow_version") or making.recorded.get(key, "")
    now = making.versions.get(key[0], "")
    if not made_by or not now or made_by == now:
        return ""
    return f"made by other code (version {made_by}, now {now})"
