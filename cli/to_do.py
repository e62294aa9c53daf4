"""What is to be done about gaps, as commands to type."""

from nemflow.cli.asked import Subject
from nemflow.cli.wording import count_of
from nemflow.flows.nem.coverage import DayStatus, Gap
from nemflow.flows.nem.on_disk import STAGES


def command_for(gap: Gap, subject: Subject) -> str:
    """Return the command that does what a gap asks for."""
    verb, *more = _verb(gap)
    dates = ("--start", gap.first.isoformat(), "--end", gap.last.isoformat())
    return subject.command(verb, *dates, *more)


def describe_gap(gap: Gap, stage: str | None = None) -> str:
    """Say which days a gap is, and how they stand.

    Args:
        stage: the one stage that the question is about.
    """
    state = gap.state
    which = f"{gap.first}" if gap.first == gap.last else f"{gap.first} to {gap.last}"
    stages = "" if stage or state.stages == STAGES else f" ({' and '.join(state.stages)})"
    words = state.status.words + (", something better is due" if state.due else "")
    why = f": {state.why}" if state.why and not state.due else ""
    return f"{which}  {count_of(gap.days, 'day')} {words}{stages}{why}"


def _verb(gap: Gap) -> tuple[str, ...]:
    status = gap.state.status
    if status is DayStatus.ODD:
        return ("verify",)
    if status is DayStatus.STALE:
        return ("backfill", "--stale")
    return ("refresh",) if gap.state.due else ("backfill",)
