"""Which version of a flow made a file, in its metadata."""

from dataclasses import replace
from datetime import date

import pytest

from nemflow import parquet
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.months import join_days
from nemflow.flows.nem.provenance import split_facts
from nemflow.tasks.nem.sources import Source

DAY = date(2014, 1, 1)


@pytest.fixture
def made(job):
    """Make a day as the command line does."""
    assert job.run(DAY, versioned=True, source=Source.PRICE_AND_DEMAND).is_successful(), job.states
    return job


@pytest.mark.parametrize("stage", ["raw", "clean"])
def test_a_file_tells_the_version_that_the_flow_has(made, stage):
    path = made.raw_path(DAY) if stage == "raw" else made.clean_path(DAY)
    [entry] = [entry for entry in CATALOG.dataset("nem_prices") if entry.stage == stage]
    told = parquet.read_metadata(path)["nemflow.flow_version"]
    assert told == entry.build(made.market).version


def test_a_compacted_month_tells_it_for_each_day(made):
    clean = made.clean(DAY)
    month = {k.decode(): v.decode() for k, v in join_days([clean]).schema.metadata.items()}
    version = clean.schema.metadata[b"nemflow.flow_version"].decode()
    assert split_facts(month)[DAY]["nemflow.flow_version"] == version


def test_it_is_not_worked_out_where_nobody_asks(job):
    assert job.run(DAY, "raw", source=Source.PRICE_AND_DEMAND).is_successful()
    assert "nemflow.flow_version" not in parquet.read_metadata(job.raw_path(DAY))


@pytest.mark.parametrize("entry", CATALOG.dataset("nem_prices"), ids=lambda entry: entry.stage)
def test_it_is_the_same_in_every_folder(job, entry, tmp_path):
    elsewhere = replace(job.market, data_dir=tmp_path / "elsewhere")
    assert entry.build(job.market).version == entry.build(elsewhere).version
