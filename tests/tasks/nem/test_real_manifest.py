"""Every real file of the manifest is read, every table of it, and has as many rows as were counted."""

import csv
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nemflow.tasks.nem.aemo_csv import check_footer, read_table
from nemflow.tasks.nem.csv_rows import read_all
from nemflow.tasks.nem.listing import parse_listing
from nemflow.tasks.nem.price_demand import find_region_rows
from nemflow.tasks.nem.tables import DISPATCHPRICE, DREGION, TRADINGPRICE, Table
from nemflow.tasks.nem.unzip import open_published

# Filtered by whoever kept them; their footers count what is no longer there.
_FILTERED = {"mmsdm_dispatchprice", "mmsdm_tradingprice", "public_daily"}
_PLAIN = {"price_and_demand", "price_and_demand_legacy", "nemweb_graphs"}
_PRICES = {
    "dispatchis": DISPATCHPRICE,
    "mmsdm_dispatchprice": DISPATCHPRICE,
    "mmsdm_tradingprice": TRADINGPRICE,
    "tradingis": TRADINGPRICE,
    "dispatch_legacy": DREGION,
    "public_daily": DREGION,
}


@pytest.fixture(scope="module")
def of_kind(aemo_files: Path) -> Callable[..., list[Mapping[str, str]]]:
    """Return the lines of the manifest of some kinds."""
    with (aemo_files / "manifest.csv").open(newline="") as file:
        manifest = list(csv.DictReader(file))
    return lambda *kinds: [line for line in manifest if line["kind"] in kinds]


def _tables(data: bytes) -> list[Table]:
    """Return a record for each I row with rows, as if all its tables were known."""
    lines = csv.reader(line for line in data.decode().splitlines() if line.startswith("I,"))
    names = dict.fromkeys((row[1], re.sub("Unnamed: 2", "", row[2])) for row in lines)
    return [
        Table(
            name=f"{kind} {subtype}",
            row_type=kind,
            row_subtype=subtype,
            required=(),
            key=(),
            clean=(),
        )
        for kind, subtype in names
        if f"\nD,{kind},{subtype},".encode() in data
    ]


def test_every_kind_of_the_manifest_is_tested_here(of_kind) -> None:
    known = {*_PRICES, *_PLAIN, "mmsdm_other", "reports_other", "listings"}
    assert len(of_kind(*known)) == 367


def test_every_table_of_every_report_reads_to_as_many_rows_as_were_counted(
    of_kind, aemo_files: Path
) -> None:
    lines = of_kind(*_PRICES, "mmsdm_other", "reports_other")
    assert len(lines) == 312
    for line in lines:
        path = aemo_files / line["file"]
        data = open_published(path)
        found = {table.name: read_table(data, table, file=path.name) for table in _tables(data)}
        assert sum(rows.num_rows for rows in found.values()) == int(line["rows"]), path.name
        if line["kind"] not in _FILTERED:
            check_footer(data, file=path.name)


@pytest.mark.parametrize("kind", _PRICES)
def test_every_price_table_reads_to_as_many_price_rows_as_were_counted(
    of_kind, aemo_files: Path, kind: str
) -> None:
    lines = of_kind(kind)
    assert lines
    for line in lines:
        path = aemo_files / line["file"]
        rows = read_table(open_published(path), _PRICES[kind], file=path.name)
        assert rows.num_rows == int(line["price_rows"]), path.name
        assert set(_PRICES[kind].required) <= set(rows.column_names)


@pytest.mark.parametrize("kind", sorted(_PLAIN))
def test_every_plain_csv_reads_to_as_many_rows_as_were_counted(
    of_kind, aemo_files: Path, kind: str
) -> None:
    lines = of_kind(kind)
    assert lines
    for line in lines:
        rows = read_all(find_region_rows(open_published(aemo_files / line["file"])))
        assert rows.num_rows == int(line["rows"]), line["file"]
        assert set(rows["REGION"].to_pylist()) == {re.search(r"([A-Z]+1)\.csv", line["file"])[1]}


def test_every_listing_gives_each_of_its_links_but_the_way_up_and_the_duplicates(
    of_kind, aemo_files: Path
) -> None:
    lines = of_kind("listings")
    assert len(lines) == 36
    for line in lines:
        html = (aemo_files / line["file"]).read_text()
        folder = re.sub(r"^listings/[^/]+/|index\.html$", "", line["file"])
        entries = parse_listing(html, f"https://www.nemweb.com.au/{folder}")
        left_out = 1 + bool(re.search(r">DUPLICATE<|/DUPLICATE/", html))
        assert len(entries) == int(line["rows"]) - left_out, line["file"]
        assert all(entry.is_folder or (entry.size and entry.modified) for entry in entries)
