"""The work of a backfill for one month, without command line, download and history.

Verifies a zip that lies on the disk, and makes every day of it by its two flow runs as a lane of a
backfill does: engine, locks, provenance, checks, atomic files and all.

    python work_month.py FOLDER ZIP YEAR-MONTH
"""

import sys
from pathlib import Path

from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import FlowRunRecord
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.stretch import Errand, Worktop
from nemflow.tasks.nem.market_time import Month, utc_now
from nemflow.tasks.nem.published import Published, PublishedFile
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import DISPATCHPRICE

folder, zip_path = Path(sys.argv[1]), Path(sys.argv[2])
month = Month(*map(int, sys.argv[3].split("-")))
days = tuple(month.days())
market = MarketSettings(data_dir=folder / "data", lock_dir=folder / "locks", synthetic=True)
place = Worktop(market)
facts = place.read(zip_path, DISPATCHPRICE, month)
file = PublishedFile(
    path=zip_path,
    source=Source.MMSDM,
    url=zip_path.as_uri(),
    sha256="",
    size=zip_path.stat().st_size,
    fetched_at=utc_now(),
    created=facts.created,
    complete=facts.complete,
    synthetic=True,
)
errand = Errand(
    work={f"nem_prices_{stage}": days for stage in ("raw", "clean")},
    found={day: Published(day, Source.MMSDM, (file,), "") for day in days},
)
records: list[FlowRunRecord] = []
place.make(errand, Conditions(settings=RunSettings(True, market.lock_dir)), records.append)
place.clear()
assert [record.outcome for record in records] == ["written"] * 2 * len(days), records[0]
