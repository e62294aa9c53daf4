from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results.parquet import check_parquet_magic, read_metadata, read_table, write_table

SCHEMA = pa.schema(
    [
        pa.field("interval_end", pa.timestamp("ms", "Australia/Brisbane"), nullable=False),
        pa.field("region", pa.string(), metadata={"unit": "none"}),
        pa.field("rrp", pa.float64()),
    ],
    metadata={"source": "MMSDM", "größe": "ü"},
)


@pytest.fixture
def table():
    ends = [datetime(2014, 1, 1, hour, tzinfo=UTC) for hour in range(24)]
    return pa.table([ends, ["NSW1", "QLD1"] * 12, [1.5, None] * 12], schema=SCHEMA)


@pytest.fixture
def path(tmp_path, table):
    write_table(table, tmp_path / "a.parquet", dictionary_columns=["region"])
    return tmp_path / "a.parquet"


def test_the_schema_that_goes_in_comes_out_with_its_metadata(path, table):
    back = read_table(path)
    assert back.equals(table, check_metadata=True)


def test_only_the_named_columns_are_stored_by_dictionary_all_with_zstd(path):
    group = pq.read_metadata(path).row_group(0)
    columns = [group.column(number) for number in range(3)]
    assert [column.has_dictionary_page for column in columns] == [False, True, False]
    assert {column.compression for column in columns} == {"ZSTD"}


def test_a_table_is_one_row_group_even_if_it_is_long_or_empty(tmp_path, table):
    long = pa.table({"x": range(1_200_000)})
    for made in (long, table.slice(0, 0)):
        write_table(made, tmp_path / "b.parquet")
        assert pq.read_metadata(tmp_path / "b.parquet").num_row_groups == 1
        assert read_table(tmp_path / "b.parquet").num_rows == made.num_rows


def test_columns_come_in_the_order_they_are_asked_for(path):
    assert read_table(path, ["rrp", "region"]).column_names == ["rrp", "region"]


def test_a_folder_named_like_a_partition_adds_no_column(tmp_path, table):
    (tmp_path / "year=2014").mkdir()
    write_table(table, tmp_path / "year=2014" / "a.parquet")
    assert read_table(tmp_path / "year=2014" / "a.parquet").schema == SCHEMA


def test_a_column_that_is_not_there_is_named(path, table, tmp_path):
    with pytest.raises(ResultError, match=r"a\.parquet has no column price; it has interval_end,"):
        read_table(path, ["rrp", "price"])
    with pytest.raises(ResultError, match="no column price"):
        write_table(table, tmp_path / "b.parquet", dictionary_columns=["price"])


@pytest.mark.parametrize("type_", [pa.timestamp("s"), pa.time32("s")])
def test_seconds_are_refused_because_parquet_would_make_another_type_of_them(tmp_path, type_):
    made = pa.table({"t": pa.array([1], type_)})
    with pytest.raises(ResultError, match=r"whole seconds \(column t\)"):
        write_table(made, tmp_path / "b.parquet")


def test_metadata_is_read_as_text(path, tmp_path):
    assert read_metadata(path) == {"source": "MMSDM", "größe": "ü"}
    write_table(pa.table({"x": [1]}), tmp_path / "b.parquet")
    assert read_metadata(tmp_path / "b.parquet") == {}


@pytest.mark.parametrize("read", [read_table, read_metadata, check_parquet_magic])
@pytest.mark.parametrize("size", [0, 3, 8, 11, 100, -1])
def test_a_file_cut_anywhere_is_unreadable_and_named(path, read, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UnreadableTarget, match=r"a\.parquet"):
        read(path)


@pytest.mark.parametrize("read", [read_table, read_metadata, check_parquet_magic])
def test_a_file_that_is_not_there_is_unreadable_and_named(tmp_path, read):
    with pytest.raises(UnreadableTarget, match=r"none\.parquet"):
        read(tmp_path / "none.parquet")


def test_a_whole_file_passes_the_cheap_check(path):
    assert path.read_bytes()[:4] == b"PAR1"
    check_parquet_magic(path)


def test_a_footer_longer_than_the_file_fails_the_cheap_check(tmp_path):
    (tmp_path / "a").write_bytes(b"PAR1" + (99).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(UnreadableTarget, match="not a whole"):
        check_parquet_magic(tmp_path / "a")
