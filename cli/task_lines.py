"""What is known of one task run while it goes on, and which of its states are news."""

from nemflow.cli.wording import format_bytes, format_progress, format_seconds
from nemflow.errors import one_line
from nemflow.flows.nem.outcome import describe_failure
from nemflow.tasks.states import State, TriggerFailed


class TaskLine:
    """One task run: its state, since when it runs, how far it is.

    Times are seconds of one clock. Not safe for threads: the teller that has it holds a lock.
    """

    def __init__(self, name: str, state: State) -> None:
        self.name = name
        self.state = state
        self._started: float | None = None
        self._ended: float | None = None
        self._told = ""
        self._transfer: tuple[float, int] | None = None
        self._rate: float | None = None

    @property
    def ran(self) -> bool:
        """Whether the task was started."""
        return self._started is not None

    def change(self, state: State, now: float) -> bool:
        """Take in a state; return whether it is new: one that is told twice counts once."""
        if state is self.state:
            return False
        self.state = state
        if state.is_running() and self._started is None:
            self._started = now
        if state.is_finished():
            self._ended = now
            self._rate = None
        return True

    def progress(self, done: int, total: int | None, unit: str, now: float) -> None:
        """Take in how far the task is; less than before begins a new transfer."""
        self._told = format_progress(done, total, unit)
        if self._transfer is None or done < self._transfer[1]:
            self._transfer = (now, done)
        since, begun = self._transfer
        fast = unit == "bytes" and now > since
        self._rate = (done - begun) / (now - since) if fast else None

    def facts(self, now: float) -> list[str]:
        """Say how far and how fast the task is, and how long it has taken."""
        facts = [self._told] if self._told else []
        if self._rate is not None:
            facts.append(f"{format_bytes(self._rate)}/s")
        if self._started is not None:
            facts.append(format_seconds((self._ended or now) - self._started))
        return facts


def is_news(state: State) -> bool:
    """Tell whether a state is worth a line: a start, an own end, a retry.

    The states of tasks that were left out because of another's are not.
    """
    if state.is_skipped():
        return bool(getattr(state.result, "not_published", False))
    if isinstance(state, TriggerFailed):
        return False
    return state.is_running() or state.is_retrying() or state.is_finished()


def message_of(state: State) -> str:
    """Return a state's message as the rest of a line."""
    if state.is_failed():
        return f": {describe_failure(state)}"
    return f": {one_line(state.message)}" if state.message else ""
