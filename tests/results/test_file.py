import os
import pickle

import pytest

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results import FileResult
from nemflow.results.parquet import check_parquet_magic

WRITER = """
import signal, sys
from nemflow.results import FileResult
with FileResult(sys.argv[1]).writing("x/a.csv") as path:
    path.write_text("half")
    print(path, flush=True)
    signal.pause()
"""


def refuse_short(path):
    if path.stat().st_size < 5:
        raise RuntimeError("too short")


def test_the_value_is_the_final_path(tmp_path):
    result = FileResult(tmp_path)
    with result.writing("x/a.csv") as path:
        path.write_text("whole")
        assert not result.exists("x/a.csv")
    assert result.read("x/a.csv").value == tmp_path / "x" / "a.csv"
    assert (tmp_path / "x" / "a.csv").read_text() == "whole"


def test_a_task_that_makes_no_file_is_told_where_it_should_have(tmp_path):
    result = FileResult(tmp_path, check=refuse_short)
    with pytest.raises(ResultError, match=r"a\.csv was not made"), result.writing("a.csv"):
        pass


def test_a_file_that_fails_its_check_never_gets_its_name(tmp_path):
    result = FileResult(tmp_path, check=refuse_short)
    told = r"a\.csv was not kept.*too short"
    with pytest.raises(ResultError, match=told), result.writing("a.csv") as path:
        path.write_text("half")
    assert os.listdir(tmp_path) == []


def test_a_file_that_fails_its_check_is_unreadable(tmp_path):
    (tmp_path / "a.csv").write_text("half")
    with pytest.raises(UnreadableTarget, match=r"a\.csv.*too short"):
        FileResult(tmp_path, check=refuse_short).read("a.csv")


def test_the_sentence_of_a_check_is_not_wrapped_twice(tmp_path):
    (tmp_path / "a.parquet").write_text("half")
    with pytest.raises(UnreadableTarget, match=r"^\S+a\.parquet is not a whole Parquet file"):
        FileResult(tmp_path, check=check_parquet_magic).read("a.parquet")


def test_a_folder_is_not_a_file(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(UnreadableTarget, match="is not a file"):
        FileResult(tmp_path).read("a")


def test_a_task_killed_while_it_makes_its_file_leaves_no_target(tmp_path, start):
    child = start(WRITER, tmp_path)
    half = child.stdout.readline().strip()
    child.kill()
    child.wait()
    result = FileResult(tmp_path)
    assert not result.exists("x/a.csv")
    assert result.sweep("x/a.csv") == [half]


def test_a_value_cannot_be_written_because_the_task_makes_the_file(tmp_path):
    with pytest.raises(NotImplementedError, match="'target'"):
        FileResult(tmp_path, "a", argument="target").write("value")


def test_results_with_other_checks_or_arguments_are_not_equal(tmp_path):
    assert FileResult(tmp_path) == FileResult(tmp_path)
    assert FileResult(tmp_path) != FileResult(tmp_path, argument="target")
    assert FileResult(tmp_path) != FileResult(tmp_path, check=refuse_short)


def test_the_path_of_what_was_read_is_a_path_that_copies_share(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    read = FileResult(tmp_path).read("a.txt")
    assert read.value == tmp_path / "a.txt"
    assert read.value is read.value
    assert read.copy() == read
    assert pickle.loads(pickle.dumps(read)).value == tmp_path / "a.txt"


def test_a_subclass_with_slots_of_its_own_hands_them_on(tmp_path):
    class Tagged(FileResult):
        __slots__ = ("tag",)

    tagged = Tagged(tmp_path, location="a")
    tagged.tag = "b"
    assert tagged.format().tag == "b"
