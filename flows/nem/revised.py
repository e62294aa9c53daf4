"""Days whose prices AEMO may have revised since they were made: looked at before they are due."""

from collections.abc import Callable, Iterator, Set
from datetime import date, datetime
from pathlib import Path

from nemflow.errors import MarketError, one_line
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.outcome import FlowRunRecord, Outcome
from nemflow.flows.nem.refresh import Refreshed, Span, refresh_days, stored_days
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.nem.standing import put_off, raw_standing, read_standing
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.due import settled_at

REVISED = "AEMO has revised prices since it was made"


def unsettled_days(
    data_dir: Path, dataset: Dataset, span: Span, looked_at: Set[date] = frozenset()
) -> Iterator[tuple[date, datetime]]:
    """Yield the stored days that were made before their prices had settled, and when, in order.

    Args:
        looked_at: days to leave out.
    """
    if not dataset.price_columns:
        return
    for day in stored_days(data_dir, dataset.name, span):
        standing = read_standing(raw_standing(data_dir, dataset.name, day))
        if day not in looked_at and standing is not None and standing.made_at < settled_at(day):
            yield day, standing.made_at


def planned_revised(
    dataset: Dataset, span: Span, market: MarketSettings, looked_at: Set[date]
) -> Iterator[Refreshed]:
    """Yield the days that would be looked at if prices were revised since they were made."""
    for day, _ in unsettled_days(market.data_dir, dataset, span, looked_at):
        why = "whether AEMO has revised prices since it was made"
        yield Refreshed(dataset=dataset.name, date=day, why=why, outcome=Outcome.PLANNED)


def refresh_revised(
    dataset: Dataset,
    span: Span,
    market: MarketSettings,
    conditions: Conditions,
    tell: Callable[[Refreshed], None],
    tell_run: Callable[[FlowRunRecord], None] = lambda record: None,
    *,
    looked_at: Set[date] = frozenset(),
) -> None:
    """Ask when AEMO revised prices, if a stored day may be concerned, and look at those that are.

    They are due from then on. If AEMO cannot be asked, that is told as a failure of the first of
    the days.

    Args:
        looked_at: days that were looked at a moment ago.
    """
    made = dict(unsettled_days(market.data_dir, dataset, span, looked_at))
    if not made:
        return
    from nemflow.tasks.nem.fetch import open_client
    from nemflow.tasks.nem.price_revisions import fetch_revisions, may_be_revised

    try:
        with open_client(market) as client:
            revisions = fetch_revisions(client, market.nemweb_url)
    except MarketError as error:
        first, said = next(iter(made)), one_line(str(error))
        why = "whether AEMO has revised prices"
        tell(
            Refreshed(dataset=dataset.name, date=first, why=why, outcome=Outcome.FAILED, error=said)
        )
        return
    days = [day for day, made_at in made.items() if may_be_revised(day, made_at, revisions)]
    for day in days:
        put_off(market.data_dir, dataset.name, day, conditions.now())
    refresh_days(dataset, days, market, conditions, tell, tell_run, why=REVISED)
