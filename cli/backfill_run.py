"""Carrying out a backfill: the plan, its display, its record, its last lines."""

import io
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime

from nemflow.cli.backfill_summary import describe_plan, failure_table, summarize_backfill
from nemflow.cli.backfill_tally import Screen, Tally
from nemflow.cli.exit_codes import DONE, FAILED, HELD, INTERRUPTED, TERMINATED
from nemflow.cli.interrupts import Terminated
from nemflow.cli.market import market_settings, refuse_synthetic_folder, sandbox_market
from nemflow.cli.notify import Notifier
from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.reporting import logging_to
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.flows.catalog import Entry
from nemflow.flows.executors.base import Executor
from nemflow.flows.nem.backfill_record import BackfillRecord, BackfillRecords, Failure
from nemflow.flows.nem.on_disk import days_on_disk, look
from nemflow.flows.nem.outcome import SCHEMA, FlowRunRecord, Outcome
from nemflow.flows.nem.plan import BackfillPlan, plan_backfill, span_finder
from nemflow.flows.reporter import Silent
from nemflow.flows.settings import RunSettings
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sources import Source

_Key = tuple[str, date]  # a flow and a day

_GONE_ON = "what is finished is kept; the same command goes on from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, beside settings: the words of the command line, understood.

    Attributes:
        entries: the flows, in the order of their stages.
        days: the days, in order.
        known: what had failed in the last backfill, where just that is to be done.
        force: make files again.
        stale: make those again that are stale.
        newest_first: begin with the last days.
        fail_fast: begin nothing more after a failure.
        compact: put months that are whole and final into one file each, at the end.
        dry_run: only say what would be done.
        large_download: whole month bundles of 2 GB may be fetched.
        sandbox: use the synthetic market.
        as_json: JSON instead of lines.
        verbosity: how much is said on standard error.
        executor: where days are made; None for threads of this process.
        workers: how many published files may be worked on at once.
        again: the command without its dates, for doing it once more.
        pinned: words that make a later run use the settings in force now.
        now: when it was ordered.
    """

    entries: tuple[Entry, ...]
    days: Sequence[date]
    known: tuple[Failure, ...] = ()
    force: bool = False
    stale: bool = False
    newest_first: bool = False
    fail_fast: bool = False
    compact: bool = True
    dry_run: bool = False
    large_download: bool = False
    sandbox: bool = False
    as_json: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    executor: Executor | None = None
    workers: int = 1
    again: Sequence[str] = ()
    pinned: Sequence[str] = ()
    now: datetime

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return self.entries[0].dataset


def carry_out(order: Order, settings: Settings, flags: dict[str, str]) -> int:
    """Do what was ordered, say what came of it on standard output, and return the exit code.

    Args:
        order: what is to be done.
        settings: the settings in force.
        flags: those settings that were given as flags.
    """
    if order.sandbox:
        settings = settings.for_sandbox()
        if order.verbosity > Verbosity.QUIET:
            put_error(f"{SYNTHETIC} market: made-up prices, nothing of AEMO's")
    else:
        refuse_synthetic_folder(settings)
    plan, stale = _plan(order, settings)
    if order.dry_run:
        _say_plan(order, plan, settings, stale)
        return DONE
    keeping = _Keeping(order, plan, settings)
    tally = Tally(plan, keeping.tell)
    notifier = Notifier(settings, ["nemflow", *order.again])
    notifier.start()
    code = FAILED
    try:
        code = _do(order, plan, settings, flags, tally, stale)
    except KeyboardInterrupt:
        code = INTERRUPTED
        raise
    except Terminated:
        code = TERMINATED
        raise
    finally:
        keeping.end()
        _conclude(order, tally, settings, code)
        notifier.end(code, failure_table(tally.failures))
    return code


def _plan(order: Order, settings: Settings) -> tuple[BackfillPlan, Mapping[_Key, str]]:
    """Return what is to be done, and why what is there is to be made again if it is stale."""
    first, last = min(order.days), max(order.days)
    there = {
        entry.stage: days_on_disk(
            *(settings.data_dir, order.dataset, entry.stage, first, last), now=order.now
        )
        for entry in order.entries
    }
    stale: Mapping[_Key, str] = {}
    if order.stale:
        # what only makes what is missing does not pay for it
        from nemflow.cli.known import stale_runs

        stale = stale_runs(settings, order.dataset, order.days)
        for flow, day in stale:
            there.get(flow.removeprefix(f"{order.dataset}_"), set()).discard(day)
    source = None if settings.source == "auto" else Source(settings.source)
    plan = plan_backfill(
        order.days,
        there,
        span_finder(DATASETS[order.dataset], order.now, source),
        force=order.force,
        newest_first=order.newest_first,
    )
    return plan, stale


def _do(
    order: Order,
    plan: BackfillPlan,
    settings: Settings,
    flags: dict[str, str],
    tally: Tally,
    stale: Mapping[_Key, str],
) -> int:
    if plan.units:
        _work(order, plan, settings, flags, tally, stale)
        if order.compact and any(entry.stage == "clean" for entry in order.entries):
            tally.compacted = _compact(order, plan, settings)
    if tally.failures:
        return FAILED
    return HELD if tally.flow_runs[Outcome.HELD] else DONE


def _work(
    order: Order,
    plan: BackfillPlan,
    settings: Settings,
    flags: dict[str, str],
    tally: Tally,
    stale: Mapping[_Key, str],
) -> None:
    """Run the backfill; its display and the history are there meanwhile."""
    # a backfill that finds everything there does not pay for these
    from nemflow.cli.recording import Source as Origin
    from nemflow.cli.recording import facts_of, recording
    from nemflow.flows.nem.backfill import run_backfill
    from nemflow.flows.nem.backfill_order import Backfill

    _give_memory_back_soon()
    with ExitStack() as stack:
        if order.sandbox:
            settings = stack.enter_context(sandbox_market(settings, flags))
        stack.enter_context(_showing(order, tally))
        origin = Origin(
            command=lambda run: [
                *("run", run.flow_name, "--date", str(run.parameters["date"])),
                *order.pinned,
            ],
            folder=os.getcwd(),
            is_alone=False,
            made_by="backfill",
        )
        recorded = stack.enter_context(recording(settings, origin, Silent()))
        tally.also_tell(lambda r: recorded.history.add_facts(r.flow_run, facts_of(r)))
        run_backfill(
            Backfill(
                plan=plan,
                dataset=order.dataset,
                flows={entry.stage: entry.name for entry in order.entries},
                market=market_settings(
                    settings, large_download=order.large_download, synthetic=order.sandbox
                ),
                settings=RunSettings(settings.checkpointing, settings.lock_dir),
                watcher=tally,
                reporter=recorded.reporter,
                executor=order.executor,
                workers=order.workers,
                force=order.force,
                remake=stale,
                fail_fast=order.fail_fast,
                synthetic=order.sandbox,
            )
        )


def _compact(order: Order, plan: BackfillPlan, settings: Settings) -> int:
    """Compact the months that were worked on, as far as they are whole and final; return how many.

    The days are there either way: what cannot be compacted is a warning.
    """
    # a backfill that finds everything there does not pay for these
    from nemflow.flows.nem.compaction import compact_months
    from nemflow.flows.nem.month_plan import Compacted, Surroundings

    months = sorted({Month.of(day) for unit in plan.units for day in unit.days})
    where = Surroundings(data_dir=settings.data_dir, lock_dir=settings.lock_dir)
    compacted = 0
    for record in compact_months(where, order.dataset, months):
        compacted += record.outcome is Compacted.COMPACTED
        if record.outcome in (Compacted.FAILED, Compacted.CANNOT_SWAP):
            put_error(f"warning: {order.dataset} {record.month} not compacted: {record.reason}")
    return compacted


def _give_memory_back_soon() -> None:
    """Have Arrow use jemalloc where it is there, which can be told to keep nothing that is free."""
    import pyarrow as pa  # heavy

    with suppress(NotImplementedError):
        pa.set_memory_pool(pa.jemalloc_memory_pool())
        pa.jemalloc_set_decay_ms(0)


@contextmanager
def _showing(order: Order, tally: Tally) -> Iterator[None]:
    """Show on standard error how the backfill goes on, and what nemflow logs meanwhile."""
    tally.screen = _screen(order, tally)
    try:
        with logging_to(tally.log, order.verbosity):
            yield
    finally:
        tally.screen.close(tally)


def _screen(order: Order, tally: Tally) -> Screen:
    from nemflow.cli.backfill_lines import ErrorsOnly, Lines

    stream = sys.stderr if sys.stderr is not None else io.StringIO()
    if order.verbosity is Verbosity.QUIET:
        return ErrorsOnly()
    verbose = order.verbosity >= Verbosity.VERBOSE
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        from nemflow.cli.backfill_live import make_live_screen  # rich, only where it is used

        return make_live_screen(stream, os.environ, order.dataset, tally, verbose=verbose)
    return Lines(stream, verbose=verbose)


class _Keeping:
    """Keeps the record of the backfill up to date, and tells each flow run as JSON if so ordered."""

    def __init__(self, order: Order, plan: BackfillPlan, settings: Settings) -> None:
        self._order = order
        self._records = BackfillRecords(settings.state_dir / "backfills")
        self._record = BackfillRecord(
            started_at=order.now,
            data_dir=str(settings.data_dir),
            dataset=order.dataset,
            stages=tuple(entry.stage for entry in order.entries),
            source=settings.source,
            start=min(order.days),
            end=max(order.days),
            units=len(plan.units),
            lacking=plan.lacking,
        )
        # what is to be done again has failed until it is done
        self._failures = {failure.flow_run: failure for failure in order.known}
        self._write()

    def tell(self, record: FlowRunRecord) -> None:
        """Note how a flow run ended."""
        if record.outcome in (Outcome.FAILED, Outcome.OVERDUE):
            self._failures[record.flow_run] = Failure(
                flow_run=record.flow_run,
                flow=record.flow,
                date=record.date,
                error=record.error or record.reason,
            )
            self._write()
        elif record.outcome.lets_next_stage_run:
            self._record = replace(self._record, done=self._record.done + 1)
            self._failures.pop(record.flow_run, None)
        if self._order.as_json:
            put_json(record.as_json())

    def end(self) -> None:
        """Note that the backfill has ended."""
        self._record = replace(self._record, ended_at=datetime.now(self._record.started_at.tzinfo))
        self._write()

    def _write(self) -> None:
        self._records.write(self._record.with_failures(self._failures.values()))


def _say_plan(
    order: Order, plan: BackfillPlan, settings: Settings, stale: Mapping[_Key, str]
) -> None:
    # what does its work does not pay for it
    from nemflow.cli.forecast import forecast

    work = {
        e.stage: [day for unit in plan.units for day in unit.lacking.get(e.stage, ())]
        for e in order.entries
    }
    first, last = min(order.days), max(order.days)
    reasons = {}
    for e in order.entries:
        there = look(settings.data_dir, order.dataset, e.stage, first, last).files
        reasons[e.stage] = {
            day: stale.get((e.name, day)) or _reason(order, is_there=day in there)
            for day in work[e.stage]
        }
    told = forecast(settings, order.dataset, work, order.now)
    if not order.as_json:
        counts = Counter(why for days in reasons.values() for why in days.values())
        put_lines(describe_plan(plan, order.dataset, order.days, str(settings.data_dir), counts))
        put_lines([f"  {told}"] if plan.units else [])
        return
    units = [
        {
            "name": u.name,
            "lacking": {stage: list(map(str, days)) for stage, days in u.lacking.items()},
            "reasons": {
                stage: {str(day): reasons[stage][day] for day in days}
                for stage, days in u.lacking.items()
            },
        }
        for u in plan.units
    ]
    put_json(
        {
            "schema": SCHEMA,
            "dataset": order.dataset,
            "days": plan.asked,
            "present": plan.present,
            "units": units,
            "forecast": told.as_json(),
        }
    )


def _reason(order: Order, *, is_there: bool) -> str:
    if not is_there:
        return "missing"
    return "forced" if order.force else "something better is due"


def _conclude(order: Order, tally: Tally, settings: Settings, code: int) -> None:
    """Say the last lines: what was written where, what failed, what to do next."""
    hint = _GONE_ON if code in (INTERRUPTED, TERMINATED) else ""
    if tally.failures and not hint:
        hint = f"run just what failed again: nemflow {_failed_words(order)}"
    if order.as_json:
        put_json(_end_json(order, tally))
    elif order.verbosity is not Verbosity.QUIET:
        place = str(settings.data_dir)
        mark = SYNTHETIC if order.sandbox else ""
        put_lines(summarize_backfill(tally, order.dataset, order.days, place, mark))
        put_lines([hint] if hint else [])
        return
    if order.verbosity is Verbosity.QUIET:
        for line in failure_table(tally.failures)[1:]:
            put_error(f"error: {line.strip()}")
    if hint:
        put_error(f"hint: {hint}")


def _failed_words(order: Order) -> str:
    import shlex  # only after a failure

    return shlex.join([*order.again, "--failed"])


def _end_json(order: Order, tally: Tally) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "dataset": order.dataset,
        "start": str(min(order.days)),
        "end": str(max(order.days)),
        "days": {
            "asked": tally.plan.asked,
            "present": tally.plan.present,
            **{str(outcome): number for outcome, number in tally.days.items()},
        },
        "flow_runs": {str(outcome): number for outcome, number in tally.flow_runs.items()},
        "rows": tally.rows,
        "compacted_months": tally.compacted,
        "bytes_fetched": tally.bytes,
        "duration_s": round(tally.elapsed_s, 3),
    }
