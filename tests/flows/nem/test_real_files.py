"""The main job on AEMO's own files, served from loopback under the paths they have at AEMO."""

import csv
import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from nemflow.tasks.nem.market_time import (
    Month,
    format_stamp,
    interval_ends,
    market_day,
    parse_stamp,
)
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import SandboxServer
from nemflow.tasks.nem.sources import Source

JANUARY = Month(2015, 1)
REGION_FOLDER = "aemo/data/nem/priceanddemand"

# Extracts hold the first and last three days of two regions, their footers tell of the whole month.
INTERVENTION_DAY, PLAIN_DAY, SECOND_DAY = date(2018, 5, 1), date(2024, 7, 2), date(2024, 8, 31)
EXTRACT_DAYS = [INTERVENTION_DAY, date(2020, 1, 31), PLAIN_DAY, SECOND_DAY, date(2025, 1, 1)]
every_extract = pytest.mark.parametrize("day", EXTRACT_DAYS, ids=str)


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """The folder that the server publishes from."""
    return tmp_path_factory.mktemp("published")


@pytest.fixture(scope="module")
def server(root, running_sandbox) -> Iterator[SandboxServer]:
    with SandboxServer(now=running_sandbox.clock, root=root) as server:
        yield server


@pytest.fixture
def real_job(tmp_path, server, sandbox, make_job):
    """The job as it runs for the real market, by the tests' clock."""
    return make_job(tmp_path, server.url, synthetic=False, now=sandbox.clock)


@pytest.fixture(scope="module")
def january(root, server, running_sandbox, make_job, aemo_files, tmp_path_factory):
    """A job that has run every day of 2015-01 from PRICE_AND_DEMAND, and the files' own rows."""
    (root / REGION_FOLDER).mkdir(parents=True)
    rows = []
    for region in REGIONS:
        path = aemo_files / f"price_and_demand/PRICE_AND_DEMAND_201501_{region}.csv"
        shutil.copy(path, root / REGION_FOLDER)
        rows += csv.DictReader(io.StringIO(path.read_text()))
    folder, asked = tmp_path_factory.mktemp("january"), len(server.requests)
    job = make_job(folder, server.url, synthetic=False, now=running_sandbox.clock)
    for day in JANUARY.days():
        assert job.run(day, source=Source.PRICE_AND_DEMAND).is_successful(), job.states
    return job, rows, [request.path for request in server.requests[asked:]]


def test_a_month_of_price_and_demand_gives_its_days_with_every_value_as_in_the_files(january):
    job, rows, _ = january
    expected = {
        (parse_stamp(row["SETTLEMENTDATE"]), row["REGION"]): float(row["RRP"]) for row in rows
    }
    found: dict[tuple[datetime, str], float] = {}
    for day in JANUARY.days():
        clean = job.clean(day)
        assert clean.num_rows == 48 * 5
        ends, regions = clean["interval_end"].to_pylist(), clean["region"].to_pylist()
        assert list(zip(ends, regions, strict=True)) == [
            (end, region) for end in interval_ends(day, 30) for region in REGIONS
        ]
        keys = zip(ends, regions, strict=True)
        found.update(zip(keys, clean["rrp"].to_pylist(), strict=True))
    assert found == expected
    assert len(found) == 31 * 48 * 5


def test_the_raw_rows_of_price_and_demand_are_the_files_text(january):
    job, rows, _ = january
    kept = [row for day in JANUARY.days() for row in job.raw(day).to_pylist()]
    assert sorted(map(str, kept)) == sorted(map(str, rows))


def test_a_month_of_price_and_demand_is_fetched_once_and_told_as_aemos(january):
    job, _, paths = january
    names = [f"PRICE_AND_DEMAND_201501_{region}.csv" for region in REGIONS]
    assert paths == [f"/{REGION_FOLDER}/{name}" for name in names]
    facts = job.facts(date(2015, 1, 17))
    assert facts["nemflow.synthetic"] == "false"
    assert facts["nemflow.source"] == "price-and-demand"
    assert facts["nemflow.attribution"].startswith("Source: Australian Energy Market Operator")
    assert {file["sha256"] for file in facts["nemflow.files"]} == set(job.archived().values())


@pytest.fixture
def publish(aemo_files, root) -> Callable[..., list[dict[str, str]]]:
    """Return a function that publishes a day's extract, csv text changed, with its listing.

    Of 2024-07 and 2024-08 the listing is AEMO's own, a hundred tables and all.
    """

    def put(day: date, change: Callable[[list[str]], list[str]] = lambda lines: lines):
        [extract] = (aemo_files / "mmsdm_dispatchprice" / f"{day:%Y-%m}").glob("*.zip")
        with zipfile.ZipFile(extract) as archive:
            [member] = archive.namelist()
            lines = archive.read(member).decode().splitlines()
        name = extract.name.replace("%23", "#")
        place = f"Data_Archive/Wholesale_Electricity/MMSDM/{day:%Y}/MMSDM_{day:%Y_%m}"
        folder = root / place / "MMSDM_Historical_Data_SQLLoader/DATA"
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{Path(name).stem}.CSV", "\r\n".join(change(lines)) + "\r\n")
        place = folder.relative_to(root)
        listing = aemo_files / "listings/2026-04-19_20" / place / "index.html"
        page = f'<pre><A HREF="/{place}/{extract.name}">{name}</A><br></pre>'
        (folder / "index.html").write_text(listing.read_text() if listing.exists() else page)
        header, *rows = csv.reader(lines[1:-1])
        return [dict(zip(header[4:], row[4:], strict=True)) for row in rows]

    return put


