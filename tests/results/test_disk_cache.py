import logging
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemflow.errors import ResultError
from nemflow.results.disk_cache import DiskCache

ADDER = """
import sys
from nemflow.results.disk_cache import DiskCache
cache = DiskCache(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    entry = f"{sys.argv[2]}{number}".encode()
    cache.update("key", lambda entries: [*entries, entry])
"""
REPLACER = """
import sys
from nemflow.results.disk_cache import DiskCache
cache, mine = DiskCache(sys.argv[1]), [sys.argv[2].encode() * 5000] * 3
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    cache.replace("key", mine)
"""
DYING = """
import os, signal, sys
from nemflow.results.disk_cache import DiskCache
cache = DiskCache(sys.argv[1])
cache.replace("key", [b"old"])
def stop(handle):
    print("half", flush=True)
    signal.pause()
os.fsync = stop
cache.replace("key", [b"new"])
"""


@pytest.fixture
def cache(tmp_path):
    return DiskCache(tmp_path / "cache")


def files_of(cache):
    return sorted(name for name in os.listdir(cache.folder) if name != "locks")


def the_file_of(cache):
    (name,) = files_of(cache)
    return os.path.join(cache.folder, name)


@settings(max_examples=30, database=None, deadline=None)
@given(key=st.text(), entries=st.lists(st.binary(max_size=50)))
def test_what_was_kept_is_loaded_again_by_another_cache(tmp_path_factory, key, entries):
    folder = tmp_path_factory.getbasetemp() / "round-trips"
    DiskCache(folder).replace(key, entries)
    assert DiskCache(folder).load(key) == entries


def test_what_was_never_kept_is_empty_and_asking_touches_nothing(cache):
    assert cache.load("key") == []
    assert not os.path.exists(cache.folder)


@pytest.mark.parametrize("key", ["", "a/b", "../../etc/passwd", "\0", "x" * 5000, "\ud800", "ü"])
def test_any_text_is_a_key_and_stays_in_the_folder(cache, key, tmp_path):
    cache.replace(key, [b"1"])
    assert cache.load(key) == [b"1"]
    assert cache.load(key + "x") == []
    assert len(files_of(cache)) == 1
    assert os.listdir(tmp_path) == ["cache"]


def test_a_file_has_a_name_that_a_person_can_read(cache):
    cache.replace("nem_prices.extract", [b"1"])
    assert the_file_of(cache).endswith("-nem_prices.extract.cache")


def test_replacing_leaves_nothing_of_the_old_and_nothing_beside_it(cache):
    cache.replace("key", [b"1", b"2"])
    cache.replace("key", [b"", b"3"])
    assert cache.load("key") == [b"", b"3"]
    assert len(files_of(cache)) == 1


def test_a_key_without_entries_has_no_file(cache):
    cache.replace("key", [b"1"])
    cache.replace("key", [])
    assert cache.load("key") == []
    assert files_of(cache) == []
    cache.replace("key", [])


def test_an_update_sees_what_is_there(cache):
    cache.update("key", lambda entries: [*entries, b"1"])
    cache.update("key", lambda entries: [*entries, b"2"])
    assert cache.load("key") == [b"1", b"2"]


def test_an_update_that_fails_leaves_the_old_and_frees_the_lock(cache):
    cache.replace("key", [b"1"])
    with pytest.raises(ZeroDivisionError):
        cache.update("key", lambda entries: [bytes(1 // 0)])
    assert cache.load("key") == [b"1"]
    cache.replace("key", [b"2"])


def test_no_update_is_lost_though_two_processes_write(cache, start):
    children = [start(ADDER, cache.folder, name) for name in "ab"]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    assert [child.wait() for child in children] == [0, 0]
    expected = {f"{name}{number}".encode() for name in "ab" for number in range(20)}
    assert sorted(cache.load("key")) == sorted(expected)


def test_a_reader_sees_one_writers_entries_or_the_others_and_never_a_mix(cache, start):
    children = [start(REPLACER, cache.folder, name) for name in "ab"]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    while any(child.poll() is None for child in children):
        assert cache.load("key") in ([], [b"a" * 5000] * 3, [b"b" * 5000] * 3)
    assert len(cache.load("key")) == 3
    assert len(files_of(cache)) == 1


def test_threads_do_not_lose_each_others_updates(cache):
    def add(name):
        for _ in range(5):
            cache.update("key", lambda entries: [*entries, name])

    threads = [threading.Thread(target=add, args=(name,)) for name in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache.load("key")) == 20


@pytest.mark.parametrize("size", [0, 5, 16, 18, 20, 24, 28, 30, -1])
def test_a_file_cut_anywhere_counts_as_empty_and_is_set_aside_with_a_warning(cache, size, caplog):
    cache.replace("key", [b"first", b"second"])
    path = the_file_of(cache)
    with open(path, "rb") as file:
        cut = file.read()[:size]
    with open(path, "wb") as file:
        file.write(cut)
    with caplog.at_level(logging.WARNING):
        assert cache.load("key") == []
    (aside,) = files_of(cache)
    assert f"{path} cannot be read (it is not whole" in caplog.text
    assert aside in caplog.text
    with open(os.path.join(cache.folder, aside), "rb") as file:
        assert file.read() == cut
    cache.replace("key", [b"again"])
    assert cache.load("key") == [b"again"]


@settings(max_examples=40, database=None, deadline=None)
@given(at=st.integers(0, 46), mask=st.integers(1, 255))
def test_no_damaged_byte_goes_unseen(tmp_path_factory, at, mask):
    cache = DiskCache(tmp_path_factory.mktemp("damaged"))
    cache.replace("key", [b"first", b"second"])
    path = the_file_of(cache)
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        assert len(data) == 47
        data[at] ^= mask
        file.seek(0)
        file.write(data)
    assert cache.load("key") == []


def test_a_damaged_file_counts_as_empty_for_an_update_too(cache):
    cache.replace("key", [b"1"])
    with open(the_file_of(cache), "wb") as file:
        file.write(b"nonsense")
    cache.update("key", lambda entries: [*entries, b"2"])
    assert cache.load("key") == [b"2"]


def test_a_folder_in_place_of_a_file_is_set_aside(cache):
    cache.replace("key", [b"1"])
    path = the_file_of(cache)
    os.unlink(path)
    os.mkdir(path)
    assert cache.load("key") == []
    cache.replace("key", [b"2"])
    assert cache.load("key") == [b"2"]


def test_a_writer_killed_at_work_leaves_the_old_and_is_swept_by_the_next(cache, start):
    child = start(DYING, cache.folder)
    assert child.stdout.readline() == "half\n"
    child.kill()
    child.wait()
    assert cache.load("key") == [b"old"]
    assert len(files_of(cache)) == 2
    cache.replace("key", [b"newer"])
    assert cache.load("key") == [b"newer"]
    assert len(files_of(cache)) == 1


def test_locks_lie_in_the_folder_unless_another_is_given(tmp_path):
    DiskCache(tmp_path / "a").replace("key", [b"1"])
    DiskCache(tmp_path / "b", tmp_path / "locks").replace("key", [b"1"])
    assert (tmp_path / "a" / "locks").is_dir()
    assert not (tmp_path / "b" / "locks").exists()
    assert (tmp_path / "locks").is_dir()


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match=r"file/\S+\.cache cannot be written"):
        DiskCache(tmp_path / "file", tmp_path / "locks").replace("key", [b"1"])
