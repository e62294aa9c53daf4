"""AEMO's own month of ROOFTOP_PV_ACTUAL: the facts that the record of the table claims."""

from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pytest

from nemflow.tasks.nem.aemo_csv import read_day, read_table
from nemflow.tasks.nem.check import check_clean_day, check_raw_day, price_warnings
from nemflow.tasks.nem.datasets import NEM_ROOFTOP_PV
from nemflow.tasks.nem.market_time import Month, month_bounds
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.tables import ROOFTOP_PV_ACTUAL
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.unzip import open_published
from nemflow.tasks.nem.verify import verify_table_file

MONTH = Month(2019, 12)


@pytest.fixture(scope="module")
def path(aemo_files: Path) -> Path:
    """Where the file lies."""
    return next((aemo_files / "mmsdm_other" / "2019-12").glob("*ROOFTOP*"))


@pytest.fixture(scope="module")
def rows(path: Path) -> pa.Table:
    """All of its rows."""
    return read_table(open_published(path), ROOFTOP_PV_ACTUAL)


def test_the_file_is_accepted_though_it_reaches_a_day_into_the_next_month(path: Path) -> None:
    facts = verify_table_file(path, ROOFTOP_PV_ACTUAL, MONTH)
    assert facts.rows == 30_720 == 32 * 48 * 10 * 2
    assert facts.last_stamp == month_bounds(MONTH)[1]
    assert facts.complete


def test_the_key_tells_all_rows_apart(rows: pa.Table) -> None:
    columns = [rows[name].to_pylist() for name in ROOFTOP_PV_ACTUAL.key]
    assert len(set(zip(*columns, strict=True))) == rows.num_rows


def test_an_estimate_of_quality_0_is_one_without_power(rows: pa.Table) -> None:
    pairs = zip(rows["QI"].to_pylist(), rows["POWER"].to_pylist(), strict=True)
    assert {(quality == "0", power == "") for quality, power in pairs} == {
        (True, True),
        (False, False),
    }
    assert rows["QI"].to_pylist().count("0") == 16


def test_measurements_are_marked_better_than_satellites_wherever_both_are_there(rows) -> None:
    marks = defaultdict(dict)
    for row in rows.to_pylist():
        marks[row["INTERVAL_DATETIME"], row["REGIONID"]][row["TYPE"]] = float(row["QI"])
    assert all(mark["MEASUREMENT"] > mark["SATELLITE"] for mark in marks.values())


def test_the_parts_of_a_region_do_not_add_up_to_it(rows: pa.Table) -> None:
    power = defaultdict(float)
    for row in rows.to_pylist():
        if row["TYPE"] == "MEASUREMENT":
            area = row["REGIONID"]
            region = area if area in REGIONS else f"parts of {area[:3]}1"
            power[row["INTERVAL_DATETIME"], region] += float(row["POWER"])
    stamps = {stamp for stamp, _ in power}
    for region, apart in (("TAS1", 563), ("QLD1", 1)):
        gaps = [abs(power[stamp, region] - power[stamp, f"parts of {region}"]) for stamp in stamps]
        assert sum(gap > 0.01 for gap in gaps) == apart


def test_a_month_gives_the_best_estimate_of_each_half_hour_and_region(rows: pa.Table) -> None:
    clean = tidy(rows, NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL, source="x")
    assert clean.num_rows == 32 * 48 * 5
    assert set(clean["region"].to_pylist()) == set(REGIONS)
    assert set(clean["estimate_type"].to_pylist()) == {"MEASUREMENT"}
    assert Counter(clean["quality_indicator"].to_pylist()) == {1.0: 7655, 0.7: 25}
    assert clean["power_mw"].null_count == 0
    assert max(clean["power_mw"].to_pylist()) == 2158.826


def test_without_measurements_satellites_are_taken_and_a_failed_one_is_a_hole(rows) -> None:
    is_satellite = pa.array([kind == "SATELLITE" for kind in rows["TYPE"].to_pylist()])
    clean = tidy(rows.filter(is_satellite), NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL, source="x")
    assert clean.num_rows == 32 * 48 * 5
    holes = [row for row in clean.to_pylist() if row["power_mw"] is None]
    assert {row["region"] for row in holes} == {"TAS1"}
    assert len(holes) == 5


def test_every_day_of_the_month_is_whole(path: Path) -> None:
    data = open_published(path)
    for day in MONTH.days():
        raw = read_day(data, ROOFTOP_PV_ACTUAL, day)
        assert raw.num_rows == 48 * 20
        check_raw_day(raw, NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL, day, regions=REGIONS)
        clean = tidy(raw, NEM_ROOFTOP_PV, ROOFTOP_PV_ACTUAL, source="x")
        check_clean_day(clean, NEM_ROOFTOP_PV, day)
        assert price_warnings(clean, NEM_ROOFTOP_PV, day) == []
