import contextlib
import errno
import os
import re
import signal
import stat
import sys
import time

import pytest

from nemflow.errors import ResultError
from nemflow.results.atomic import atomic_path, is_dead_leftover, sweep_leftovers, write_whole

WRITER = """
import sys
from nemflow.results.atomic import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_bytes(b"half")
    print(path, flush=True)
    while True:  # no pause: a signal that comes just before it would not end it
        pass
"""
DAY_S = 24 * 3600


def kill(child):
    child.kill()
    child.wait()


def fail_after_half(path, error):
    path.write_text("half")
    raise error


def leftover(folder, name="a.txt", host="00000000", pid=1, random="abcdef", age_s=0.0):
    path = folder / f".{name}.{host}-{pid}-{random}.part"
    path.write_text("half")
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_a_file_has_its_name_only_when_the_block_has_ended(tmp_path):
    final = tmp_path / "deep" / "a.txt"
    with atomic_path(final) as path:
        path.write_text("whole")
        assert path.parent == final.parent
        assert not final.exists()
    assert final.read_text() == "whole"
    assert os.listdir(final.parent) == ["a.txt"]


def test_the_file_has_the_rights_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with atomic_path(tmp_path / "a") as path:
        path.write_text("")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a handle is of")
def test_the_file_is_flushed_before_it_is_moved_and_its_folder_after(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def spy_fsync(handle):
        done.append(os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def spy_replace(source, final):
        done.append("moved")
        replace(source, final)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    with atomic_path(tmp_path / "a.txt") as path:
        path.write_text("whole")
    assert done == [path.name, "moved", tmp_path.name]


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (errno.EINVAL, contextlib.nullcontext()),
        (errno.EIO, pytest.raises(OSError, match="Input/output error")),
    ],
)
def test_a_disk_that_cannot_flush_folders_will_do_but_not_one_that_fails(
    tmp_path, monkeypatch, reason, outcome
):
    fsync = os.fsync

    def no_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(reason, os.strerror(reason))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", no_folders)
    with outcome, atomic_path(tmp_path / "a.txt") as path:
        path.write_text("whole")
    assert (tmp_path / "a.txt").read_text() == "whole"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_ends_the_block_early_leaves_the_old_file_and_nothing_else(tmp_path, error):
    final = tmp_path / "a.txt"
    final.write_text("old")
    with pytest.raises(error), atomic_path(final) as path:
        fail_after_half(path, error)
    assert final.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_block_that_makes_no_file_is_told_so(tmp_path):
    told = r"a\.txt was not made: nothing was written"
    with pytest.raises(ResultError, match=told), atomic_path(tmp_path / "a.txt"):
        pass


def test_a_block_that_makes_a_folder_is_told_so_and_the_folder_is_removed(tmp_path):
    final, told = tmp_path / "a.txt", "a folder was written"
    with pytest.raises(ResultError, match=told), atomic_path(final) as path:
        (path / "deeper").mkdir(parents=True)
    assert os.listdir(tmp_path) == []


def test_a_file_that_may_not_be_overwritten_is_left_alone(tmp_path):
    final = tmp_path / "a.txt"
    with atomic_path(final, overwrite=False) as path:
        path.write_text("first")
    told = pytest.raises(FileExistsError)
    with told, atomic_path(final, overwrite=False) as path:
        path.write_text("second")
    assert final.read_text() == "first"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_file_that_comes_while_another_is_made_is_not_overwritten_either(tmp_path):
    final = tmp_path / "a.txt"
    told = pytest.raises(FileExistsError)
    with told, atomic_path(final, overwrite=False) as path:
        path.write_text("mine")
        final.write_text("theirs")
    assert final.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_two_writers_of_one_target_do_not_share_a_temporary_file(tmp_path):
    with atomic_path(tmp_path / "a") as one, atomic_path(tmp_path / "a") as two:
        assert one != two
        one.write_text("1")
        two.write_text("2")
    assert (tmp_path / "a").read_text() == "1"


def test_a_temporary_name_tells_target_host_process_and_chance(tmp_path):
    with atomic_path(tmp_path / "a.txt") as path:
        path.touch()
        assert re.fullmatch(rf"\.a\.txt\.[0-9a-f]{{8}}-{os.getpid()}-[0-9a-f]+\.part", path.name)


