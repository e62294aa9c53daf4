"""Every data set goes through the same two stages; here those beside nem_prices, on the sandbox."""

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest

from nemflow import parquet
from nemflow.errors import SettingsError
from nemflow.flows.nem.catalog import CATALOG
from nemflow.tasks.nem.datasets import (
    DATASETS,
    NEM_AVERAGE_PRICES,
    NEM_DEMAND,
    NEM_PRICES,
    NEM_ROOFTOP_PV,
    NEM_TRADING_PRICES,
)
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends
from nemflow.tasks.nem.regions import regions_on
from nemflow.tasks.nem.sandbox import SandboxServer, market
from nemflow.tasks.nem.sandbox.rooftop import rooftop_power
from nemflow.tasks.nem.sources import Source, ladder
from nemflow.tasks.nem.tidy import clean_schema


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One data folder for all tests here, so that a month's file is fetched once."""
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture
def job_of(folder, sandbox, make_job):
    """Return a function that gives the job of a data set."""
    job = make_job(folder, sandbox.url, now=sandbox.clock)
    return lambda dataset: replace(job, dataset=dataset.name)


def test_the_catalog_has_both_stages_of_every_data_set_named_by_it():
    assert CATALOG.datasets() == list(DATASETS)
    for dataset in DATASETS:
        raw, clean = CATALOG.dataset(dataset)
        assert (raw.name, raw.stage) == (f"{dataset}_raw", "raw")
        assert (clean.name, clean.stage) == (f"{dataset}_clean", "clean")


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_run_of_a_day_is_named_by_data_set_stage_and_date(dataset, job_of):
    for entry in CATALOG.dataset(dataset.name):
        plan = entry.build(job_of(dataset).market).plan({"date": date(2014, 1, 1)})
        assert plan.name == f"{dataset.name}_{entry.stage}_2014-01-01"
        assert f"/{entry.stage}/{dataset.name}/" in plan.target


@pytest.mark.parametrize(
    ("day", "source", "minutes"),
    [
        (date(2001, 7, 1), Source.PRICE_AND_DEMAND, 30),
        (date(2014, 1, 1), Source.BUNDLE, 30),
        (date(2021, 9, 29), Source.MMSDM, 30),
        (date(2021, 9, 30), Source.MMSDM, 30),
        (date(2021, 10, 1), Source.MMSDM, 5),
        (date(2021, 10, 2), Source.MMSDM, 5),
        (date(2024, 8, 31), Source.MMSDM, 5),
    ],
    ids=str,
)
def test_trading_prices_are_the_markets_in_its_grid_also_around_the_switch(
    job_of, day, source, minutes
):
    job = job_of(NEM_TRADING_PRICES)
    assert job.run(day).is_successful(), job.states
    clean = job.clean(day)
    ends = interval_ends(day, minutes)
    found = zip(
        *(clean[name].to_pylist() for name in ("interval_end", "region", "rrp")), strict=True
    )
    assert list(found) == [
        (end, region, float(market.trading_price(region, end)))
        for end in ends
        for region in regions_on(day)
    ]
    assert set(clean["resolution_minutes"].to_pylist()) == {minutes}
    facts = job.facts(day)
    assert facts["nemflow.source"] == f"SYNTHETIC {source}"
    assert facts["nemflow.table"] == NEM_TRADING_PRICES.tables[source].name
    assert facts["nemflow.quality"] == "final"
    assert clean.schema.names == clean_schema(NEM_TRADING_PRICES).names


@pytest.fixture(scope="module")
def job_of_2021(tmp_path_factory, make_job):
    """The job of trading prices as of the week after five-minute settlement began."""
    now = datetime(2021, 10, 5, 9, tzinfo=NEM_TIME)
    with SandboxServer(now=lambda: now) as server:
        job = make_job(tmp_path_factory.mktemp("2021"), server.url, now=lambda: now)
        yield replace(job, dataset=NEM_TRADING_PRICES.name)


