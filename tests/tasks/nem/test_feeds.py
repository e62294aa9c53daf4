"""Report feeds: what names say, which spans hold a day, and the real listings of 2026-04-20."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks.nem.feeds import (
    DAILY_REPORTS,
    DISPATCH_REPORTS,
    DISPATCHIS,
    FEEDS,
    PUBLIC_PRICES,
    TRADINGIS,
    Folder,
    Grain,
)
from nemflow.tasks.nem.listing import parse_listing
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends

FOLDERS = [folder for feed in FEEDS for folder in (feed.current, feed.archive)]
every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda each: each.path)
LISTED_AT = datetime(2026, 4, 20, 14, 45, tzinfo=NEM_TIME)


@pytest.mark.parametrize(
    ("folder", "name", "key", "issue"),
    [
        (
            *(PUBLIC_PRICES.current, "PUBLIC_PRICES_202602190000_20260220040502.zip"),
            *("2026-02-19", 20260220040502),
        ),
        (PUBLIC_PRICES.archive, "PUBLIC_PRICES_20260201.zip", "2026-02", 0),
        (
            *(DAILY_REPORTS.current, "public_daily_202602190000_20260220040503.ZIP"),
            *("2026-02-19", 20260220040503),
        ),
        (
            *(DISPATCHIS.current, "PUBLIC_DISPATCHIS_202604181445_0000000513537596.zip"),
            *("2026-04-18_1445", 513537596),
        ),
        (DISPATCHIS.archive, "PUBLIC_DISPATCHIS_20260418.zip", "2026-04-18", 0),
        (
            *(DISPATCH_REPORTS.current, "PUBLIC_DISPATCH_202604181445_20260418144016_LEGACY.zip"),
            *("2026-04-18_1445", 20260418144016),
        ),
        (
            *(DISPATCH_REPORTS.current, "PUBLIC_DISPATCH_202604181445_20260418144016.zip"),
            *("2026-04-18_1445", 20260418144016),
        ),
        (DISPATCH_REPORTS.archive, "PUBLIC_DISPATCH_20260416.zip", "2026-04-16", 0),
        (
            *(TRADINGIS.archive, "PUBLIC_TRADINGIS_20260405_20260411.zip"),
            *("2026-04-05_2026-04-11", 0),
        ),
    ],
)
def test_a_name_says_its_span_and_its_issue(folder, name, key, issue):
    said = folder.recognize(name)
    assert (said.span.key, said.issue) == (key, issue)


@pytest.mark.parametrize(
    "name",
    [
        "PUBLIC_PRICES_20260201.zip",
        "PUBLIC_PRICES_202613190000_20260220040502.zip",
        "PUBLIC_PRICES_202602190000_20260220040502.zip.json",
        ".PUBLIC_PRICES_202602190000_20260220040502.zip",
        "PUBLIC_PRICES_202602190000_20260220040502.zip.damaged",
        "DUPLICATE",
    ],
)
def test_another_name_is_none_of_the_folder(name):
    assert PUBLIC_PRICES.current.recognize(name) is None


@every_folder
def test_the_spans_of_a_day_hold_every_interval_of_it(folder: Folder):
    for day in [date(2026, 3, 28) + timedelta(days=n) for n in range(10)]:
        spans = folder.spans_of(day)
        assert list(spans) == sorted(spans)
        for end in interval_ends(day, 5):
            assert any(span.start < end <= span.end for span in spans), (day, end)


@given(
    st.sampled_from([folder for folder in FOLDERS if folder.grain is not Grain.INTERVAL]),
    st.dates(date(1998, 1, 1), date(2030, 12, 31)),
)
def test_every_interval_lies_in_exactly_one_file_of_a_folder(folder: Folder, day: date):
    around = [day + timedelta(days=n) for n in (-8, -1, 0, 1, 8)]
    spans = {span for each in around for span in folder.spans_of(each)}
    for end in interval_ends(day, 5):
        holding = [span for span in spans if span.start < end <= span.end]
        assert len(holding) == 1, end
        assert holding[0] in folder.spans_of(day)


@every_folder
def test_a_span_says_itself_what_the_name_of_its_file_says(folder: Folder):
    if folder.grain is Grain.INTERVAL:
        return
    for span in folder.spans_of(date(2026, 2, 28)):
        start = span.key[:10].replace("-", "").ljust(8, "0")
        name = {
            Grain.TRADING_DAY: f"{start}0000_20260301040500",
            Grain.DAY: start,
            Grain.WEEK: "_".join(part.replace("-", "") for part in span.key.split("_")),
            Grain.MONTH: f"{start[:6]}01",
        }[folder.grain]
        said = folder.recognize(f"{folder.stem.split('_(')[0]}_{name}.zip")
        assert said is not None
        assert said.span == span


@every_folder
def test_the_real_listing_is_read_and_is_as_old_and_as_new_as_the_record_says(
    folder: Folder, aemo_files
):
    page = aemo_files / "listings/2026-04-19_20" / folder.path / "index.html"
    entries = parse_listing(page.read_text(), f"https://www.nemweb.com.au/{folder.path}")
    said = [folder.recognize(entry.name) for entry in entries if not entry.is_folder]
    assert said
    assert all(said)
    spans = sorted(one.span for one in said)
    assert folder.published_at(spans[-1]) <= LISTED_AT + timedelta(minutes=5)
    slack = timedelta(days=1 if folder.grain is not Grain.MONTH else 35)
    assert abs(folder.gone_at(spans[0]) - LISTED_AT) <= max(slack, timedelta(days=7))
