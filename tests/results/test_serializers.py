import base64
import bz2
import gzip
import lzma
import pickle
import subprocess
import sys
import zlib
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemflow.errors import DefinitionError, ResultError
from nemflow.results import (
    CompressedSerializer,
    DateTimeSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
)

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(max_examples=100, database=None, deadline=None)
@given(PLAIN | st.binary() | st.sets(st.integers()) | st.datetimes())
def test_a_pickled_value_comes_back(value):
    data = PickleSerializer().serialize(value)
    assert PickleSerializer().deserialize(data) == value
    assert PickleSerializer().deserialize(base64.b64encode(data)) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_age_are_read(protocol):
    data = pickle.dumps({"gA": [1, 2.5, "x"]}, protocol)
    assert PickleSerializer().deserialize(data) == {"gA": [1, 2.5, "x"]}


def test_a_function_made_on_the_spot_can_be_pickled():
    data = PickleSerializer().serialize(lambda number: number + 1)
    assert PickleSerializer().deserialize(data)(1) == 2


@settings(max_examples=100, database=None, deadline=None)
@given(PLAIN)
def test_a_plain_value_comes_back_from_json(value):
    assert JSONSerializer().deserialize(JSONSerializer().serialize(value)) == value


@settings(max_examples=100, database=None, deadline=None)
@given(st.datetimes(timezones=ZONES))
def test_an_instant_comes_back_with_its_offset(value):
    back = DateTimeSerializer().deserialize(DateTimeSerializer().serialize(value))
    assert (back, back.utcoffset()) == (value, value.utcoffset())


def test_an_instant_is_kept_as_text_a_person_can_read():
    instant = datetime(2014, 1, 2, 3, 4, tzinfo=UTC)
    assert DateTimeSerializer().serialize(instant) == b"2014-01-02T03:04:00+00:00"


@pytest.mark.parametrize(
    ("serializer", "value"),
    [
        (PickleSerializer(), (number for number in [1])),
        (JSONSerializer(), {1, 2}),
        (DateTimeSerializer(), datetime(2014, 1, 1)),
        (DateTimeSerializer(), "2014-01-01"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused_in_a_sentence(serializer, value):
    with pytest.raises(ResultError):
        serializer.serialize(value)


def test_a_text_without_a_zone_is_not_taken_for_an_instant():
    with pytest.raises(ValueError, match="no time zone"):
        DateTimeSerializer().deserialize(b"2014-01-01T00:00:00")


FORMATS = {"bz2": bz2, "gzip": gzip, "lzma": lzma, "zlib": zlib}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, database=None, deadline=None)
@given(value=PLAIN)
def test_a_value_comes_back_from_its_compressed_form(name, value):
    serializer = CompressedSerializer(JSONSerializer(), name)
    data = serializer.serialize(value)
    assert FORMATS[name].decompress(data) == JSONSerializer().serialize(value)
    assert serializer.deserialize(data) == value


@settings(max_examples=30, database=None, deadline=None)
@given(value=st.binary(max_size=200))
def test_functions_may_stand_in_place_of_a_format(value):
    turn = lambda data: data[::-1]  # noqa: E731  # a function made on the spot is what is tried
    serializer = CompressedSerializer(PickleSerializer(), compress=turn, decompress=turn)
    assert serializer.serialize(value) == PickleSerializer().serialize(value)[::-1]
    assert serializer.deserialize(serializer.serialize(value)) == value


def test_compression_may_be_nested():
    twice = CompressedSerializer(CompressedSerializer(JSONSerializer(), "bz2"), "zlib")
    assert twice.deserialize(twice.serialize([1, None])) == [1, None]


def test_keywords_go_to_the_functions_that_compress_and_decompress():
    kwargs = {"format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2}]}
    raw = CompressedSerializer(
        JSONSerializer(), "lzma", compress_kwargs=kwargs, decompress_kwargs=kwargs
    )
    assert lzma.decompress(raw.serialize(1), **kwargs) == b"1"
    assert raw.deserialize(raw.serialize(1)) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_compressed_bytes_cut_anywhere_are_not_taken_for_a_value(name):
    serializer = CompressedSerializer(PickleSerializer(), name)
    data = serializer.serialize(list(range(100)))
    for size in range(len(data)):
        with pytest.raises((EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)):
            serializer.deserialize(data[:size])


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"compress": gzip.compress},
        {"decompress": gzip.decompress},
        {"format": "gzip", "compress": gzip.compress},
        {"format": "gzip", "compress": gzip.compress, "decompress": gzip.decompress},
    ],
)
def test_a_format_or_both_functions_must_be_given_and_not_more(arguments):
    with pytest.raises(DefinitionError, match="either a format") as caught:
        CompressedSerializer(PickleSerializer(), **arguments)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["no_such_module", "json", "", ".gzip"])
def test_a_format_that_cannot_compress_is_refused_at_once(name):
    with pytest.raises(DefinitionError, match="no format to compress with"):
        CompressedSerializer(PickleSerializer(), name)


def test_a_value_the_inner_serializer_refuses_is_refused_with_its_sentence():
    with pytest.raises(ResultError, match="as JSON"):
        CompressedSerializer(JSONSerializer(), "gzip").serialize({1})


def test_compressed_serializers_are_equal_by_what_they_wrap_and_how():
    one = CompressedSerializer(JSONSerializer(), "gzip")
    assert one == CompressedSerializer(JSONSerializer(), "gzip")
    assert one == pickle.loads(pickle.dumps(one))
    assert one != CompressedSerializer(JSONSerializer(), "bz2")
    assert one != CompressedSerializer(PickleSerializer(), "gzip")
    assert one != CompressedSerializer(JSONSerializer(), "gzip", compress_kwargs={"mtime": 0})


class Wrapped(Serializer):
    """A serializer with an option."""

    def __init__(self, level: int) -> None:
        self.level = level

    def serialize(self, value):
        return bytes([value])

    def deserialize(self, data):
        return data[0]


def test_serializers_are_equal_by_kind_and_options():
    assert PickleSerializer() == PickleSerializer()
    assert PickleSerializer() != JSONSerializer()
    assert Wrapped(1) == Wrapped(1)
    assert Wrapped(1) != Wrapped(2)
    assert hash(Wrapped(1)) == hash(Wrapped(1))
    assert repr(Wrapped(1)) == "Wrapped(level=1)"


@pytest.mark.parametrize(
    "value", ["text", b"bytes", 1, 1.5, True, None, date(2014, 1, 1)], ids=repr
)
def test_plain_values_are_pickled_as_cloudpickle_does_it_without_importing_it(value):
    code = f"""
import sys, datetime
from datetime import date
from nemflow.results import PickleSerializer
data = PickleSerializer().serialize({value!r})
assert "cloudpickle" not in sys.modules
import cloudpickle
assert data == cloudpickle.dumps({value!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True)
