"""DISPATCHIS_PRICE_REVISIONS: a file for each revision, named by its second.

What AEMO's hold is not known; here they hold the rows that are others from then on, as DispatchIS has
them. AEMO's folder is never empty: the first file is there though no price was revised by it.
"""

from datetime import datetime, timedelta
from functools import lru_cache

from nemflow.tasks.nem.market_time import NEM_TIME, today
from nemflow.tasks.nem.sandbox.dispatch_price import REPORT_66, dispatch_blocks
from nemflow.tasks.nem.sandbox.feeds import Issue
from nemflow.tasks.nem.sandbox.report_form import Section, report
from nemflow.tasks.nem.sandbox.revisions import Edition, Revision
from nemflow.tasks.nem.sandbox.zips import Member, zip_bytes

PRICE_REVISIONS = "CURRENT/DISPATCHIS_PRICE_REVISIONS"

_FIRST_AT = datetime(2025, 3, 1, 16, 30, 13, tzinfo=NEM_TIME)
_FIRST = Revision(day=today(_FIRST_AT), at=_FIRST_AT, regions=(), intervals=range(1))


def revision_issues(known: Edition) -> list[Issue]:
    """Return the files of the revisions that are known, the oldest first."""
    return [_issue(revision) for revision in (_FIRST, *known.revisions)]


@lru_cache(maxsize=64)
def _issue(revision: Revision) -> Issue:
    at = revision.at.astimezone(NEM_TIME)
    number = 453_111_936 + (at - _FIRST_AT) // timedelta(seconds=1)
    stem = f"PUBLIC_PRICE_REVISION_DISPATCHIS_{at:%Y%m%d%H%M%S}_{number:016}"
    body = zip_bytes([Member(f"{stem}.CSV", _csv(revision, number), at)])
    return Issue(f"{stem}.zip", at, len(body), None, lambda edition: body)


def _csv(revision: Revision, number: int) -> bytes:
    blocks = dispatch_blocks(REPORT_66, revision.day, Edition((revision,)))
    lines = [
        line
        for index in revision.intervals
        for line in blocks[index]
        if line.split(",")[6] in revision.regions
    ]
    section = Section(REPORT_66.head, REPORT_66.columns, lines)
    return report("PRICE_REVISION_DISPATCHIS", revision.at, number, [section])
