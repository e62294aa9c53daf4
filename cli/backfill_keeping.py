"""The record of the last backfill, kept up to date while it goes on."""

from dataclasses import replace
from datetime import datetime

from nemflow.cli.backfill_order import Order
from nemflow.cli.output import put_json
from nemflow.cli.settings import Settings
from nemflow.flows.nem.backfill_record import BackfillRecord, BackfillRecords, Failure
from nemflow.flows.nem.outcome import FlowRunRecord
from nemflow.flows.nem.plan import BackfillPlan


class Keeping:
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
        if record.outcome.has_failed:
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
