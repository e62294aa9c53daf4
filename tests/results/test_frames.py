import io
import pickle
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nemflow.errors import DefinitionError, ResultError
from nemflow.results import LocalResult, PandasSerializer

NUMBERS = st.integers(-(2**53), 2**53)
# Letters alone: "1", "NA" or "" would be read from text as something else.
WORDS = st.text("abcxyzäöü", min_size=1, max_size=5).map("word ".__add__)
ROWS = st.lists(st.tuples(NUMBERS, st.floats(allow_nan=False, allow_infinity=False), WORDS))
BINARY = ["feather", "parquet", "pickle", "orc"]
TEXT = {
    "csv": ({"index": False}, {}),
    "json": ({"orient": "split", "double_precision": 15}, {"orient": "split"}),
    "xml": ({"parser": "etree", "index": False}, {"parser": "etree"}),
}


def frame(rows):
    made = pd.DataFrame(rows, columns=["number", "price", "word"])
    return made.astype({"number": "int64", "price": "float64", "word": "str"})


@pytest.mark.parametrize("file_type", BINARY)
@settings(max_examples=25, database=None, deadline=None)
@given(rows=ROWS)
def test_a_frame_comes_back_as_it_was_from_a_binary_file(file_type, rows):
    assume(rows or file_type != "orc")  # pandas 2 cannot write words that are not there as ORC
    serializer = PandasSerializer(file_type)
    back = serializer.deserialize(serializer.serialize(frame(rows)))
    pd.testing.assert_frame_equal(back, frame(rows))


@pytest.mark.parametrize("file_type", TEXT)
@settings(max_examples=25, database=None, deadline=None)
@given(
    rows=st.lists(
        st.tuples(NUMBERS, st.integers(-1000, 1000).map(lambda n: n / 8), WORDS), min_size=1
    )
)
def test_a_frame_comes_back_as_it_was_from_a_text_file(file_type, rows):
    serializer = PandasSerializer(file_type, *TEXT[file_type])
    back = serializer.deserialize(serializer.serialize(frame(rows)))
    pd.testing.assert_frame_equal(back, frame(rows), check_dtype=False)


def test_a_frame_comes_back_from_stata():
    serializer = PandasSerializer("stata", {"write_index": False})
    back = serializer.deserialize(serializer.serialize(frame([(1, 2.5, "a")])))
    assert back.to_dict("list") == {"number": [1], "price": [2.5], "word": ["a"]}


def test_a_frame_comes_back_from_excel():
    pytest.importorskip("openpyxl", reason="pandas writes Excel files with openpyxl")
    serializer = PandasSerializer("excel", {"index": False})
    back = serializer.deserialize(serializer.serialize(frame([(1, 2.5, "a")])))
    assert back.to_dict("list") == {"number": [1], "price": [2.5], "word": ["a"]}


def test_a_writer_that_knows_only_text_is_given_text():
    page = PandasSerializer("html", {"index": False}).serialize(frame([(1, 2.5, "ü")]))
    assert "<td>ü</td>" in page.decode("utf-8")


def test_html_comes_back_as_the_list_of_frames_that_pandas_reads():
    pytest.importorskip("lxml", reason="pandas reads HTML with lxml")
    serializer = PandasSerializer("html", {"index": False})
    (back,) = serializer.deserialize(serializer.serialize(frame([(1, 2.5, "ü")])))
    assert back.to_dict("list") == {"number": [1], "price": [2.5], "word": ["ü"]}


def test_options_go_to_the_writer_and_the_reader():
    options = {"encoding": "utf-16", "compression": "gzip"}
    serializer = PandasSerializer("csv", {"index": False, **options}, options)
    data = serializer.serialize(frame([(1, 2.5, "ü")]))
    assert data.startswith(b"\x1f\x8b")
    assert serializer.deserialize(data)["word"].tolist() == ["ü"]


def test_what_is_kept_is_a_file_that_others_read(tmp_path):
    LocalResult(tmp_path, "a.parquet", PandasSerializer("parquet")).write(frame([(1, 2.5, "a")]))
    assert pd.read_parquet(tmp_path / "a.parquet")["price"].tolist() == [2.5]


@pytest.mark.parametrize("file_type", ["sql", "clipboard", "hdf", "latex", "nonsense", "CSV", ""])
def test_a_kind_that_pandas_cannot_turn_to_bytes_and_back_is_refused_at_once(file_type):
    with pytest.raises(DefinitionError, match="take one of csv, excel, feather") as caught:
        PandasSerializer(file_type)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("file_type", [*BINARY, *TEXT, "excel", "html", "stata"])
def test_every_kind_that_is_accepted_is_one_that_pandas_has(file_type):
    PandasSerializer(file_type)
    assert hasattr(pd.DataFrame, f"to_{file_type}")
    assert hasattr(pd, f"read_{file_type}")


@pytest.mark.parametrize("value", [[1, 2], None, {"a": [1]}])
def test_a_value_that_is_no_frame_is_refused_in_a_sentence(value):
    told = f"A value of type {type(value).__name__} cannot be kept as parquet: return a pandas"
    with pytest.raises(ResultError, match=told):
        PandasSerializer("parquet").serialize(value)


def test_a_frame_that_its_file_cannot_hold_is_refused_in_a_sentence():
    mixed = pd.DataFrame({"a": [1, "x"]})
    with pytest.raises(ResultError, match=r"cannot be kept as parquet \(Arrow"):
        PandasSerializer("parquet").serialize(mixed)


@settings(max_examples=25, database=None, deadline=None)
@given(size=st.integers(0, 400))
def test_a_parquet_file_cut_anywhere_is_not_read_as_a_frame(size):
    data = io.BytesIO(PandasSerializer("parquet").serialize(frame([(1, 2.5, "a")]))).read(size)
    with pytest.raises((OSError, ValueError)):
        PandasSerializer("parquet").deserialize(data)


def test_serializers_of_frames_are_equal_by_kind_of_file_and_options():
    one = PandasSerializer("csv", {"index": False})
    assert one == PandasSerializer("csv", {"index": False}) == pickle.loads(pickle.dumps(one))
    assert one != PandasSerializer("csv")
    assert one != PandasSerializer("csv", {"index": False}, {"index_col": 0})
    assert PandasSerializer("csv") != PandasSerializer("json")


def test_options_changed_afterwards_do_not_reach_the_serializer():
    options = {"index": False}
    serializer = PandasSerializer("csv", options)
    options["index"] = True
    assert serializer.serialize_kwargs == {"index": False}


def test_pandas_is_not_loaded_until_a_frame_is_read():
    code = (
        "import sys; from nemflow.results import PandasSerializer; PandasSerializer('parquet');"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
