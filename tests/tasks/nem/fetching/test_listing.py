"""Folder pages: real ones of NEMweb, and the forms that others have met."""

import pytest

from nemflow.tasks.nem.listing import find_table, parse_listing
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.tables import DISPATCHPRICE, TRADINGPRICE

BASE = "https://nemweb.com.au"
FOLDER = "/Data_Archive/Wholesale_Electricity/MMSDM"


def data_folder(month):
    inside = f"MMSDM_{month.year}_{month.month:02}/MMSDM_Historical_Data_SQLLoader/DATA/"
    return f"{FOLDER}/{month.year}/{inside}"


@pytest.fixture
def real_listing(aemo_files):
    def parse(path):
        html = (aemo_files / "listings/2026-04-19_20" / path.lstrip("/") / "index.html").read_text()
        return parse_listing(html, BASE + path)

    return parse


@pytest.mark.parametrize(
    ("month", "name", "size"),
    [
        (Month(2015, 1), "PUBLIC_DVD_DISPATCHPRICE_201501010000.zip", 1198266),
        (Month(2018, 12), "PUBLIC_DVD_DISPATCHPRICE_201812010000.zip", None),
        (Month(2024, 7), "PUBLIC_DVD_DISPATCHPRICE_202407010000.zip", None),
        (Month(2024, 8), "PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202408010000.zip", None),
    ],
)
def test_a_real_data_folder_shows_the_tables_month(real_listing, month, name, size):
    entry = find_table(real_listing(data_folder(month)), DISPATCHPRICE, month)
    assert entry is not None
    assert entry.name == name
    assert entry.url == BASE + data_folder(month) + name.replace("#", "%23")
    assert entry.size is not None
    assert 1_000_000 < entry.size < 3_000_000
    assert entry.modified is not None


def test_no_other_table_or_month_is_taken_for_the_one_wanted(real_listing):
    entries = real_listing(data_folder(Month(2024, 8)))
    others = [entry for entry in entries if "DISPATCHPRICE" not in entry.name.split("#")]
    assert any("PREDISPATCHPRICE" in e.name or "DISPATCH" in e.name for e in others)
    assert find_table(others, DISPATCHPRICE, Month(2024, 8)) is None
    assert find_table(entries, DISPATCHPRICE, Month(2024, 9)) is None


def test_a_year_before_2015_shows_bundles_with_their_sizes(real_listing):
    entries = real_listing(f"{FOLDER}/2014/")
    assert [entry.name for entry in entries][:2] == ["MMSDM_2014_01.zip", "MMSDM_2014_02.zip"]
    assert entries[0].size == 2_030_943_690
    assert not any(entry.is_folder for entry in entries)


def test_later_years_show_folders_and_bundles_side_by_side(real_listing):
    entries = real_listing(f"{FOLDER}/2024/")
    assert [entry.is_folder for entry in entries] == [True, False] * 12
    assert entries[0].href == f"{FOLDER}/2024/MMSDM_2024_01/"


def test_links_upwards_and_duplicate_folders_are_left_out(aemo_files):
    html = (aemo_files / "listings/2021-09/dispatch_scada_raw.html").read_text()
    entries = parse_listing(html, BASE + "/Reports/CURRENT/Dispatch_SCADA/")
    assert len(entries) > 100
    assert all(entry.name.startswith("PUBLIC_DISPATCHSCADA_") for entry in entries)
    assert (entries[0].size, entries[0].modified) == (3071, "Tuesday, August 31, 2021 12:50 PM")


@pytest.mark.parametrize("month", [Month(2015, 1), Month(2024, 8)])
def test_every_file_of_a_real_listing_has_href_size_and_date(real_listing, month):
    entries = real_listing(data_folder(month))
    assert len(entries) > 80
    assert all(entry.size and entry.modified and entry.href for entry in entries)


def only_entry(html):
    (entry,) = parse_listing(html, BASE + "/a/b/")
    return entry


