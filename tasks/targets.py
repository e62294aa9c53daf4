"""Targets: work whose result lies there already is not done again, and never done twice at once.

A target is there or it is not: writers fill a temporary file and rename it. So existence is all that
is asked. One process at a time makes a target: it holds a lock, and whoever waited for that lock
looks again before starting. What cannot be read back is set aside and made again.
"""

import logging

from nemflow.errors import TargetHeld, UnreadableTarget
from nemflow.results.base import Result
from nemflow.results.locks import TargetLock, holds_owner_files
from nemflow.tasks import signals
from nemflow.tasks.task_run import RunContext, TaskRun

log = logging.getLogger(__name__)


def place_target(run: TaskRun) -> Result:
    """Fill the target's template; refuse a place that another task of this run has taken.

    Raises:
        LocationError: the template has an unknown key, or its place lies outside the result's root.
        signals.FAIL: another task of the run has the same target.
    """
    if run.placed is None:
        assert run.result is not None
        placed = run.result.format_map(run.template_keys())
        assert isinstance(placed.location, str)
        name = placed.lock_name(placed.location, run.context.real_folders) or placed.location
        slug = run.slug if run.map_index is None else run.full_slug
        claim_target(run.context, name, slug)
        run.placed = placed
    return run.placed


def claim_target(context: RunContext, name: str, slug: str) -> None:
    """Note whose target something is in this run.

    Raises:
        signals.FAIL: it is another task's.
    """
    owner = context.taken_targets.setdefault(name, slug)
    if owner != slug:
        raise signals.FAIL(
            f"the target {name} of {slug!r} is also the target of {owner!r} in this run: "
            "put what tells them apart (a parameter, {map_index}) into the template"
        )


def find_target(placed: Result, context: RunContext, held: bool = False) -> Result | None:
    """Return what lies at a final location; an unreadable thing counts as absent.

    It is set aside by whoever holds the target's lock (*held*, or no lock is needed): without, it
    might be what another process has just made in its place.
    """
    if context.force:
        return None
    location = placed.location
    assert isinstance(location, str)
    if held and not placed.exists(location):  # a second look: seldom has anything come meanwhile
        return None
    try:
        found = placed.find(location)
    except UnreadableTarget as error:
        if not held and _free_lock(placed, context) is not None:
            return None
        aside = placed.set_aside(location)
        log.warning("%s; it was set aside as %s and is made again", error, aside)
        return None
    if found is None or held or context.locks_about is False:
        return found
    if _are_locks_about(context):
        _sweep_behind(placed, context)
    return found


def _are_locks_about(context: RunContext) -> bool:
    """Tell whether there was any lock, held or left, when the run first looked."""
    if context.locks_about is None:
        lock_dir = context.lock_dir
        context.locks_about = lock_dir is not None and holds_owner_files(lock_dir)
    return context.locks_about


def _sweep_behind(placed: Result, context: RunContext) -> None:
    """Remove what a killed --force run left beside a target; whoever is at work now is let be."""
    lock = _free_lock(placed, context)
    if lock is not None and lock.needs_sweep() and lock.try_acquire():
        try:
            placed.sweep(str(placed.location))
        finally:
            lock.release()


def hold_target(run: TaskRun) -> bool:
    """Wait until no other process makes this target; tell whether there was a lock to take."""
    if run.lock is not None:  # taken in the first pass of a loop
        return False
    placed = place_target(run)
    run.lock = take_lock(placed, run.context)
    return run.lock is not None


def take_lock(placed: Result, context: RunContext) -> TargetLock | None:
    """Take the lock of a final location and sweep what a killed writer left there.

    Returns None where none is needed: the place is private to this process, locking is off, or the
    flow run holds the lock already for all its tasks.

    Raises:
        TargetHeld: another holds it, and the run is not to wait.
    """
    lock = _free_lock(placed, context)
    if lock is None:
        return None
    assert isinstance(placed.location, str)
    _acquire(lock, wait=context.wait_for_locks)
    try:
        if lock.follows_death:
            placed.sweep(placed.location)
    except BaseException:
        lock.release()
        raise
    return lock


def _acquire(lock: TargetLock, *, wait: bool) -> None:
    if wait:
        lock.acquire(
            on_wait=lambda holder: log.warning(
                "%s is being made by %s; waiting", lock.target, holder
            )
        )
    elif not lock.try_acquire():
        raise TargetHeld(f"{lock.target} is being made by {lock.holder()}")


def _free_lock(placed: Result, context: RunContext) -> TargetLock | None:
    """Return the lock of a final location, not taken yet; None where none is needed."""
    assert isinstance(placed.location, str)
    name = placed.lock_name(placed.location, context.real_folders)
    if name is None or context.lock_dir is None or name in context.claimed:
        return None
    return TargetLock(context.lock_dir, name)
