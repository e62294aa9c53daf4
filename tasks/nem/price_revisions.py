"""When AEMO revised prices: one folder of NEMweb has a file for each revision, named by its second.

Kept since 2025-03, about a dozen a day, so its page has a megabyte. No day can be made of the files,
and none of them was at hand: their names alone are read. What was revised stands in the daily
reports and months that are issued later; a name says that it is worth asking for them now.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from nemflow.errors import DownloadError
from nemflow.tasks.nem.due import settled_at
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds

if TYPE_CHECKING:  # it imports requests, which the names do not need
    from nemflow.tasks.nem.download import Client

FOLDER = "Reports/CURRENT/DISPATCHIS_PRICE_REVISIONS/"

_NAME = re.compile(
    r"PUBLIC_PRICE_REVISION_DISPATCHIS_(\d{14})_\d{10,20}\.zip", re.ASCII | re.IGNORECASE
)


def revised_at(name: str) -> datetime | None:
    """Return when the revision in a file was made; None for another name.

    >>> revised_at("PUBLIC_PRICE_REVISION_DISPATCHIS_20260420111008_0000000513833239.zip").isoformat()
    '2026-04-20T11:10:08+10:00'
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=NEM_TIME)
    except ValueError:  # a date that no calendar has
        return None


def fetch_revisions(client: "Client", nemweb_url: str) -> list[datetime]:
    """Return when AEMO revised prices, in order; one request.

    Raises:
        NotThere: no such folder.
        DownloadError: the transfer failed for good, or what came is no listing of revisions.
    """
    url = f"{nemweb_url.rstrip('/')}/{FOLDER}"
    found = [revised_at(entry.name) for entry in client.get_listing(url) if not entry.is_folder]
    revisions = sorted(revision for revision in found if revision is not None)
    if not revisions:
        raise DownloadError(f"{url} is not a listing of price revisions; try again later")
    return revisions


def may_be_revised(day: date, made_at: datetime, revisions: Sequence[datetime]) -> bool:
    """Tell whether prices of a day may have been revised since it was made, at `made_at`.

    Names tell whole seconds: one of the same second counts. Which day a revision is of, its name
    does not say: it counts for every day that had begun and was not settled.

    Args:
        revisions: when there were some, in order.
    """
    begins, settled = day_bounds(day)[0], settled_at(day)
    since = bisect_left(revisions, max(begins, made_at.replace(microsecond=0)))
    return since < len(revisions) and revisions[since] <= settled
