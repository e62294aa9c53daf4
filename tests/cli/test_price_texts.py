"""Rows as text: CSV, JSON lines and a table for people."""

import csv
import io
import json
from datetime import datetime

import pyarrow as pa

from nemflow.cli.price_texts import (
    csv_header,
    csv_lines,
    json_lines,
    table_header,
    table_lines,
)
from nemflow.tasks.nem.market_time import ARROW_ZONE, NEM_TIME

TABLE = pa.table(
    {
        "interval_end": pa.array(
            [datetime(2014, 1, 1, 0, 5, tzinfo=NEM_TIME), datetime(2014, 7, 1, tzinfo=NEM_TIME)],
            pa.timestamp("us", ARROW_ZONE),
        ),
        "region": pa.array(["SA1", 'a "b", c']),
        "rrp": pa.array([-1000.0, None]),
        "tiny": pa.array([1.25e-7, float("nan")]),
        "apc_flag": pa.array([4, None], pa.int32()),
        "market_suspended": pa.array([True, None]),
    },
    schema=pa.schema(
        [
            pa.field("interval_end", pa.timestamp("us", ARROW_ZONE)),
            pa.field("region", pa.string()),
            pa.field("rrp", pa.float64(), metadata={"unit": "AUD/MWh"}),
            pa.field("tiny", pa.float64()),
            pa.field("apc_flag", pa.int32()),
            pa.field("market_suspended", pa.bool_()),
        ]
    ),
)


def test_csv_has_market_times_with_their_offset_and_quotes_only_what_needs_it():
    text = (csv_header(TABLE.schema) + csv_lines(TABLE)).decode()
    head, first, second = csv.reader(io.StringIO(text))
    assert head == TABLE.column_names
    assert first == ["2014-01-01T00:05:00+10:00", "SA1", "-1000", "1.25e-7", "4", "true"]
    assert second == ["2014-07-01T00:00:00+10:00", 'a "b", c', "", "nan", "", ""]
    assert '"SA1"' not in text


def test_json_is_an_object_a_line_with_null_for_what_is_not_known():
    first, second = (json.loads(line) for line in json_lines(TABLE).decode().splitlines())
    assert first == {
        "interval_end": "2014-01-01T00:05:00+10:00",
        "region": "SA1",
        "rrp": -1000.0,
        "tiny": 1.25e-7,
        "apc_flag": 4,
        "market_suspended": True,
    }
    assert second["region"] == 'a "b", c'
    assert [second[key] for key in ("rrp", "tiny", "apc_flag", "market_suspended")] == [None] * 4


def test_the_table_for_people_is_aligned_and_names_units():
    lines = [*table_header(TABLE.schema), *table_lines(TABLE.slice(0, 1))]
    assert lines == [
        "interval_end      region         rrp        tiny    apc_flag  market_suspended",
        "UTC+10                       AUD/MWh",
        "2014-01-01 00:05  SA1      -1,000.00        0.00           4  yes",
    ]


def test_no_rows_make_no_lines():
    assert (csv_lines(TABLE.slice(0, 0)), json_lines(TABLE.slice(0, 0))) == (b"", b"")
    assert table_lines(TABLE.slice(0, 0)) == []
