"""Which files hold a day, down the ladder of sources, against the sandbox."""

import pickle
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from nemflow.errors import BrokenFile, DownloadError, NotThere, RangeNotSupported, SettingsError
from nemflow.tasks.nem.archive import Archive
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.fetch import FetchSettings, NotPublishedYet, fetch_day
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sources import Quality, Source

DVD_NAME = "PUBLIC_DVD_DISPATCHPRICE_202002010000.zip"
DAY_2020 = date(2020, 2, 3)
DAY_2014 = date(2014, 1, 1)


def names_of(published):
    return [file.path.name for file in published.files]


def test_a_day_since_2015_is_in_its_months_table(fetch, settings, sandbox):
    published = fetch(DAY_2020)
    (file,) = published.files
    assert (published.day, published.source, published.reason) == (DAY_2020, Source.MMSDM, "")
    folder = settings.data_dir / "archive/MMSDM/2020/MMSDM_2020_02"
    assert file.path == folder / DVD_NAME
    assert file.url == sandbox.url + sandbox.paths[1]
    assert file.created.startswith("2020/03/")
    assert (file.complete, file.synthetic, file.fetched_at) == (True, True, settings.now())


def test_the_table_is_asked_for_as_its_listing_writes_it(fetch, sandbox):
    published = fetch(date(2024, 9, 30))
    assert names_of(published) == ["PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#202409010000.zip"]
    assert sandbox.paths[0].endswith("/DATA/")
    assert sandbox.paths[1].endswith("PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202409010000.zip")
    assert len(sandbox.paths) == 2


def test_a_day_of_2009_to_2014_is_read_out_of_its_bundle(fetch, sandbox):
    published = fetch(DAY_2014)
    (file,) = published.files
    assert (published.source, published.reason) == (Source.BUNDLE, "")
    assert file.path.name == "PUBLIC_DVD_DISPATCHPRICE_201401010000.zip"
    bundle, member = file.url.split("!/")
    assert bundle == sandbox.url + sandbox.paths[0]
    assert member.endswith("/DATA/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip")


def test_a_day_before_2009_is_in_a_file_for_each_region_there_was(fetch):
    published = fetch(date(1999, 1, 31))
    assert published.source is Source.PRICE_AND_DEMAND
    regions = ("NSW1", "QLD1", "SA1", "VIC1")
    assert names_of(published) == [f"PRICE_AND_DEMAND_199901_{region}.csv" for region in regions]
    assert published.reason == ""


def test_tasmania_is_fetched_from_its_first_day_on(fetch):
    assert len(fetch(date(2005, 5, 14)).files) == 4
    assert len(fetch(date(2005, 5, 15)).files) == 5


def test_what_is_in_the_archive_is_not_asked_for(fetch, sandbox):
    first = fetch(date(1999, 1, 1))
    asked = len(sandbox.paths)
    assert fetch(date(1999, 1, 31)).files == first.files
    assert len(sandbox.paths) == asked


