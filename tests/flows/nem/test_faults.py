"""Whatever the server does wrong: what the user reads, what is left on disk, and that it heals."""

import logging
import re
from datetime import date
from pathlib import Path

import pytest

from nemflow.tasks.nem.sandbox import Fault, FaultKind
from nemflow.tasks.nem.sources import Source

# One month of each kind of file: a table, PRICE_AND_DEMAND, a bundle.
TABLE_DAY, REGION_DAY, BUNDLE_DAY = date(2015, 1, 9), date(1999, 1, 3), date(2014, 1, 9)
TABLE_NAME = "PUBLIC_DVD_DISPATCHPRICE_201501010000.zip"
TABLE_FOLDER = (
    "/Data_Archive/Wholesale_Electricity/MMSDM/2015/MMSDM_2015_01/"
    "MMSDM_Historical_Data_SQLLoader/DATA/"
)
REGION_NAME = "PRICE_AND_DEMAND_199901_QLD1.csv"
REGION_FOLDER = "/aemo/data/nem/priceanddemand/"
BUNDLE_NAME = "MMSDM_2014_01.zip"
NOON = "2015/01/09 12:00:00"

# Each with words of what the user reads.
ANSWER_FAULTS = [
    (Fault(kind=FaultKind.FORBIDDEN), "answered 403 Forbidden (1 try); 403 from AEMO often means"),
    (Fault(kind=FaultKind.TOO_MANY), "answered 429 Too Many Requests (1 try)"),
    (Fault(kind=FaultKind.UNAVAILABLE), "answered 503 Service Unavailable (1 try)"),
    (Fault(kind=FaultKind.HTML_200), "sent a web page in place of the file (1 try)"),
    (Fault(kind=FaultKind.STALLED), "sent nothing for 0.3 s (1 try)"),
    (Fault(kind=FaultKind.RESET), "(1 try); check the network, then try again"),
    (Fault(kind=FaultKind.TRUNCATED), "broke off before the end of its answer (1 try)"),
    (Fault(kind=FaultKind.EMPTY_FILE), "sent an empty file (1 try)"),
]
TABLE_FAULTS = [
    (Fault(kind=FaultKind.BROKEN_ZIP), "the next run asks AEMO again"),
    (Fault(kind=FaultKind.WRONG_CRC), "the check sum of PUBLIC_DVD_DISPATCHPRICE_201501010000.CSV"),
    (Fault(kind=FaultKind.PATH_MEMBER), "and holds ../../evil.CSV"),
    (Fault(kind=FaultKind.BOMB), "has 300,000,000 bytes, more than the 268,435,456 expected"),
    (Fault(kind=FaultKind.BOMB, understated=True), "where 1,000 are announced"),
    (Fault(kind=FaultKind.WRONG_FOOTER), "has 44643 lines where its footer counts 44644"),
    (Fault(kind=FaultKind.MISSING_COLUMN), "RRP"),
    (Fault(kind=FaultKind.TEXT_IN_NUMBER), "'n/a'"),
    (Fault(kind=FaultKind.TRUNCATED, consistent_length=True), "does not open as a zip"),
]
REGION_FAULTS = [
    (Fault(kind=FaultKind.MISSING_COLUMN), "RRP"),
    (Fault(kind=FaultKind.TEXT_IN_NUMBER), "'n/a'"),
    (Fault(kind=FaultKind.TRUNCATED, consistent_length=True), "QLD1"),
]


def _struck(cases, path):
    """Return the cases with their faults bound to one path."""
    fields = ("kind", "understated", "consistent_length")
    return [
        pytest.param(
            Fault(path_contains=path, **{name: getattr(fault, name) for name in fields}),
            words,
            id=f"{fault.kind}{'-understated' * fault.understated}{'-whole' * fault.consistent_length}",
        )
        for fault, words in cases
    ]


def assert_reads_well(message, url):
    """One sentence that names the address and says what to do."""
    assert "\n" not in message
    assert "Traceback" not in message
    assert url in message
    assert re.search(r"again|check the|--source", message), message


