"""Small stored days and archive files with what they say of themselves, made without a market."""

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from nemflow import parquet
from nemflow.flows.nem.places import clean_target, raw_target
from nemflow.tasks.nem.market_time import Month, month_bounds
from nemflow.tasks.nem.sidecar import Sidecar, write_sidecar
from nemflow.tasks.nem.sources import Source

MADE_AT = datetime(2014, 2, 12, 3, tzinfo=UTC)
PLACES = {"raw": raw_target("nem_prices"), "clean": clean_target("nem_prices")}


def put_archived(data_dir: Path, content: bytes, month: str = "201401") -> Path:
    """Put a file with its sidecar into the archive."""
    folder = data_dir / "archive" / "MMSDM" / month[:4] / f"MMSDM_{month[:4]}_{month[4:]}"
    path = folder / f"PUBLIC_DVD_DISPATCHPRICE_{month}010000.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sidecar = Sidecar(
        slot=f"DISPATCHPRICE-{month}",
        source=Source.BUNDLE,
        url=url_of(path),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        fetched_at=MADE_AT,
        created="2014/02/11 00:30:02",
        last_stamp=month_bounds(Month(int(month[:4]), int(month[4:])))[1],
        complete=True,
        synthetic=False,
        etag="",
        last_modified="",
    )
    write_sidecar(path, sidecar)
    return path


def url_of(path: Path) -> str:
    """Return the address that a file of the archive came from."""
    return f"https://nemweb.example/{path.name}"


def put_day(
    data_dir: Path,
    day: date,
    stage: str,
    archived: Path | None = None,
    *,
    dataset: str = "nem_prices",
    made_at: datetime = MADE_AT,
    **facts: str,
) -> Path:
    """Put a small Parquet file that passes for a stage of a day."""
    told = {
        "nemflow.flow": f"{dataset}_{stage}",
        "nemflow.day": day.isoformat(),
        "nemflow.version": "0.1.0",
        "nemflow.rows": "3",
        "nemflow.source": "bundle",
        "nemflow.quality": "final",
        "nemflow.made_at": made_at.isoformat(),
        "nemflow.files": json.dumps([] if archived is None else [_describe(archived)]),
        **{f"nemflow.{name}": text for name, text in facts.items()},
    }
    path = data_dir / PLACES[stage].replace("nem_prices", dataset).format(date=day)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"rrp": [1.0, 2.0, 3.0]}).replace_schema_metadata(told)
    parquet.write_table(table, path)
    return path


def _describe(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "url": url_of(path),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "fetched_at": MADE_AT.isoformat(),
        "created": "2014/02/11 00:30:02",
    }
