"""Columns: AEMO's name of each, and ours with its type, unit and meaning."""

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """The type of a clean column."""

    INSTANT = "timestamp"
    TEXT = "text"
    NUMBER = "float64"
    INTEGER = "int32"
    SHORT = "int16"
    FLAG = "bool"  # in AEMO's text a number, which is not 0


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a clean table.

    Args:
        aemo: AEMO's name, the same in every table that has it; empty for a column of our own.
        name: our name.
        unit: empty where there is none.
        description: one line.
    """

    aemo: str
    name: str
    kind: Kind
    unit: str
    description: str


PRICE_UNIT = "AUD/MWh"

# Frequency control services; the 1-second pair since 2023-10-09.
FCAS_SERVICES = (
    "RAISE1SEC",
    "RAISE6SEC",
    "RAISE60SEC",
    "RAISE5MIN",
    "RAISEREG",
    "LOWER1SEC",
    "LOWER6SEC",
    "LOWER60SEC",
    "LOWER5MIN",
    "LOWERREG",
)

INTERVAL_COLUMNS = (
    Column("", "interval_start", Kind.INSTANT, "NEM time, UTC+10", "start of the interval"),
    Column("", "interval_end", Kind.INSTANT, "NEM time, UTC+10", "end of the interval"),
    Column("", "region", Kind.TEXT, "", "market region, such as NSW1"),
)

PRICE_COLUMNS = (
    Column(
        "RRP",
        "rrp",
        Kind.NUMBER,
        PRICE_UNIT,
        "regional reference price of energy, as settled",
    ),
    Column(
        "ROP",
        "rop",
        Kind.NUMBER,
        PRICE_UNIT,
        "the same before capping and scaling; unbounded",
    ),
)

FCAS_PRICES = tuple(
    Column(
        f"{service}RRP",
        f"{service.lower()}_rrp",
        Kind.NUMBER,
        PRICE_UNIT,
        f"price of the frequency control service {service}; null where the source has none",
    )
    for service in FCAS_SERVICES
)

PRICE_FLAGS = (
    Column(
        "APCFLAG",
        "apc_flag",
        Kind.INTEGER,
        "bits",
        "why rrp is not rop: 1 administered price, 2 value of lost load, 4 cap or floor, "
        "8 set by hand, 16 scaled between regions; null where not given",
    ),
    Column(
        "MARKETSUSPENDEDFLAG",
        "market_suspended",
        Kind.FLAG,
        "",
        "the region's market was suspended",
    ),
)

PRICE_STATUS = Column(
    "PRICE_STATUS", "price_status", Kind.TEXT, "", "FIRM or NOT FIRM; null where not given"
)

PRICE_CONFIDENCE = Column(
    "PRICE_CONFIDENCE",
    "price_confidence",
    Kind.TEXT,
    "",
    "FIRM, or NOT FIRM where manifestly incorrect inputs or over-constrained dispatch are unresolved; "
    "null where not given",
)

INVALID_FLAG = Column(
    "INVALIDFLAG",
    "invalid_flag",
    Kind.TEXT,
    "",
    "0 normal, A adjusted on the next business day, Y invalid (before 2001-10); null where not given",
)


def _megawatts(aemo: str, name: str, description: str) -> Column:
    return Column(aemo, name, Kind.NUMBER, "MW", description)


DEMAND_COLUMNS = (
    _megawatts(
        "TOTALDEMAND",
        "demand_mw",
        "demand met by scheduled and semi-scheduled generation and imports; rooftop output is not in it",
    ),
    _megawatts(
        "DEMANDFORECAST",
        "demand_change_mw",
        "AEMO's forecast of how demand changes over the interval",
    ),
    _megawatts(
        "INITIALSUPPLY",
        "initial_supply_mw",
        "generation and imports metered at the start of the interval",
    ),
    _megawatts(
        "CLEAREDSUPPLY",
        "cleared_supply_mw",
        "generation and imports that dispatch cleared for its end",
    ),
    _megawatts(
        "AVAILABLEGENERATION",
        "available_generation_mw",
        "generation offered as available",
    ),
    _megawatts(
        "DISPATCHABLEGENERATION",
        "dispatched_generation_mw",
        "dispatched generation of the region",
    ),
    _megawatts(
        "DISPATCHABLELOAD",
        "dispatched_load_mw",
        "dispatched scheduled load of the region",
    ),
    _megawatts(
        "NETINTERCHANGE",
        "net_export_mw",
        "flow out of the region over all interconnectors, imports negative",
    ),
)

# Of DISPATCHREGIONSUM alone.
VARIABLE_GENERATION = (
    _megawatts(
        "DEMAND_AND_NONSCHEDGEN",
        "demand_and_nonscheduled_mw",
        "demand and the output of non-scheduled generation",
    ),
    _megawatts(
        "UIGF",
        "semi_scheduled_available_mw",
        "forecast of what wind and solar farms could give (UIGF)",
    ),
    _megawatts(
        "SEMISCHEDULE_CLEAREDMW",
        "semi_scheduled_cleared_mw",
        "what dispatch took of it",
    ),
)

ROOFTOP_COLUMNS = (
    _megawatts("POWER", "power_mw", "estimated output of rooftop panels at the interval's end"),
    Column(
        "QI",
        "quality_indicator",
        Kind.NUMBER,
        "0 to 1",
        "AEMO's mark of the estimate, 1 the best; null where not given",
    ),
    Column(
        "TYPE",
        "estimate_type",
        Kind.TEXT,
        "",
        "DAILY (the best, made a day later), MEASUREMENT or SATELLITE",
    ),
)

INTERVENTION_FLAG = Column(
    "",
    "intervention",
    Kind.FLAG,
    "",
    "AEMO also ran a physical run for the interval; null where the source cannot tell",
)

ORIGIN_COLUMNS = (
    Column("", "resolution_minutes", Kind.SHORT, "minutes", "length of the interval"),
    Column("", "source", Kind.TEXT, "", "the published data that the row was taken from"),
    Column(
        "",
        "quality",
        Kind.TEXT,
        "",
        "live, preliminary or final: how settled the data were when they were taken",
    ),
)
