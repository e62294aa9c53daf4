"""The flow runs of one command: the flows of a data set, date by date or stage by stage.

A stage that the one before it has left without its file is not started; other dates go on.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from nemflow import Executor, Flow, Reporter, RunSettings, Silent, Task, states
from nemflow.errors import UnreadableTarget, one_line
from nemflow.flows.nem.outcome import NOT_OVER, FlowRunRecord, Outcome, describe_failure, holder_of
from nemflow.flows.nem.standing import is_due
from nemflow.tasks.nem.market_time import today, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How flow runs are to be done.

    Attributes:
        settings: the engine's settings.
        executor: where tasks run; None for the flow's own.
        reporter: hears of every change of state.
        force: make targets again though they exist.
        dry_run: only say what would be done.
        synthetic: the market is the sandbox.
        look_inside: read facts from files that were there already, which takes time.
        clock: seconds, for durations.
        now: says which days are due for a look at something better.
        remake: why flow runs are to make their targets again, by flow and day.
        is_stopped: asked before each flow run; once it says so, none is begun any more.
    """

    settings: RunSettings
    executor: Executor | None = None
    reporter: Reporter = field(default_factory=Silent)
    force: bool = False
    dry_run: bool = False
    synthetic: bool = False
    look_inside: bool = False
    clock: Callable[[], float] = time.perf_counter
    now: Callable[[], datetime] = utc_now
    remake: Mapping[tuple[str, date], str] = field(default_factory=dict)
    is_stopped: Callable[[], bool] = bool


def run_batch(
    flows: Sequence[Flow],
    days: Sequence[date],
    conditions: Conditions,
    tell: Callable[[FlowRunRecord], None],
) -> None:
    """Run the flows, which are the stages of a data set, for each day.

    Args:
        flows: the stages in their order; each has the parameter ``date``.
        days: the days in the order in which they are to be run.
        conditions: how.
        tell: is given the record of each flow run when it has ended.
    """
    for day in days:
        before: FlowRunRecord | None = None
        for flow in flows:
            if conditions.is_stopped():
                return
            before = _run_stage(flow, day, before, conditions, tell)
            tell(before)


def run_stages(
    work: Iterable[tuple[Flow, Sequence[date]]],
    conditions: Conditions,
    tell: Callable[[FlowRunRecord], None],
    before: Mapping[date, FlowRunRecord] | None = None,
) -> None:
    """Run the flows, which are the stages of a data set, one after the other for all their days.

    Args:
        work: the stages in their order, each with its days.
        conditions: how.
        tell: is given the record of each flow run when it has ended.
        before: the records of the stages before these.
    """
    last = dict(before or {})
    for flow, days in work:
        for day in days:
            if conditions.is_stopped():
                return
            last[day] = _run_stage(flow, day, last.get(day), conditions, tell)
            tell(last[day])


def _run_stage(
    flow: Flow,
    day: date,
    before: FlowRunRecord | None,
    conditions: Conditions,
    tell: Callable[[FlowRunRecord], None],
) -> FlowRunRecord:
    stale = conditions.remake.get((flow.name, day), "")
    force = conditions.force or bool(stale)
    plan = flow.plan({"date": day}, force=force)
    due = (
        not plan.will_run and plan.target is not None and is_due(plan.target, day, conditions.now())
    )
    will_run = plan.will_run or due
    record = FlowRunRecord(
        flow_run=plan.name,
        flow=flow.name,
        date=day,
        outcome=Outcome.PLANNED if will_run else Outcome.PRESENT,
        target=plan.target,
        synthetic=conditions.synthetic,
    )
    if conditions.dry_run:
        if will_run and day >= today(conditions.now()):
            return replace(record, outcome=Outcome.NOT_PUBLISHED, reason=NOT_OVER)
        reason = "something better is due" if due else stale or plan.reason
        return _with_file(replace(record, reason=reason), look_inside=False)
    if will_run and before is not None and not before.outcome.lets_next_stage_run:
        return _held_back(record, before)
    started = conditions.clock()
    try:
        state = _run(flow, day, conditions, force=force, due=due)
    except BaseException:  # an interruption: what fails on its way is a state
        took = conditions.clock() - started
        tell(replace(record, outcome=Outcome.CANCELLED, state="Cancelled", duration_s=took))
        raise
    ended = replace(record, state=type(state).__name__, duration_s=conditions.clock() - started)
    return _with_end(ended, flow, state, look_inside=conditions.look_inside)


def _run(flow: Flow, day: date, conditions: Conditions, *, force: bool, due: bool) -> states.State:
    parameters: dict[str, object] = {"date": day}
    if due and any(parameter.name == "renew" for parameter in flow.parameters()):
        parameters["renew"] = True
    return flow.run(
        parameters,
        executor=conditions.executor,
        reporter=conditions.reporter,
        force=force or due,
        settings=conditions.settings,
    )


