import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.errors import UnreadableTarget
from nemflow.results.parquet_footer import Footer, read_footer

NAMES = st.text(max_size=12)
TYPES = st.recursive(
    st.sampled_from(
        [
            pa.bool_(),
            pa.int16(),
            pa.float64(),
            pa.string(),
            pa.binary(7),
            pa.decimal128(20, 4),
            pa.timestamp("us", tz="Australia/Brisbane"),
        ]
    ),
    lambda inner: st.one_of(
        inner.map(pa.list_),
        inner.map(lambda kind: pa.struct([("a", kind), ("b", pa.int64())])),
        inner.map(lambda kind: pa.map_(pa.string(), kind)),
    ),
    max_leaves=3,
)


@st.composite
def tables(draw) -> pa.Table:
    kinds = draw(st.lists(TYPES, min_size=1, max_size=20))
    metadata = draw(st.dictionaries(NAMES.filter(lambda name: name != "ARROW:schema"), NAMES))
    rows = draw(st.integers(0, 40))
    columns = [pa.nulls(rows, kind) for kind in kinds]
    schema = pa.schema(
        [(f"column {number}", kind) for number, kind in enumerate(kinds)], metadata=metadata
    )
    return pa.Table.from_arrays(columns, schema=schema)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("footers")


def by_arrow(path) -> Footer:
    told = pq.read_metadata(path)
    return Footer(told.num_rows, {k.decode(): v.decode() for k, v in (told.metadata or {}).items()})


def rows_or_refusal(path) -> int:
    """How many rows the file tells of; -1 where it is refused. No other error is let through."""
    try:
        return read_footer(path).rows
    except UnreadableTarget:
        return -1


def file_of(footer: bytes) -> bytes:
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def small_file(path) -> bytes:
    """A file of every kind of value a footer has; returns its footer."""
    table = pa.table(
        {
            "n": [1, 2, None],
            "x": [1.5, 2.5, 3.5],
            "words": ["a", None, "c" * 40],
            "l": [[1], [], None],
        }
    ).replace_schema_metadata({"source": "MMSDM", "größe": "ü" * 200})
    pq.write_table(table, path, row_group_size=2)
    whole = path.read_bytes()
    length = int.from_bytes(whole[-8:-4], "little")
    return whole[-8 - length : -8]


@given(
    table=tables(),
    groups=st.integers(1, 20),
    statistics=st.booleans(),
    version=st.sampled_from(["1.0", "2.6"]),
    compression=st.sampled_from(["none", "zstd", "snappy"]),
    arrow_schema=st.booleans(),
)
def test_it_says_what_pyarrow_says(
    folder, table, groups, statistics, version, compression, arrow_schema
):
    path = folder / "any.parquet"
    pq.write_table(
        table,
        path,
        row_group_size=groups,
        write_statistics=statistics,
        version=version,
        compression=compression,
        store_schema=arrow_schema,
    )
    assert read_footer(path) == by_arrow(path)


def test_a_footer_longer_than_the_first_read_is_read_whole(tmp_path):
    table = pa.table({f"column {n}": [0.5] for n in range(2000)})
    pq.write_table(table.replace_schema_metadata({"k": "v" * 100_000}), tmp_path / "wide.parquet")
    told = read_footer(tmp_path / "wide.parquet")
    assert (told.rows, told.metadata["k"]) == (1, "v" * 100_000)


def test_a_file_without_metadata_has_none(tmp_path):
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "bare.parquet", store_schema=False)
    assert read_footer(tmp_path / "bare.parquet") == Footer(2, {})


def test_every_cut_footer_is_refused(tmp_path):
    footer = small_file(tmp_path / "whole.parquet")
    path = tmp_path / "cut.parquet"
    for size in range(len(footer)):
        path.write_bytes(file_of(footer[:size]))
        with pytest.raises(UnreadableTarget, match=r"cut\.parquet cannot be read as Parquet"):
            read_footer(path)


@given(data=st.data())
def test_a_garbled_footer_ends_in_an_answer_or_a_refusal(folder, data):
    footer = bytearray(small_file(folder / "whole.parquet"))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(footer) - 1))
        footer[at] = data.draw(st.integers(0, 255))
    (folder / "garbled.parquet").write_bytes(file_of(bytes(footer)))
    assert rows_or_refusal(folder / "garbled.parquet") >= -1


@given(junk=st.binary(max_size=200))
def test_junk_is_refused(folder, junk):
    path = folder / "junk.parquet"
    path.write_bytes(junk)
    with pytest.raises(UnreadableTarget):
        read_footer(path)


@given(junk=st.binary(max_size=200))
def test_junk_in_the_footer_ends_in_an_answer_or_a_refusal(folder, junk):
    path = folder / "junk.parquet"
    path.write_bytes(file_of(junk))
    assert rows_or_refusal(path) >= -1


@pytest.mark.parametrize(
    ("footer", "why"),
    [
        (b"", "ends too early"),
        (b"\x00", "how many rows"),
        (b"\x36\x02\x00\x00", "ends before its length"),
        (b"\x36\x01\x00", "how many rows"),  # -1 rows
        (b"\x36" + b"\xff" * 20, "more than 64 bits"),
        (b"\x1c" * 5000, "levels deep"),  # structures in structures
        (b"\x19" * 5000, "levels deep"),  # lists in lists
        (b"\x19\xf5\xff\xff\xff\xff\x0f", "list longer than itself"),
        (b"\x18\xff\xff\xff\xff\x0f", "ends too early"),  # a text of 4 GB
        (b"\x1b\xff\xff\xff\xff\x0f\x55", "list longer than itself"),  # a map
        (b"\x1f", "unknown type 15"),
        (b"\x36\x02\x29\x15\x02", "no pairs"),
        (b"\x36\x02\x29\x1c\x18\x01\xff\x00\x00", "no text"),
    ],
)
def test_what_no_footer_says_is_refused_with_the_reason(tmp_path, footer, why):
    path = tmp_path / "bad.parquet"
    path.write_bytes(file_of(footer))
    with pytest.raises(UnreadableTarget, match=why):
        read_footer(path)


def test_values_of_every_kind_are_stepped_over(tmp_path):
    fields = [
        b"\x11",  # a true boolean
        b"\x12",  # a false one
        b"\x13\x7f",  # a byte
        b"\x14\x80\x01",  # 16 bits
        b"\x17" + bytes(8),  # a double
        b"\x1a\x31\x01\x02\x01",  # a set of booleans, a byte each
        b"\x1b\x00",  # an empty map
        b"\x1b\x02\x83\x01a\x05\x01b\x06",  # a map of texts to bytes
    ]
    # rows and their field number written out, then a field that nobody knows
    footer = b"".join(fields) + b"\x06\x06\x0a" + b"\x15\x02" + b"\x00"
    (tmp_path / "odd.parquet").write_bytes(file_of(footer))
    assert read_footer(tmp_path / "odd.parquet") == Footer(5, {})


def test_an_encrypted_footer_is_refused(tmp_path):
    footer = small_file(tmp_path / "whole.parquet")
    (tmp_path / "secret.parquet").write_bytes(
        b"PARE" + footer + struct.pack("<I", len(footer)) + b"PARE"
    )
    with pytest.raises(UnreadableTarget, match="do not end as a Parquet file"):
        read_footer(tmp_path / "secret.parquet")
