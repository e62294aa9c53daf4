"""Verification finds what was changed behind nemflow's back, and nothing else."""

import shutil
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest

from nemflow import parquet
from nemflow.flows.nem.audit import Audit
from nemflow.flows.nem.findings import Kind, Remedy
from nemflow.flows.nem.months import join_days, write_clean
from nemflow.flows.nem.places import clean_month
from nemflow.tasks.nem.datasets import NEM_AVERAGE_PRICES, NEM_PRICES, NEM_TRADING_PRICES
from nemflow.tasks.nem.sources import Source

FIRST, LAST = date(2021, 10, 1), date(2021, 10, 2)


@pytest.fixture(scope="module")
def market(running_sandbox, make_job, tmp_path_factory):
    """Make two days of dispatch prices, of trading prices, and of PRICE_AND_DEMAND, once."""
    job = make_job(
        tmp_path_factory.mktemp("market"), running_sandbox.url, now=running_sandbox.clock
    )
    for day in (FIRST, LAST):
        assert job.run(day).is_successful(), job.states
    job.dataset = "nem_trading_prices"
    assert job.run(LAST).is_successful(), job.states
    by_regions = job.run(FIRST, "raw", source=Source.PRICE_AND_DEMAND)
    assert by_regions.is_successful(), job.states
    return job.folder


@pytest.fixture
def folder(market, tmp_path):
    """A copy to be spoiled."""
    shutil.copytree(market, tmp_path, dirs_exist_ok=True)
    return tmp_path / "data"


@pytest.fixture
def audit(folder):
    """Verify; return what is wrong as kind, stage, day, and what was looked at."""

    def audit(**options):
        audit = Audit(folder, NEM_PRICES, FIRST, LAST, **options)
        findings = list(audit.findings())
        return findings, audit.looked

    return audit


def told(findings):
    return [(finding.kind, finding.stage, finding.first.day) for finding in findings]


def change(path, **columns):
    """Write a file again with other columns, its metadata as they were."""
    table = parquet.read_table(path)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), table.schema.field(name), values)
    parquet.write_table(table, path)


def clean(folder: Path, day: date) -> Path:
    [path] = (folder / "clean/nem_prices").rglob(f"*_{day}.parquet")
    return path


def raw(folder: Path, day: date) -> Path:
    [path] = (folder / "raw/nem_prices").rglob(f"*_{day}.parquet")
    return path


def test_what_is_right_has_no_findings(audit):
    findings, looked = audit(full=True)
    assert findings == []
    assert (looked.archived, looked.raw, looked.clean, looked.compared) == (7, 2, 2, 2)
    assert looked.second == 3  # PRICE_AND_DEMAND on both days, trading prices on one


def test_a_compacted_month_is_read_day_by_day(audit, folder):
    paths = [clean(folder, day) for day in (FIRST, LAST)]
    month = folder / clean_month("nem_prices").format(date=FIRST)
    write_clean(join_days([parquet.read_table(path) for path in paths]), month)
    for path in paths:
        path.unlink()
    findings, looked = audit(full=True)
    assert (findings, looked.clean) == ([], 2)


