"""The folders of Reports and what is in them: CURRENT, what is new, and ARCHIVE, what was new."""

from collections.abc import Iterable
from datetime import datetime

from nemflow.tasks.nem.sandbox.daily_feeds import PUBLIC_DAILY, PUBLIC_PRICES
from nemflow.tasks.nem.sandbox.feeds import Feed, Issue
from nemflow.tasks.nem.sandbox.interval_feeds import DISPATCH_REPORTS, DISPATCHIS, TRADINGIS
from nemflow.tasks.nem.sandbox.listings import Entry
from nemflow.tasks.nem.sandbox.price_revisions import PRICE_REVISIONS, revision_issues
from nemflow.tasks.nem.sandbox.revisions import Edition

REPORTS = "/Reports/"
DUPLICATE = "DUPLICATE"


def all_feeds(*, by_stamp: bool = False) -> tuple[Feed, ...]:
    """Return every folder of files, in the order of AEMO's listings.

    Args:
        by_stamp: a day of archived intervals has the stamps 00:00 to 23:55.
    """
    return (
        PUBLIC_DAILY.current(),
        DISPATCH_REPORTS.current(),
        DISPATCHIS.current(),
        PUBLIC_PRICES.current(),
        TRADINGIS.current(),
        PUBLIC_DAILY.archive(),
        DISPATCH_REPORTS.archive(by_stamp=by_stamp),
        DISPATCHIS.archive(by_stamp=by_stamp),
        PUBLIC_PRICES.archive(),
        TRADINGIS.archive(by_stamp=by_stamp),
    )


class Reports:
    """The files and folders below ``/Reports/``."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._feeds = {feed.folder: feed for feed in feeds}

    def find(self, path: str, now: datetime, known: Edition) -> Issue | None:
        """Return the file at `path`, or None where none is at `now`."""
        folder, _, name = path.removeprefix(REPORTS).rpartition("/")
        if folder == PRICE_REVISIONS:
            return next((issue for issue in revision_issues(known) if issue.name == name), None)
        feed = self._feeds.get(folder)
        return feed.find(name, now) if feed and path.startswith(REPORTS) else None

    def entries(self, path: str, now: datetime, known: Edition) -> list[Entry] | None:
        """Return what the folder `path` lists, or None where there is no such folder."""
        inside = path.removeprefix(REPORTS).rstrip("/")
        if not inside:
            return [Entry(name, None, now) for name in ("ARCHIVE", "CURRENT")]
        if inside in ("ARCHIVE", "CURRENT"):
            folders = sorted((*self._feeds, PRICE_REVISIONS), key=str.casefold)
            names = [folder.partition("/") for folder in folders]
            return [Entry(name, None, now) for top, _, name in names if top == inside]
        if inside == PRICE_REVISIONS:
            return [Entry(i.name, i.size, i.published_at) for i in revision_issues(known)]
        if feed := self._feeds.get(inside):
            return _files(feed, now, known)
        parent, _, name = inside.rpartition("/")
        has_it = name == DUPLICATE and parent in self._feeds
        return [] if has_it and self._feeds[parent].has_duplicates else None


def _files(feed: Feed, now: datetime, known: Edition) -> list[Entry]:
    entries = [
        Entry(issue.name, issue.size, issue.edition(known).written_at(issue.published_at))
        for issue in feed.published(now)
    ]
    return [Entry(DUPLICATE, None, now), *entries] if feed.has_duplicates else entries