def assert_nothing_unfinished(job):
    assert not job.raw_path(TABLE_DAY).exists()
    assert not job.clean_path(TABLE_DAY).exists()
    assert job.leftovers() == []


@pytest.fixture
def prepared(sandbox, undisturbed):
    """The sandbox, with all it needs for this day made, so that a short timeout is enough."""
    undisturbed(TABLE_DAY)
    undisturbed(REGION_DAY)
    return sandbox


@pytest.mark.parametrize(("fault", "words"), _struck(ANSWER_FAULTS + TABLE_FAULTS, TABLE_NAME))
def test_a_bad_table_is_told_and_not_kept_and_the_next_run_heals(
    job, prepared, undisturbed, fault, words
):
    prepared.commit(fault)
    state = job.run(TABLE_DAY, read_timeout_s=0.3 if fault.kind is FaultKind.STALLED else 10)
    assert state.is_failed()
    assert_reads_well(state.message, f"{prepared.url}{TABLE_FOLDER}{TABLE_NAME}")
    assert words in state.message
    assert state.message.endswith("--source price-and-demand takes 30-minute energy prices now")
    assert job.files() == []
    assert not list(job.folder.rglob("*evil*"))
    assert_nothing_unfinished(job)
    prepared.commit()
    assert job.run(TABLE_DAY).is_successful()
    assert job.prices(TABLE_DAY) == undisturbed(TABLE_DAY)


@pytest.mark.parametrize(("fault", "words"), _struck(ANSWER_FAULTS + REGION_FAULTS, REGION_NAME))
def test_a_bad_region_file_is_told_and_not_kept_and_the_next_run_asks_for_it_alone(
    job, prepared, undisturbed, fault, words
):
    prepared.commit(fault)
    state = job.run(REGION_DAY, read_timeout_s=0.3 if fault.kind is FaultKind.STALLED else 10)
    assert state.is_failed()
    assert_reads_well(state.message, f"{prepared.url}{REGION_FOLDER}{REGION_NAME}")
    assert words in state.message
    assert job.files() == ["archive/priceanddemand/1999/PRICE_AND_DEMAND_199901_NSW1.csv"]
    assert_nothing_unfinished(job)
    prepared.commit()
    asked = len(prepared.requests)
    assert job.run(REGION_DAY).is_successful()
    assert not any("NSW1" in path for path in prepared.paths[asked:])
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_a_region_file_that_is_not_there_is_told(job, prepared, undisturbed):
    prepared.commit(Fault(kind=FaultKind.NOT_FOUND, path_contains=REGION_NAME))
    state = job.run(REGION_DAY)
    assert state.is_failed()
    url = f"{prepared.url}{REGION_FOLDER}{REGION_NAME}"
    assert f"{url} is not there (the server answered 404)" in state.message
    prepared.commit()
    assert job.run(REGION_DAY).is_successful()
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_a_server_that_is_busy_for_a_moment_is_asked_again_within_the_run(job, prepared):
    prepared.commit(
        Fault(kind=FaultKind.TOO_MANY, path_contains=REGION_NAME, times=1, retry_after_s=0)
    )
    assert job.run(REGION_DAY, tries=2).is_successful()
    assert sum(path.endswith(REGION_NAME) for path in prepared.paths) == 2


def test_a_slow_server_is_waited_for(job, prepared, undisturbed):
    prepared.commit(Fault(kind=FaultKind.SLOW, path_contains=REGION_NAME, bytes_per_s=150_000))
    assert job.run(REGION_DAY, read_timeout_s=0.3).is_successful()
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_a_second_member_in_a_zip_does_no_harm(job, prepared, undisturbed):
    prepared.commit(Fault(kind=FaultKind.EXTRA_MEMBER, path_contains=TABLE_NAME))
    assert job.run(TABLE_DAY).is_successful()
    assert job.prices(TABLE_DAY) == undisturbed(TABLE_DAY)