def test_a_file_of_the_archive_whose_bytes_changed_is_found(audit, folder):
    [path] = (folder / "archive").rglob("*DISPATCHPRICE*.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    findings, _ = audit()
    assert told(findings)[0] == (Kind.ARCHIVE_DAMAGED, "archive", 1)
    assert findings[0].last == date(2021, 10, 31)


def test_a_text_that_is_not_the_archives_is_found(audit, folder):
    path = raw(folder, LAST)
    rows = parquet.read_table(path)
    change(path, RRP=pc.replace_substring(rows["RRP"], ".", ".0"))
    [finding], _ = audit()
    assert (finding.kind, finding.first, finding.remedy) == (
        Kind.OTHER_TEXT,
        LAST,
        Remedy.REMAKE_RAW,
    )
    assert " values of RRP, the first in row 0: " in finding.says


def test_without_full_one_day_a_month_is_compared(audit, folder):
    path = raw(folder, FIRST)
    rows = parquet.read_table(path)
    change(path, RRP=pc.replace_substring(rows["RRP"], ".", ".0"))
    assert told(audit()[0]) == []
    kinds = {kind for kind, _, _ in told(audit(full=True)[0])}
    assert kinds == {Kind.OTHER_TEXT, Kind.OTHER_CLEAN}


def test_a_hole_in_raw_rows_is_found(audit, folder):
    path = raw(folder, FIRST)
    parquet.write_table(parquet.read_table(path).slice(5), path)
    findings, _ = audit()
    assert told(findings) == [(Kind.OTHER_COUNT, "raw", 1), (Kind.NOT_WHOLE, "raw", 1)]
    assert "2021-10-01" in findings[1].says


def test_a_duplicate_in_clean_rows_is_found(audit, folder):
    path = clean(folder, FIRST)
    table = parquet.read_table(path)
    parquet.write_table(table.take([0, *range(table.num_rows)]), path)
    assert told(audit()[0]) == [(Kind.OTHER_COUNT, "clean", 1), (Kind.NOT_WHOLE, "clean", 1)]


def test_a_file_that_cannot_be_read_is_found_and_the_others_go_on(audit, folder):
    for path in (raw(folder, FIRST), clean(folder, LAST)):
        path.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    findings, looked = audit()
    assert told(findings) == [(Kind.UNREADABLE, "raw", 1), (Kind.UNREADABLE, "clean", 2)]
    assert (looked.raw, looked.clean) == (1, 1)


def test_a_price_that_the_trading_price_does_not_bear_out_is_found(audit, folder):
    path = clean(folder, LAST)
    rows = parquet.read_table(path)
    change(path, rrp=pc.add(rows["rrp"], 1.0))
    findings, _ = audit()
    assert told(findings) == [(Kind.SECOND_SOURCE, "clean", 2)] * 2
    assert {finding.remedy for finding in findings} == {Remedy.ASK_AGAIN}
    for finding, name in zip(findings, ("nem_trading_prices", "PRICE_AND_DEMAND"), strict=True):
        assert finding.says.startswith(f"{name}: 1,440 of 1,440 prices disagree")


@pytest.fixture
def averages(running_sandbox, make_job, tmp_path):
    """Make a day of average and of trading prices; return how to verify the former, and its file."""
    job = make_job(tmp_path, running_sandbox.url, now=running_sandbox.clock)
    day = date(2024, 8, 1)
    for dataset in (NEM_TRADING_PRICES, NEM_AVERAGE_PRICES):
        job.dataset = dataset.name
        assert job.run(day).is_successful(), job.states

    def verify():
        audit = Audit(job.market.data_dir, NEM_AVERAGE_PRICES, day, day, full=True)
        return list(audit.findings()), audit.looked.second

    return verify, job.clean_path(day)


def test_average_prices_are_compared_with_the_means_of_trading_prices(averages):
    verify, path = averages
    assert verify() == ([], 1)
    rows = parquet.read_table(path)
    change(path, rrp=pc.add(rows["rrp"], 0.02))
    [clean, second] = verify()[0]
    assert (clean.kind, second.kind) == (Kind.OTHER_CLEAN, Kind.SECOND_SOURCE)
    assert second.says.startswith("nem_trading_prices: ")
    assert " of 240 prices disagree" in second.says


def test_average_prices_alone_are_compared_with_nothing(averages):
    verify, path = averages
    shutil.rmtree(path.parents[3] / "nem_trading_prices")
    assert verify() == ([], 0)


def test_a_day_of_a_file_that_was_issued_again_is_found(audit, folder):
    [path] = (folder / "archive").rglob("*DISPATCHPRICE*.zip.json")
    path.write_text(path.read_text().replace('"sha256": "', '"sha256": "0'))
    kinds = [kind for kind, _, _ in told(audit()[0])]
    assert kinds == [Kind.ARCHIVE_DAMAGED, Kind.OTHER_SOURCE, Kind.OTHER_SOURCE]


def test_nothing_is_written(audit, folder):
    raw(folder, FIRST).write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    audit(full=True)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