@pytest.mark.parametrize(
    "link",
    [
        '<A HREF="/a/">[To Parent Directory]</A>',
        '<A HREF="/">Home</A>',
        '<A HREF="/a/b/?C=N;O=D">Name</A>',
        '&lt;dir&gt; <A HREF="/a/b/DUPLICATE/">DUPLICATE</A>',
    ],
)
def test_links_that_lead_nowhere_new_are_left_out(link):
    assert only_entry(f'{link}<br><A HREF="/a/b/x.zip">x.zip</A><br>').name == "x.zip"


def test_the_older_short_date_is_understood():
    entry = only_entry('<pre> 5/12/2017 10:56 AM  731 <A HREF="/a/b/x.zip">x.zip</A><br></pre>')
    assert (entry.modified, entry.size, entry.is_folder) == ("5/12/2017 10:56 AM", 731, False)


def test_href_and_text_are_enough():
    entry = only_entry('<pre><A HREF="/a/b/x.zip">x.zip</A><br></pre>')
    assert (entry.url, entry.size, entry.modified) == (BASE + "/a/b/x.zip", None, None)
    assert not entry.is_folder


def test_a_folder_without_dir_and_slash_is_still_a_folder():
    assert only_entry('<A HREF="/a/b/MMSDM_2024_01">MMSDM_2024_01</A><br>').is_folder


def test_a_copy_saved_by_a_browser_has_full_addresses():
    entry = only_entry(f'<a href="{BASE}/a/b/x.zip">x.zip</a><br>')
    assert entry.url == f"{BASE}/a/b/x.zip"


@pytest.mark.parametrize("encoded", ["%23", "%2523"])
def test_the_encoding_of_an_href_is_kept_as_it_is(encoded):
    name = f"PUBLIC_ARCHIVE{encoded}DISPATCHPRICE{encoded}FILE01{encoded}202408010000.zip"
    entry = only_entry(f'<A HREF="/a/b/{name}">{name.replace(encoded, "#")}</A>')
    assert (entry.href, entry.url) == (f"/a/b/{name}", f"{BASE}/a/b/{name}")
    assert find_table([entry], DISPATCHPRICE, Month(2024, 8)) is entry


def test_a_raw_hash_in_an_href_is_encoded_for_the_request():
    name = "PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202408010000.zip"
    entry = only_entry(f'<A HREF="/a/b/{name}">{name}</A>')
    assert "#" not in entry.url
    assert entry.url.endswith("PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202408010000.zip")


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("public_dvd_dispatchprice_202407010000.ZIP", DISPATCHPRICE),
        ("PUBLIC_DVD_TRADINGPRICE_202407010000.zip", TRADINGPRICE),
        ("PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202407010000.zip", DISPATCHPRICE),
    ],
)
def test_a_table_is_found_in_any_case_and_under_the_name_of_either_era(name, table):
    entry = only_entry(f'<A HREF="/a/b/{name}">{name}</A>')
    assert find_table([entry], table, Month(2024, 7)) is entry


@pytest.mark.parametrize(
    "name",
    [
        "PUBLIC_DVD_PREDISPATCHPRICE_202407010000.zip",
        "PUBLIC_DVD_DISPATCHPRICE_202407010000.zip.bak",
        "PUBLIC_DVD_DISPATCHPRICE_202406010000.zip",
        "PUBLIC_DVD_DISPATCHPRICE2_202407010000.zip",
    ],
)
def test_a_name_that_only_resembles_the_tables_is_not_taken(name):
    entry = only_entry(f'<A HREF="/a/b/{name}">{name}</A>')
    assert find_table([entry], DISPATCHPRICE, Month(2024, 7)) is None


@pytest.mark.parametrize(
    "html", ["", "<html>busy</html>", "\x00\xff", "<A>no href</A>", "<A HREF", "9<![\x048<"]
)
def test_a_page_that_is_no_listing_has_no_entries(html):
    assert parse_listing(html, BASE + "/a/b/") == ()


@pytest.mark.parametrize("href", ["http://[::1", "//[", "https://[x]y/a.zip"])
def test_a_link_that_is_no_address_is_left_out_and_the_others_stay(href):
    html = f'<A HREF="{href}">x.zip</A><br><A HREF="/a/b/y.zip">y.zip</A><br>'
    assert [entry.name for entry in parse_listing(html, BASE + "/a/b/")] == ["y.zip"]
