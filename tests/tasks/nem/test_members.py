"""Archives of reports are opened safely, and give the latest report of each span in order."""

import struct
import zipfile
from datetime import date, datetime, timedelta

import pytest

from nemflow.errors import BrokenFile
from nemflow.tasks.nem import unzip
from nemflow.tasks.nem.feeds import DISPATCHIS, PUBLIC_PRICES
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.members import open_reports
from nemflow.tasks.nem.tables import DISPATCHPRICE
from nemflow.tasks.nem.verify_reports import verify_report

DAY = date(2026, 4, 16)
ENDS = [datetime(2026, 4, 16, 12, 5 * n, tzinfo=NEM_TIME) for n in range(1, 4)]
NAME = "PUBLIC_DISPATCHIS_20260416.zip"
(SPAN, _) = DISPATCHIS.archive.spans_of(DAY)


@pytest.fixture
def archive(tmp_path, made):
    """Write an archive of members; by default three intervals."""

    def write(members=None):
        members = made.interval_zips(DISPATCHIS, ENDS) if members is None else members
        path = tmp_path / NAME
        path.write_bytes(made.zipped(members))
        return path

    return write


def verified(path):
    return verify_report(path, DISPATCHIS, DISPATCHIS.archive, DISPATCHPRICE, SPAN)


def test_reports_come_in_the_order_of_their_spans_whatever_that_of_the_archive(archive, made):
    members = made.interval_zips(DISPATCHIS, reversed(ENDS))
    found = [report.span.end for report in open_reports(archive(members), DISPATCHIS)]
    assert found == ENDS


def test_only_wanted_reports_are_inflated(archive, made):
    members = made.interval_zips(DISPATCHIS, ENDS)
    first = next(iter(members))
    members[first] = b"PK\x03\x04 no zip"
    path = archive(members)
    wanted = list(open_reports(path, DISPATCHIS, lambda span: span.end == ENDS[1]))
    assert [report.span.end for report in wanted] == [ENDS[1]]
    with pytest.raises(BrokenFile, match="does not open as a zip"):
        list(open_reports(path, DISPATCHIS))


def test_of_two_reports_of_one_interval_the_later_number_counts(archive, made):
    members = made.interval_zips(DISPATCHIS, ENDS)
    stem = made.interval_stem(DISPATCHIS, ENDS[0], 400_000_000)
    members[f"{stem}.zip"] = made.zipped_report(stem, made.report_csv(DISPATCHIS, ENDS[:1], "99"))
    reports = list(open_reports(archive(members), DISPATCHIS))
    assert len(reports) == len(ENDS)
    assert b",99\r\n" in reports[0].data


def test_what_is_none_of_the_feed_is_passed_over(archive, made):
    members = {"README.TXT": b"hello", **made.interval_zips(DISPATCHIS, ENDS)}
    assert len(list(open_reports(archive(members), DISPATCHIS))) == len(ENDS)
    with pytest.raises(BrokenFile, match="should hold reports of DispatchIS_Reports and holds"):
        list(open_reports(archive({"README.TXT": b"hello"}), DISPATCHIS))


def test_bare_csv_members_are_read_too(archive, made):
    stem = made.interval_stem(DISPATCHIS, ENDS[0])
    members = {f"{stem}.CSV": made.report_csv(DISPATCHIS, ENDS[:1])}
    (report,) = open_reports(archive(members), DISPATCHIS)
    assert report.data.startswith(b"C,")


@pytest.mark.parametrize("name", ["../../evil.zip", "a/b.zip", "C:evil.zip", "a\\b.zip"])
def test_a_member_that_carries_a_path_is_refused(archive, made, name):
    with pytest.raises(BrokenFile, match="carries a path; it is refused"):
        verified(archive({**made.interval_zips(DISPATCHIS, ENDS), name: b"x"}))


