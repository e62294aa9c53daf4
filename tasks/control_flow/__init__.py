"""Branches in a flow: run some tasks and skip others, by what a task returned.

::

    with case(weather(), "rain"):
        umbrella = take_umbrella()
    with case(weather_, "sun"):
        hat = take_hat()
    on_head = merge(umbrella, hat)

A branch not taken is Skipped, and so is what follows it, up to a ``merge``. The modules are Prefect
Core's.
"""

from nemflow.tasks.control_flow.case import CompareValue, case
from nemflow.tasks.control_flow.conditional import Merge, ifelse, merge, switch
from nemflow.tasks.control_flow.filter import FilterTask

__all__ = ["CompareValue", "FilterTask", "Merge", "case", "ifelse", "merge", "switch"]
