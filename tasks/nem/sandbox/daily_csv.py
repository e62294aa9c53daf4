"""PUBLIC_PRICES and PUBLIC_DAILY: the reports of one trading day, 04:05 to 04:00.

Both are named by the day on which the trading day starts and appear minutes after its end.
PUBLIC_DAILY holds the regional prices twice, as DREGION 2 and 3; AEMO's has many more tables and
half a million lines.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache

from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT, day_bounds, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.cases import CASESOLUTION_COLUMNS, case_line
from nemflow.tasks.nem.sandbox.field_text import cents_text, quoted_stamp, run_at
from nemflow.tasks.nem.sandbox.market import chance, day_interventions, round_to_cents
from nemflow.tasks.nem.sandbox.region_rows import DREGION_COLUMNS, dregion_blocks
from nemflow.tasks.nem.sandbox.report_form import Section, report
from nemflow.tasks.nem.sandbox.revisions import Edition

_FIRST = 48  # index of the interval that ends at 04:05
_NEXT = timedelta(days=1)

_TREGION_COLUMNS = ("SETTLEMENTDATE", "RUNNO", "REGIONID", "RRP", "EEP", "INVALIDFLAG", "ROP")
_REQUIREMENT_COLUMNS = (
    *("SETTLEMENTDATE", "RUNNO", "INTERVENTION", "GENCONID", "REGIONID", "BIDTYPE"),
    *("GENCONEFFECTIVEDATE", "GENCONVERSIONNO", "MARGINALVALUE", "LASTCHANGED"),
)


def daily_written_at(day: date) -> datetime:
    """Return when the reports of the trading day that starts on `day` appear: 04:05 and seconds."""
    seconds = 2 + chance("daily", day, size=1)[0] % 5
    return day_bounds(day)[1] + timedelta(hours=4, minutes=5, seconds=seconds)


def public_prices_csv(day: date, edition: Edition) -> bytes:
    """Return PUBLIC_PRICES: DREGION 2, and up to 2021-09 the half hours as TREGION."""
    sections = [_dregion(2, day, edition)]
    if day < FIVE_MINUTE_SETTLEMENT.date():
        lines = _trading_day(lambda part: _tregion_blocks(part, edition), day, minutes=30)
        sections.append(Section("TREGION,,2", _TREGION_COLUMNS, lines))
    return report("PRICES", edition.written_at(daily_written_at(day)), _number(day), sections)


def public_daily_csv(day: date, edition: Edition) -> bytes:
    """Return PUBLIC_DAILY: the dispatch cases, DREGION 2 and 3, a table of requirements."""
    sections = [
        Section("DISPATCH,CASESOLUTION,1", CASESOLUTION_COLUMNS, _trading_day(_cases, day)),
        _dregion(2, day, edition),
        _dregion(3, day, edition),
        Section("DISPATCH,REGIONFCASREQUIREMENT,1", _REQUIREMENT_COLUMNS, _requirements(day)),
    ]
    return report("DAILY", edition.written_at(daily_written_at(day)), _number(day), sections)


def directed_in_trading_day(day: date) -> int:
    """Return in how many intervals of the trading day AEMO directed."""
    late, early = day_interventions(day), day_interventions(day + _NEXT)
    return sum(index >= _FIRST for index in late) + sum(index < _FIRST for index in early)


def _number(day: date) -> int:
    return day.toordinal() * 1_000 + 7


def _dregion(version: int, day: date, edition: Edition) -> Section:
    lines = _trading_day(lambda part: _dregion_day(version, part, edition), day)
    return Section(f"DREGION,,{version}", DREGION_COLUMNS[version], lines)


def _trading_day(
    blocks_of: Callable[[date], list[list[str]]], day: date, minutes: int = 5
) -> list[str]:
    """Return the lines of a trading day from those of its two calendar days."""
    first = _FIRST * 5 // minutes
    blocks = blocks_of(day)[first:] + blocks_of(day + _NEXT)[:first]
    return [line for block in blocks for line in block]


@lru_cache(maxsize=6)
def _dregion_day(version: int, day: date, edition: Edition) -> list[list[str]]:
    """Keep the last days: the evening of one report is the morning of the next."""
    return dregion_blocks(version, day, edition)


def _tregion_blocks(day: date, edition: Edition) -> list[list[str]]:
    prices = {region: edition.day_prices(region, day) for region in REGIONS}
    blocks = []
    for half_hour, end in enumerate(interval_ends(day, 30)):
        six = slice(half_hour * 6, half_hour * 6 + 6)
        texts = {region: cents_text(round_to_cents(prices[region][six])) for region in REGIONS}
        start = f"D,TREGION,,2,{quoted_stamp(end)},1,"
        blocks.append([f"{start}{region},{rrp},0,0,{rrp}" for region, rrp in texts.items()])
    return blocks


def _cases(day: date) -> list[list[str]]:
    return [
        [case_line("CASESOLUTION,1", end, index, directed=False)]
        for index, end in enumerate(interval_ends(day, 5))
    ]


def _requirements(day: date) -> list[str]:
    end = day_bounds(day)[0] + timedelta(hours=4, minutes=5)
    stamps = f'{quoted_stamp(end)},1,0,F_I+NIL_DYN_RREG,NSW1,RAISEREG,"2014/01/22 00:00:00",1'
    return [f"D,DISPATCH,REGIONFCASREQUIREMENT,1,{stamps},3.46,{quoted_stamp(run_at(end, _FIRST))}"]