@pytest.mark.parametrize("day", [date(2021, 9, 15), date(2021, 9, 30)], ids=str)
def test_half_hours_are_in_the_daily_reports_of_their_time(job_of_2021, day):
    job = job_of_2021
    assert job.run(day).is_successful(), job.states
    clean = job.clean(day)
    rows = [(row["interval_end"], row["region"], row["rrp"]) for row in clean.to_pylist()]
    assert rows == [
        (end, region, float(market.trading_price(region, end)))
        for end in interval_ends(day, 30)
        for region in regions_on(day)
    ]
    facts = job.facts(day)
    assert facts["nemflow.source"] == "SYNTHETIC public-prices"
    assert (facts["nemflow.table"], facts["nemflow.quality"]) == ("TREGION", "preliminary")
    assert set(clean["invalid_flag"].to_pylist()) == {"0"}
    assert clean["price_status"].null_count == 48 * 5


def test_the_daily_reports_have_no_trading_prices_since_five_minute_settlement(job_of_2021):
    job, day = job_of_2021, date(2021, 10, 2)
    assert job.run(day).is_successful(), job.states
    assert job.facts(day)["nemflow.source"] == "SYNTHETIC tradingis"
    with pytest.raises(SettingsError, match="--source public-prices has nothing of 2021-10-02"):
        ladder(NEM_TRADING_PRICES, day, job.market.now(), Source.PUBLIC_PRICES)


def test_trading_prices_keep_status_and_flag_where_the_source_has_them(job_of):
    job = job_of(NEM_TRADING_PRICES)
    for day, expected in ((date(2014, 1, 1), {("FIRM", "0")}), (date(2001, 7, 1), {(None, None)})):
        job.run(day)
        clean = job.clean(day)
        pairs = zip(*(clean[n].to_pylist() for n in ("price_status", "invalid_flag")), strict=True)
        assert set(pairs) == expected


@pytest.mark.parametrize(
    ("day", "minutes"), [(date(2001, 7, 1), 30), (date(2021, 10, 1), 5)], ids=str
)
def test_demand_of_price_and_demand_is_the_mean_of_the_intervals(job_of, day, minutes):
    job = job_of(NEM_DEMAND)
    assert job.run(day, source=Source.PRICE_AND_DEMAND).is_successful(), job.states
    count = minutes // 5
    five = interval_ends(day, 5)
    for row in job.clean(day).to_pylist():
        last = five.index(row["interval_end"])
        parts = [market.demand(row["region"], end) for end in five[last + 1 - count : last + 1]]
        mean = (sum(parts) / count).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert row["demand_mw"] == float(mean)
        assert row["net_export_mw"] is None


@pytest.mark.parametrize("day", [date(2014, 2, 17), date(2018, 5, 19), date(2024, 8, 31)], ids=str)
def test_demand_of_the_month_files_balances_and_marks_interventions(job_of, day):
    job = job_of(NEM_DEMAND)
    assert job.run(day).is_successful(), job.states
    rows = job.clean(day).to_pylist()
    assert [(row["interval_end"], row["region"]) for row in rows] == [
        (end, region) for end in interval_ends(day, 5) for region in regions_on(day)
    ]
    for row in rows:
        assert row["demand_mw"] == float(market.demand(row["region"], row["interval_end"]))
        met = row["dispatched_generation_mw"] - row["dispatched_load_mw"] - row["net_export_mw"]
        assert row["demand_mw"] == pytest.approx(met, abs=0.011)
        assert row["intervention"] == market.intervention(row["interval_end"])
    facts = job.facts(day)
    assert (facts["nemflow.table"], facts["nemflow.rows"]) == ("DISPATCHREGIONSUM", "1440")


@pytest.mark.parametrize("day", [date(2016, 8, 1), date(2019, 12, 31)], ids=str)
def test_rooftop_output_is_what_was_measured_in_the_regions(job_of, day):
    job = job_of(NEM_ROOFTOP_PV)
    assert job.run(day).is_successful(), job.states
    power = {region: rooftop_power(region, day) for region in regions_on(day)}
    found = [(row["region"], row["power_mw"]) for row in job.clean(day).to_pylist()]
    assert found == [
        (region, power[region][half_hour] / 1000)
        for half_hour in range(48)
        for region in regions_on(day)
    ]


