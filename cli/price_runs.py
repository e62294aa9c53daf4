"""Carrying out ``nemflow run`` for the price flows: dates, stages, what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nemflow.cli.exit_codes import DONE, FAILED, HELD
from nemflow.cli.interrupts import Terminated
from nemflow.cli.market_order import MarketOrder
from nemflow.cli.notify import notifying
from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.recording import Source
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.cli.summary import failed_days, failures, retry_command, summarize
from nemflow.cli.surroundings import Manner, surroundings
from nemflow.flows.nem.batch import run_batch
from nemflow.flows.nem.outcome import SCHEMA, FlowRunRecord, Outcome
from nemflow.tasks.nem.market_time import today


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(MarketOrder):
    """What was ordered of a run; without an executor, tasks run where their flow says.

    Attributes:
        wait: wait for another run that makes the same file, or leave that out.
        source: the words that make one of the flow runs again, for the history.
    """

    wait: bool = True
    source: Source | None = None


def carry_out(order: Order, settings: Settings, flags: dict[str, str]) -> int:
    """Do what was ordered, say what came of it on standard output, and return the exit code.

    Args:
        order: what is to be done.
        settings: the settings in force.
        flags: those settings that were given as flags.
    """
    records: list[FlowRunRecord] = []
    if order.dry_run:
        return _do(order, settings, flags, records)
    with notifying(settings, order.again, lambda: failures(records)) as ending:
        ending.code = _do(order, settings, flags, records)
    return ending.code


def _do(
    order: Order, settings: Settings, flags: dict[str, str], records: list[FlowRunRecord]
) -> int:
    try:
        with surroundings(_manner(order), settings, flags) as around:

            def tell(record: FlowRunRecord) -> None:
                records.append(record)
                around.recorded.add(record)
                if order.as_json:
                    put_json(record.as_json())

            flows = [entry.build(around.market) for entry in order.entries]
            conditions = around.conditions
            if order.stale:
                # what only runs what is missing does not pay for it
                from nemflow.cli.known import stale_runs

                where = settings.for_sandbox() if order.sandbox else settings
                remake = stale_runs(where, order.dataset, order.days)
                conditions = replace(conditions, remake=remake)
            run_batch(flows, order.days, conditions, tell)
        if any(record.outcome is Outcome.WRITTEN for record in records):
            from nemflow.cli.flow_versions import versions_now  # only who has made files

            versions_now(settings, order.dataset)  # kept, so that why and status need not wait
    except (KeyboardInterrupt, Terminated):
        _conclude(order, records, "finished files are kept; the same command goes on from there")
        raise
    if order.dry_run:
        _conclude(order, records)
        _say_forecast(order, records, settings)
        return DONE
    days = failed_days(records)
    if not days:
        _conclude(order, records)
        return HELD if any(record.outcome is Outcome.HELD for record in records) else DONE
    again = retry_command(order.again, days, today(order.now))
    _conclude(order, records, f"run what failed again: {again}")
    return FAILED


def _say_forecast(order: Order, records: Sequence[FlowRunRecord], settings: Settings) -> None:
    """Say what would be asked of AEMO, and how long it may take."""
    # what does its work does not pay for it
    from nemflow.cli.forecast import forecast

    where = settings.for_sandbox() if order.sandbox else settings
    work = {
        e.stage: [r.date for r in records if r.flow == e.name and r.outcome is Outcome.PLANNED]
        for e in order.entries
    }
    told = forecast(where, order.dataset, work, order.now)
    if order.as_json:
        put_json({"schema": SCHEMA, "type": "forecast", **told.as_json()})
    elif order.verbosity is not Verbosity.QUIET and any(work.values()):
        put_lines([f"{SYNTHETIC} {told}" if order.sandbox else str(told)])


def _manner(order: Order) -> Manner:
    return Manner(
        force=order.force,
        dry_run=order.dry_run,
        large_download=order.large_download,
        sandbox=order.sandbox,
        verbosity=order.verbosity,
        executor=order.executor,
        wait=order.wait,
        source=order.source,
    )


def _conclude(order: Order, records: Sequence[FlowRunRecord], hint: str = "") -> None:
    """Say the last lines: what was written where, what failed, what to do next."""
    if order.verbosity is not Verbosity.QUIET and not order.as_json:
        put_lines(summarize(records, mark=SYNTHETIC if order.sandbox else ""))
        put_lines([hint] if hint else [])
        return
    if order.verbosity is Verbosity.QUIET:
        held = [r for r in records if r.outcome is Outcome.HELD]
        lines = [f"{r.flow_run} {r.outcome.words}: {r.reason}" for r in held]
        for line in (*failures(records), *lines):
            put_error(f"error: {line}")
    if hint:
        put_error(f"hint: {hint}")
