"""TRADINGIS: the report of one trading interval, 30 minutes up to 2021-10-01 00:00, then 5."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.field_text import cents_text
from nemflow.tasks.nem.sandbox.intervals import FIRST_1SEC_DAY, Interval
from nemflow.tasks.nem.sandbox.market import day_demands
from nemflow.tasks.nem.sandbox.report_form import Section, report
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL
from nemflow.tasks.nem.sandbox.trading_price import (
    REPORT_30,
    WITHOUT_1SEC,
    TradingForm,
    trading_blocks,
)

_FLOW_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERCONNECTORID", "PERIODID"),
    *("METEREDMWFLOW", "MWFLOW", "MWLOSSES", "LASTCHANGED"),
)
_REGIONSUM_COLUMNS = ("SETTLEMENTDATE", "RUNNO", "REGIONID", "PERIODID", "TOTALDEMAND")


@dataclass(frozen=True, slots=True)
class _Day:
    """The rows of each of a market day's trading intervals, and its demands."""

    form: TradingForm
    prices: list[list[str]]
    demands: dict[str, list[int]]


def tradingis_csv(which: Interval, number: int) -> bytes:
    """Return TRADINGIS of a trading interval; `number` is the 16 digits of its name."""
    day, period = _day(which.day), which.index + 1
    flows = [
        f"D,TRADING,INTERCONNECTORRES,2,{which.stamp},1,{name},{period},{flow},{flow},1.36,"
        f"{which.changed}"
        for name, flow in which.flows()
    ]
    sections = [
        Section("TRADING,INTERCONNECTORRES,2", _FLOW_COLUMNS, flows),
        Section(day.form.head, day.form.columns, day.prices[which.index]),
    ]
    if which.minutes == 30:  # the table was given up with five-minute settlement
        six = slice(which.index * 6, which.index * 6 + 6)
        loads = [
            f"D,TRADING,REGIONSUM,4,{which.stamp},1,{region},{period},"
            + cents_text((2 * sum(demands[six]) + 6) // 12)
            for region, demands in day.demands.items()
        ]
        sections.append(Section("TRADING,REGIONSUM,4", _REGIONSUM_COLUMNS, loads))
    return report("TRADINGIS", which.written_at, number, sections)


@lru_cache(maxsize=16)
def _day(day: date) -> _Day:
    form = REPORT_30 if day >= FIRST_1SEC_DAY else WITHOUT_1SEC
    demands = {region: day_demands(region, day) for region in REGIONS}
    return _Day(form, trading_blocks(form, day, ORIGINAL), demands)
