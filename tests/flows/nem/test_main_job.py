"""The main job on a day of each era: what is kept, from where, and that it is the market's."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from nemflow import parquet
from nemflow.flows.nem.standing import standing_path
from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.market_time import ARROW_ZONE, NEM_TIME, interval_ends
from nemflow.tasks.nem.regions import REGIONS, first_interval_end
from nemflow.tasks.nem.sandbox import market
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.tables import FCAS_SERVICES
from nemflow.tasks.nem.tidy import clean_schema

MAINLAND = ("NSW1", "QLD1", "SA1", "VIC1")
WHOLE_BUNDLE = 16_000_000  # bytes


@dataclass(frozen=True)
class Era:
    """A day, and what a run of it must come to."""

    day: date
    source: Source
    minutes: int
    rows: int
    raw_rows: int
    forced: bool = False

    def __str__(self) -> str:
        return f"{self.day}-{self.source}"


def _mmsdm(day: date, raw_rows: int = 1440) -> Era:
    return Era(day, Source.MMSDM, 5, 1440, raw_rows)


def _bundle(day: date) -> Era:
    return Era(day, Source.BUNDLE, 5, 1440, 1440)


def _regions(day: date, minutes: int, rows: int, *, forced: bool = False) -> Era:
    return Era(day, Source.PRICE_AND_DEMAND, minutes, rows, rows, forced)


def _reports(day: date) -> Era:
    return Era(day, Source.PUBLIC_PRICES, 5, 1440, 1440)


ERAS = [
    _regions(date(1998, 12, 7), 30, 4 * 45),  # the first day begins at 01:30
    _regions(date(2005, 5, 14), 30, 4 * 48),
    _regions(date(2005, 5, 15), 30, 4 * 48 + 21),  # Tasmania joins with the half hour to 14:00
    _regions(date(2009, 6, 30), 30, 240),
    _bundle(date(2009, 7, 1)),
    _bundle(date(2014, 1, 1)),
    _bundle(date(2014, 1, 31)),
    _mmsdm(date(2015, 1, 1)),
    _mmsdm(date(2018, 5, 3), 2880),  # intervention all day
    _mmsdm(date(2018, 5, 19), 1440 + 5 * 267),  # to 22:15
    _mmsdm(date(2018, 5, 20)),
    _mmsdm(date(2021, 9, 30)),
    _mmsdm(date(2021, 10, 1)),
    _regions(date(2021, 9, 30), 30, 240, forced=True),
    _regions(date(2021, 10, 1), 5, 1440, forced=True),
    _mmsdm(date(2024, 7, 31)),  # the names of files change
    _mmsdm(date(2024, 8, 1)),
    _reports(date(2026, 10, 31)),  # MMSDM of the month has not come yet
    _reports(date(2026, 11, 4)),  # yesterday
]
every_era = pytest.mark.parametrize("era", ERAS, ids=str)


@dataclass
class Kept:
    """What a run of an era left."""

    era: Era
    job: Any
    raw: pa.Table
    clean: pa.Table
    requests: list[Any]

    def column(self, name: str) -> dict[tuple[str, datetime], Any]:
        """Return a clean column by region and interval end."""
        ends = self.clean["interval_end"].to_pylist()
        keys = zip(self.clean["region"].to_pylist(), ends, strict=True)
        return dict(zip(keys, self.clean[name].to_pylist(), strict=True))

    def intervals(self) -> list[tuple[str, datetime]]:
        """Return every region and interval end that the day has."""
        return [
            (region, end)
            for end in interval_ends(self.era.day, self.era.minutes)
            for region in REGIONS
            if end >= first_interval_end(region)
        ]


@pytest.fixture(scope="module")
def kept(running_sandbox, make_job, tmp_path_factory) -> Callable[[Era], Kept]:
    """Return a function that runs an era's day, once, all in one data folder for each source."""
    folders = {forced: tmp_path_factory.mktemp("eras") for forced in (True, False)}
    done: dict[Era, Kept] = {}

    def run(era: Era) -> Kept:
        if era not in done:
            server = running_sandbox.server
            asked = len(server.requests)
            job = make_job(folders[era.forced], server.url, now=running_sandbox.clock)
            changes = {"source": era.source} if era.forced else {}
            assert job.run(era.day, **changes).is_successful(), job.states
            rows, prices = job.raw(era.day), job.clean(era.day)
            done[era] = Kept(era, job, rows, prices, server.requests[asked:])
        return done[era]

    return run


@every_era
def test_every_interval_of_every_region_is_there_once_and_in_order(kept, era):
    clean = kept(era).clean
    pairs = zip(clean["region"].to_pylist(), clean["interval_end"].to_pylist(), strict=True)
    assert list(pairs) == kept(era).intervals()
    assert clean.num_rows == era.rows


