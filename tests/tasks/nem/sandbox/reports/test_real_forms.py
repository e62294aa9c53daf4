"""The synthetic reports have the tables, versions and columns of the real files."""

import csv
import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.sandbox.daily_csv import public_daily_csv
from nemflow.tasks.nem.sandbox.dispatch_csv import dispatch_csv
from nemflow.tasks.nem.sandbox.dispatchis_csv import dispatchis_csv
from nemflow.tasks.nem.sandbox.intervals import interval_ending
from nemflow.tasks.nem.sandbox.revisions import ORIGINAL
from nemflow.tasks.nem.sandbox.tradingis_csv import tradingis_csv

Columns = dict[tuple[str, ...], list[str]]


def _real_columns(folder: Path, pattern: str) -> Columns:
    path = sorted(folder.glob(pattern))[0]
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    # One copy was written anew by a program that gave an empty field this name.
    rows = csv.reader(io.StringIO(text.replace(",Unnamed: 2,", ",,"), newline=""))
    return {tuple(row[1:4]): row[4:] for row in rows if row[0] == "I"}


@pytest.mark.parametrize(
    ("pattern", "end"),
    [
        ("dispatchis/2025-08-20/*.zip", datetime(2025, 8, 20, 18, 10, tzinfo=NEM_TIME)),
        ("dispatchis/2019-05-16/*1200_*.zip", datetime(2019, 5, 16, 12, tzinfo=NEM_TIME)),
    ],
)
def test_dispatchis_has_the_real_tables_in_their_order(
    aemo_files: Path, sections: Any, pattern: str, end: datetime
) -> None:
    ours = sections(dispatchis_csv(interval_ending(end, 5), 1)).columns
    assert list(ours.items()) == list(_real_columns(aemo_files, pattern).items())


def test_tradingis_has_the_real_tables_in_their_order(aemo_files: Path, sections: Any) -> None:
    end = datetime(2024, 3, 3, 13, 35, tzinfo=NEM_TIME)
    ours = sections(tradingis_csv(interval_ending(end, 5), 1)).columns
    real = _real_columns(aemo_files, "tradingis/2024-03-03/*.zip")
    assert list(ours.items()) == list(real.items())


def test_the_older_form_of_dispatchis_has_the_real_tables_in_their_order(
    aemo_files: Path, sections: Any
) -> None:
    end = datetime(2024, 3, 15, 19, 45, tzinfo=NEM_TIME)
    ours = sections(dispatch_csv(interval_ending(end, 5), 1)).columns
    real = _real_columns(aemo_files, "dispatch_legacy/2024-03-15/*.zip")
    assert list(ours.items()) == list(real.items())


def test_public_daily_has_some_of_the_real_tables(aemo_files: Path, sections: Any) -> None:
    ours = sections(public_daily_csv(date(2026, 5, 14), ORIGINAL)).columns
    real = _real_columns(aemo_files, "public_daily/*.zip")
    assert {head: real[head] for head in ours} == ours
    assert [head for head in real if head in ours] == list(ours)
    assert ("DREGION", "", "2") in ours
    assert ("DREGION", "", "3") in ours
