"""What the history says where it is advice: without it, or with one that cannot be read, things go on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from nemflow.cli.output import put_error
from nemflow.cli.settings import Settings
from nemflow.errors import HistoryError

if TYPE_CHECKING:  # SQLite is loaded where there is a history
    from nemflow.flows.history.reading import History

_T = TypeVar("_T")

_SAID = "nemflow.history_warning"


def ask_history(settings: Settings, question: Callable[["History"], _T]) -> _T | None:
    """Return what the history answers; None where there is none, or it cannot be read.

    The latter is one warning a command.
    """
    if not settings.history_file.exists():
        return None
    from nemflow.flows.history.reading import History  # as above

    try:
        with History(settings.history_file) as history:
            return question(history)
    except HistoryError as error:
        _warn(str(error))
        return None


def _warn(sentence: str) -> None:
    context = click.get_current_context(silent=True)
    said: set[str] = set() if context is None else context.meta.setdefault(_SAID, set())
    if sentence not in said:
        said.add(sentence)
        put_error(f"warning: {sentence}")