@pytest.mark.parametrize(
    ("day", "quality"), [(date(2026, 11, 4), "live"), (date(2026, 11, 1), "preliminary")], ids=str
)
@pytest.mark.parametrize("dataset", [NEM_PRICES, NEM_DEMAND], ids=lambda each: each.name)
def test_the_older_form_of_dispatchis_gives_its_values_but_no_price_status(
    job_of, dataset, day, quality
):
    job = job_of(dataset)
    assert job.run(day, force=True, source=Source.DISPATCHIS).is_successful(), job.states
    expected = job.clean(day)
    assert job.run(day, force=True, source=Source.DISPATCH_REPORTS).is_successful(), job.states
    found = job.clean(day)
    for name in ("interval_end", "region", dataset.value):
        assert found[name].equals(expected[name])
    facts = job.facts(day)
    assert facts["nemflow.source"] == "SYNTHETIC dispatch-reports"
    assert (facts["nemflow.table"], facts["nemflow.quality"]) == ("DREGION", quality)
    if dataset is NEM_PRICES:
        assert found["raise6sec_rrp"].equals(expected["raise6sec_rrp"])
        lacking = [name for name in found.column_names if found[name].null_count]
        assert lacking == ["raise1sec_rrp", "lower1sec_rrp", "price_status"]


def test_two_data_sets_share_the_published_files_of_a_day_but_not_their_own(job_of, sandbox):
    day = date(2001, 7, 1)
    prices, demand = job_of(NEM_TRADING_PRICES), job_of(NEM_DEMAND)
    assert prices.run(day).is_successful()
    asked = len(sandbox.requests)
    assert demand.run(day, source=Source.PRICE_AND_DEMAND).is_successful()
    assert len(sandbox.requests) == asked
    assert prices.raw_path(day) != demand.raw_path(day)
    files = [json.loads(parquet.read_metadata(job.raw_path(day))["nemflow.files"])
             for job in (prices, demand)]  # fmt: skip
    assert files[0] == files[1]


def test_average_prices_are_those_of_the_market_with_their_confidence(job_of):
    day = date(2024, 8, 31)  # its last half hour ends in September
    job = job_of(NEM_AVERAGE_PRICES)
    assert job.run(day).is_successful(), job.states
    facts = job.facts(day)
    assert (facts["nemflow.table"], facts["nemflow.quality"]) == ("AVERAGEPRICE30", "final")
    clean = parquet.read_table(job.clean_path(day))
    assert clean.num_rows == 240
    assert set(clean["price_confidence"].to_pylist()) == {"FIRM", "NOT FIRM"}
    for row in clean.to_pylist()[::17]:
        average = market.average_price(row["region"], row["interval_end"])
        assert row["rrp"] == float(average)


def test_a_day_before_the_first_average_prices_says_what_to_take(job_of, sandbox):
    job = job_of(NEM_AVERAGE_PRICES)
    asked = len(sandbox.requests)
    assert job.run(date(2024, 7, 31), "raw").is_failed()
    assert job.states["extract"].message == (
        "AEMO publishes no AVERAGEPRICE30 of 2024-07-31: its files begin with 2024-08-01; take the "
        "half-hour means of nem_trading_prices: "
        "nemflow prices --dataset nem_trading_prices --resample 30min"
    )
    assert len(sandbox.requests) == asked


def test_a_day_before_the_first_rooftop_estimates_is_said_to_have_none(job_of):
    job = job_of(NEM_ROOFTOP_PV)
    assert job.run(date(2009, 6, 30), "raw").is_failed()
    said = "AEMO publishes no ROOFTOP_PV_ACTUAL of 2009-06-30"
    assert job.states["extract"].message == said


def test_raw_rows_of_an_unknown_table_are_named(job_of):
    day = date(2001, 7, 1)
    job = job_of(NEM_DEMAND)
    job.run(day, source=Source.PRICE_AND_DEMAND)
    rows = job.raw(day)
    parquet.write_table(
        rows.replace_schema_metadata({**rows.schema.metadata, b"nemflow.table": b"GONE"}),
        job.raw_path(day),
    )
    state = job.run(day, "clean", force=True)
    assert state.is_failed()
    assert "of the table 'GONE', which is not known" in state.message
