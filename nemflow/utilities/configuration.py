"""``prefect.utilities.configuration``."""

from nemflow.flows.configuration import set_temporary_config

__all__ = [
    "set_temporary_config",
]
