"""Carrying out a backfill: its display, its last lines."""

import functools
import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from nemflow.cli.backfill_keeping import Keeping
from nemflow.cli.backfill_order import Order
from nemflow.cli.backfill_planning import Key, plan_order, say_plan
from nemflow.cli.backfill_summary import failure_table, summarize_backfill
from nemflow.cli.backfill_tally import Screen, Tally
from nemflow.cli.exit_codes import DONE, FAILED, HELD, INTERRUPTED, TERMINATED
from nemflow.cli.market import market_settings, refuse_synthetic_folder, sandbox_market
from nemflow.cli.notify import notifying, noting_interruption
from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.reporting import logging_to
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.flows.nem.outcome import SCHEMA, Outcome
from nemflow.flows.nem.plan import BackfillPlan
from nemflow.flows.reporter import Silent
from nemflow.flows.settings import RunSettings
from nemflow.tasks.nem.market_time import Month

_HISTORY_BEHIND_S = 0.2  # a day takes a hundredth of a second
_GONE_ON = "what is finished is kept; the same command goes on from there"


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
    plan, stale = plan_order(order, settings)
    if order.dry_run:
        say_plan(order, plan, settings, stale)
        return DONE
    keeping = Keeping(order, plan, settings)
    tally = Tally(plan, keeping.tell)
    with notifying(settings, order.again, lambda: failure_table(tally.failures)) as ending:
        try:
            with noting_interruption(ending):
                ending.code = _do(order, plan, settings, flags, tally, stale)
        finally:
            keeping.end()
            _conclude(order, tally, settings, ending.code)
    return ending.code


def _do(
    order: Order,
    plan: BackfillPlan,
    settings: Settings,
    flags: dict[str, str],
    tally: Tally,
    stale: Mapping[Key, str],
) -> int:
    if plan.units:
        _work(order, plan, settings, flags, tally, stale)
        if tally.flow_runs[Outcome.WRITTEN]:
            from nemflow.cli.flow_versions import versions_now  # only who has made files

            versions_now(settings, order.dataset)  # kept, so that why and status need not wait
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
    stale: Mapping[Key, str],
) -> None:
    """Run the backfill; its display and the history are there meanwhile."""
    # a backfill that finds everything there does not pay for these
    from nemflow.cli.memory import prepare_arrow
    from nemflow.cli.recording import Source as Origin
    from nemflow.cli.recording import recording
    from nemflow.flows.nem.backfill import run_backfill
    from nemflow.flows.nem.backfill_order import Backfill

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
            behind_s=_HISTORY_BEHIND_S,
        )
        recorded = stack.enter_context(recording(settings, origin, Silent()))
        tally.also_tell(recorded.add)
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
                recording=functools.partial(recording, settings, origin, Silent()),
                executor=order.executor,
                workers=order.workers,
                force=order.force,
                remake=stale,
                fail_fast=order.fail_fast,
                synthetic=order.sandbox,
                prepare=prepare_arrow,
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


def _conclude(order: Order, tally: Tally, settings: Settings, code: int) -> None:
    """Say the last lines: what was written where, what failed, what to do next."""
    hint = _GONE_ON if code in (INTERRUPTED, TERMINATED) else ""
    if tally.failures and not hint:
        hint = f"run just what failed again: {_failed_words(order)}"
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