@every_era
def test_every_price_is_the_markets(kept, era):
    rrp = kept(era).column("rrp")
    for region in REGIONS:
        units = market.day_prices(region, era.day)  # 288; `market.price` one by one takes long
        for index, end in enumerate(interval_ends(era.day, 5), start=1):
            if era.source is not Source.PRICE_AND_DEMAND:
                assert rrp[region, end] == units[index - 1] / market.UNITS, (region, end)
            elif (region, end) in rrp:
                cents = market.round_to_cents(units[index - era.minutes // 5 : index])
                assert rrp[region, end] == cents / 100, (region, end)


@pytest.mark.parametrize(
    ("day", "forced", "price"),
    [
        (date(2014, 1, 31), False, market.price),
        (date(2018, 5, 3), False, market.price),
        (date(2009, 6, 30), False, market.trading_price),
        (date(2021, 10, 1), True, market.trading_price),
    ],
)
def test_a_price_stands_at_the_stamp_that_ends_its_interval(kept, day, forced, price):
    found = kept(next(era for era in ERAS if (era.day, era.forced) == (day, forced)))
    rrp = found.column("rrp")
    for key in [*found.intervals()[::97], found.intervals()[-1]]:
        assert rrp[key] == float(price(*key)), key


@every_era
def test_the_columns_are_the_declared_ones_whatever_the_source(kept, era):
    clean = kept(era).clean
    schema = clean_schema(NEM_PRICES)
    assert clean.schema.names == schema.names
    assert clean.schema.types == schema.types
    units = [clean.field(name).metadata[b"unit"] for name in schema.names]
    assert units == [schema.field(name).metadata[b"unit"] for name in schema.names]


@every_era
def test_intervals_are_half_open_and_in_market_time(kept, era):
    clean = kept(era).clean
    assert str(clean.schema.field("interval_start").type) == f"timestamp[us, tz={ARROW_ZONE}]"
    starts, ends = clean["interval_start"].to_pylist(), clean["interval_end"].to_pylist()
    length = timedelta(minutes=era.minutes)
    assert all(end - start == length for start, end in zip(starts, ends, strict=True))
    assert {start.utcoffset() for start in starts} == {timedelta(hours=10)}
    assert clean["resolution_minutes"].unique().to_pylist() == [era.minutes]
    assert {start.date() for start in starts} == {era.day}
    assert ends[-1] == datetime.combine(era.day, datetime.min.time(), NEM_TIME) + timedelta(days=1)


@every_era
def test_the_raw_rows_are_all_of_aemos_as_text(kept, era):
    raw = kept(era).raw
    assert raw.num_rows == era.raw_rows
    assert set(raw.schema.types) == {pa.string()}
    region = "REGION" if era.source is Source.PRICE_AND_DEMAND else "REGIONID"
    assert {"SETTLEMENTDATE", region, "RRP"} <= set(raw.column_names)


@every_era
def test_only_pricing_runs_are_priced_and_the_flag_tells_of_others(kept, era):
    if era.source is Source.PRICE_AND_DEMAND:
        assert kept(era).clean["intervention"].unique().to_pylist() == [None]
        return
    flags = kept(era).column("intervention")
    assert flags == {key: market.intervention(key[1]) for key in kept(era).intervals()}
    runs = kept(era).raw["INTERVENTION"].to_pylist()
    assert (runs.count("0"), runs.count("1")) == (era.rows, era.raw_rows - era.rows)


@every_era
def test_where_the_rows_come_from_is_kept_with_both_files(kept, era):
    job = kept(era).job
    facts = job.facts(era.day)
    assert facts["nemflow.source"] == f"SYNTHETIC {era.source}"
    assert facts["nemflow.synthetic"] == "true"
    assert facts["nemflow.attribution"].startswith("SYNTHETIC")
    assert facts["nemflow.day"] == str(era.day)
    assert facts["nemflow.rows"] == str(era.rows)
    assert kept(era).clean["source"].unique().to_pylist() == [facts["nemflow.source"]]
    raw_facts = parquet.read_metadata(job.raw_path(era.day))
    assert raw_facts["nemflow.rows"] == str(era.raw_rows)
    same = ("source", "reason", "synthetic", "table", "attribution", "day")
    assert all(raw_facts[f"nemflow.{key}"] == facts[f"nemflow.{key}"] for key in same)


@every_era
def test_the_published_files_told_are_those_of_the_archive_byte_for_byte(kept, era):
    job = kept(era).job
    files = job.facts(era.day)["nemflow.files"]
    archived = set(job.archived().values())
    regions = {region for region, _ in kept(era).intervals()}
    expected = {Source.PRICE_AND_DEMAND: len(regions), Source.PUBLIC_PRICES: 2}
    assert len(files) == expected.get(era.source, 1)
    for file in files:
        assert file["url"].startswith(job.market.nemweb_url)
        assert file["sha256"] in archived
        assert datetime.fromisoformat(file["fetched_at"]).utcoffset() is not None
        assert file["created"]


def test_the_reason_is_empty_for_the_best_source_and_one_line_for_another(kept):
    for era in ERAS:
        reason = kept(era).job.facts(era.day)["nemflow.reason"]
        assert ("\n" in reason, bool(reason)) == (False, era.day.year == 2026)
    assert reason == (
        "DISPATCHPRICE of 2026-11 is not published yet: a month usually follows 1 to 3 weeks "
        "after its end; using public-prices (current), preliminary"
    )


@every_era
def test_how_settled_the_day_is_is_kept_with_it(kept, era):
    facts = kept(era).job.facts(era.day)
    best = era.source is not Source.PRICE_AND_DEMAND or era.day < date(2009, 7, 1)
    is_final = best and era.source is not Source.PUBLIC_PRICES
    assert facts["nemflow.quality"] == ("final" if is_final else "preliminary")
    assert kept(era).clean["quality"].unique().to_pylist() == [facts["nemflow.quality"]]
    for path in (kept(era).job.raw_path(era.day), kept(era).job.clean_path(era.day)):
        assert standing_path(path, era.day).exists() is not is_final


@pytest.mark.parametrize("day", [date(2014, 1, 1), date(2024, 8, 1)])
def test_frequency_prices_are_the_markets_and_null_where_the_file_has_none(kept, day):
    found = kept(next(era for era in ERAS if era.day == day))
    has_second = day >= date(2024, 8, 1)
    for service in FCAS_SERVICES:
        column = found.column(f"{service.lower()}_rrp")
        for end in interval_ends(day, 5)[5::42]:
            known = float(market.fcas_price(service, "SA1", end))
            expected = known if has_second or "1SEC" not in service else None
            assert column["SA1", end] == expected, service


def test_price_and_demand_has_energy_prices_only(kept):
    clean = kept(next(era for era in ERAS if era.forced)).clean
    empty = {name for name in clean.column_names if clean[name].null_count == clean.num_rows}
    assert {"rop", "apc_flag", "market_suspended", "price_status"} <= empty
    assert {f"{service.lower()}_rrp" for service in FCAS_SERVICES} <= empty
    assert clean["rrp"].null_count == 0


def test_tasmania_begins_in_the_middle_of_its_first_day(kept):
    found = kept(next(era for era in ERAS if era.day == date(2005, 5, 15)))
    ends = [end for region, end in found.intervals() if region == "TAS1"]
    assert (ends[0].hour, ends[0].minute, len(ends)) == (14, 0, 21)
    before = kept(next(era for era in ERAS if era.day == date(2005, 5, 14)))
    assert tuple(before.clean["region"].unique().to_pylist()) == MAINLAND


def test_of_a_bundle_only_its_directory_and_one_member_are_transferred(kept):
    found = kept(next(era for era in ERAS if era.day == date(2014, 1, 1)))
    assert {request.status for request in found.requests} == {206}
    assert {Path(request.path).name for request in found.requests} == {"MMSDM_2014_01.zip"}
    assert sum(request.bytes_sent for request in found.requests) < WHOLE_BUNDLE / 4
    [file] = found.job.facts(date(2014, 1, 1))["nemflow.files"]
    assert "MMSDM_2014_01.zip!/MMSDM_2014_01/" in file["url"]


def test_the_last_day_of_a_month_needs_no_other_month(kept):
    kept(next(era for era in ERAS if era.day == date(2014, 1, 1)))
    last = kept(next(era for era in ERAS if era.day == date(2014, 1, 31)))
    assert last.requests == []
    assert last.raw["SETTLEMENTDATE"].to_pylist()[-1].strip('"') == "2014/02/01 00:00:00"


def test_the_names_before_and_after_2024_08_are_both_asked_for_as_listed(kept):
    before = kept(next(era for era in ERAS if era.day == date(2024, 7, 31)))
    after = kept(next(era for era in ERAS if era.day == date(2024, 8, 1)))
    assert Path(before.requests[-1].path).name == "PUBLIC_DVD_DISPATCHPRICE_202407010000.zip"
    name = "PUBLIC_ARCHIVE%23DISPATCHPRICE%23FILE01%23202408010000.zip"
    assert Path(after.requests[-1].path).name == name
    assert name.replace("%23", "#") in after.job.archived()


def test_days_of_all_eras_open_as_one_data_set(kept):
    jobs = [kept(era).job for era in ERAS if not era.forced]
    folder = jobs[0].market.data_dir / "clean/nem_prices"
    found = ds.dataset(folder, partitioning="hive")
    assert found.schema.names == [*clean_schema(NEM_PRICES).names, "year", "month"]
    rows = found.count_rows(filter=(ds.field("year") == 2018) & (ds.field("month") == 5))
    assert rows == 3 * 1440


def test_a_days_archive_file_holds_what_the_server_published(kept, running_sandbox):
    found = kept(next(era for era in ERAS if era.day == date(2015, 1, 1)))
    path = found.requests[-1].path
    body = running_sandbox.server.tree.find(path, path).body
    assert found.job.archived()[Path(path).name] == hashlib.sha256(body).hexdigest()