def test_a_day_with_holes_lists_them_and_its_file_is_asked_for_again(job, prepared, undisturbed):
    prepared.commit(
        Fault(
            kind=FaultKind.MISSING_INTERVALS,
            path_contains=TABLE_NAME,
            stamps=(NOON, "2015/01/09 12:05:00", "2015/01/10 00:00:00"),
        )
    )
    state = job.run(TABLE_DAY)
    assert state.is_failed()
    url = f"{prepared.url}{TABLE_FOLDER}{TABLE_NAME}"
    lacks = "lacks 3 of 288 intervals: 12:00-12:05, 24:00"
    assert state.message == (
        "transform: DISPATCHPRICE of 2015-01-09 is not whole: "
        + "; ".join(f"{region} {lacks}" for region in ("NSW1", "QLD1", "SA1", "TAS1", "VIC1"))
        + f" (in {url}); the next run asks AEMO again"
    )
    assert_nothing_unfinished(job)
    holed = job.archived()[TABLE_NAME]
    prepared.commit()
    assert job.run(TABLE_DAY).is_successful()
    assert "if-none-match" in prepared.requests[-1].headers
    assert job.archived()[TABLE_NAME] != holed
    assert job.prices(TABLE_DAY) == undisturbed(TABLE_DAY)


def test_the_other_days_of_a_file_with_a_hole_can_be_had(job, prepared, undisturbed):
    hole = Fault(kind=FaultKind.MISSING_INTERVALS, path_contains=TABLE_NAME, stamps=(NOON,))
    prepared.commit(hole)
    assert job.run(TABLE_DAY).is_failed()
    assert job.run(date(2015, 1, 10)).is_successful()
    assert job.prices(date(2015, 1, 10)) == undisturbed(date(2015, 1, 10))


def test_a_hole_in_one_region_names_its_file_and_asks_for_that_one_again(
    job, prepared, undisturbed
):
    prepared.commit(
        Fault(
            kind=FaultKind.MISSING_INTERVALS,
            path_contains=REGION_NAME,
            stamps=("1999/01/03 12:00:00",),
        )
    )
    state = job.run(REGION_DAY)
    assert state.message == (
        "transform: PRICE_AND_DEMAND of 1999-01-03 is not whole: "
        "QLD1 lacks 1 of 48 intervals: 12:00 "
        f"(in {prepared.url}{REGION_FOLDER}{REGION_NAME}); the next run asks AEMO again"
    )
    prepared.commit()
    asked = len(prepared.requests)
    assert job.run(REGION_DAY).is_successful()
    assert [Path(path).name for path in prepared.paths[asked:]] == [REGION_NAME]
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_of_rows_given_twice_the_last_changed_is_taken(job, prepared, undisturbed):
    twice = Fault(
        kind=FaultKind.DUPLICATE_ROWS,
        path_contains=TABLE_NAME,
        stamps=(NOON, "2015/01/10 00:00:00"),
    )
    prepared.commit(twice)
    assert job.run(TABLE_DAY).is_successful()
    assert job.raw(TABLE_DAY).num_rows == 1440 + 2 * 5
    assert "-77.77" in job.raw(TABLE_DAY)["RRP"].to_pylist()
    assert job.prices(TABLE_DAY) == undisturbed(TABLE_DAY)


def test_of_region_rows_given_twice_the_later_is_taken(job, prepared, undisturbed):
    stamps = ("1999/01/03 12:00:00",)
    prepared.commit(Fault(kind=FaultKind.DUPLICATE_ROWS, path_contains=REGION_NAME, stamps=stamps))
    assert job.run(REGION_DAY).is_successful()
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_without_ranges_a_bundle_gives_way_and_the_reason_is_told_and_kept(
    job, sandbox, undisturbed, caplog
):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE, path_contains=BUNDLE_NAME))
    with caplog.at_level(logging.WARNING):
        assert job.run(BUNDLE_DAY).is_successful()
    reason = (
        "5-minute prices of 2014-01 cannot be had: the server does not send parts of "
        f"{BUNDLE_NAME} (16 MB; --allow-large-download fetches it whole); "
        "using PRICE_AND_DEMAND, 30-minute energy prices"
    )
    assert job.facts(BUNDLE_DAY)["nemflow.reason"] == reason
    assert [record.message for record in caplog.records] == [reason]
    assert job.clean(BUNDLE_DAY)["resolution_minutes"].unique().to_pylist() == [30]
    assert job.clean(BUNDLE_DAY).num_rows == 240
    assert sum(r.bytes_sent for r in sandbox.requests if BUNDLE_NAME in r.path) < 16_000_000
    sandbox.commit()
    assert job.run(BUNDLE_DAY, force=True).is_successful()
    assert job.prices(BUNDLE_DAY) == undisturbed(BUNDLE_DAY)
    assert job.facts(BUNDLE_DAY)["nemflow.reason"] == ""


