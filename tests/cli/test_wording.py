import pytest

from nemflow.cli.wording import align, format_bytes, format_progress
from nemflow.errors import one_line


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (999.7, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_996, "10.0 kB"),
        (99_960, "100 kB"),
        (2_000_000_000, "2.00 GB"),
        (5e15, "5000 TB"),
    ],
)
def test_bytes_have_three_figures(count, text):
    assert format_bytes(count) == text


def test_progress_towards_an_unknown_total_tells_what_is_done():
    assert format_progress(1500, None, "rows") == "1,500 rows"
    assert format_progress(1500, None, "bytes") == "1.50 kB"


def test_no_rows_make_no_lines():
    assert align([]) == []


def test_one_line_is_one_line():
    assert one_line(" a\n  b\t c ") == "a b c"
