"""Labels: which agent may take which run."""

from collections.abc import Collection


def may_take(agent: Collection[str], run: Collection[str]) -> bool:
    """Tell whether an agent with these labels may take a run with those.

    All labels of the run must be the agent's. Without any labels is a class of its own: such a run goes
    to agents without labels only.

    >>> may_take(["gpu", "big"], ["gpu"]), may_take(["gpu"], []), may_take([], [])
    (True, False, True)
    """
    return set(run) <= set(agent) if run else not agent
