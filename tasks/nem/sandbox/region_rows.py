"""The regional tables with price or demand: DREGION and DISPATCH,REGIONSUM, columns and rows.

Demand is a physical quantity: where AEMO directed, the row of the INTERVENTION 1 run has what was
met, and PRICE_AND_DEMAND repeats it; the 0 row has what would have been met.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.dispatch_price import OLD_SERVICES
from nemflow.tasks.nem.sandbox.field_text import (
    cents_text,
    dispatch_interval,
    energy_texts,
    price_text,
    quoted_stamp,
    run_at,
)
from nemflow.tasks.nem.sandbox.market import (
    INTERVALS,
    UNITS,
    day_demands,
    day_fcas_prices,
    day_interventions,
    physical_price,
    price_cap,
)
from nemflow.tasks.nem.sandbox.revisions import Edition

_RAISE = ("RAISE6SEC", "RAISE60SEC", "RAISE5MIN", "RAISEREG")
_LOWER = ("LOWER6SEC", "LOWER60SEC", "LOWER5MIN", "LOWERREG")
_BY_LENGTH = (*("LOWER5MIN", "LOWER60SEC", "LOWER6SEC"), *("RAISE5MIN", "RAISE60SEC", "RAISE6SEC"))
_AMOUNTS = (
    *("DISPATCH", "IMPORT", "LOCALDISPATCH", "LOCALPRICE"),
    *("LOCALREQ", "PRICE", "REQ", "SUPPLYPRICE"),
)
_VIOLATED = (
    *("RAISE5MIN", "RAISEREG", "RAISE60SEC", "RAISE6SEC"),
    *("LOWER5MIN", "LOWERREG", "LOWER60SEC", "LOWER6SEC"),
)
_SERVICES = tuple(f"{service}{amount}" for service in _BY_LENGTH for amount in _AMOUNTS)
_REGULATION = tuple(
    f"{service}{amount}"
    for service in ("LOWERREG", "RAISEREG")
    for amount in ("IMPORT", "LOCALDISPATCH", "LOCALREQ", "REQ")
)
_VIOLATIONS = (
    *(f"{service}LOCALVIOLATION" for service in _VIOLATED),
    *(f"{service}VIOLATION" for service in _VIOLATED),
)
_AVAILABILITIES = (
    *(f"{service}ACTUALAVAILABILITY" for service in (*_RAISE, *_LOWER)),
    *("LORSURPLUS", "LRCSURPLUS"),
)

_DREGION_2 = (
    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "INTERVENTION"),
    *("RRP", "EEP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG"),
    *("TOTALDEMAND", "DEMANDFORECAST", "DISPATCHABLEGENERATION", "DISPATCHABLELOAD"),
    *("NETINTERCHANGE", "EXCESSGENERATION"),
    *_SERVICES,
    *("AGGREGATEDISPATCHERROR", "AVAILABLEGENERATION", "AVAILABLELOAD"),
    *("INITIALSUPPLY", "CLEAREDSUPPLY"),
    *_REGULATION,
    *_VIOLATIONS,
    *(f"{name}{part}" for name in (*_RAISE, *_LOWER) for part in ("RRP", "ROP", "APCFLAG")),
)
DREGION_COLUMNS = {2: _DREGION_2, 3: (*_DREGION_2, *_AVAILABILITIES)}

_REGIONSUM_4 = (
    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
    *("TOTALDEMAND", "AVAILABLEGENERATION", "AVAILABLELOAD", "DEMANDFORECAST"),
    *("DISPATCHABLEGENERATION", "DISPATCHABLELOAD", "NETINTERCHANGE", "EXCESSGENERATION"),
    *_SERVICES,
    *("AGGEGATEDISPATCHERROR", "AGGREGATEDISPATCHERROR", "LASTCHANGED"),  # AEMO's spelling
    *("INITIALSUPPLY", "CLEAREDSUPPLY"),
    *_REGULATION,
    *_VIOLATIONS,
    *_AVAILABILITIES,
    *("TOTALINTERMITTENTGENERATION", "DEMAND_AND_NONSCHEDGEN", "UIGF"),
    *("SEMISCHEDULE_CLEAREDMW", "SEMISCHEDULE_COMPLIANCEMW"),
)
_REGIONSUM_LATER = (
    *("SS_SOLAR_UIGF", "SS_WIND_UIGF", "SS_SOLAR_CLEAREDMW", "SS_WIND_CLEAREDMW"),
    *("SS_SOLAR_COMPLIANCEMW", "SS_WIND_COMPLIANCEMW"),
    *("WDR_INITIALMW", "WDR_AVAILABLE", "WDR_DISPATCHED"),
    *("RAISE1SECLOCALDISPATCH", "LOWER1SECLOCALDISPATCH"),
    *("RAISE1SECACTUALAVAILABILITY", "LOWER1SECACTUALAVAILABILITY"),
    *("SS_SOLAR_AVAILABILITY", "SS_WIND_AVAILABILITY", "BDU_ENERGY_STORAGE"),
    *("BDU_MIN_AVAIL", "BDU_MAX_AVAIL", "BDU_CLEAREDMW_GEN", "BDU_CLEAREDMW_LOAD"),
    "BDU_INITIAL_ENERGY_STORAGE",
)
REGIONSUM_COLUMNS = {4: _REGIONSUM_4, 9: (*_REGIONSUM_4, *_REGIONSUM_LATER)}

# What the six fast services and regulation are given in MW, and the rest of a row, which nobody
# reads here: the fields that AEMO leaves empty are empty.
_SERVICE_FIELDS = ",".join(f",,{mw},,,,," for mw in (54, 37, 28, 94, 89, 86))
_REGULATION_FIELDS = ",94,,,,6,,"
_VIOLATION_FIELDS = "," * (len(_VIOLATIONS) - 1)
_AVAILABILITY_FIELDS = "170.72406,233.72406,388.72406,68.120641,454,524,526,340.722041,,"


def dregion_blocks(version: int, day: date, edition: Edition) -> list[list[str]]:
    """Return the D lines of DREGION of each of the day's 288 intervals; version 2 or 3."""
    more = f",{_AVAILABILITY_FIELDS}" if version == 3 else ""
    starts = [f"D,DREGION,,{version},{quoted_stamp(end)},1," for end in interval_ends(day, 5)]
    blocks: list[list[str]] = [[] for _ in starts]
    for region in REGIONS:
        prices = _PriceFields(region, day, edition)
        for index, run, load in _loads(region, day):
            blocks[index].append(
                f"{starts[index]}{region},{run},{prices.energy(index, run)},{load.demand},"
                f"{load.forecast},{load.generation},0,{load.interchange},0,{_SERVICE_FIELDS},0.5,"
                f"{load.available},1500,{load.initial},{load.cleared},{_REGULATION_FIELDS},"
                f"{_VIOLATION_FIELDS},{prices.fcas(index, run)}{more}"
            )
    return blocks


