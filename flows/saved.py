"""Flows that were saved, loaded again: whatever goes wrong with that is one sentence."""

from pathlib import Path
from typing import TYPE_CHECKING

from nemflow.errors import DefinitionError, SettingsError, one_line

if TYPE_CHECKING:  # who loads none does not pay for the engine
    from nemflow.flows.base import Flow


def load_saved(path: Path) -> "Flow":
    """Return the flow that was saved there.

    Raises:
        SettingsError: the file is not there.
        DefinitionError: it cannot be loaded.
    """
    from nemflow.flows.base import Flow  # as above

    try:
        return Flow.load(path)
    except FileNotFoundError:
        raise SettingsError(f"{path} is not there: register the flow again") from None
    except Exception as error:  # a pickle may raise anything
        raise DefinitionError(
            f"{path} cannot be loaded ({one_line(f'{type(error).__name__}: {error}')}): what the flow "
            "imports must be importable here; register it again after mending that"
        ) from error
