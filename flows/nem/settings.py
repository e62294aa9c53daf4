"""What the price flows need to know of their surroundings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nemflow.flows.nem.desk import Desk
from nemflow.tasks.nem.market_time import utc_now
from nemflow.tasks.nem.sources import Source


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Where prices come from and where they are kept.

    Attributes:
        data_dir: below it lie ``archive``, ``raw`` and ``clean``.
        lock_dir: where locks lie: on this machine, not on a network drive.
        nemweb_url: base URL of NEMweb.
        aemo_url: base URL of the PRICE_AND_DEMAND files.
        source: the only source to use; None for the best that has the day.
        allow_large_download: fetch a month bundle of some 2 GB whole where parts cannot be had.
        synthetic: the server is nemflow's synthetic market, and what it says is kept apart.
        connections: the most connections open to one host.
        timeout_s: how long a server may stay silent.
        tries: how often a request is made before it counts as failed.
        versioned: write into files which version of the flow made them, which takes a tenth of a
            second a process to work out.
        now: the clock, which says what can be published.
        desk: what runs of neighbouring days share in memory, in a backfill.
    """

    data_dir: Path
    lock_dir: Path
    nemweb_url: str = "https://www.nemweb.com.au"
    aemo_url: str = "https://aemo.com.au"
    source: Source | None = None
    allow_large_download: bool = False
    synthetic: bool = False
    connections: int = 4
    timeout_s: float = 60.0
    tries: int = 5
    versioned: bool = False
    now: Callable[[], datetime] = utc_now
    desk: Desk | None = None
