"""Lines of a csv, found by arrays, beside those that Python finds by splitting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemflow.tasks.nem import csv_lines
from nemflow.tasks.nem.csv_lines import Lines

TEXTS = st.lists(st.sampled_from([b"\n", b"\r\n", b"I,", b"D,A,", b'"', b"x", b"D"])).map(b"".join)


def split(text: bytes) -> list[bytes]:
    """The lines with their newlines, as Python's own splitting has them."""
    return [line + b"\n" for line in text.split(b"\n")[:-1]] + (
        [last] if (last := text.split(b"\n")[-1]) else []
    )


@given(TEXTS)
def test_they_are_those_of_splitting(text: bytes) -> None:
    lines = Lines(text)
    found = [text[lines.starts[number] : lines.end(number)] for number in range(len(lines))]
    assert found == split(text)


@given(TEXTS, st.sampled_from([b"I,", b"D,A,", b'"', b"\r"]))
def test_those_with_a_beginning_are_found_in_order(text: bytes, prefix: bytes) -> None:
    wanted = [number for number, line in enumerate(split(text)) if line.startswith(prefix)]
    assert Lines(text).beginning_with(prefix).tolist() == wanted


@given(TEXTS)
def test_they_do_not_depend_on_the_blocks(text: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_lines, "_BLOCK_BYTES", 3)
        in_blocks = Lines(text).starts.tolist()
    assert in_blocks == Lines(text).starts.tolist()
