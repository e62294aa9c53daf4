"""AEMO's words become ours: text rows in, the clean table out. The only place that knows both.

Any number of days goes through at once. Prices are the pricing run's (INTERVENTION 0): AEMO
settles by it, the INTERVENTION 1 run only tells what was physically dispatched.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from nemflow.errors import BrokenFile
from nemflow.tasks.nem.market_time import ARROW_ZONE, FIVE_MINUTE_SETTLEMENT
from nemflow.tasks.nem.tables import DISPATCHPRICE, FCAS_SERVICES, PRICE_AND_DEMAND, STAMP

_INSTANT = pa.timestamp("us", tz=ARROW_ZONE)
_UTC_OFFSET = timedelta(hours=10)  # of NEM time
_PRICING_RUN = pa.scalar(0.0)

_Column: TypeAlias = "pa.Array[Any] | pa.ChunkedArray[Any]"


def _field(name: str, kind: pa.DataType, unit: str, description: str) -> "pa.Field[Any]":
    return pa.field(name, kind, metadata={"unit": unit, "description": description})


def _fcas_field(service: str) -> "pa.Field[Any]":
    return _field(
        f"{service.lower()}_rrp",
        pa.float64(),
        "AUD/MWh",
        f"price of the frequency control service {service}; null where the source has none",
    )


# The same for every source, so that the clean folder opens as one data set.
CLEAN_SCHEMA = pa.schema(
    [
        _field("interval_start", _INSTANT, "NEM time, UTC+10", "start of the interval"),
        _field("interval_end", _INSTANT, "NEM time, UTC+10", "end of the interval"),
        _field("region", pa.string(), "", "market region, such as NSW1"),
        _field("rrp", pa.float64(), "AUD/MWh", "regional reference price of energy, as settled"),
        _field("rop", pa.float64(), "AUD/MWh", "the same before capping and scaling; unbounded"),
        *(_fcas_field(service) for service in FCAS_SERVICES),
        _field(
            "apc_flag",
            pa.int32(),
            "bits",
            "why rrp is not rop: 1 administered price, 2 value of lost load, 4 cap or floor, "
            "8 set by hand, 16 scaled between regions; null where not given",
        ),
        _field("market_suspended", pa.bool_(), "", "the region's market was suspended"),
        _field("price_status", pa.string(), "", "FIRM or NOT FIRM; null where not given"),
        _field(
            "intervention",
            pa.bool_(),
            "",
            "AEMO also ran a physical run for the interval; null where the source cannot tell",
        ),
        _field("resolution_minutes", pa.int16(), "minutes", "length of the interval"),
        _field("source", pa.string(), "", "the published data that the row was taken from"),
    ]
)


def tidy_dispatch(rows: pa.Table, *, source: str) -> pa.Table:
    """Return DISPATCHPRICE text rows as a `CLEAN_SCHEMA` table.

    One row for each interval and region, sorted by both. Of rows that share them the greatest
    LASTCHANGED wins, then the later row.

    Args:
        rows: AEMO's columns as text, every INTERVENTION run.
        source: written into the column `source`.

    Raises:
        BrokenFile: a text that is no number or no stamp.
    """
    region = DISPATCHPRICE.region_column
    run = _numbers(rows, "INTERVENTION")
    pricing = _newest_only(rows.filter(pc.equal(run, _PRICING_RUN)), region)
    physical = rows.filter(pc.not_equal(run, _PRICING_RUN))
    columns: dict[str, _Column] = {
        "region": pricing[region],
        "rrp": _numbers(pricing, "RRP"),
        "rop": _numbers(pricing, "ROP"),
        **{f"{name.lower()}_rrp": _numbers(pricing, f"{name}RRP") for name in FCAS_SERVICES},
        "apc_flag": _numbers(pricing, "APCFLAG"),
        "market_suspended": _numbers(pricing, "MARKETSUSPENDEDFLAG"),
        "price_status": _texts(pricing, "PRICE_STATUS"),
        "intervention": pc.is_in(pricing[STAMP], value_set=physical[STAMP]),
        "resolution_minutes": _repeat(DISPATCHPRICE.minutes, pa.int16(), pricing),
        "source": _repeat(source, pa.string(), pricing),
    }
    return _clean(_interval_ends(pricing), columns)


def tidy_price_and_demand(rows: pa.Table, *, source: str) -> pa.Table:
    """Return PRICE_AND_DEMAND text rows, of any regions, as a `CLEAN_SCHEMA` table.

    Sorted by interval end and region; only `rrp` is known (in cents); intervals take 30 minutes
    up to 2021-10-01 00:00 and 5 after. Of rows that share both the later one wins.

    Args:
        rows: AEMO's columns as text.
        source: written into the column `source`.

    Raises:
        BrokenFile: a text that is no number or no stamp.
    """
    table = PRICE_AND_DEMAND
    prices = _newest_only(rows, table.region_column)
    ends = _interval_ends(prices)
    columns: dict[str, _Column] = {
        "region": prices[table.region_column],
        "rrp": _numbers(prices, "RRP"),
        "resolution_minutes": pc.if_else(
            pc.less_equal(ends, pa.scalar(FIVE_MINUTE_SETTLEMENT, _INSTANT)),
            pa.scalar(table.minutes_before_settlement),
            pa.scalar(table.minutes),
        ),
        "source": _repeat(source, pa.string(), prices),
    }
    return _clean(ends, columns)


def _newest_only(rows: pa.Table, region: str) -> pa.Table:
    """Sort by interval end and region, and of rows that share both keep the newest."""
    has_changed = "LASTCHANGED" in rows.column_names
    changed = rows["LASTCHANGED"] if has_changed else _repeat("", pa.string(), rows)
    positions = pa.chunked_array([pa.array(range(rows.num_rows), pa.int64())])
    keys = pa.Table.from_arrays(
        [_interval_ends(rows), rows[region], changed, positions],
        names=["end", "region", "changed", "position"],
    )
    oldest_first = keys.sort_by([(name, "ascending") for name in keys.column_names])
    newest = oldest_first.group_by(["end", "region"], use_threads=False).aggregate(
        [("position", "last")]
    )
    in_order = newest.sort_by([("end", "ascending"), ("region", "ascending")])
    return rows.take(in_order["position_last"])


def _clean(ends: _Column, columns: Mapping[str, _Column]) -> pa.Table:
    """Put columns into the order and types of the schema; those not given become null."""
    minutes = _cast(columns["resolution_minutes"], pa.int64(), "resolution_minutes")
    length = pc.multiply(minutes, pa.scalar(timedelta(minutes=1), pa.duration("us")))
    given = {**columns, "interval_end": ends, "interval_start": pc.subtract(ends, length)}
    arrays = [
        _cast(given[field.name], field.type, field.name)
        if field.name in given
        else pa.chunked_array([pa.nulls(len(ends), field.type)])
        for field in CLEAN_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=CLEAN_SCHEMA)


def _interval_ends(rows: pa.Table) -> _Column:
    # Arrow reads ISO dates, strictly and fast; subtracting needs no time zone files.
    iso = pc.replace_substring(rows[STAMP], "/", "-")
    local = _cast(iso, pa.timestamp("us"), STAMP)
    utc = pc.subtract(local, pa.scalar(_UTC_OFFSET, pa.duration("us")))
    return _cast(utc, _INSTANT, STAMP)


def _numbers(rows: pa.Table, column: str) -> _Column:
    """Return the column as float64, empty text as null; all null if it is not there."""
    return _cast(_texts(rows, column), pa.float64(), column)


def _texts(rows: pa.Table, column: str) -> _Column:
    """Return the column trimmed, empty text as null; all null if it is not there."""
    if column not in rows.column_names:
        return _repeat(None, pa.string(), rows)
    trimmed = pc.ascii_trim_whitespace(rows[column])
    is_empty = pc.equal(trimmed, pa.scalar(""))
    texts: _Column = pc.if_else(is_empty, pa.scalar(None, pa.string()), trimmed)
    return texts


def _cast(column: _Column, kind: pa.DataType, name: str) -> _Column:
    try:
        return pc.cast(column, kind)
    except pa.ArrowInvalid as error:
        raise BrokenFile(f"{name} cannot be read: {error}") from error


def _repeat(value: object, kind: pa.DataType, rows: pa.Table) -> _Column:
    return pa.chunked_array([pa.array([value] * rows.num_rows, kind)])
