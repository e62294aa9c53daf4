"""TRADING,AVERAGEPRICE30: the means of the six 5-minute prices of each half hour, since 2024-08.

The columns are those of AEMO's data model report; no file of AEMO's was at hand. Means are made as
trading prices were before 5-minute settlement: of the dispatch prices, rounded to cents.
"""

from datetime import date

from nemflow.tasks.nem.market_time import interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.field_text import cents_text, quoted_stamp, run_at
from nemflow.tasks.nem.sandbox.market import chance, round_to_cents
from nemflow.tasks.nem.sandbox.revisions import Edition

AVERAGE_COLUMNS = ("PERIODDATE", "REGIONID", "PERIODID", "RRP", "PRICE_CONFIDENCE", "LASTCHANGED")
AVERAGE_HEAD = "TRADING,AVERAGEPRICE30,1"


def average_blocks(day: date, edition: Edition) -> list[list[str]]:
    """Return the D lines of each of the day's 48 half hours, one for each region."""
    ends = interval_ends(day, 30)
    blocks: list[list[str]] = [[] for _ in ends]
    for region in REGIONS:
        prices, luck = edition.day_prices(region, day), chance("confidence", region, day, size=48)
        changed = {index: run_at(end, index) for index, end in enumerate(ends)}
        revised = edition.changed_at(region, day)
        changed.update({index // 6: at for index, at in revised.items()})
        for index, end in enumerate(ends):
            cents = round_to_cents(prices[index * 6 : index * 6 + 6])
            confidence = "NOT FIRM" if luck[index] < 3 else "FIRM"
            blocks[index].append(
                f"D,{AVERAGE_HEAD},{quoted_stamp(end)},{region},{index + 1},{cents_text(cents)},"
                f"{confidence},{quoted_stamp(changed[index])}"
            )
    return blocks
