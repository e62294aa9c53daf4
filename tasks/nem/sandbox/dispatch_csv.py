"""DISPATCH: the report of one dispatch interval in the older form, with DREGION 3.

AEMO's has 860 constraints.
"""

from datetime import date
from functools import lru_cache

from nemflow.tasks.nem.sandbox.cases import CASESOLUTION_COLUMNS, case_line
from nemflow.tasks.nem.sandbox.intervals import Interval
from nemflow.tasks.nem.sandbox.market import day_interventions
from nemflow.tasks.nem.sandbox.region_rows import DREGION_COLUMNS, dregion_blocks
from nemflow.tasks.nem.sandbox.report_form import Section, report
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL

_TINT_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERCONNECTORID", "METEREDMWFLOW", "MWFLOW", "MWLOSSES"),
)
_DINT_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERCONNECTORID", "INTERVENTION", "METEREDMWFLOW", "MWFLOW"),
    *("MWLOSSES", "MARGINALVALUE", "VIOLATIONDEGREE", "IMPORTLIMIT", "EXPORTLIMIT"),
    *("MARGINALLOSS", "EXPORTGENCONID", "IMPORTGENCONID", "FCASEXPORTLIMIT", "FCASIMPORTLIMIT"),
)
_DCONS_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "CONSTRAINTID", "INTERVENTION", "RHS"),
    *("MARGINALVALUE", "VIOLATIONDEGREE"),
)


def dispatch_csv(which: Interval, number: int) -> bytes:
    """Return DISPATCH of a 5-minute interval; `number` is the 16 digits of its C line."""
    directed = which.index in day_interventions(which.day)
    case = case_line("CASESOLUTION,1", which.end, which.index, directed=directed)
    sections = [
        Section("DISPATCH,CASESOLUTION,1", CASESOLUTION_COLUMNS, [case]),
        Section("DREGION,,3", DREGION_COLUMNS[3], _day(which.day)[which.index]),
        *_network(which),
    ]
    return report("DISPATCH", which.written_at, number, sections)


@lru_cache(maxsize=4)
def _day(day: date) -> list[list[str]]:
    return dregion_blocks(3, day, ORIGINAL)


def _network(which: Interval) -> list[Section]:
    """Return the tables behind the regions'."""
    stamp, flows = which.stamp, list(which.flows())
    flowing = [f"D,TINT,,1,{stamp},1,{name},{flow},{flow},3.89" for name, flow in flows]
    dispatched = [
        f"D,DINT,,4,{stamp},1,{name},0,{flow},{flow},3.89,0,0,-105,55,0.98,NQTE_ROC,QNTE_ROC,55,-105"
        for name, flow in flows
    ]
    constraint = f"D,DCONS,,1,{stamp},1,F_I+NIL_DYN_RREG,0,10083.98501,0,0"
    return [
        Section("TINT,,1", _TINT_COLUMNS, flowing),
        Section("DINT,,4", _DINT_COLUMNS, dispatched),
        Section("DCONS,,1", _DCONS_COLUMNS, [constraint]),
    ]
