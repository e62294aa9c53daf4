"""Where files are kept and fetched from, and how; the client and the archive that this makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nemflow.tasks.nem.market_time import utc_now
from nemflow.tasks.nem.sources import Source

if TYPE_CHECKING:  # the settings alone are light
    from nemflow.tasks.nem.archive import Archive
    from nemflow.tasks.nem.download import Client

A = TypeVar("A", bound="Archive")


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Where files are kept and fetched from, and how.

    Args:
        data_dir: the archive lies in its folder ``archive``.
        lock_dir: where locks lie: on this machine, not on a network drive.
        nemweb_url: base URL of NEMweb.
        aemo_url: base URL of the PRICE_AND_DEMAND files.
        source: the one source to use; None for the best that has the day.
        allow_large_download: fetch a month bundle of gigabytes whole if there is no other way.
        synthetic: the base URLs serve nemflow's synthetic market.
        connect_timeout_s: longest wait for a connection.
        read_timeout_s: longest silence within a transfer.
        tries: how often a request that fails in passing is made.
        connections: at most so many at a time to one host.
        now: the clock.
    """

    data_dir: Path
    lock_dir: Path
    nemweb_url: str = "https://www.nemweb.com.au"
    aemo_url: str = "https://aemo.com.au"
    source: Source | None = None
    allow_large_download: bool = False
    synthetic: bool = False
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    tries: int = 5
    connections: int = 4
    now: Callable[[], datetime] = utc_now


def open_client(settings: FetchSettings) -> "Client":
    """Return a client for `fetch_day`, to be shared by several days; a context manager."""
    from nemflow.tasks.nem.download import Client  # requests is heavy, and often not needed
    from nemflow.tasks.nem.retries import RetryPolicy

    return Client(
        (settings.nemweb_url, settings.aemo_url),
        synthetic=settings.synthetic,
        connect_timeout_s=settings.connect_timeout_s,
        read_timeout_s=settings.read_timeout_s,
        retries=RetryPolicy(tries=settings.tries),
        connections=settings.connections,
        now=settings.now,
    )


def open_archive(settings: FetchSettings, kind: type[A]) -> A:
    """Return the archive of the settings, of the class `kind`."""
    root = settings.data_dir / "archive"
    return kind(root, settings.lock_dir, synthetic=settings.synthetic)
