import errno
import os

import pytest

from nemflow.results.locks import TargetLock

HOLDER = """
import sys
from nemflow.results.locks import TargetLock
with TargetLock(sys.argv[1], "held"):
    print("held", flush=True)
    sys.stdin.readline()
"""
FORKED = """
import os, sys
from nemflow.results.locks import TargetLock
folder = sys.argv[1]
with TargetLock(folder, "before"):
    pass
(held, is_held), (done, is_done) = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(is_done)  # so that it ends with the other process, however that ends
    assert TargetLock(folder, "first").try_acquire()
    os.write(is_held, b"x")
    os.read(done, 1)
    os._exit(0)
os.read(held, 1)
with TargetLock(folder, "second"):
    pass
print(TargetLock(folder, "first").try_acquire(), flush=True)
os.write(is_done, b"x")
os.wait()
"""


@pytest.fixture
def holder(start, tmp_path):
    """A process that holds a lock until it is killed."""
    child = start(HOLDER, tmp_path)
    assert child.stdout.readline() == "held\n"
    return child


def spares(folder):
    return sorted(folder.glob(".*.spare"))


def test_one_file_serves_one_lock_after_another(tmp_path):
    seen = []
    for target in ("a", "b", "a"):
        with TargetLock(tmp_path, target):
            (owner,) = tmp_path.glob("*.owner")
            seen.append(owner.stat().st_ino)
    assert len(set(seen)) == 1
    assert len(spares(tmp_path)) == 1


def test_locks_that_are_held_at_once_have_files_of_their_own(tmp_path):
    with TargetLock(tmp_path, "a"), TargetLock(tmp_path, "b"):
        one, two = tmp_path.glob("*.owner")
        assert not one.samefile(two)


def test_a_longer_signature_before_leaves_nothing_behind(tmp_path):
    with TargetLock(tmp_path, "a long name" * 9):
        pass
    lock = TargetLock(tmp_path, "a")
    with lock:
        assert lock.holder().startswith(f"process {os.getpid()} on host ")


def test_what_a_killed_process_leaves_is_removed_by_later_ones(holder, start, tmp_path):
    holder.kill()
    holder.wait()
    (left,) = spares(tmp_path)
    with TargetLock(tmp_path, "held") as lock:
        assert lock.follows_death
    start(HOLDER, tmp_path).communicate("\n")
    assert left not in spares(tmp_path)


def test_a_spare_in_use_is_not_removed(holder, start, tmp_path):
    start(HOLDER.replace('"held"', '"other"'), tmp_path).communicate("\n")
    assert len(spares(tmp_path)) == 1
    assert not TargetLock(tmp_path, "held").try_acquire()


def test_a_process_that_ends_takes_its_spares_with_it(start, tmp_path):
    start(HOLDER, tmp_path).communicate("\n")
    assert list(tmp_path.iterdir()) == []


def test_a_spare_that_has_gone_is_made_anew(tmp_path):
    with TargetLock(tmp_path, "a"):
        pass
    for spare in spares(tmp_path):
        spare.unlink()
    with TargetLock(tmp_path, "a"):
        assert not TargetLock(tmp_path, "a").try_acquire()


def test_a_forked_process_has_spares_of_its_own(start, tmp_path):
    said, _ = start(FORKED, tmp_path).communicate()
    assert said == "False\n"


def test_where_a_file_has_no_second_name_locks_hold_too(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "no second names here")

    monkeypatch.setattr(os, "link", refuse)
    with TargetLock(tmp_path, "a") as lock:
        assert not lock.follows_death
        assert not TargetLock(tmp_path, "a").try_acquire()
    assert TargetLock(tmp_path, "a").try_acquire()
