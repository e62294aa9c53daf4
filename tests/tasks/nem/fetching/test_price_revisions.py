"""When AEMO revised prices, by the names in one folder, and which days that may concern."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.errors import DownloadError, NotThere
from nemflow.tasks.nem.due import settled_at
from nemflow.tasks.nem.listing import parse_listing
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds
from nemflow.tasks.nem.price_revisions import FOLDER, fetch_revisions, may_be_revised, revised_at
from nemflow.tasks.nem.sandbox import Fault, FaultKind, Revision

DAY = date(2026, 4, 14)  # a Tuesday: settled on Friday at six
MADE = datetime(2026, 4, 15, 9, 0, 0, 700_000, tzinfo=NEM_TIME)
FIRST = datetime(2025, 3, 1, 16, 30, 13, tzinfo=NEM_TIME)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=NEM_TIME)


@pytest.mark.parametrize(
    "name",
    [
        "PUBLIC_PRICE_REVISION_DISPATCHIS_20260431111008_0000000513833239.zip",  # 31 April
        "PUBLIC_PRICE_REVISION_DISPATCH_20260201.zip",
        "PUBLIC_DISPATCHIS_202604181445_0000000513537596.zip",
        "DUPLICATE",
    ],
)
def test_another_name_is_no_revision(name):
    assert revised_at(name) is None


def test_every_file_of_the_real_folder_says_when_it_was_made(aemo_files):
    page = aemo_files / "listings/2026-04-19_20" / FOLDER / "index.html"
    entries = parse_listing(page.read_text(), f"https://www.nemweb.com.au/{FOLDER}")
    found = [revised_at(entry.name) for entry in entries]
    assert len(found) == 4681
    assert all(found)
    assert (min(found), max(found)) == (FIRST, at("2026-04-20T11:10:08"))


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        ("2026-04-15T08:59:59", False),  # before the day was made
        ("2026-04-15T09:00:00", True),  # later in that second, for all one knows
        ("2026-04-17T06:00:00", True),
        ("2026-04-17T06:00:01", False),  # prices had settled: it is of a later day
    ],
)
def test_a_revision_concerns_days_that_were_made_before_it_and_not_settled(revision, expected):
    revisions = [FIRST, at(revision), at("2026-05-20T10:00:00")]
    assert may_be_revised(DAY, MADE, revisions) is expected


def test_a_revision_before_a_day_began_is_none_of_its(now):
    assert not may_be_revised(DAY, at("2026-04-13T09:00"), [at("2026-04-13T12:00")])


@given(
    st.lists(st.integers(0, 400), max_size=12),
    st.integers(0, 200),
    st.dates(date(2025, 3, 1), date(2099, 1, 1)),
)
def test_it_is_the_same_however_many_others_there_are(hours, age, day):
    start = day_bounds(day)[0]
    revisions = sorted(start + timedelta(hours=hour - 100) for hour in hours)
    made_at = start + timedelta(hours=age)
    one_by_one = [may_be_revised(day, made_at, [revision]) for revision in revisions]
    assert may_be_revised(day, made_at, revisions) is any(one_by_one)
    assert one_by_one == [
        max(start, made_at) <= revision <= settled_at(day) for revision in revisions
    ]


def test_the_sandbox_has_a_file_for_each_revision(sandbox, make_client, now):
    sandbox.server.revisions = (
        Revision(day=date(2026, 2, 16), at=now - timedelta(hours=3), regions=("SA1",)),
        Revision(day=date(2026, 2, 17), at=now + timedelta(hours=3)),  # is still to come
    )
    try:
        client = make_client(sandbox.url, synthetic=True)
        assert fetch_revisions(client, sandbox.url) == [FIRST, now - timedelta(hours=3)]
        assert sandbox.paths == [f"/{FOLDER}"]
    finally:
        sandbox.server.revisions = ()


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        (FaultKind.FORBIDDEN, DownloadError, "403"),
        (FaultKind.TOO_MANY, DownloadError, "429"),
        (FaultKind.UNAVAILABLE, DownloadError, "503"),
        (FaultKind.HTML_200, DownloadError, "is not a listing of price revisions"),
        (FaultKind.NOT_FOUND, NotThere, "404"),
        (FaultKind.RESET, DownloadError, "check the network"),
        (FaultKind.TRUNCATED, DownloadError, "broke off"),
    ],
)
def test_a_page_that_cannot_be_had_is_told(sandbox, make_client, kind, error, words):
    sandbox.commit(Fault(kind=kind, path_contains=FOLDER, after_bytes=100))
    with pytest.raises(error, match=words) as caught:
        fetch_revisions(make_client(sandbox.url, synthetic=True), sandbox.url)
    assert FOLDER in str(caught.value)