def test_zips_are_opened_no_deeper_than_one_level(archive, made):
    stem = made.interval_stem(DISPATCHIS, ENDS[0])
    inner = made.zipped_report(stem, made.report_csv(DISPATCHIS, ENDS[:1]))
    with pytest.raises(BrokenFile, match=r"should hold one .*\.CSV and holds"):
        verified(archive({f"{stem}.zip": made.zipped({f"{stem}.zip": inner})}))


@pytest.mark.parametrize(
    ("bound", "least", "words"),
    [
        ("MAX_ARCHIVE_BYTES", 100, "is larger than the 100 bytes"),
        ("MAX_NESTED", 2, "has 3 members, more than 2"),
        ("MAX_NESTED_BYTES", 100, "more than the 100 expected"),
        ("MAX_TOTAL_BYTES", 800, "inflates to more than 800 bytes"),
    ],
)
def test_size_and_count_are_bounded(archive, monkeypatch, bound, least, words):
    path = archive()
    monkeypatch.setattr(unzip, bound, least)
    with pytest.raises(BrokenFile, match=words):
        verified(path)


def test_a_member_that_inflates_to_more_than_it_announces_is_refused(archive, made):
    path = archive({**made.interval_zips(DISPATCHIS, ENDS[:1])})
    with zipfile.ZipFile(path) as opened:
        size = opened.infolist()[0].file_size
    data = path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 20))
    path.write_bytes(data)
    with pytest.raises(BrokenFile, match="where 20 are announced"):
        verified(path)


def test_a_wrong_check_sum_of_an_inner_file_is_found(archive, made):
    members = made.interval_zips(DISPATCHIS, ENDS)
    name = list(members)[1]
    data = bytearray(members[name])
    at = data.index(b"PK\x01\x02") + 16
    data[at : at + 4] = b"\xde\xad\xbe\xef"
    members[name] = bytes(data)
    with pytest.raises(BrokenFile, match="the check sum of PUBLIC_DISPATCHIS_202604161210"):
        verified(archive(members))


def test_a_footer_that_miscounts_in_one_member_is_found(archive, made):
    stem = made.interval_stem(DISPATCHIS, ENDS[2])
    csv = made.report_csv(DISPATCHIS, ENDS[2:]).replace(b'REPORT",8', b'REPORT",9')
    members = made.interval_zips(DISPATCHIS, ENDS[:2])
    members[f"{stem}.zip"] = made.zipped_report(stem, csv)
    with pytest.raises(BrokenFile, match="has 8 lines where its footer counts 9"):
        verified(archive(members))


def test_a_member_of_another_day_is_refused(archive, made):
    other = [ENDS[0] + timedelta(days=1)]
    members = made.interval_zips(DISPATCHIS, [*ENDS, *other])
    with pytest.raises(BrokenFile, match="which is not of 2026-04-16"):
        verified(archive(members))


def test_a_report_whose_rows_are_not_of_its_interval_is_refused(archive, made):
    stem = made.interval_stem(DISPATCHIS, ENDS[0])
    csv = made.report_csv(DISPATCHIS, ENDS[1:2])
    with pytest.raises(BrokenFile, match="has a row of 2026/04/16 12:10:00, which is not in"):
        verified(archive({f"{stem}.zip": made.zipped_report(stem, csv)}))


def test_text_in_a_number_and_a_missing_table_are_found(archive, made):
    stem = made.interval_stem(DISPATCHIS, ENDS[0])
    for csv, words in (
        (made.report_csv(DISPATCHIS, ENDS[:1], "n/a"), "'n/a', not a number"),
        (made.report_csv(PUBLIC_PRICES, ENDS[:1]), "holds no DISPATCH PRICE rows"),
    ):
        with pytest.raises(BrokenFile, match=words):
            verified(archive({f"{stem}.zip": made.zipped_report(stem, csv)}))


def test_a_web_page_in_place_of_an_archive_is_named(tmp_path):
    path = tmp_path / NAME
    path.write_text("<html><title>Busy</title></html>")
    with pytest.raises(BrokenFile, match=r"is an HTML page \(Busy\), not data"):
        verified(path)
