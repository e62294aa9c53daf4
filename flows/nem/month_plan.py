"""What is to become of a clean month, by the names in its folder: without pyarrow."""

import enum
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from nemflow.flows.nem.holdings import MonthHolding, describe_days, look_up_month
from nemflow.flows.nem.places import clean_month
from nemflow.flows.nem.span import FIRST_DAY
from nemflow.tasks.nem.market_time import Month

WORKSPACES = "clean/.compacting"
"""Where months are put together, below the data directory."""

SCHEMA = 1
"""The version of the JSON objects."""

GRACE_S = 0.5
"""How long an old folder is kept for readers that opened it before the swap, which list it at once."""

SETTLE_S = 0.05
"""How long those who have listed the days are given to look at each; a thousand times what it takes."""


class Compacted(enum.StrEnum):
    """What became of a month."""

    COMPACTED = "compacted"
    PRESENT = "present"
    PLANNED = "planned"
    NOT_WHOLE = "not_whole"
    NOT_FINAL = "not_final"
    HELD = "held"
    CANNOT_SWAP = "cannot_swap"
    FAILED = "failed"

    @property
    def words(self) -> str:
        """The outcome as a person reads it."""
        return _WORDS[self]


_WORDS = {
    Compacted.COMPACTED: "compacted",
    Compacted.PRESENT: "one file already",
    Compacted.PLANNED: "would be compacted",
    Compacted.NOT_WHOLE: "left: not whole",
    Compacted.NOT_FINAL: "left: not final",
    Compacted.HELD: "left: being written to",
    Compacted.CANNOT_SWAP: "left: cannot be done here",
    Compacted.FAILED: "failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthRecord:
    """What became of one month of a data set.

    Attributes:
        files: how many day files it had before.
        bytes_before: size of all its data files before.
        bytes_after: size of the month's file; None where none was made.
        rows: rows in the file that was made.
        target: the path of the month's file.
        reason: one sentence, where it was left or failed.
    """

    dataset: str
    month: Month
    outcome: Compacted
    files: int = 0
    rows: int | None = None
    bytes_before: int = 0
    bytes_after: int | None = None
    target: str
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the record as a JSON object."""
        return {"schema": SCHEMA, **asdict(self), "month": str(self.month)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where compaction works, and by which clock.

    Attributes:
        data_dir: below it lies ``clean``.
        lock_dir: where the locks of targets lie; None for no locking.
        grace_s: how long an old folder is kept for readers that have just opened it.
        settle_s: how long those that have listed the days are given to look at each.
        clock: seconds, for that.
        sleep: waits.
    """

    data_dir: Path
    lock_dir: Path | None
    grace_s: float = GRACE_S
    settle_s: float = SETTLE_S
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def plan_month(data_dir: Path, dataset: str, month: Month) -> MonthRecord | None:
    """Return what would become of a month, by the names in its folder; None if there are no data."""
    holding = look_up_month(data_dir, dataset, month)
    names = [*holding.days.values(), *([holding.compacted] if holding.compacted else [])]
    if not names:
        return None
    outcome, reason = _judge(holding)
    return MonthRecord(
        dataset=dataset,
        month=month,
        outcome=outcome,
        reason=reason,
        files=len(holding.days),
        bytes_before=sum(_size(holding.folder / name) for name in names),
        target=str(data_dir / clean_month(dataset).format(date=month.first_day)),
    )


def _judge(holding: MonthHolding) -> tuple[Compacted, str]:
    """Say whether a month is to be compacted, and why not."""
    if holding.compacted is not None:
        beside = describe_days(list(holding.days))
        if beside:
            return Compacted.PLANNED, f"{beside} beside the month's file are put into it"
        return Compacted.PRESENT, ""
    missing = [d for d in holding.month.days() if d >= FIRST_DAY and d not in holding.days]
    if missing:
        return Compacted.NOT_WHOLE, f"there is no {describe_days(missing)}"
    if holding.not_final:
        return Compacted.NOT_FINAL, f"{describe_days(sorted(holding.not_final))} may still change"
    return Compacted.PLANNED, ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