def test_a_killed_writer_leaves_no_target_and_its_leftover_is_swept(tmp_path, start):
    final = tmp_path / "a.txt"
    child = start(WRITER, final)
    half = child.stdout.readline().strip()
    kill(child)
    assert os.listdir(tmp_path) == [os.path.basename(half)]
    assert sweep_leftovers(str(final)) == [half]
    assert os.listdir(tmp_path) == []


def test_an_interrupted_writer_cleans_up_itself(tmp_path, start):
    child = start(WRITER, tmp_path / "a.txt")
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    child.wait()
    assert os.listdir(tmp_path) == []


def test_what_this_process_is_just_writing_is_not_swept(tmp_path):
    final = tmp_path / "a.txt"
    with atomic_path(final) as path:
        path.write_text("whole")
        assert sweep_leftovers(str(final)) == []
    assert final.read_text() == "whole"


def test_a_leftover_is_swept_though_its_process_number_is_in_use_again(tmp_path):
    with atomic_path(tmp_path / "a.txt") as path:
        path.touch()
        host = path.name.split(".")[3].split("-")[0]
    of_my_number = leftover(tmp_path, host=host, pid=os.getpid())
    of_my_parents_number = leftover(tmp_path, host=host, pid=os.getppid())
    found = sweep_leftovers(str(tmp_path / "a.txt"))
    assert found == sorted([str(of_my_number), str(of_my_parents_number)])


def test_a_leftover_of_another_host_is_swept_only_when_it_is_a_day_old(tmp_path):
    leftover(tmp_path, random="aa", age_s=DAY_S - 60)
    old = leftover(tmp_path, random="bb", age_s=DAY_S + 60)
    assert sweep_leftovers(str(tmp_path / "a.txt")) == [str(old)]


def test_leftovers_of_other_targets_and_other_hidden_files_stay(tmp_path):
    kept = [
        leftover(tmp_path, name=name, age_s=2 * DAY_S).name
        for name in ("b.txt", "a.txt.a.txt", "aXtxt")
    ]
    for name in (".a.txt.unreadable-20140101T000000Z", ".a.txt.part"):
        (tmp_path / name).touch()
        kept.append(name)
    assert sweep_leftovers(str(tmp_path / "a.txt")) == []
    assert sorted(os.listdir(tmp_path)) == sorted(kept)


def test_there_is_nothing_to_sweep_where_there_is_no_folder(tmp_path):
    assert sweep_leftovers(str(tmp_path / "no" / "a.txt")) == []


def test_data_is_written_whole_in_a_new_folder_with_the_rights_of_any_new_file(tmp_path):
    final = tmp_path / "new" / "folder" / "a"
    write_whole(str(final), b"whole")
    (tmp_path / "plain").write_text("")
    assert final.read_bytes() == b"whole"
    assert final.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert os.listdir(final.parent) == ["a"]


def test_data_that_cannot_be_moved_into_place_leaves_nothing(tmp_path):
    (tmp_path / "a" / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(str(tmp_path / "a"), b"whole")
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a handle is of")
def test_data_is_flushed_before_it_is_moved(tmp_path, monkeypatch):
    flush, move = os.fsync, os.replace
    done = []

    def note_flush(handle):
        done.append(os.readlink(f"/proc/self/fd/{handle}"))
        flush(handle)

    def note_move(source, target):
        done.append((source, target))
        move(source, target)

    monkeypatch.setattr(os, "fsync", note_flush)
    monkeypatch.setattr(os, "replace", note_move)
    write_whole(str(tmp_path / "a"), b"whole")
    flushed, moved = done
    assert moved == (flushed, str(tmp_path / "a"))


def test_what_a_process_that_goes_on_is_writing_is_not_dead(tmp_path):
    with atomic_path(tmp_path / "a") as path:
        path.write_text("half")
        assert not is_dead_leftover(str(path))


def test_what_a_killed_process_left_is_dead(tmp_path, start):
    child = start(WRITER, tmp_path / "a")
    path = child.stdout.readline().strip()
    assert not is_dead_leftover(path)
    kill(child)
    assert is_dead_leftover(path)


def test_what_another_host_left_is_dead_after_a_day(tmp_path):
    assert not is_dead_leftover(str(leftover(tmp_path, age_s=DAY_S - 60)))
    assert is_dead_leftover(str(leftover(tmp_path, age_s=DAY_S + 60)))


def test_other_files_are_no_leftovers(tmp_path):
    assert not is_dead_leftover(str(tmp_path / "a.parquet"))
