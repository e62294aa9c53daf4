"""The prices that the page draws: those of the last days that are there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from nemflow.cli.output import put_error
from nemflow.errors import UnreadableTarget, one_line
from nemflow.flows.nem.coverage import Coverage
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import day_bounds

_PRICE_DAYS = 7
_MINUTES = 5


def readable_prices(
    data_dir: Path, covered: Mapping[str, Mapping[str, Coverage]], now: datetime
) -> dict[str, object] | None:
    """Return the prices of the page; a damaged file is a warning, and the page has none."""
    try:
        return _prices(data_dir, covered, now)
    except UnreadableTarget as error:
        put_error(f"warning: the page shows no prices: {one_line(str(error))}")
        return None


def _prices(
    data_dir: Path, covered: Mapping[str, Mapping[str, Coverage]], now: datetime
) -> dict[str, object] | None:
    """Return the energy prices of the last days that are there, on a grid of five minutes."""
    dataset = next(
        (DATASETS[n] for n in ("nem_prices", "nem_trading_prices") if n in covered), None
    )
    if dataset is None:
        return None
    days = [day for day, s in covered[dataset.name]["clean"].days.items() if s.is_there]
    if not days:
        return None
    last = days[-1]
    first = max(days[0], last - timedelta(days=_PRICE_DAYS - 1))
    from nemflow import read_prices  # imports pyarrow

    table = read_prices(
        first,
        last,
        columns=["interval_end", "region", "rrp"],
        dataset=dataset.name,
        data_dir=data_dir,
        as_arrow=True,
        missing="ignore",
    )
    start = day_bounds(first)[0]
    count = ((last - first).days + 1) * 1440 // _MINUTES
    regions: dict[str, list[float | None]] = {}
    rows = zip(
        *(table[name].to_pylist() for name in ("interval_end", "region", "rrp")), strict=True
    )
    previous: dict[str, int] = {}
    for end, region, price in rows:
        line = regions.setdefault(region, [None] * count)
        index = int((end - start).total_seconds()) // (60 * _MINUTES)
        begin = previous.get(region, index - 1)
        # Half hours fill their six places.
        for place in range(max(begin, index - 6), index):
            line[place] = None if price is None else round(price, 2)
        previous[region] = index
    return {
        "dataset": dataset.name,
        "column": "rrp",
        "unit": "AUD/MWh",
        "start": start.isoformat(),
        "minutes": _MINUTES,
        "regions": dict(sorted(regions.items())),
    }
