"""Faults of reports: those that only reports have, and the others inside tables and nested zips."""

import io
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer
from nemflow.tasks.nem.sandbox.damage import damaged

PRICES, DISPATCHIS = "/Reports/CURRENT/Public_Prices/", "/Reports/CURRENT/DispatchIS_Reports/"
DAY = "/Reports/ARCHIVE/DispatchIS_Reports/PUBLIC_DISPATCHIS_20260216.zip"
MONTH = "/Reports/ARCHIVE/Public_Prices/PUBLIC_PRICES_20251201.zip"
NOON = "2026/02/16 12:00:00"
PRICE, REGIONSUM = ("DISPATCH", "PRICE", "5"), ("DISPATCH", "REGIONSUM", "9")

Fetch = Callable[..., Any]
Listing = Callable[[str], list[Any]]


def _broken(body: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        try:
            return archive.testzip() is not None
        except zlib.error:
            return True


def _nested(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_current_file_may_roll_away_between_listing_and_fetch(
    sandbox: SandboxServer, fetch: Fetch, listed: Listing
) -> None:
    sandbox.faults = [Fault(kind=FaultKind.ROLLED_AWAY, times=1)]
    first, second, *_ = listed(PRICES)
    assert [fetch(file.href).status for file in (first, first, second)] == [404, 404, 200]
    assert listed(PRICES)[0] == second
    assert fetch(DAY).status == 200
    sandbox.faults = ()
    assert fetch(first.href).status == 200


def test_archived_files_do_not_roll_away(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.ROLLED_AWAY)]
    assert fetch(DAY).status == 200


def test_a_listing_may_be_bare(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.LISTING_BARE)]
    page = fetch("/Reports/CURRENT/").body.decode()
    assert '<A HREF="/Reports/CURRENT/Public_Prices">Public_Prices</A><br>' in page
    page = fetch(PRICES).body.decode()
    assert re.search(
        r"</A><br><A HREF=\"[^\"]*_202602170000_[^\"]*\">PUBLIC_\w+\.zip</A><br>", page
    )
    assert not re.search(r"\d [AP]M|&lt;dir&gt;", page)


def test_a_folder_is_found_without_its_slash(fetch: Fetch) -> None:
    answer = fetch("/Reports/CURRENT/Public_Prices")
    assert (answer.status, answer.headers["Location"]) == (301, PRICES)
    assert fetch("/Reports/CURRENT/Public").status == 404


@pytest.mark.parametrize("kind", [FaultKind.BROKEN_ZIP, FaultKind.WRONG_CRC])
@pytest.mark.parametrize("folder", [PRICES, DISPATCHIS])
def test_a_zip_may_be_broken(
    sandbox: SandboxServer, fetch: Fetch, listed: Listing, kind: FaultKind, folder: str
) -> None:
    file = listed(folder)[-1]
    assert not _broken(fetch(file.href).body)
    sandbox.faults = [Fault(kind=kind)]
    assert _broken(fetch(file.href).body)


def test_every_table_with_values_is_struck_and_no_other(
    sandbox: SandboxServer, fetch: Fetch, listed: Listing, member: Any, sections: Any
) -> None:
    file = listed(DISPATCHIS)[-1]
    whole = sections(member(fetch(file.href).body))
    sandbox.faults = [Fault(kind=FaultKind.TEXT_IN_NUMBER)]
    struck = sections(member(fetch(file.href).body))
    assert {row["RRP"] for row in struck.rows[PRICE]} == {"n/a"}
    assert {row["TOTALDEMAND"] for row in struck.rows[REGIONSUM]} == {"n/a"}
    others = set(whole.rows) - {PRICE, REGIONSUM}
    assert {head: struck.rows[head] for head in others} == {h: whole.rows[h] for h in others}


def test_a_value_may_be_missing_from_every_table(
    sandbox: SandboxServer, fetch: Fetch, listed: Listing, member: Any, sections: Any
) -> None:
    sandbox.faults = [Fault(kind=FaultKind.MISSING_COLUMN)]
    report = sections(member(fetch(listed(DISPATCHIS)[-1].href).body))
    assert "RRP" not in report.columns[PRICE]
    assert "TOTALDEMAND" not in report.columns[REGIONSUM]
    assert report.lines[-1][2] == str(len(report.lines))


def test_rows_may_be_gone_or_twice(
    sandbox: SandboxServer, fetch: Fetch, listed: Listing, member: Any, sections: Any
) -> None:
    file = listed(PRICES)[-2]
    counts = []
    for kind in (FaultKind.MISSING_INTERVALS, FaultKind.DUPLICATE_ROWS):
        sandbox.faults = [Fault(kind=kind, stamps=(NOON, "2026/02/17 00:00:00"))]
        report = sections(member(fetch(file.href).body))
        counts.append(len(report.rows["DREGION", "", "2"]))
        assert report.lines[-1][2] == str(len(report.lines))
    assert counts == [286 * 5, 290 * 5]


def test_an_archive_is_struck_where_the_stamp_is(
    sandbox: SandboxServer, fetch: Fetch, member: Any, sections: Any
) -> None:
    before = _nested(fetch(DAY).body)
    sandbox.faults = [Fault(kind=FaultKind.MISSING_INTERVALS, stamps=(NOON,))]
    after = _nested(fetch(DAY).body)
    (name,) = (name for name, body in after.items() if body != before[name])
    assert "_202602161200_" in name
    assert sections(member(after[name])).rows[PRICE] == []


def test_an_archive_is_struck_in_the_zips_that_are_named(
    sandbox: SandboxServer, fetch: Fetch
) -> None:
    sandbox.faults = [Fault(kind=FaultKind.WRONG_CRC, member_contains="_202512240000_")]
    broken = [name for name, body in _nested(fetch(MONTH).body).items() if _broken(body)]
    assert len(broken) == 1
    assert broken[0].startswith("PUBLIC_PRICES_202512240000_")


def test_else_an_archive_is_struck_in_a_few_zips(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.BROKEN_ZIP, count=4)]
    assert sum(map(_broken, _nested(fetch(DAY).body).values())) == 4


@pytest.mark.parametrize(
    "kind", [FaultKind.BOMB, FaultKind.PATH_MEMBER, FaultKind.EXTRA_MEMBER, FaultKind.WRONG_FOOTER]
)
def test_nested_zips_take_every_other_fault(fetch: Fetch, kind: FaultKind) -> None:
    body = fetch(DAY).body
    before = _nested(body)
    fault = Fault(kind=kind, member_contains="_202602160005_", inflated_bytes=1_000_000)
    after = _nested(damaged(body, [fault]))
    assert list(after) == list(before)
    changed = [name for name in after if after[name] != before[name]]
    assert len(changed) == 1
    with zipfile.ZipFile(io.BytesIO(after[changed[0]])) as archive:
        names, sizes = archive.namelist(), [info.file_size for info in archive.infolist()]
    assert names[0] == "../../evil.CSV" if kind is FaultKind.PATH_MEMBER else len(names) > 0
    assert len(names) == (2 if kind is FaultKind.EXTRA_MEMBER else 1)
    assert (max(sizes) == 1_000_000) is (kind is FaultKind.BOMB)


def test_an_archive_may_be_empty(sandbox: SandboxServer, fetch: Fetch) -> None:
    sandbox.faults = [Fault(kind=FaultKind.EMPTY_FILE)]
    assert fetch(DAY).body == b""
