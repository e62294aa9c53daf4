"""Every fault of the sandbox: what the user reads, what is left, and that the next run heals."""

from datetime import date

import pytest

from nemflow.errors import BrokenFile, DownloadError
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sources import Source

TABLE = "DISPATCHPRICE_202002"
REGION = "PRICE_AND_DEMAND_199901_QLD1"
TABLE_DAY, REGION_DAY = date(2020, 2, 3), date(1999, 1, 3)
BUNDLE, BUNDLE_DAY = "MMSDM_2014_01.zip", date(2014, 1, 1)

TRANSFER_FAULTS = {
    FaultKind.FORBIDDEN: "answered 403 Forbidden (5 tries); 403 from AEMO often means slow down",
    FaultKind.TOO_MANY: "answered 429 Too Many Requests (5 tries); 429 from AEMO often means",
    FaultKind.UNAVAILABLE: "answered 503 Service Unavailable (5 tries); try again later",
    FaultKind.HTML_200: "sent a web page in place of the file (5 tries)",
    FaultKind.STALLED: "sent nothing for 0.3 s (5 tries)",
    FaultKind.RESET: "(5 tries); check the network",
    FaultKind.TRUNCATED: "broke off before the end of its answer (5 tries)",
    FaultKind.EMPTY_FILE: "sent an empty file (5 tries)",
}
TABLE_FAULTS = {
    FaultKind.BROKEN_ZIP: "",
    FaultKind.WRONG_CRC: "check sum",
    FaultKind.PATH_MEMBER: "evil",
    FaultKind.BOMB: "",
    FaultKind.WRONG_FOOTER: "",
    FaultKind.MISSING_COLUMN: "RRP",
    FaultKind.TEXT_IN_NUMBER: "'n/a'",
}
REGION_FAULTS = {FaultKind.MISSING_COLUMN: "RRP", FaultKind.TEXT_IN_NUMBER: "'n/a'"}


def archive_files(settings):
    return [path for path in settings.data_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", TRANSFER_FAULTS)
def test_a_transfer_that_stays_bad_says_what_happened_and_leaves_nothing(
    fetch, sandbox, settings, kind
):
    sandbox.commit(Fault(kind=kind, path_contains=TABLE))
    with pytest.raises(DownloadError) as error:
        fetch(TABLE_DAY, read_timeout_s=0.3)
    said = str(error.value)
    assert said.startswith(f"{sandbox.url}{sandbox.paths[-1]} ")
    assert TRANSFER_FAULTS[kind] in said
    assert said.endswith("; --source price-and-demand takes 30-minute energy prices now")
    assert "\n" not in said
    assert archive_files(settings) == []


@pytest.mark.parametrize("kind", TRANSFER_FAULTS)
def test_a_transfer_that_is_bad_once_is_mended_by_the_next_try(
    fetch, sandbox, files_kept, waits, kind
):
    sandbox.commit(Fault(kind=kind, path_contains=REGION, times=1))
    fetch(REGION_DAY, read_timeout_s=0.3)
    assert len(files_kept()) == 4
    assert len(waits) == 1


@pytest.mark.parametrize("kind", TABLE_FAULTS)
def test_a_broken_table_is_named_and_not_kept_and_the_next_run_heals(
    fetch, sandbox, settings, files_kept, kind
):
    sandbox.commit(Fault(kind=kind, path_contains=TABLE, inflated_bytes=270_000_000))
    with pytest.raises(BrokenFile) as error:
        fetch(TABLE_DAY)
    said = str(error.value)
    assert "PUBLIC_DVD_DISPATCHPRICE_202002010000.zip" in said
    assert f"(from {sandbox.url}{sandbox.paths[-1]})" in said
    assert TABLE_FAULTS[kind] in said
    assert said.endswith("; --source price-and-demand takes 30-minute energy prices now")
    assert archive_files(settings) == []
    assert not any("priceanddemand" in path for path in sandbox.paths)
    sandbox.commit()
    fetch(TABLE_DAY)
    assert files_kept() == ["PUBLIC_DVD_DISPATCHPRICE_202002010000.zip"]


@pytest.mark.parametrize("kind", REGION_FAULTS)
def test_a_broken_region_file_is_named_and_not_kept_and_the_next_run_heals(
    fetch, sandbox, files_kept, kind
):
    sandbox.commit(Fault(kind=kind, path_contains=REGION))
    with pytest.raises(BrokenFile, match=REGION) as error:
        fetch(REGION_DAY)
    assert REGION_FAULTS[kind] in str(error.value)
    assert files_kept() == ["PRICE_AND_DEMAND_199901_NSW1.csv"]
    sandbox.commit()
    fetch(REGION_DAY)
    assert len(files_kept()) == 4


@pytest.mark.parametrize("path", [TABLE, REGION])
def test_a_file_cut_short_without_the_length_telling_is_not_kept(fetch, sandbox, settings, path):
    cut = Fault(kind=FaultKind.TRUNCATED, path_contains=path, consistent_length=True)
    sandbox.commit(cut)
    with pytest.raises(BrokenFile):
        fetch(TABLE_DAY if path == TABLE else REGION_DAY)
    assert not any(path in file.name for file in archive_files(settings))


def test_a_slow_transfer_is_not_given_up(fetch, sandbox, files_kept):
    slow = Fault(kind=FaultKind.SLOW, path_contains=REGION, bytes_per_s=100_000)
    sandbox.commit(slow)
    fetch(REGION_DAY)
    assert len(files_kept()) == 4


def test_a_web_page_in_place_of_a_bundle_does_not_mean_that_ranges_are_not_sent(fetch, sandbox):
    sandbox.commit(Fault(kind=FaultKind.HTML_200, path_contains="MMSDM_2014_01.zip", times=1))
    assert fetch(date(2014, 1, 1)).source is Source.BUNDLE


@pytest.mark.parametrize("kind", TABLE_FAULTS)
def test_a_broken_table_inside_a_bundle_is_not_kept(fetch, sandbox, settings, kind):
    sandbox.commit(Fault(kind=kind, path_contains=BUNDLE, inflated_bytes=270_000_000))
    with pytest.raises(BrokenFile, match="PUBLIC_DVD_DISPATCHPRICE_201401010000") as error:
        fetch(BUNDLE_DAY)
    assert TABLE_FAULTS[kind] in str(error.value)
    assert archive_files(settings) == []
    sandbox.commit()
    assert fetch(BUNDLE_DAY).source is Source.BUNDLE


@pytest.mark.parametrize("kind", TRANSFER_FAULTS)
def test_a_bundle_whose_transfer_stays_bad_gives_way_to_nothing(fetch, sandbox, settings, kind):
    fetch(BUNDLE_DAY)  # so that it is made: the timeout waits for the fault
    for path in archive_files(settings):
        path.unlink()
    asked = len(sandbox.paths)
    sandbox.commit(Fault(kind=kind, path_contains=BUNDLE, after_bytes=0))
    with pytest.raises(DownloadError, match=BUNDLE) as error:
        fetch(BUNDLE_DAY, read_timeout_s=0.3)
    is_empty = kind is FaultKind.EMPTY_FILE
    words = "is an empty file (5 tries); AEMO may be" if is_empty else TRANSFER_FAULTS[kind]
    assert words in str(error.value)
    assert archive_files(settings) == []
    assert not any("priceanddemand" in path for path in sandbox.paths[asked:])
