"""DISPATCH,PRICE: the columns of its four forms, and the rows of a day in each.

The monthly tables and the reports of single intervals hold the same rows, in other orders.
"""

from dataclasses import dataclass
from datetime import date

from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.field_text import (
    dispatch_interval,
    energy_texts,
    price_text,
    quoted_stamp,
    run_at,
)
from nemflow.tasks.nem.sandbox.market import (
    UNITS,
    day_fcas_prices,
    day_interventions,
    physical_price,
    price_cap,
)
from nemflow.tasks.nem.sandbox.revisions import Edition
from nemflow.tasks.nem.tables import FCAS_SERVICES

# Positions in FCAS_SERVICES: the eight old services, and the 1-second pair.
OLD_SERVICES = (1, 2, 3, 4, 6, 7, 8, 9)
ONE_SECOND_SERVICES = (0, 5)


def _names(services: tuple[int, ...]) -> list[str]:
    return [FCAS_SERVICES[service] for service in services]


def _short_names(services: tuple[int, ...]) -> list[str]:
    return [name.replace("SEC", "") for name in _names(services)]


def _triples(services: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"{name}{part}" for name in _names(services) for part in ("RRP", "ROP", "APCFLAG"))


_START = (
    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL", "INTERVENTION"),
    *("RRP", "EEP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG", "LASTCHANGED"),
    *_triples(OLD_SERVICES),
    "PRICE_STATUS",
    *(f"PRE_AP_{name}_PRICE" for name in ("ENERGY", *_short_names(OLD_SERVICES))),
)

# What follows, in blocks that each form puts in its own order.
_BLOCKS = {
    "sums": tuple(f"CUMUL_PRE_AP_{name}_PRICE" for name in ("ENERGY", *_short_names(OLD_SERVICES))),
    "offers": ("OCD_STATUS", "MII_STATUS"),
    "second": (
        *_triples(ONE_SECOND_SERVICES),
        *(f"PRE_AP_{name}_PRICE" for name in _short_names(ONE_SECOND_SERVICES)),
    ),
    "second sums": tuple(
        f"CUMUL_PRE_AP_{name}_PRICE" for name in _short_names(ONE_SECOND_SERVICES)
    ),
}


@dataclass(frozen=True, slots=True)
class PriceForm:
    """One form of the table: its version and the order of its last blocks."""

    version: int
    blocks: tuple[str, ...]

    @property
    def head(self) -> str:
        """What every row begins with, after its letter."""
        return f"DISPATCH,PRICE,{self.version}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order: 54, 56 or 66."""
        return (*_START, *(name for block in self.blocks for name in _BLOCKS[block]))


MONTHLY_54 = (PriceForm(1, ("sums",)), PriceForm(4, ("sums",)))
MONTHLY_66 = PriceForm(5, ("sums", "offers", "second", "second sums"))
REPORT_56 = PriceForm(4, ("sums", "offers"))
REPORT_66 = PriceForm(5, ("second", "sums", "second sums", "offers"))


def dispatch_blocks(form: PriceForm, day: date, edition: Edition) -> list[list[str]]:
    """Return the D lines of each of the day's 288 intervals: five, and ten where AEMO directed."""
    directed = day_interventions(day)
    per_region = [_RegionDay(r, form, day, edition, directed=bool(directed)) for r in REGIONS]
    blocks = []
    for index, end in enumerate(interval_ends(day, 5)):
        start = f"D,{form.head},{quoted_stamp(end)},1,"
        interval = dispatch_interval(end)
        changed = quoted_stamp(run_at(end, index))
        block = []
        for region in per_region:
            row = f"{start}{region.name},{interval},"
            block.append(region.line(row, index, changed))
            if index in directed:
                block.append(region.physical_line(row, index, changed))
        # Either run may come first in the file.
        blocks.append(block[::-1] if index in directed and index % 3 == 0 else block)
    return blocks


class _RegionDay:
    """The parts of one region's D lines of one day that are the same for a half hour or a day."""

    def __init__(
        self, region: str, form: PriceForm, day: date, edition: Edition, *, directed: bool
    ) -> None:
        self.name = region
        self._form, self._day = form, day
        self._prices = edition.day_prices(region, day)
        self._changed = {i: quoted_stamp(at) for i, at in edition.changed_at(region, day).items()}
        self._cap = price_cap(day) * UNITS
        fcas = day_fcas_prices(region, day)
        self._settled = self._half_hours([[price_text(p) for p in row] for row in fcas])
        self._physical = []
        if directed:  # the other run had other prices, too, and none below zero
            other = [[price_text(physical_price(p) + 14) for p in row] for row in fcas]
            self._physical = self._half_hours(other)

    def line(self, start: str, index: int, changed: str) -> str:
        """Return the INTERVENTION 0 line."""
        changed = self._changed.get(index, changed)
        return self._line(f"{start}0,", self._prices[index], changed, self._settled[index // 6])

    def physical_line(self, start: str, index: int, changed: str) -> str:
        """Return the INTERVENTION 1 line."""
        units = physical_price(self._prices[index])
        return self._line(f"{start}1,", units, changed, self._physical[index // 6])

    def _line(self, start: str, units: int, changed: str, tail: tuple[str, str]) -> str:
        rrp, rop, flag = energy_texts(units, self._cap)
        return f"{start}{rrp},0,{rop},{flag},0,{changed},{tail[0]}{rrp}{tail[1]}"

    def _half_hours(self, fcas: list[list[str]]) -> list[tuple[str, str]]:
        """Return for each half hour what follows LASTCHANGED, and what follows the energy price."""
        total = 20_000_00000 + sum(self._prices)
        whole = "second" not in self._form.blocks
        sums = f",{total // UNITS}.7795333333333333333333" if whole else f",{price_text(total)}"
        sums += "".join(f",{9000 + 7 * service}.{self._day.day:02}6020" for service in OLD_SERVICES)
        same = {"sums": sums, "offers": ",NOT_OCD,NOT_MII", "second sums": ",2119.96971,25.29097"}
        parts = []
        for half_hour in range(48):
            old = [fcas[service][half_hour] for service in OLD_SERVICES]
            up, down = (fcas[service][half_hour] for service in ONE_SECOND_SERVICES)
            blocks = {**same, "second": f",{up},{up},0,{down},{down},0,{up},{down}"}
            status = "".join(f"{text},{text},0," for text in old) + "FIRM,"
            tail = "".join(blocks[block] for block in self._form.blocks)
            parts.append((status, f",{','.join(old)}{tail}"))
        return parts
