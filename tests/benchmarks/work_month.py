"""The work of a backfill for one month, without command line, download and history.

Verifies a zip that lies on the disk, and makes every day of it by its two flow runs as a lane of a
backfill does: engine, locks, provenance, checks, atomic files and all.

    python work_month.py ZIP FOLDER YEAR-MONTH
"""

import sys
from pathlib import Path

from nemflow import RunSettings
from nemflow.flows.nem.batch import Conditions, run_stages
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.stretch import Benches, Seat, verify_at
from nemflow.tasks.nem.market_time import Month, utc_now
from nemflow.tasks.nem.published import Published, PublishedFile
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import DISPATCHPRICE

zip_path, folder = Path(sys.argv[1]), Path(sys.argv[2])
month = Month(*map(int, sys.argv[3].split("-")))
days = tuple(month.days())
market = MarketSettings(data_dir=folder / "data", lock_dir=folder / "locks", synthetic=True)
benches = Benches(1, market)
seat = Seat(benches)
facts = verify_at(seat, zip_path, DISPATCHPRICE, month)
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
bench = seat.bench()
bench.desk.put_published({day: Published(day, Source.MMSDM, (file,), "") for day in days})
records = []
work = [(bench.flow(f"nem_prices_{stage}"), days) for stage in ("raw", "clean")]
conditions = Conditions(settings=RunSettings(True, market.lock_dir))
bench.do(lambda: run_stages(work, conditions, records.append))
seat.leave()
benches.close(wait=True)
assert [record.outcome for record in records] == ["written"] * 2 * len(days), records[0]
