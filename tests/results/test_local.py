import os
import signal
import subprocess
import sys

import pytest

from nemflow.errors import ResultError, UnreadableTarget
from nemflow.results import JSONSerializer, LocalResult

WRITER = """
import os, signal, sys
from nemflow.results import LocalResult
def stop(handle):
    print(os.listdir(sys.argv[1])[0], flush=True)
    signal.pause()
os.fsync = stop
LocalResult(sys.argv[1], "a.pickle").write("x" * 1_000_000)
"""


def test_the_location_is_the_full_path_after_writing_and_after_reading(tmp_path):
    result = LocalResult(tmp_path, "{year}/a")
    full = str(tmp_path / "2014" / "a")
    assert result.write(1, year=2014).location == full
    assert result.read("2014/a").location == full
    assert result.exists(full)


def test_a_written_value_lies_there_as_the_serializer_makes_it(tmp_path):
    LocalResult(tmp_path, "a.json", JSONSerializer()).write({"a": None})
    assert (tmp_path / "a.json").read_bytes() == b'{"a": null}'
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_value_that_cannot_be_serialized_leaves_the_old_file(tmp_path):
    result = LocalResult(tmp_path, "a.json", JSONSerializer())
    result.write(1)
    with pytest.raises(ResultError):
        result.write({1, 2})
    assert result.read("a.json").value == 1


def test_a_writer_killed_before_the_file_is_in_place_leaves_no_target(tmp_path, start):
    child = start(WRITER, tmp_path)
    half = child.stdout.readline().strip()
    child.send_signal(signal.SIGKILL)
    child.wait()
    result = LocalResult(tmp_path)
    assert not result.exists("a.pickle")
    assert result.sweep("a.pickle") == [str(tmp_path / half)]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"\x80", b"gA", b"nonsense", b"\x80\x04\x95"])
def test_a_file_that_cannot_be_read_back_is_named(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UnreadableTarget, match=str(tmp_path / "a")):
        LocalResult(tmp_path).read("a")


def test_a_folder_in_place_of_a_file_can_be_set_aside(tmp_path):
    (tmp_path / "a" / "inside").mkdir(parents=True)
    result = LocalResult(tmp_path)
    with pytest.raises(UnreadableTarget):
        result.read("a")
    aside = result.set_aside("a")
    assert os.listdir(aside) == ["inside"]
    assert not result.exists("a")


def test_a_target_that_has_vanished_cannot_be_set_aside_and_leaves_no_trace(tmp_path):
    with pytest.raises(ResultError, match="nor moved away"):
        LocalResult(tmp_path).set_aside("a")
    assert os.listdir(tmp_path) == []


def test_what_was_set_aside_keeps_its_content(tmp_path):
    (tmp_path / "a").write_text("broken")
    aside = LocalResult(tmp_path).set_aside("a")
    with open(aside) as file:
        assert file.read() == "broken"


def test_one_file_has_one_lock_name_by_whatever_link_it_is_reached(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    names = {LocalResult(tmp_path / name).lock_name("x/a") for name in ("real", "link")}
    assert names == {os.path.realpath(tmp_path / "real" / "x" / "a")}


def test_a_folder_that_cannot_be_written_to_is_told_with_the_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match=r"file/a cannot be written: File exists \(\S+/file\)"):
        LocalResult(tmp_path, "file/a").write(1)


def test_a_file_given_as_folder_is_refused_unless_that_is_not_wanted(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="is not a folder"):
        LocalResult(tmp_path / "file")
    assert LocalResult(tmp_path / "file", validate_dir=False).dir == str(tmp_path / "file")


def test_making_a_result_makes_no_folder(tmp_path):
    LocalResult(tmp_path / "new").exists("a")
    assert os.listdir(tmp_path) == []


def test_the_folder_is_made_absolute_when_the_result_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = LocalResult("data")
    monkeypatch.chdir("/")
    assert result.dir == str(tmp_path / "data")


def test_the_default_folder_is_the_users_and_is_looked_up_late(tmp_path):
    code = (
        "import sys; from nemflow.results import LocalResult; result = LocalResult();"
        "assert 'platformdirs' not in sys.modules; print(result.dir)"
    )
    home = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=home, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path))
    assert done.stdout.endswith("nemflow/results\n")


def test_results_in_different_folders_are_not_equal(tmp_path):
    assert LocalResult(tmp_path) == LocalResult(tmp_path)
    assert LocalResult(tmp_path) != LocalResult(tmp_path / "a")


def test_files_outlive_the_process():
    assert LocalResult.keeps


def test_what_cannot_be_read_back_is_not_taken_for_nothing(tmp_path):
    (tmp_path / "a").write_text("no pickle")
    (tmp_path / "folder").mkdir()
    for name in ("a", "folder"):
        with pytest.raises(UnreadableTarget, match=name):
            LocalResult(tmp_path).find(name)


def test_a_file_in_place_of_a_folder_holds_no_target(tmp_path):
    (tmp_path / "file").write_text("")
    assert LocalResult(tmp_path).find("file/a") is None


def test_a_subclass_whose_reading_raises_errors_of_its_own_finds_nothing_as_well(tmp_path):
    class Text(LocalResult):
        def read(self, location, /):
            return self._at(location, (tmp_path / location).read_text())

    assert Text(tmp_path).find("a") is None
    (tmp_path / "a").write_text("text")
    assert Text(tmp_path).find("a").value == "text"


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 300_000])
def test_files_of_all_sizes_are_read_whole(tmp_path, size):
    value = os.urandom(size)
    assert (
        LocalResult(tmp_path).read(LocalResult(tmp_path, "a").write(value).location).value == value
    )
