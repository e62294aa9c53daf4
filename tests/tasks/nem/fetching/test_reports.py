"""Days out of reports: which files are taken, in what form they are kept, and what goes wrong."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nemflow.errors import BrokenFile, DownloadError, NotThere
from nemflow.tasks.nem.datasets import NEM_TRADING_PRICES
from nemflow.tasks.nem.feeds import DISPATCH_REPORTS, DISPATCHIS, PUBLIC_PRICES, TRADINGIS
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends
from nemflow.tasks.nem.published import NotPublishedYet
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer
from nemflow.tasks.nem.sources import Quality, Shelf, Source

DAY = date(2026, 4, 16)  # a Thursday
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
NOW = datetime(2026, 4, 17, 9, tzinfo=NEM_TIME)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "published"


@pytest.fixture
def server(root):
    with SandboxServer(now=lambda: NOW, root=root) as server:
        yield server


@pytest.fixture
def get(fetch, server):
    """Fetch a day of the small tree as one of the real market."""

    def get(day=DAY, *args, **changes):
        changes = {"now": lambda: NOW, "synthetic": False, "tries": 1, **changes}
        return fetch(day, *args, nemweb_url=server.url, aemo_url=server.url, **changes)

    return get


@pytest.fixture
def kept(settings):
    """List what lies in the archive, below its folder of reports."""

    def kept():
        place = settings.data_dir / "archive/Reports"
        return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())

    return kept


def names(published):
    return [file.path.name for file in published.files]


def paths(server):
    return [Path(request.path).name for request in server.requests]


def test_a_calendar_day_is_in_two_trading_days(get, made, root, kept):
    made.publish_trading_days(root, BEFORE, DAY, AFTER)
    published = get(source=Source.PUBLIC_PRICES)
    assert (published.quality, published.shelf) == (Quality.PRELIMINARY, Shelf.CURRENT)
    expected = [
        "PUBLIC_PRICES_202604150000_20260416040502.zip",
        "PUBLIC_PRICES_202604160000_20260417040502.zip",
    ]
    assert names(published) == expected
    places = [f"Public_Prices/2026/{name}" for name in expected]
    assert kept() == sorted([*places, *(f"{place}.json" for place in places)])


def test_of_two_files_of_a_span_the_latest_is_taken(get, made, root):
    made.publish_trading_days(root, BEFORE, DAY)
    stem = made.trading_day_stem(DAY, "101500")
    csv = made.report_csv(PUBLIC_PRICES, made.ends_of(PUBLIC_PRICES.current.spans_of(DAY)[1]))
    made.publish(root, PUBLIC_PRICES.current, {f"{stem}.zip": made.zipped_report(stem, csv)})
    assert names(get(source=Source.PUBLIC_PRICES))[1] == f"{stem}.zip"


def test_a_later_issue_replaces_the_one_that_is_kept_when_it_is_renewed(get, made, root, kept):
    made.publish_trading_days(root, BEFORE, DAY)
    get(source=Source.PUBLIC_PRICES)
    stem = made.trading_day_stem(DAY, "101500")
    csv = made.report_csv(PUBLIC_PRICES, made.ends_of(PUBLIC_PRICES.current.spans_of(DAY)[1]), "9")
    made.publish(root, PUBLIC_PRICES.current, {f"{stem}.zip": made.zipped_report(stem, csv)})
    later = NOW + timedelta(hours=3)
    renewed = get(source=Source.PUBLIC_PRICES, now=lambda: later, renew_since=later)
    assert names(renewed)[1] == f"{stem}.zip"
    assert len([name for name in kept() if name.endswith(".zip")]) == 2


def test_what_has_left_its_folder_is_not_lost_when_it_was_to_be_renewed(get, made, root):
    made.publish_trading_days(root, BEFORE, DAY)
    first = get(source=Source.PUBLIC_PRICES)
    made.write_listing(root, PUBLIC_PRICES.current, hidden=names(first)[:1])
    later = NOW + timedelta(hours=3)
    renewed = get(source=Source.PUBLIC_PRICES, now=lambda: later, renew_since=later)
    assert names(renewed) == names(first)


def test_single_intervals_lie_in_one_folder_with_one_account(
    get, made, root, kept, settings, server
):
    made.publish_intervals(root, DISPATCHIS, DAY)
    published = get(source=Source.DISPATCHIS)
    (file,) = published.files
    assert (published.quality, published.shelf) == (Quality.LIVE, Shelf.CURRENT)
    assert file.path == settings.data_dir / "archive/Reports/DispatchIS_Reports/2026/2026-04-16"
    assert file.url == f"{server.url}/Reports/CURRENT/DispatchIS_Reports/"
    assert len(kept()) == 288 + 1
    account = json.loads(Path(f"{file.path}.json").read_text())
    assert len(account["singles"]) == 288
    assert sum(single["size"] for single in account["singles"]) == file.size
    ends = [single["name"].split("_")[2] for single in account["singles"]]
    assert ends == [f"{end:%Y%m%d%H%M}" for end in interval_ends(DAY, 5)]
    asked = len(server.requests)
    assert get(source=Source.DISPATCHIS) == published
    assert len(server.requests) == asked


def test_never_more_than_the_connections_allowed_are_open(get, made, root, server):
    made.publish_intervals(root, DISPATCHIS, DAY)
    get(source=Source.DISPATCHIS, connections=3)
    assert server.max_concurrent <= 3


def test_an_interval_that_rotted_on_disk_has_the_day_fetched_again(get, made, root, caplog):
    made.publish_intervals(root, DISPATCHIS, DAY)
    (file,) = get(source=Source.DISPATCHIS).files
    next(file.path.iterdir()).write_bytes(b"rot")
    assert get(source=Source.DISPATCHIS).files[0].sha256 == file.sha256
    assert "is no longer what was fetched" in caplog.text


def test_intervals_that_are_still_to_come_are_not_published_yet(get, made, root):
    ends = interval_ends(DAY, 5)[:-2]
    made.publish(root, DISPATCHIS.current, made.interval_zips(DISPATCHIS, ends))
    early = datetime(2026, 4, 17, 0, 1, tzinfo=NEM_TIME)
    with pytest.raises(NotPublishedYet, match="lacks 2 of 288 intervals of 2026-04-16: 2026-04-16"):
        get(source=Source.DISPATCHIS, now=lambda: early)


def test_intervals_that_have_rolled_away_give_way_to_the_next_source(get, made, root):
    ends = interval_ends(DAY, 5)[9:]
    made.publish(root, DISPATCHIS.current, made.interval_zips(DISPATCHIS, ends))
    made.publish_trading_days(root, BEFORE, DAY)
    with pytest.raises(NotThere, match="lacks 9 of 288 intervals"):
        get(source=Source.DISPATCHIS)
    assert get().source is Source.PUBLIC_PRICES


def test_the_older_form_of_dispatchis_is_taken_where_that_lacks_an_interval(get, made, root):
    made.publish_intervals(root, DISPATCHIS, DAY)
    made.publish_intervals(root, DISPATCH_REPORTS, DAY)
    early = datetime(2026, 4, 17, 1, tzinfo=NEM_TIME)
    assert get(now=lambda: early).source is Source.DISPATCHIS
    lacking = made.interval_stem(DISPATCHIS, interval_ends(DAY, 5)[99])
    made.write_listing(root, DISPATCHIS.current, hidden=[f"{lacking}.zip"])
    published = get(now=lambda: early, data_dir=root / "other")
    assert (published.source, published.quality) == (Source.DISPATCH_REPORTS, Quality.LIVE)
    assert "lacks 1 of 288 intervals of 2026-04-16: 2026-04-16 08:20" in published.reason
    assert published.reason.endswith("; using dispatch-reports (current), live")


@pytest.mark.parametrize("begins_at_midnight", [True, False])
def test_an_archive_day_is_completed_by_the_next_only_where_it_begins_at_midnight(
    get, made, root, begins_at_midnight
):
    for day in (DAY, AFTER):
        ends = interval_ends(day, 5)
        if begins_at_midnight:
            ends = [end - timedelta(minutes=5) for end in ends]
        made.publish_dispatchis_day(root, day, ends)
    later = datetime(2026, 4, 19, 9, tzinfo=NEM_TIME)
    published = get(source=Source.DISPATCHIS, now=lambda: later)
    expected = ["PUBLIC_DISPATCHIS_20260416.zip", "PUBLIC_DISPATCHIS_20260417.zip"]
    assert names(published) == expected[: 1 + begins_at_midnight]
    assert (published.quality, published.shelf) == (Quality.PRELIMINARY, Shelf.ARCHIVE)


def test_settlement_prices_are_in_a_week_of_nested_files(get, made, root):
    start, end = date(2026, 4, 12), date(2026, 4, 18)
    days = [start + timedelta(days=n) for n in range(7)]
    ends = [end for day in days for end in interval_ends(day, 5)]
    nested = made.zipped(made.interval_zips(TRADINGIS, ends))
    name = f"PUBLIC_TRADINGIS_{start:%Y%m%d}_{end:%Y%m%d}.zip"
    made.publish(root, TRADINGIS.archive, {name: nested})
    later = datetime(2026, 4, 27, 9, tzinfo=NEM_TIME)
    published = get(DAY, NEM_TRADING_PRICES, source=Source.TRADINGIS, now=lambda: later)
    assert names(published) == [name]
    assert published.quality is Quality.PRELIMINARY


def test_the_first_of_a_month_is_in_two_archives_of_trading_days(get, made, root):
    first = date(2026, 3, 1)
    for month_start, days in ((date(2026, 2, 1), 28), (first, 31)):
        members = {}
        for day in [month_start + timedelta(days=n) for n in range(days)][-2:]:
            stem = made.trading_day_stem(day)
            ends = made.ends_of(PUBLIC_PRICES.current.spans_of(day)[1])
            members[f"{stem}.zip"] = made.zipped_report(stem, made.report_csv(PUBLIC_PRICES, ends))
        name = f"PUBLIC_PRICES_{month_start:%Y%m}01.zip"
        made.publish(root, PUBLIC_PRICES.archive, {name: made.zipped(members)})
    later = datetime(2026, 5, 3, 9, tzinfo=NEM_TIME)
    published = get(first, source=Source.PUBLIC_PRICES, now=lambda: later)
    assert names(published) == ["PUBLIC_PRICES_20260201.zip", "PUBLIC_PRICES_20260301.zip"]


@pytest.mark.parametrize(
    ("days", "words"), [([AFTER], "which is not in 2026-04-16"), ([], "has no rows")]
)
def test_a_report_that_holds_another_day_or_nothing_is_refused(get, made, root, kept, days, words):
    made.publish_trading_days(root, BEFORE)
    stem = made.trading_day_stem(DAY)
    stamps = [end for day in days for end in made.ends_of(PUBLIC_PRICES.current.spans_of(day)[1])]
    zipped = made.zipped_report(stem, made.report_csv(PUBLIC_PRICES, stamps))
    made.publish(root, PUBLIC_PRICES.current, {f"{stem}.zip": zipped})
    with pytest.raises(BrokenFile) as error:
        get()
    assert words in str(error.value)
    assert "--source price-and-demand takes" in str(error.value)
    assert len(kept()) == 2


def test_a_page_that_is_no_listing_is_a_fault_and_nothing_gives_way(get, made, root, server):
    place = root / PUBLIC_PRICES.current.path
    place.mkdir(parents=True)
    (place / "index.html").write_text("<html><body>Service under maintenance</body></html>")
    with pytest.raises(DownloadError, match="is not a listing of files"):
        get()
    assert not any("priceanddemand" in request.path for request in server.requests)


def test_a_failed_interval_leaves_nothing_of_its_day(get, made, root, server, kept):
    made.publish_intervals(root, DISPATCHIS, DAY)
    server.faults = [
        Fault(kind=FaultKind.TRUNCATED, path_contains="_202604161200_", after_bytes=99)
    ]
    with pytest.raises(DownloadError, match="_202604161200_") as error:
        get(source=Source.DISPATCHIS)
    assert "broke off before the end" in str(error.value)
    assert kept() == []
    server.faults = []
    assert get(source=Source.DISPATCHIS).source is Source.DISPATCHIS
