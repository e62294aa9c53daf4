"""The standing of a stored day that is not final: a hidden JSON file beside the day's file.

It is written before the day's file gets its name and removed after a final one has got it. So a
crash leaves at worst a final file marked preliminary, which the next run that looks at it clears.
The raw stage sets a standing; the clean stage takes it over. Reading one needs nothing heavy.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from nemflow import atomic_path, is_dead_leftover, sync_folder
from nemflow.flows.nem.places import clean_month, clean_target, is_month, raw_target, standing_of
from nemflow.tasks.nem.sources import Quality

SCHEMA = 1

_LEFT = ".parquet.standing.json."  # in the name of a standing that was being written


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a day that is not final.

    Args:
        source: where it was taken from.
        made_at: when the day's file was made, aware.
        due_at: when a better source is expected, or the same one to have changed, aware.
        forced: the source was the user's choice.
    """

    quality: Quality
    source: str
    made_at: datetime
    due_at: datetime
    forced: bool = False


def standing_path(target: str | Path, day: date) -> Path:
    """Return where the standing of a day lies whose data are at `target`, its own file or a month's."""
    path = os.fspath(target)
    if is_month(path):
        path = path.removesuffix(f"_{day:%Y-%m}.parquet") + f"_{day}.parquet"
    return Path(standing_of(path))


def read_standing(path: Path) -> Standing | None:
    """Return the standing kept at `path`; None if there is none.

    One that makes no sense counts as due at once, lest a day stay as it is for ever.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fields = json.loads(content.decode())
        return Standing(
            Quality(fields["quality"]),
            str(fields["source"]),
            _aware(fields["made_at"]),
            _aware(fields["due_at"]),
            bool(fields["forced"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):  # the last: brackets without end
        long_ago = datetime.fromisoformat("1998-12-07T00:00:00+10:00")
        return Standing(Quality.PRELIMINARY, "", long_ago, long_ago)


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError(f"{text} has no time zone")
    return instant


def write_standing(path: Path, standing: Standing) -> None:
    """Keep a standing at `path`, in one step."""
    fields = {
        "schema": SCHEMA,
        "quality": str(standing.quality),
        "source": standing.source,
        "made_at": standing.made_at.isoformat(),
        "due_at": standing.due_at.isoformat(),
        "forced": standing.forced,
    }
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(fields) + "\n", encoding="utf-8")


def clear_standing(path: Path) -> None:
    """Remove the standing at `path`, if there is one: the day is final.

    The day's file beside it is on the disk by then: a power cut could leave the one before it, and
    nothing that says that it is not final.
    """
    if not os.path.lexists(path):
        return
    sync_folder(os.path.dirname(path))
    with suppress(FileNotFoundError):
        os.unlink(path)


def sweep_standings(folder: str) -> list[str]:
    """Remove what killed writers of standings have left in a folder, and return what was removed.

    No lock is needed: standings of one day are written under more than one.
    """
    removed = []
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, name)
        if _LEFT in name and is_dead_leftover(path):
            with suppress(FileNotFoundError):
                os.unlink(path)
                removed.append(path)
    return removed


def is_due(target: str, day: date, now: datetime) -> bool:
    """Tell whether it is time to look for something better than what lies at `target`."""
    standing = read_standing(standing_path(target, day))
    return standing is not None and standing.due_at <= now


def standing_told(facts: Mapping[str, str]) -> Standing | None:
    """Return the standing that the metadata of a raw day tell; None for a final day."""
    due_at = facts.get("nemflow.due_at", "")
    if not due_at:
        return None
    return Standing(
        Quality(facts["nemflow.quality"]),
        facts["nemflow.source"].removeprefix("SYNTHETIC "),
        datetime.fromisoformat(facts["nemflow.made_at"]),
        datetime.fromisoformat(due_at),
        facts.get("nemflow.forced") == "true",
    )


def put_off(data_dir: Path, dataset: str, day: date, due_at: datetime | None) -> None:
    """Move the standing of both stages of a day; without a date to wait for they are final."""
    for path in (raw_standing(data_dir, dataset, day), clean_standing(data_dir, dataset, day)):
        standing = read_standing(path)
        if due_at is None:
            clear_standing(path)
        elif standing is not None:
            write_standing(path, replace(standing, due_at=due_at))


def raw_standing(data_dir: Path, dataset: str, day: date) -> Path:
    """Return where the standing of a raw day lies."""
    return standing_path(data_dir / raw_target(dataset).format(date=day), day)


def clean_standing(data_dir: Path, dataset: str, day: date) -> Path:
    """Return where the standing of a clean day lies, also of one in a compacted month."""
    return standing_path(data_dir / clean_target(dataset).format(date=day), day)


def has_clean(data_dir: Path, dataset: str, day: date) -> bool:
    """Tell whether the clean stage has a file that may hold the day."""
    places = (clean_target(dataset), clean_month(dataset))
    return any((data_dir / place.format(date=day)).exists() for place in places)
