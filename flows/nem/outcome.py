"""What became of one flow run, in the words of the command line."""

import enum
from dataclasses import asdict, dataclass
from datetime import date

from nemflow import NemflowError, states
from nemflow.errors import TargetHeld, one_line, sentence_of

SCHEMA = 1
"""The version of the JSON objects; grows when a key changes its meaning or goes."""


NOT_OVER = "the day is not over"
"""Why a day that goes on is not made."""


class Outcome(enum.StrEnum):
    """How a flow run ended, or would."""

    WRITTEN = "written"
    PRESENT = "present"
    DONE = "done"
    NOT_PUBLISHED = "not_published"
    OVERDUE = "overdue"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NOT_RUN = "not_run"
    HELD = "held"
    PLANNED = "planned"

    @property
    def words(self) -> str:
        """The outcome as a person reads it."""
        return _WORDS[self]

    @property
    def has_failed(self) -> bool:
        """Whether it was tried and is not there, though it should be."""
        return self in (Outcome.FAILED, Outcome.OVERDUE)

    @property
    def lets_next_stage_run(self) -> bool:
        """Whether the next stage finds what it builds on."""
        return self in (Outcome.WRITTEN, Outcome.PRESENT, Outcome.DONE, Outcome.PLANNED)


_WORDS = {
    Outcome.WRITTEN: "written",
    Outcome.PRESENT: "already there",
    Outcome.DONE: "done, nothing to keep",
    Outcome.NOT_PUBLISHED: "not published yet",
    Outcome.OVERDUE: "not published though overdue",
    Outcome.FAILED: "failed",
    Outcome.CANCELLED: "cancelled",
    Outcome.NOT_RUN: "not run",
    Outcome.HELD: "held by another run",
    Outcome.PLANNED: "would run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRunRecord:
    """One flow run of a command.

    Attributes:
        flow_run: the run's name.
        flow: the flow's name.
        date: the day that it is for.
        state: the class of its final state; None where it did not run.
        outcome: how it ended.
        target: the path of what it makes, if it says so.
        source: the published source that the data came from, if known.
        reason: why it came out like this, or why a better source was not used; may be empty.
        rows: rows in the target, if known.
        bytes: size of the target, if it is there.
        synthetic: whether the data are the sandbox's.
        duration_s: how long it took, in seconds.
        error: one sentence on what failed, else None.
    """

    flow_run: str
    flow: str
    date: date
    state: str | None = None
    outcome: Outcome
    target: str | None = None
    source: str | None = None
    reason: str = ""
    rows: int | None = None
    bytes: int | None = None
    synthetic: bool = False
    duration_s: float = 0.0
    error: str | None = None

    def as_json(self) -> dict[str, object]:
        """Return the record as a JSON object with the keys that `SCHEMA` promises."""
        facts = asdict(self)
        facts["date"] = self.date.isoformat()
        facts["duration_s"] = round(self.duration_s, 3)
        return {"schema": SCHEMA, **facts}


def describe_failure(state: states.State) -> str:
    """Return a failed state's reason as one sentence."""
    cause = state.result
    says_itself = isinstance(cause, (NemflowError, OSError)) and str(cause)
    if isinstance(cause, BaseException) and (says_itself or not state.message):
        return sentence_of(cause)
    return one_line(state.message or repr(cause))


def holder_of(state: states.State) -> str:
    """Return who makes the target that a run was not to wait for; empty where that was not it."""
    ends = state.result.values() if isinstance(state.result, dict) else ()
    failed = [s.result for s in (state, *ends) if s.is_failed()]
    held = [result for result in failed if isinstance(result, TargetHeld)]
    return one_line(str(held[0])) if held else ""
