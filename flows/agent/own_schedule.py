"""The schedule that a registered flow itself has: loaded once, not at each look of an agent."""

from functools import lru_cache
from pathlib import Path

from nemflow.errors import DefinitionError
from nemflow.flows.agent.registry import Registration
from nemflow.flows.saved import load_saved
from nemflow.flows.schedules.base import Schedule


def own_schedule(registration: Registration) -> Schedule:
    """Return the schedule of the version of a flow that was registered.

    Raises:
        SettingsError: the file of the flow is not there any more.
        DefinitionError: it cannot be loaded, or the flow in it has no schedule.
    """
    path = registration.saved
    try:
        facts = path.stat()
    except OSError:  # loading says what is wrong
        return _checked(registration, load_saved(path).schedule)
    return _checked(registration, _loaded(path, facts.st_mtime_ns, facts.st_size))


@lru_cache(maxsize=64)
def _loaded(path: Path, changed_ns: int, size: int) -> Schedule | None:
    """Return the schedule of the flow saved there; the file's time and size tell whether it changed."""
    return load_saved(path).schedule


def _checked(registration: Registration, own: Schedule | None) -> Schedule:
    if own is None:
        flow = registration.flow
        raise DefinitionError(
            f"flow {flow!r} has no schedule of its own any more: remove its schedule, or give it a "
            f"time with: nemflow schedule add {flow} --cron"
        )
    return own