def regionsum_blocks(version: int, day: date) -> list[list[str]]:
    """Return the D lines of REGIONSUM of each of the day's 288 intervals; version 4 or 9."""
    more = ",0,0,0,0,0,0,0,19.57,0,139,84,0,0,781.21597,484,329,276,0,805.07557,0,0"
    end_fields = f",1593.47789,1593.47789,184.779{more if version == 9 else ''}"
    tail = f"{_REGULATION_FIELDS},{_VIOLATION_FIELDS},{_AVAILABILITY_FIELDS},128.79375"
    ends = interval_ends(day, 5)
    starts = [f"D,DISPATCH,REGIONSUM,{version},{quoted_stamp(end)},1," for end in ends]
    numbers = [dispatch_interval(end) for end in ends]
    changed = [quoted_stamp(run_at(end, index)) for index, end in enumerate(ends)]
    blocks: list[list[str]] = [[] for _ in starts]
    for region in REGIONS:
        for index, run, load in _loads(region, day):
            blocks[index].append(
                f"{starts[index]}{region},{numbers[index]},{run},{load.demand},{load.available},"
                f"484,{load.forecast},{load.generation},0,{load.interchange},0,{_SERVICE_FIELDS},,"
                f"0.5,{changed[index]},{load.initial},{load.cleared},{tail},{load.cleared}"
                f"{end_fields}"
            )
    return blocks


class _Load(NamedTuple):
    """A region's demand in one interval and what goes with it, as text in MW."""

    demand: str
    generation: str
    forecast: str  # from here on they change at half hours only
    interchange: str
    available: str
    initial: str
    cleared: str


def _loads(region: str, day: date) -> Iterator[tuple[int, int, _Load]]:
    """Yield index, INTERVENTION and demand of each of the day's rows; either run may be first."""
    directed, demands = day_interventions(day), day_demands(region, day)
    place = day.toordinal() * 37 + REGIONS.index(region) * 101
    for half_hour in range(INTERVALS // 6):
        six = demands[half_hour * 6 : half_hour * 6 + 6]
        interchange = (place + half_hour * 61) % 2_001 * 40 - 40_000
        numbers = (six[-1] - six[0], interchange, six[0] * 2, six[0] + 1_284, six[0] + 2_611)
        usual = tuple(map(cents_text, numbers))
        for index, demand in enumerate(six, half_hour * 6):
            met = _Load(cents_text(demand), cents_text(demand + interchange), *usual)
            if index not in directed:
                yield index, 0, met
                continue
            other = demand * 99 // 100
            without = _Load(cents_text(other), cents_text(other + interchange), *usual)
            rows = ((index, 0, without), (index, 1, met))
            yield from rows[::-1] if index % 3 == 0 else rows


class _PriceFields:
    """The price fields of one region's rows of one day."""

    def __init__(self, region: str, day: date, edition: Edition) -> None:
        self._cap = price_cap(day) * UNITS
        self._prices = edition.day_prices(region, day)
        services = day_fcas_prices(region, day)
        fcas = [services[service] for service in OLD_SERVICES]
        self._fcas = {0: _fcas_fields(fcas)}
        if day_interventions(day):
            self._fcas[1] = _fcas_fields([[physical_price(p) + 14 for p in row] for row in fcas])

    def energy(self, index: int, run: int) -> str:
        """Return RRP to MARKETSUSPENDEDFLAG."""
        units = physical_price(self._prices[index]) if run else self._prices[index]
        rrp, rop, flag = energy_texts(units, self._cap)
        return f"{rrp},0,{rop},{flag},0"

    def fcas(self, index: int, run: int) -> str:
        """Return RRP, ROP and APCFLAG of the eight old services."""
        return self._fcas[run][index // 6]


def _fcas_fields(prices: list[list[int]]) -> list[str]:
    texts = [[price_text(units) for units in row] for row in prices]
    return [",".join(f"{row[h]},{row[h]},0" for row in texts) for h in range(INTERVALS // 6)]
