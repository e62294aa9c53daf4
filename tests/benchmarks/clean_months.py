"""Compacted months of five-minute prices, made fast: what the benchmarks of readers read."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from nemflow.flows.nem.months import join_days, write_clean
from nemflow.flows.nem.places import clean_month, clean_target
from nemflow.flows.nem.provenance import stamp
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import Month, day_bounds
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tidy import clean_schema

_A_DAY = 288
_STEP_US = 300_000_000


def write_months(data_dir: Path, first_year: int, years: int) -> None:
    """Write compacted months."""
    for month in _months(first_year, years):
        path = data_dir / clean_month("nem_prices").format(date=month.first_day)
        path.parent.mkdir(parents=True)
        write_clean(join_days([_day(day) for day in month.days()]), path)


def write_days(data_dir: Path, first_year: int, years: int) -> None:
    """Write day files."""
    for month in _months(first_year, years):
        for day in month.days():
            path = data_dir / clean_target("nem_prices").format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_clean(_day(day), path)


def _months(first_year: int, years: int) -> Iterator[Month]:
    return (Month(first_year + n // 12, n % 12 + 1) for n in range(12 * years))


def _day(day: date) -> pa.Table:
    count = _A_DAY * len(REGIONS)
    rng = np.random.default_rng(day.toordinal())
    begin = int(day_bounds(day)[0].timestamp()) * 1_000_000
    starts = begin + np.repeat(np.arange(_A_DAY), len(REGIONS)) * _STEP_US
    columns = []
    for field in clean_schema(NEM_PRICES):
        if field.name in ("interval_start", "interval_end"):
            instants = starts if field.name == "interval_start" else starts + _STEP_US
            columns.append(pa.array(instants).cast(field.type))
        elif field.name == "region":
            columns.append(pa.array(list(REGIONS) * _A_DAY))
        elif pa.types.is_string(field.type):
            columns.append(pa.array(["final" if field.name == "quality" else "mmsdm"] * count))
        elif pa.types.is_floating(field.type):
            columns.append(pa.array(np.round(rng.normal(60, 30, count), 5)))
        else:
            columns.append(pa.array(np.full(count, 5)).cast(field.type))
    table = pa.Table.from_arrays(columns, schema=clean_schema(NEM_PRICES))
    return stamp(table, "nem_prices_clean", day, {"nemflow.source": "mmsdm"})
