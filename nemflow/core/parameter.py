"""``prefect.core.parameter``."""

from nemflow.flows.parameters import DateTimeParameter, Parameter

__all__ = [
    "DateTimeParameter",
    "Parameter",
]