def test_a_day_in_the_archive_needs_neither_network_nor_its_libraries(fetch, settings):
    fetch(date(1999, 1, 1))
    script = f"""
import sys
from datetime import date
from pathlib import Path
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day
settings = FetchSettings(Path({str(settings.data_dir)!r}), Path({str(settings.lock_dir)!r}),
    aemo_url="http://127.0.0.1:9", synthetic=True)
assert len(fetch_day(date(1999, 1, 1), NEM_PRICES, settings).files) == 4
print(sorted({{"requests", "pyarrow", "pandas"}} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_worse_file_in_the_archive_does_not_stop_a_better_source(fetch):
    fetch(DAY_2020, source=Source.PRICE_AND_DEMAND)
    assert fetch(DAY_2020).source is Source.MMSDM


def test_a_bundle_that_only_comes_whole_gives_way_and_the_reason_is_kept(fetch, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE))
    published = fetch(DAY_2014)
    assert (published.source, len(published.files)) == (Source.PRICE_AND_DEMAND, 5)
    assert published.reason == (
        "5-minute prices of 2014-01 cannot be had: the server does not send parts of "
        "MMSDM_2014_01.zip (16 MB; --allow-large-download fetches it whole); "
        "using PRICE_AND_DEMAND, 30-minute energy prices"
    )


def test_a_bundle_that_only_comes_whole_is_fetched_if_allowed(fetch, sandbox, files_kept):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE))
    assert fetch(DAY_2014, allow_large_download=True).source is Source.BUNDLE
    assert files_kept() == ["PUBLIC_DVD_DISPATCHPRICE_201401010000.zip"]


def test_a_table_missing_in_its_listing_gives_way(fetch, sandbox):
    sandbox.commit(Fault(kind=FaultKind.LISTING_HIDES, path_contains="_DISPATCHPRICE_"))
    published = fetch(DAY_2020)
    assert published.source is Source.PRICE_AND_DEMAND
    assert f"{sandbox.url}{sandbox.paths[0]} lists no DISPATCHPRICE of 2020-02" in published.reason


def test_a_month_not_over_is_taken_from_the_growing_files(fetch, sandbox, settings):
    published = fetch(date(2026, 2, 17), source=Source.PRICE_AND_DEMAND)
    assert not any("MMSDM" in path for path in sandbox.paths)
    assert [file.complete for file in published.files] == [False] * 5
    partial = settings.data_dir / "archive/priceanddemand/partial"
    assert {file.path.parent for file in published.files} == {partial}
    assert (published.reason, published.quality) == ("", Quality.PRELIMINARY)


@pytest.mark.parametrize(
    ("day", "source", "usual"),
    [
        (date(2026, 2, 18), None, "2026-02-19 00:00"),
        (date(2026, 2, 18), Source.DISPATCHIS, "2026-02-19 00:00"),
        (date(2026, 2, 18), Source.PUBLIC_PRICES, "2026-02-19 04:07"),
        (date(2026, 2, 18), Source.PRICE_AND_DEMAND, "2026-02-19 06:00"),
        (date(2026, 2, 18), Source.MMSDM, "2026-03-12 00:00"),
        (date(2026, 2, 19), None, "2026-02-20 00:00"),
    ],
)
def test_a_day_that_is_not_over_is_not_asked_for_whatever_is_there_of_it(
    fetch, sandbox, day, source, usual
):
    with pytest.raises(NotPublishedYet) as error:
        fetch(day, source=source)
    why = {
        date(2026, 2, 18): (
            "only whole days are kept, and this one ends at 24:00 market time (UTC+10)"
        ),
        date(2026, 2, 19): "the day lies in the future",
    }[day]
    assert str(error.value) == (
        f"prices of {day} are not published yet: {why}; usually there by {usual} market time"
    )
    assert f"{error.value.usual_at:%Y-%m-%d %H:%M}" == usual
    assert sandbox.paths == []


def test_a_day_just_over_may_not_be_published_yet(fetch, settings):
    # The clock of the sandbox stands at the 18th: its files end at that day's 00:00.
    later = datetime(2026, 2, 19, 1, tzinfo=NEM_TIME)
    with pytest.raises(NotPublishedYet) as error:
        fetch(date(2026, 2, 18), source=Source.PRICE_AND_DEMAND, now=lambda: later)
    assert str(error.value) == (
        f"prices of 2026-02-18 are not published yet: {settings.aemo_url}/aemo/data/nem/"
        "priceanddemand/PRICE_AND_DEMAND_202602_NSW1.csv ends at 2026-02-18 00:00 (market time); "
        "a day is usually added in the morning after it; "
        "usually there by 2026-02-19 06:00 market time"
    )
    assert error.value.usual_at == datetime(2026, 2, 19, 6, tzinfo=NEM_TIME)
    assert not error.value.overdue


def test_a_month_of_which_there_is_no_file_yet_is_not_published_yet(fetch):
    with pytest.raises(NotPublishedYet, match="prices of 2026-03-01 are not published yet"):
        fetch(date(2026, 3, 1), now=lambda: datetime(2026, 3, 2, 1, tzinfo=NEM_TIME))


def test_a_growing_file_that_stopped_growing_is_broken(fetch):
    with pytest.raises(BrokenFile, match="though 2026-02-18 is long over"):
        fetch(date(2026, 2, 18), now=lambda: datetime(2026, 2, 27, 1, tzinfo=NEM_TIME))


def test_a_forced_table_of_a_recent_month_is_not_published_yet(fetch):
    early = datetime(2026, 3, 5, tzinfo=NEM_TIME)
    with pytest.raises(NotPublishedYet, match="DISPATCHPRICE of 2026-02 is not published yet"):
        fetch(date(2026, 2, 3), source=Source.MMSDM, now=lambda: early)


def test_a_forced_table_of_an_old_month_without_folder_is_not_there(fetch):
    late = datetime(2026, 9, 1, tzinfo=NEM_TIME)
    with pytest.raises(NotThere) as error:
        fetch(date(2026, 2, 3), source=Source.MMSDM, now=lambda: late)
    assert not isinstance(error.value, NotPublishedYet)


def test_a_forced_source_is_the_only_one(fetch, sandbox):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE))
    with pytest.raises(RangeNotSupported, match="--allow-large-download"):
        fetch(DAY_2014, source=Source.BUNDLE)
    assert not any("priceanddemand" in path for path in sandbox.paths)


@pytest.mark.parametrize(
    ("source", "day", "other"),
    [
        (Source.MMSDM, DAY_2014, "--source bundle or --source price-and-demand"),
        (Source.BUNDLE, DAY_2020, "--source mmsdm or --source price-and-demand"),
        (Source.BUNDLE, date(2009, 6, 30), "--source price-and-demand"),
    ],
)
def test_a_forced_source_that_does_not_reach_the_day_is_wrong_use(fetch, source, day, other):
    with pytest.raises(SettingsError) as error:
        fetch(day, source=source)
    assert str(error.value) == f"--source {source} has nothing of {day}; use {other}"


def test_there_are_no_prices_before_the_first(fetch, sandbox):
    with pytest.raises(NotThere, match="the first are of 1998-12-07"):
        fetch(date(1998, 12, 6))
    assert sandbox.paths == []


def test_no_source_at_all_names_what_each_said(fetch, sandbox):
    sandbox.commit(
        Fault(kind=FaultKind.NO_RANGE),
        Fault(kind=FaultKind.NOT_FOUND, path_contains="PRICE_AND_DEMAND"),
    )
    with pytest.raises(NotThere) as error:
        fetch(DAY_2014)
    said = str(error.value)
    assert said.startswith("prices of 2014-01-01 cannot be had: the server does not send parts of")
    assert "PRICE_AND_DEMAND_201401_NSW1.csv is not there" in said


@pytest.mark.parametrize("kind", [FaultKind.FORBIDDEN, FaultKind.HTML_200, FaultKind.TRUNCATED])
def test_without_a_listing_the_usual_name_is_tried(fetch, sandbox, kind):
    sandbox.commit(Fault(kind=kind, path_contains="/DATA/", times=1 if kind == "html-200" else 5))
    assert fetch(date(2024, 9, 1)).source is Source.MMSDM
    assert sandbox.paths[-1].endswith("%23202409010000.zip")


def test_without_a_listing_the_second_spelling_is_tried_after_the_first(fetch, sandbox):
    sandbox.commit(
        Fault(kind=FaultKind.HTML_200, path_contains="/DATA/", times=1),
        Fault(kind=FaultKind.ENCODED_HASH),
    )
    assert fetch(date(2024, 9, 1)).source is Source.MMSDM
    assert [path.rpartition("/")[2] for path in sandbox.paths[1:]] == [
        "PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202409010000.zip",
        "PUBLIC_ARCHIVE%2523DISPATCHPRICE%2523FILE01%2523202409010000.zip",
    ]


def test_a_refused_listing_of_a_refused_table_is_an_error_with_a_way_out(fetch, sandbox):
    sandbox.commit(Fault(kind=FaultKind.UNAVAILABLE, path_contains="MMSDM"))
    with pytest.raises(DownloadError) as error:
        fetch(DAY_2020)
    assert str(error.value) == (
        f"{sandbox.url}{sandbox.paths[-1]} answered 503 Service Unavailable (5 tries); "
        "try again later; --source price-and-demand takes 30-minute energy prices now"
    )
    assert not any("priceanddemand" in path for path in sandbox.paths)


@pytest.mark.parametrize("day", [date(1999, 1, 1), DAY_2014, DAY_2020])
def test_a_real_fetch_from_the_sandbox_is_refused(fetch, files_kept, sandbox, day):
    with pytest.raises(DownloadError) as error:
        fetch(day, synthetic=False)
    assert str(error.value) == (
        f"{sandbox.url}{sandbox.paths[0]} serves nemflow's SYNTHETIC market; use --sandbox, "
        "so that it is kept apart from the real one"
    )
    assert len(sandbox.paths) == 1
    assert files_kept() == []


def test_a_day_that_failed_its_checks_is_asked_for_again(fetch, sandbox, settings):
    stamp = "1999/01/03 12:00:00"
    hole = Fault(kind=FaultKind.MISSING_INTERVALS, path_contains="NSW1", stamps=(stamp,))
    sandbox.commit(hole)
    spoiled = fetch(date(1999, 1, 3)).files[0]
    archive = Archive(settings.data_dir / "archive", settings.lock_dir)
    archive.doubt(spoiled, "1999-01-03 has 47 of 48 intervals")
    sandbox.commit()
    asked = len(sandbox.paths)
    assert fetch(date(1999, 1, 3)).files[0].size > spoiled.size
    assert len(sandbox.paths) == asked + 1
    assert "if-none-match" in sandbox.requests[-1].headers


def test_an_unchanged_growing_file_is_not_sent_again(fetch, sandbox):
    forced = {"source": Source.PRICE_AND_DEMAND}
    fetch(date(2026, 2, 17), **forced)
    with pytest.raises(NotPublishedYet):
        fetch(date(2026, 2, 18), **forced, now=lambda: datetime(2026, 2, 19, 1, tzinfo=NEM_TIME))
    assert sandbox.requests[-1].status == 304


def test_progress_is_told_for_each_file(settings, make_client, sandbox):
    told = []
    client = make_client(sandbox.url, synthetic=True)
    fetch_day(
        date(1999, 1, 1),
        NEM_PRICES,
        settings,
        client,
        lambda done, total: told.append((done, total)),
    )
    assert sum(done == total for done, total in told) == 4


def test_settings_and_what_was_published_go_to_other_processes(fetch):
    settings = FetchSettings(Path("data"), Path("locks"))
    published = fetch(date(1999, 1, 1))
    assert pickle.loads(pickle.dumps((settings, published))) == (settings, published)


def test_settings_have_aemos_addresses_and_no_source_forced():
    settings = FetchSettings(Path("data"), Path("locks"))
    assert settings.nemweb_url == "https://www.nemweb.com.au"
    assert settings.aemo_url == "https://aemo.com.au"
    assert settings.source is None
    assert settings.now().tzinfo is not None
