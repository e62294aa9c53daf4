"""States: what is known of a task run or a flow run at one moment.

A run moves through states; each carries a ``message`` for people, a ``result`` and a ``context``::

    State
    ├── Pending
    │   ├── Scheduled (start_time)        to run at a time
    │   │   ├── Paused                    waits for a person, or for its start_time
    │   │   ├── Resume                    a paused run, told to go on
    │   │   └── Retrying (run_count)      the same task run, tried again at start_time
    │   ├── Submitted (state)             meta states: they wrap another state
    │   ├── Queued (state, start_time)
    │   └── ClientFailed (state)
    ├── Running
    │   └── Cancelling
    └── Finished
        ├── Success
        │   ├── Cached                    the value was there already
        │   ├── Mapped (map_states)       children were submitted
        │   └── Skipped
        ├── Failed
        │   ├── TimedOut
        │   ├── TriggerFailed
        │   └── ValidationFailed
        ├── Looped (loop_count)
        └── Cancelled

Skipped, Cached and Mapped are successful; TriggerFailed and TimedOut are failed; Looped and
Cancelled are finished but neither. States are values by rule: nobody changes one that it has
handed on. ``result`` is the value; the ``Result`` behind it also knows where the value is kept.
"""

from nemflow.tasks.states.base import (
    State,
    _restore,  # noqa: F401  # what was pickled when this was one module asks for it here
    reduce_state,
    without_result,
)
from nemflow.tasks.states.finished import (
    Cached,
    Cancelled,
    Cancelling,
    Failed,
    Finished,
    Looped,
    Mapped,
    Running,
    Skipped,
    Success,
    TimedOut,
    TriggerFailed,
    ValidationFailed,
)
from nemflow.tasks.states.waiting import (
    ClientFailed,
    MetaState,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Scheduled,
    Submitted,
    unwrap,
)

__all__ = [
    "Cached",
    "Cancelled",
    "Cancelling",
    "ClientFailed",
    "Failed",
    "Finished",
    "Looped",
    "Mapped",
    "MetaState",
    "Paused",
    "Pending",
    "Queued",
    "Resume",
    "Retrying",
    "Running",
    "Scheduled",
    "Skipped",
    "State",
    "Submitted",
    "Success",
    "TimedOut",
    "TriggerFailed",
    "ValidationFailed",
    "reduce_state",
    "unwrap",
    "without_result",
]