def _held_back(record: FlowRunRecord, before: FlowRunRecord) -> FlowRunRecord:
    """Return the record of a stage that is not started because of the one before it."""
    if before.outcome is Outcome.NOT_PUBLISHED:
        return replace(record, outcome=Outcome.NOT_PUBLISHED, reason=before.reason)
    if before.outcome is Outcome.HELD:
        return replace(record, outcome=Outcome.HELD, reason=before.reason)
    has_words = before.outcome.has_failed
    words = before.outcome.words if has_words else "was not run"
    return replace(record, outcome=Outcome.NOT_RUN, reason=f"{before.flow_run} {words}")


def _with_end(
    record: FlowRunRecord, flow: Flow, state: states.State, *, look_inside: bool
) -> FlowRunRecord:
    """Complete a record with what the flow run's state tells."""
    result = state.result
    ends: Mapping[Task, states.State] = result if isinstance(result, dict) else {}
    if state.is_failed():
        return _with_failure(record, state, ends)
    if not state.is_successful():
        return replace(record, outcome=Outcome.CANCELLED, reason=one_line(state.message or ""))
    for end in ends.values():
        if getattr(end.result, "not_published", False):
            reason = one_line(end.message or "")
            return replace(record, outcome=Outcome.NOT_PUBLISHED, reason=reason)
        if getattr(end.result, "unchanged", False):
            record = replace(record, outcome=Outcome.PRESENT, reason=one_line(end.message or ""))
            return _with_file(record, look_inside=look_inside)
    goal = ends.get(flow.goal) if flow.goal is not None else None
    if goal is None:
        return replace(record, outcome=Outcome.DONE)
    return _with_goal(record, goal, ends, look_inside=look_inside)


def _with_goal(
    record: FlowRunRecord,
    goal: states.State,
    ends: Mapping[Task, states.State],
    *,
    look_inside: bool,
) -> FlowRunRecord:
    """Complete the record of a flow run that ended well with what became of its goal."""
    if goal.is_cached():
        # once it is imported, reading facts takes no time to speak of
        look_inside = look_inside or "pyarrow" in sys.modules
        return _with_file(replace(record, outcome=Outcome.PRESENT), look_inside=look_inside)
    if goal.is_skipped():
        return replace(record, outcome=Outcome.NOT_RUN, reason=one_line(goal.message or ""))
    written = record.target is not None and os.path.exists(record.target)
    record = replace(record, outcome=Outcome.WRITTEN if written else Outcome.DONE)
    facts = _facts_in_hand(ends)
    if not written or facts is None:
        return _with_file(record, look_inside=True)
    return _with_facts(_with_file(record, look_inside=False), facts)


def _with_failure(
    record: FlowRunRecord, state: states.State, ends: Mapping[Task, states.State]
) -> FlowRunRecord:
    if holder := holder_of(state):
        return replace(record, outcome=Outcome.HELD, reason=holder)
    overdue = any(getattr(end.result, "overdue", False) for end in ends.values())
    outcome = Outcome.OVERDUE if overdue else Outcome.FAILED
    return replace(record, outcome=outcome, error=_error(state, ends))


def _error(state: states.State, ends: Mapping[Task, states.State]) -> str:
    """Return one sentence on the first task that failed by itself."""
    for task, end in ends.items():
        if isinstance(end, states.Failed) and not isinstance(end, states.TriggerFailed):
            return f"{task.name}: {describe_failure(end)}"
    return describe_failure(state)


def _facts_in_hand(ends: Mapping[Task, states.State]) -> Mapping[str, str] | None:
    """Return what the table that was written says of itself, without reading it back."""
    for end in reversed(list(ends.values())):
        metadata = getattr(getattr(end.result, "schema", None), "metadata", None) or {}
        if b"nemflow.rows" in metadata:
            return {key.decode(): text.decode() for key, text in metadata.items()}
    return None


def _with_file(record: FlowRunRecord, *, look_inside: bool) -> FlowRunRecord:
    """Add the size of the target and, where they are wanted, the facts inside."""
    target = record.target
    if target is None:
        return record
    try:
        record = replace(record, bytes=os.stat(target).st_size)
    except OSError:
        return record
    return _with_metadata(record, target) if look_inside else record


def _with_metadata(record: FlowRunRecord, target: str) -> FlowRunRecord:
    """Add what the target's metadata say; nothing where it is no Parquet or cannot be read."""
    if not target.endswith(".parquet"):
        return record
    from nemflow import parquet  # imports pyarrow

    try:
        facts = parquet.read_metadata(target)
    except UnreadableTarget:  # the next run of the flow sets it aside and says so
        return record
    return _with_facts(record, facts)


def _with_facts(record: FlowRunRecord, facts: Mapping[str, str]) -> FlowRunRecord:
    rows = facts.get("nemflow.rows", "")
    is_news = record.outcome is Outcome.WRITTEN
    return replace(
        record,
        rows=int(rows) if rows.isdigit() else None,
        source=facts.get("nemflow.source") or None,
        reason=facts.get("nemflow.reason", "") if is_news else record.reason,
        synthetic=facts.get("nemflow.synthetic", "").lower() == "true" or record.synthetic,
    )
