"""The engine's own settings for a run: whether results are written, and where locks lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_OFF = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a flow run treats results and targets.

    Attributes:
        checkpointing: whether what is declared with a result or target is written.
        lock_dir: where the locks of targets lie: a folder of this machine, not of a network drive;
            None for no locking.
        wait_for_locks: whether to wait for another run that makes the same target, or to fail.
    """

    checkpointing: bool = True
    lock_dir: Path | None = None
    wait_for_locks: bool = True

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "RunSettings":
        """Read the settings of a run that was given none: at its start, not at import.

        ``NEMFLOW_CHECKPOINTING=false`` turns writing off; ``NEMFLOW_STATE_DIR`` moves the locks.
        """
        checkpointing = environment.get("NEMFLOW_CHECKPOINTING", "true").lower() not in _OFF
        state_dir = environment.get("NEMFLOW_STATE_DIR")
        if state_dir is None:
            from platformdirs import user_state_dir  # where it is used: it takes a while to import

            state_dir = user_state_dir("nemflow", appauthor=False)
        return cls(checkpointing, Path(state_dir) / "locks")
