"""TRADING,PRICE: the columns of its four forms, and the rows of a day in each."""

from dataclasses import dataclass
from datetime import date

from nemflow.tasks.nem.market_time import FIVE_MINUTE_SETTLEMENT, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.dispatch_price import OLD_SERVICES, ONE_SECOND_SERVICES
from nemflow.tasks.nem.sandbox.field_text import cents_text, quoted_stamp, run_at
from nemflow.tasks.nem.sandbox.market import day_fcas_prices, round_to_cents
from nemflow.tasks.nem.sandbox.revisions import Edition
from nemflow.tasks.nem.tables import FCAS_SERVICES

_START = (
    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "PERIODID", "RRP", "EEP", "INVALIDFLAG"),
    *("LASTCHANGED", "ROP"),
)


@dataclass(frozen=True, slots=True)
class TradingForm:
    """One form of the table: its version, and the services before and behind PRICE_STATUS."""

    version: int
    before_status: tuple[int, ...]
    behind_status: tuple[int, ...] = ()

    @property
    def head(self) -> str:
        """What every row begins with, after its letter."""
        return f"TRADING,PRICE,{self.version}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order: 26 or 30."""
        return (*_START, *_pairs(self.before_status), "PRICE_STATUS", *_pairs(self.behind_status))


WITHOUT_1SEC = TradingForm(2, OLD_SERVICES)
MONTHLY_30_INSIDE = TradingForm(2, tuple(range(10)))
MONTHLY_30 = TradingForm(3, OLD_SERVICES, ONE_SECOND_SERVICES)
REPORT_30 = TradingForm(3, (*OLD_SERVICES, *ONE_SECOND_SERVICES))


def trading_minutes(day: date) -> int:
    """Return the length of a trading interval: 30 minutes up to 2021-09-30, then 5."""
    return 5 if day >= FIVE_MINUTE_SETTLEMENT.date() else 30


def trading_blocks(form: TradingForm, day: date, edition: Edition) -> list[list[str]]:
    """Return the D lines of each of the day's trading intervals, one for each region."""
    minutes = trading_minutes(day)
    ends = interval_ends(day, minutes)
    starts = [f"D,{form.head},{quoted_stamp(end)},1," for end in ends]
    usual = [quoted_stamp(run_at(end, index)) for index, end in enumerate(ends)]
    count = minutes // 5  # dispatch intervals in one row
    blocks: list[list[str]] = [[] for _ in ends]
    for region in REGIONS:
        prices, fcas = edition.day_prices(region, day), day_fcas_prices(region, day)
        tails = [_tail(form, fcas, half_hour) for half_hour in range(48)]
        changed = dict(enumerate(usual))
        for index, at in edition.changed_at(region, day).items():
            changed[index // count] = quoted_stamp(at)
        for index in range(len(ends)):
            cents = cents_text(round_to_cents(prices[index * count : (index + 1) * count]))
            blocks[index].append(
                f"{starts[index]}{region},{index + 1},{cents},0,0,{changed[index]},"
                f"{cents},{tails[index * minutes // 30]}"
            )
    return blocks


def _pairs(services: tuple[int, ...]) -> list[str]:
    return [f"{FCAS_SERVICES[service]}{part}" for service in services for part in ("RRP", "ROP")]


def _tail(form: TradingForm, fcas: list[list[int]], half_hour: int) -> str:
    texts = [cents_text(round_to_cents([row[half_hour]])) for row in fcas]
    before = "".join(f"{texts[service]},{texts[service]}," for service in form.before_status)
    behind = "".join(f",{texts[service]},{texts[service]}" for service in form.behind_status)
    return f"{before}FIRM{behind}"