def test_without_ranges_a_bundle_is_fetched_whole_if_allowed_and_not_kept(
    job, sandbox, undisturbed
):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE, path_contains=BUNDLE_NAME))
    assert job.run(BUNDLE_DAY, allow_large_download=True).is_successful()
    assert job.prices(BUNDLE_DAY) == undisturbed(BUNDLE_DAY)
    assert list(job.archived()) == ["PUBLIC_DVD_DISPATCHPRICE_201401010000.zip"]
    assert job.leftovers() == []
    assert max(request.bytes_sent for request in sandbox.requests) == 16_000_000


@pytest.mark.parametrize("kind", [FaultKind.WRONG_FOOTER, FaultKind.UNAVAILABLE])
def test_a_bad_bundle_does_not_give_way_and_heals(job, sandbox, undisturbed, kind):
    sandbox.commit(Fault(kind=kind, path_contains=BUNDLE_NAME))
    state = job.run(BUNDLE_DAY)
    assert state.is_failed()
    assert_reads_well(state.message, sandbox.paths[0])
    assert job.files() == []
    sandbox.commit()
    assert job.run(BUNDLE_DAY).is_successful()
    assert job.prices(BUNDLE_DAY) == undisturbed(BUNDLE_DAY)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=FaultKind.NOT_FOUND, path_contains=TABLE_NAME),
        Fault(kind=FaultKind.LISTING_HIDES, path_contains="_DISPATCHPRICE_"),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_table_that_is_not_there_gives_way_and_the_reason_is_kept(
    job, prepared, undisturbed, fault
):
    prepared.commit(fault)
    assert job.run(TABLE_DAY).is_successful()
    reason = job.facts(TABLE_DAY)["nemflow.reason"]
    assert reason.startswith("5-minute prices of 2015-01 cannot be had: http")
    assert reason.endswith("; using PRICE_AND_DEMAND, 30-minute energy prices")
    assert job.prices(TABLE_DAY) == undisturbed(TABLE_DAY, source=Source.PRICE_AND_DEMAND)


def test_without_a_listing_the_other_spelling_of_a_hash_is_found(job, sandbox, undisturbed):
    day = date(2024, 8, 1)
    prices = undisturbed(day)
    asked = len(sandbox.paths)
    sandbox.commit(
        Fault(kind=FaultKind.HTML_200, path_contains="/DATA/", times=1),
        Fault(kind=FaultKind.ENCODED_HASH),
    )
    assert job.run(day).is_successful()
    assert [path.count("%2523") for path in sandbox.paths[asked:]] == [0, 0, 3]
    assert job.prices(day) == prices


def test_an_archive_file_that_rotted_on_disk_is_set_aside_and_fetched_again(
    job, prepared, undisturbed, caplog
):
    job.run(REGION_DAY)
    [name] = [name for name in job.files() if name.endswith(REGION_NAME)]
    path = job.market.data_dir / name
    path.write_bytes(path.read_bytes().replace(b",TRADE", b",TRADF", 1))
    asked = len(prepared.requests)
    assert job.run(REGION_DAY, force=True).is_successful()
    assert [Path(path).name for path in prepared.paths[asked:]] == [REGION_NAME]
    assert "is no longer what was fetched" in caplog.text
    assert job.prices(REGION_DAY) == undisturbed(REGION_DAY)


def test_prices_of_the_sandbox_are_refused_where_real_ones_are_wanted(job, sandbox):
    state = job.run(REGION_DAY, synthetic=False)
    assert state.is_failed()
    assert "serves nemflow's SYNTHETIC market; use --sandbox" in state.message
    assert job.files() == []
