"""DISPATCHIS: the report of one dispatch interval, with several tables.

The rows of a whole market day are made at once and the last days kept, so that an interval's
report costs little: tests ask for 288 of them. AEMO's has 800 constraints more.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from nemflow.tasks.nem.sandbox.cases import CASE_SOLUTION_COLUMNS, case_line
from nemflow.tasks.nem.sandbox.dispatch_price import (
    REPORT_56,
    REPORT_66,
    PriceForm,
    dispatch_blocks,
)
from nemflow.tasks.nem.sandbox.field_text import dispatch_interval
from nemflow.tasks.nem.sandbox.intervals import FIRST_1SEC_DAY, Interval
from nemflow.tasks.nem.sandbox.market import day_interventions
from nemflow.tasks.nem.sandbox.region_rows import REGIONSUM_COLUMNS, regionsum_blocks
from nemflow.tasks.nem.sandbox.report_form import Section, report
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL

_JOINED = (("NSW1", "QLD1"), ("VIC1", "NSW1"), ("VIC1", "SA1"))
_CONSTRAINTS = ("DATASNAP", "F_I+NIL_DYN_RREG", "F_MAIN+NIL_DYN_LREG", "N>>N-NIL__2", "V_S_NIL")

_LOCAL_PRICE_COLUMNS = ("SETTLEMENTDATE", "DUID", "LOCAL_PRICE_ADJUSTMENT", "LOCALLY_CONSTRAINED")
_FLOW_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERCONNECTORID", "DISPATCHINTERVAL", "INTERVENTION"),
    *("METEREDMWFLOW", "MWFLOW", "MWLOSSES", "MARGINALVALUE", "VIOLATIONDEGREE", "LASTCHANGED"),
    *("EXPORTLIMIT", "IMPORTLIMIT", "MARGINALLOSS", "EXPORTGENCONID", "IMPORTGENCONID"),
    *("FCASEXPORTLIMIT", "FCASIMPORTLIMIT"),
    *("LOCAL_PRICE_ADJUSTMENT_EXPORT", "LOCALLY_CONSTRAINED_EXPORT"),
    *("LOCAL_PRICE_ADJUSTMENT_IMPORT", "LOCALLY_CONSTRAINED_IMPORT"),
)
_CONSTRAINT_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "CONSTRAINTID", "DISPATCHINTERVAL", "INTERVENTION", "RHS"),
    *("MARGINALVALUE", "VIOLATIONDEGREE", "LASTCHANGED", "DUID"),
    *("GENCONID_EFFECTIVEDATE", "GENCONID_VERSIONNO", "LHS"),
)
_INTERCONNECTION_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERVENTION", "FROM_REGIONID", "TO_REGIONID"),
    *("DISPATCHINTERVAL", "IRLF", "MWFLOW", "METEREDMWFLOW"),
    *("FROM_REGION_MW_LOSSES", "TO_REGION_MW_LOSSES", "LASTCHANGED"),
)


@dataclass(frozen=True, slots=True)
class _Day:
    """The rows of each of a market day's 288 intervals, and which of them AEMO directed."""

    directed: range
    price_form: PriceForm
    prices: list[list[str]]
    regionsum_version: int
    loads: list[list[str]]


def dispatchis_csv(which: Interval, number: int) -> bytes:
    """Return DISPATCHIS of a 5-minute interval; `number` is the 16 digits of its name."""
    day, index = _day(which.day), which.index
    form, version = day.price_form, day.regionsum_version
    sections = [
        _case(which, directed=index in day.directed),
        *_local_prices(which),
        Section(form.head, form.columns, day.prices[index]),
        Section(f"DISPATCH,REGIONSUM,{version}", REGIONSUM_COLUMNS[version], day.loads[index]),
        *_network(which),
    ]
    return report("DISPATCHIS", which.written_at, number, sections)


@lru_cache(maxsize=4)
def _day(day: date) -> _Day:
    form, version = (REPORT_66, 9) if day >= FIRST_1SEC_DAY else (REPORT_56, 4)
    prices = dispatch_blocks(form, day, ORIGINAL)
    return _Day(day_interventions(day), form, prices, version, regionsum_blocks(version, day))


def _case(which: Interval, *, directed: bool) -> Section:
    line = case_line("CASE_SOLUTION,2", which.end, which.index, directed=directed)
    return Section("DISPATCH,CASE_SOLUTION,2", CASE_SOLUTION_COLUMNS, [f"{line},1,1,"])


def _local_prices(which: Interval) -> list[Section]:
    """Return the table, or none: AEMO leaves it out where it would be empty."""
    if (which.index * 5 + which.day.toordinal()) % 14 == 0:
        return []
    lines = [f"D,DISPATCH,LOCAL_PRICE,1,{which.stamp},SAPHWF1,-54.48,1"]
    return [Section("DISPATCH,LOCAL_PRICE,1", _LOCAL_PRICE_COLUMNS, lines)]


def _network(which: Interval) -> list[Section]:
    """Return the tables behind the regions'."""
    stamp, changed, dispatched = which.stamp, which.changed, dispatch_interval(which.end)
    flows = [
        f"D,DISPATCH,INTERCONNECTORRES,3,{stamp},1,{name},{dispatched},0,{flow},{flow},"
        f"3.89,0,0,{changed},55,-105,0.98,NQTE_ROC,QNTE_ROC,55,-105,0,0,0,0"
        for name, flow in which.flows()
    ]
    constraints = [
        f"D,DISPATCH,CONSTRAINT,5,{stamp},1,{name},{dispatched},0,10083.98501,0,0,"
        f'{changed},,"2018/04/13 00:00:00",1,-83.86488'
        for name in _CONSTRAINTS
    ]
    joined = [
        f"D,DISPATCH,INTERCONNECTION,1,{stamp},1,0,{start},{end},{dispatched},"
        f"0.9452269981716130,-791.86488,-834.452049,29.944777,14.206153,{changed}"
        for start, end in _JOINED
    ]
    return [
        Section("DISPATCH,INTERCONNECTORRES,3", _FLOW_COLUMNS, flows),
        Section("DISPATCH,CONSTRAINT,5", _CONSTRAINT_COLUMNS, constraints),
        Section("DISPATCH,INTERCONNECTION,1", _INTERCONNECTION_COLUMNS, joined),
    ]
