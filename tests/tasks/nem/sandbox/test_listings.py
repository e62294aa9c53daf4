"""The synthetic folder pages are, byte for byte, in the form of the real ones."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox.listings import HOST_IN_TITLE, Entry, listing_html

_MMSDM = "/Data_Archive/Wholesale_Electricity/MMSDM/"
_LINE = re.compile(r"(\w+, \w+ \d+, \d{4} +\d+:\d\d [AP]M) +(\d+|&lt;dir&gt;) <A [^>]*>([^<]*)</A>")


@pytest.mark.parametrize(
    "path",
    [
        _MMSDM,
        f"{_MMSDM}2014/",
        f"{_MMSDM}2024/",
        f"{_MMSDM}2024/MMSDM_2024_08/MMSDM_Historical_Data_SQLLoader/DATA/",
        "/Reports/CURRENT/Dispatch_Reports/",
    ],
)
def test_a_real_page_can_be_made_from_its_entries(aemo_files: Path, path: str) -> None:
    folder = aemo_files / "listings" / "2026-04-19_20"
    real = (folder / path.lstrip("/") / "index.html").read_bytes()
    entries = [
        Entry(
            name,
            None if size.startswith("&") else int(size),
            datetime.strptime(when, "%A, %B %d, %Y %I:%M %p").replace(tzinfo=NEM_TIME),
        )
        for when, size, name in _LINE.findall(real.decode())
    ]
    assert len(entries) > 5
    ours = listing_html(path, entries).decode().replace(HOST_IN_TITLE, "nemweb.com.au")
    assert ours.encode() == real


def test_links_are_encoded_and_names_are_raw() -> None:
    entry = Entry("A#B.zip", 7, datetime(2024, 9, 12, 0, 5, tzinfo=NEM_TIME))
    page = listing_html("/x/", [entry]).decode()
    assert (
        'Thursday, September 12, 2024 12:05 AM            7 <A HREF="/x/A%23B.zip">A#B.zip</A>'
        in page
    )


def test_folders_end_with_a_slash_in_the_link_only() -> None:
    page = listing_html("/x/", [Entry("DATA", None, datetime(2024, 9, 12, tzinfo=NEM_TIME))])
    assert b'&lt;dir&gt; <A HREF="/x/DATA/">DATA</A><br>' in page
