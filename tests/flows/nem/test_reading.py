"""Clean days are read as one table, from day files and compacted months, and no more than is needed."""

from datetime import date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nemflow import parquet
from nemflow.errors import ParameterError, UnreadableTarget
from nemflow.flows.nem.compaction import compact_months
from nemflow.flows.nem.month_plan import Surroundings
from nemflow.flows.nem.question import ask, find_days
from nemflow.flows.nem.reading import find_facts, read_months, schema_of
from nemflow.tasks.nem.market_time import NEM_TIME

NOW = datetime(2026, 11, 5, 9, tzinfo=NEM_TIME)
FIRST, LAST = date(2014, 2, 1), date(2014, 3, 10)


def read(data_dir, start, end, **more) -> pa.Table:
    question = ask(start, end, data_dir=data_dir, now=NOW, **more)
    found, schema = find_days(question, NOW), schema_of(question)
    return pa.concat_tables([schema.empty_table(), *read_months(question, found.months, schema)])


def compact(data_dir) -> None:
    where = Surroundings(data_dir=data_dir, lock_dir=None, grace_s=0, settle_s=0)
    outcomes = [record.outcome for record in compact_months(where, "nem_prices")]
    assert outcomes == ["compacted", "not_whole"]


@pytest.fixture
def stored(tmp_path, put_clean_days):
    """February as one file, ten days of March as files of their own."""
    put_clean_days(tmp_path, FIRST, LAST)
    compact(tmp_path)
    return tmp_path


def test_days_and_months_side_by_side_are_one_table_in_order(stored, price_of):
    table = read(stored, FIRST, LAST)
    keys = list(zip(table["interval_end"].to_pylist(), table["region"].to_pylist(), strict=True))
    assert keys == sorted(set(keys))
    assert len(keys) == 38 * 48 * 5
    assert table["rrp"][-1].as_py() == price_of(LAST, "VIC1", 47)


def test_a_span_within_a_day_holds_the_intervals_that_lie_in_it_whole(stored):
    for day in (date(2014, 2, 20), date(2014, 3, 5)):
        since = datetime(day.year, day.month, day.day, 10, 10, tzinfo=NEM_TIME)
        starts = read(stored, since, since.replace(hour=12), regions=["SA"])["interval_start"]
        times = [f"{start:%H:%M}" for start in starts.to_pylist()]
        assert times == ["10:30", "11:00", "11:30"]


def test_regions_and_columns_are_picked_in_the_order_asked(stored):
    table = read(stored, FIRST, FIRST, regions=["vic1", "SA"], columns=["rrp", "region"])
    assert table.column_names == ["rrp", "region"]
    assert table["region"].unique().to_pylist() == ["SA1", "VIC1"]
    assert table.num_rows == 2 * 48


def test_fields_carry_their_units(stored):
    assert read(stored, FIRST, FIRST).schema.field("rrp").metadata[b"unit"] == b"AUD/MWh"


def test_only_files_of_the_days_asked_for_are_opened(stored):
    broken = stored / "clean/nem_prices/year=2014/month=03/nem_prices_2014-03-02.parquet"
    broken.write_bytes(b"no Parquet")
    assert read(stored, "2014-03-03", "2014-03-04").num_rows == 2 * 48 * 5
    with pytest.raises(UnreadableTarget, match=r"nem_prices_2014-03-02\.parquet cannot be read"):
        read(stored, "2014-03-02", "2014-03-03")


def test_only_row_groups_that_can_have_rows_are_read(stored):
    path = stored / "clean/nem_prices/year=2014/month=02/nem_prices_2014-02.parquet"
    column = pq.read_metadata(path).row_group(0).column(3)
    content = bytearray(path.read_bytes())
    begin = column.data_page_offset
    content[begin : begin + column.total_compressed_size] = bytes(column.total_compressed_size)
    path.write_bytes(content)  # the first days' prices are gone
    assert read(stored, "2014-02-20", "2014-02-22").num_rows == 3 * 48 * 5
    with pytest.raises(UnreadableTarget):
        read(stored, "2014-02-01", "2014-02-22")


def test_a_day_in_a_file_beside_its_month_counts_in_place_of_the_months(stored, put_clean_days):
    [path] = put_clean_days(stored, date(2014, 2, 7), source="bundle")
    assert path.exists()
    table = read(stored, "2014-02-06", "2014-02-08", columns=["source"])
    assert table["source"].to_pylist() == (
        ["mmsdm"] * 48 * 5 + ["bundle"] * 48 * 5 + ["mmsdm"] * 48 * 5
    )


def test_a_column_that_older_files_lack_is_null_in_their_rows(stored):
    path = stored / "clean/nem_prices/year=2014/month=03/nem_prices_2014-03-01.parquet"
    older = parquet.read_table(path).drop_columns(["quality"])
    parquet.write_table(older, path)
    table = read(stored, "2014-03-01", "2014-03-02", columns=["quality"])
    assert table["quality"].to_pylist() == [None] * 240 + ["final"] * 240


def test_an_unknown_column_is_refused_with_the_nearest_and_all(stored):
    told = r"there is no column 'rpp'; did you mean 'rrp'\? There are interval_start, "
    with pytest.raises(ParameterError, match=told):
        read(stored, FIRST, FIRST, columns=["rpp"])


def test_the_newest_file_says_where_the_data_come_from(stored):
    question = ask(FIRST, LAST, data_dir=stored, now=NOW)
    assert find_facts(question, find_days(question, NOW).months)["nemflow.day"] == "2014-03-10"
    assert find_facts(question, []) == {}
