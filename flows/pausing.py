"""Paused task runs: finding them in a run's states, asking a person at a terminal, resuming them."""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from nemflow.tasks.base import Task
from nemflow.tasks.states import Mapped, Paused, Resume, State

Ask = Callable[["PausedRun"], bool]


class PausedRun(NamedTuple):
    """A task run, or that of a mapped child, that waits for a person."""

    task: Task
    child: int | None
    state: Paused

    @property
    def name(self) -> str:
        """The task's name, with the number of a mapped child."""
        return self.task.name if self.child is None else f"{self.task.name}[{self.child}]"


def paused_runs(states: Mapping[Task, State]) -> Iterator[PausedRun]:
    """Give the task runs that wait for a person; those that go on by themselves at a time do not."""
    for task, state in states.items():
        if isinstance(state, Mapped):
            found = enumerate(state.map_states)
            runs = [PausedRun(task, n, s) for n, s in found if isinstance(s, Paused)]
        else:
            runs = [PausedRun(task, None, state)] if isinstance(state, Paused) else []
        yield from (run for run in runs if run.state.start_time is None)


def resume_some(states: Mapping[Task, State], ask: Ask) -> dict[Task, State] | None:
    """Return the states from which the run goes on, with those resumed to which *ask* said yes.

    Returns None where it said yes to none.
    """
    going_on = dict(states)
    approved = [run for run in paused_runs(states) if ask(run)]
    for task, child, state in approved:
        resume = Resume("resumed", context=dict(state.context))
        parent = going_on[task]
        if child is None:
            going_on[task] = resume
        else:
            assert isinstance(parent, Mapped)  # what paused_runs has looked into
            children = [*parent.map_states[:child], resume, *parent.map_states[child + 1 :]]
            going_on[task] = Mapped(parent.message, map_states=children)
    return going_on if approved else None


def at_a_terminal() -> bool:
    """Tell whether there is a person to ask: both standard input and standard error are a terminal."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


class AskAtTerminal:
    """Asks for each paused task run whether it goes on; where the answer was no, not again."""

    def __init__(self) -> None:
        self._declined: set[tuple[Task, int | None]] = set()

    def __call__(self, run: PausedRun) -> bool:
        """Ask until the answer is y or n; the end of the input is n."""
        if (run.task, run.child) in self._declined:
            return False
        goes_on = _ask(run)
        if not goes_on:
            self._declined.add((run.task, run.child))
        return goes_on


def _ask(run: PausedRun) -> bool:
    why = f": {run.state.message}" if run.state.message else ""
    while True:
        sys.stderr.write(f"{run.name} is paused{why}. Resume it? [y/n] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        match answer.strip().lower():
            case "y" | "yes":
                return True
            case "n" | "no":
                return False
            case _ if not answer:
                sys.stderr.write("\n")
                return False
