"""What was ordered of ``nemflow backfill``: the words of the command line, understood."""

from collections.abc import Sequence
from dataclasses import dataclass

from nemflow.cli.market_order import MarketOrder
from nemflow.flows.nem.backfill_record import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(MarketOrder):
    """What was ordered of a backfill; without an executor, days are made in threads of this process.

    Attributes:
        known: what had failed in the last backfill, where just that is to be done.
        newest_first: begin with the last days.
        fail_fast: begin nothing more after a failure.
        compact: put months that are whole and final into one file each, at the end.
        workers: how many published files may be worked on at once.
        pinned: words that make a later run use the settings in force now.
    """

    known: tuple[Failure, ...] = ()
    newest_first: bool = False
    fail_fast: bool = False
    compact: bool = True
    workers: int = 1
    pinned: Sequence[str] = ()
