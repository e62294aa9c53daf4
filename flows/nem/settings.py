"""What the price flows need to know of their surroundings."""

from dataclasses import dataclass

from nemflow.flows.nem.desk import Desk
from nemflow.tasks.nem.fetch_settings import FetchSettings


@dataclass(frozen=True, slots=True)
class MarketSettings(FetchSettings):
    """Where prices come from, and where they are kept: in ``raw`` and ``clean`` beside the archive.

    Args:
        versioned: write into files which version of the flow made them, which takes a tenth of a
            second a process to work out.
        desk: what runs of neighbouring days share in memory, in a backfill.
    """

    versioned: bool = False
    desk: Desk | None = None
