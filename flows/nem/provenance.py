"""Where a day's rows come from, written into the metadata of its Parquet files.

Keys (text): ``nemflow.flow``, ``nemflow.version``, ``nemflow.day``, ``nemflow.rows``, ``nemflow.source``,
``nemflow.reason`` (why no better source), ``nemflow.quality`` (live, preliminary or final),
``nemflow.synthetic`` (``true`` or ``false``), ``nemflow.table``, ``nemflow.files`` (a JSON list: URL,
sha256, size, time of fetching, AEMO's creation stamp), ``nemflow.made_at``, ``nemflow.attribution``,
``nemflow.flow_version`` (of the flow that made it; runs of the command line write it).

A compacted month has them too, of all its days together (``nemflow.quality`` is the least settled,
``nemflow.source`` names every one), and ``nemflow.days``: a JSON object with the keys of each day.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import nemflow
from nemflow.tasks.nem.archive import Published
from nemflow.tasks.nem.sources import Quality

if TYPE_CHECKING:
    import pyarrow as pa

ATTRIBUTION = "Source: Australian Energy Market Operator (AEMO), under AEMO's copyright permissions"
# What differs from day to day within a month.
_OF_A_DAY = tuple(
    f"nemflow.{key}"
    for key in (
        "source",
        "reason",
        "quality",
        "files",
        "table",
        "rows",
        "made_at",
        "version",
        "flow_version",
    )
)

SYNTHETIC_ATTRIBUTION = "SYNTHETIC: made up by nemflow's sandbox; not market data"


def describe_source(published: Published) -> dict[str, str]:
    """Return the keys that say where the day's rows come from."""
    synthetic = any(file.synthetic for file in published.files)
    files = [
        {
            "url": file.url,
            "sha256": file.sha256,
            "size": file.size,
            "fetched_at": file.fetched_at.isoformat(),
            "created": file.created,
        }
        for file in published.files
    ]
    return {
        "nemflow.source": f"SYNTHETIC {published.source}" if synthetic else str(published.source),
        "nemflow.reason": published.reason,
        "nemflow.quality": str(published.quality),
        "nemflow.synthetic": "true" if synthetic else "false",
        "nemflow.files": json.dumps(files),
        "nemflow.attribution": SYNTHETIC_ATTRIBUTION if synthetic else ATTRIBUTION,
    }


def stamp(
    table: "pa.Table", flow: str, day: date, source: Mapping[str, str], now: datetime | None = None
) -> "pa.Table":
    """Return the table with its provenance in the schema's metadata."""
    made_at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    kept = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    return table.replace_schema_metadata(
        {
            **kept,
            **source,
            "nemflow.flow": flow,
            "nemflow.version": nemflow.__version__,
            "nemflow.day": day.isoformat(),
            "nemflow.rows": str(table.num_rows),
            "nemflow.made_at": made_at,
        }
    )


def join_facts(rows: int, *facts: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a month of so many rows, from those of its days or of parts of it.

    Args:
        facts: the keys of days, or of months that already have ``nemflow.days``; of a day that
            stands in two the later counts.
    """
    days: dict[str, dict[str, str]] = {}
    for known in facts:
        if "nemflow.days" in known:
            days.update(json.loads(known["nemflow.days"]))
        elif known.get("nemflow.day"):
            days[known["nemflow.day"]] = {key: known[key] for key in _OF_A_DAY if key in known}
    each = [days[day] for day in sorted(days)]
    joined = {key: text for known in facts for key, text in known.items() if key not in _OF_A_DAY}
    joined.pop("nemflow.day", None)
    return {
        **joined,
        "nemflow.days": json.dumps(dict(sorted(days.items()))),
        "nemflow.rows": str(rows),
        "nemflow.source": ", ".join(sorted({day.get("nemflow.source", "") for day in each})),
        "nemflow.quality": _least_settled([day.get("nemflow.quality", "") for day in each]),
        "nemflow.made_at": max((day.get("nemflow.made_at", "") for day in each), default=""),
    }


def split_facts(metadata: Mapping[str, str]) -> dict[date, dict[str, str]]:
    """Return the keys of each day of a clean file, be it the file of one day or a compacted month.

    Args:
        metadata: of the file's schema.
    """
    if "nemflow.days" not in metadata:
        day = metadata.get("nemflow.day")
        return {date.fromisoformat(day): dict(metadata)} if day else {}
    common = {key: text for key, text in metadata.items() if key not in _OF_A_DAY}
    del common["nemflow.days"]
    return {
        date.fromisoformat(day): {**common, **known, "nemflow.day": day}
        for day, known in json.loads(metadata["nemflow.days"]).items()
    }


def _least_settled(qualities: Sequence[str]) -> str:
    return next((str(quality) for quality in Quality if quality in qualities), str(Quality.FINAL))


def source_of(table: "pa.Table") -> dict[str, str]:
    """Return the keys that ``describe_source`` wrote, read back from a raw table."""
    wanted = ("source", "reason", "quality", "synthetic", "files", "attribution", "table")
    metadata = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    return {f"nemflow.{key}": metadata.get(f"nemflow.{key}", "") for key in wanted}
