"""Where a day's rows come from, written into the metadata of its Parquet files.

Keys (text): ``nemflow.flow``, ``nemflow.version``, ``nemflow.day``, ``nemflow.rows``, ``nemflow.source``,
``nemflow.reason`` (why no better source), ``nemflow.synthetic`` (``true`` or ``false``),
``nemflow.table``, ``nemflow.files`` (a JSON list: URL, sha256, size, time of fetching, AEMO's creation
stamp), ``nemflow.made_at``, ``nemflow.attribution``.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import nemflow
from nemflow.tasks.nem.archive import Published

if TYPE_CHECKING:
    import pyarrow as pa

ATTRIBUTION = "Source: Australian Energy Market Operator (AEMO), under AEMO's copyright permissions"
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


def source_of(table: "pa.Table") -> dict[str, str]:
    """Return the keys that ``describe_source`` wrote, read back from a raw table."""
    wanted = ("source", "reason", "synthetic", "files", "attribution", "table")
    metadata = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    return {f"nemflow.{key}": metadata.get(f"nemflow.{key}", "") for key in wanted}
