"""One interval as the reports of single intervals see it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nemflow.tasks.nem.market_time import market_day
from nemflow.tasks.nem.sandbox.field_text import cents_text, quoted_stamp, run_at

FIRST_1SEC_DAY = date(2023, 10, 9)  # of the 1-second services, and of their columns

_INTERCONNECTORS = ("N-Q-MNSP1", "NSW1-QLD1", "T-V-MNSP1", "V-S-MNSP1", "V-SA", "VIC1-NSW1")


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval: its end and its place in the market day.

    Args:
        end: the aware instant; 00:00 belongs to the day before.
        day: the market day.
        index: 0 ends at 00:05, or at 00:30.
        minutes: 5, or 30.
    """

    end: datetime
    day: date
    index: int
    minutes: int

    @property
    def stamp(self) -> str:
        """SETTLEMENTDATE, quoted."""
        return quoted_stamp(self.end)

    @property
    def changed(self) -> str:
        """LASTCHANGED, quoted: when it was run."""
        return quoted_stamp(run_at(self.end, self.index))

    @property
    def written_at(self) -> datetime:
        """The creation stamp of its report: seconds after its (last) five minutes began."""
        return run_at(self.end, self.index) + timedelta(seconds=6)

    def flows(self) -> Iterator[tuple[str, str]]:
        """Yield each interconnector with its flow in MW."""
        for place, name in enumerate(_INTERCONNECTORS):
            yield name, cents_text((self.index * 997 + place * 3_331) % 40_000 - 20_000)


def interval_ending(end: datetime, minutes: int) -> Interval:
    """Return the interval of 5 or 30 `minutes` that ends at `end`, in NEM time and on that grid."""
    number = (end.hour * 60 + end.minute) // minutes or 24 * 60 // minutes
    return Interval(end, market_day(end), number - 1, minutes)