def _recounted(lines: list[str]) -> list[str]:
    return [*lines[:-1], f'C,"END OF REPORT",{len(lines)}']


def _with_all_regions(lines: list[str]) -> list[str]:
    """Give the regions that an extract lacks rows: those of one that it has, under their name."""
    twins = [("NSW1", "QLD1"), ("SA1", "TAS1"), ("SA1", "VIC1")]
    more = [
        line.replace(f",{region},", f",{twin},", 1)
        for region, twin in twins
        for line in lines[2:-1]
        if f",{region}," in line
    ]
    return _recounted([*lines[:-1], *more, lines[-1]])


@every_extract
def test_an_extract_is_refused_at_the_door_and_nothing_of_it_is_kept(publish, real_job, day):
    publish(day)
    state = real_job.run(day)
    assert state.is_failed()
    assert "it was cut or filtered" in state.message
    assert "lines where its footer counts" in state.message
    assert real_job.files() == []


def test_an_extract_with_its_footer_set_right_lacks_three_regions(publish, real_job):
    publish(PLAIN_DAY, _recounted)
    state = real_job.run(PLAIN_DAY)
    assert state.is_failed()
    lacks = "; ".join(f"{region} lacks all 288 intervals" for region in ("QLD1", "TAS1", "VIC1"))
    assert f"DISPATCHPRICE of {PLAIN_DAY} is not whole: {lacks} (in http" in state.message
    assert not real_job.raw_path(PLAIN_DAY).exists()


@every_extract
def test_a_day_of_an_extract_made_whole_has_exactly_the_files_rows(publish, real_job, day):
    rows = publish(day, _with_all_regions)
    assert real_job.run(day).is_successful(), real_job.states
    expected = [row for row in rows if market_day(parse_stamp(row["SETTLEMENTDATE"])) == day]
    kept = [row for row in real_job.raw(day).to_pylist() if row["REGIONID"] in ("NSW1", "SA1")]
    assert kept == expected
    prices = {
        (parse_stamp(row["SETTLEMENTDATE"]), row["REGIONID"]): (float(row["RRP"]), row)
        for row in expected
        if row["INTERVENTION"] == "0"
    }
    clean = [row for row in real_job.clean(day).to_pylist() if row["region"] in ("NSW1", "SA1")]
    assert len(clean) == len(prices) == 2 * 288
    for row in clean:
        rrp, text = prices[row["interval_end"], row["region"]]
        assert (row["rrp"], row["rop"]) == (rrp, float(text["ROP"]))
        assert row["raise6sec_rrp"] == float(text["RAISE6SECRRP"])
        assert row["price_status"] == text["PRICE_STATUS"]
    physical = {r["SETTLEMENTDATE"] for r in expected if r["INTERVENTION"] == "1"}
    assert sum(row["intervention"] for row in clean) == 2 * len(physical)


@pytest.mark.parametrize(
    "day", [date(2019, 12, 1), date(2019, 12, 21), date(2019, 12, 31)], ids=str
)
def test_a_table_that_is_one_record_more_goes_through_both_stages(aemo_files, root, real_job, day):
    [month] = (aemo_files / "mmsdm_other" / "2019-12").glob("*ROOFTOP*.zip")
    place = "Data_Archive/Wholesale_Electricity/MMSDM/2019/MMSDM_2019_12"
    folder = root / place / "MMSDM_Historical_Data_SQLLoader/DATA"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(month, folder)
    link = f'<A HREF="/{folder.relative_to(root)}/{month.name}">{month.name}</A>'
    (folder / "index.html").write_text(f"<pre>{link}<br></pre>")
    job = replace(real_job, dataset="nem_rooftop_pv")
    assert job.run(day).is_successful(), job.states
    assert job.raw(day).num_rows == 48 * 20
    clean = job.clean(day)
    ends = interval_ends(day, 30)
    assert list(
        zip(clean["interval_end"].to_pylist(), clean["region"].to_pylist(), strict=True)
    ) == [(end, region) for end in ends for region in REGIONS]
    with zipfile.ZipFile(month) as archive:
        rows = csv.reader(archive.read(archive.namelist()[0]).decode().splitlines()[2:-1])
        power = {(row[4], row[5]): row[6] for row in rows if row[8] == "MEASUREMENT"}
    assert clean["power_mw"].to_pylist() == [
        float(power[format_stamp(end), region]) for end in ends for region in REGIONS
    ]
    facts = job.facts(day)
    assert (facts["nemflow.table"], facts["nemflow.synthetic"]) == ("ROOFTOP_PV_ACTUAL", "false")
