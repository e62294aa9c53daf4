import json
import os
import signal
import threading
from datetime import UTC, datetime

import pytest

from nemflow.errors import ResultError
from nemflow.results.locks import TargetLock, holds_owner_files

HOLDER = """
import sys
from nemflow.results.locks import TargetLock, holds_owner_files
with TargetLock(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    sys.stdin.readline()
print("free", flush=True)
"""
WAITER = """
import sys
from nemflow.results.locks import TargetLock, holds_owner_files
lock = TargetLock(sys.argv[1], sys.argv[2])
lock.acquire(on_wait=lambda holder: print(holder, flush=True))
print("held", flush=True)
"""
BUSY_HOLDER = """
import sys
from nemflow.results.locks import TargetLock
lock = TargetLock(sys.argv[1], sys.argv[2])
lock.acquire()
print("held", flush=True)
sys.stdin.readline()
lock.release()
for number in range(10**9):
    with TargetLock(sys.argv[1], f"other {number}"):
        pass
"""
TARGET = "/data/raw/nem_prices_raw_2014-01-01.parquet"


@pytest.fixture
def holder(start, tmp_path):
    """A process that holds the lock of TARGET until it is sent a line."""
    child = start(HOLDER, tmp_path, TARGET)
    assert child.stdout.readline() == "held\n"
    return child


def test_a_lock_held_by_another_process_cannot_be_taken(holder, tmp_path):
    assert not TargetLock(tmp_path, TARGET).try_acquire()
    assert TargetLock(tmp_path, TARGET + "x").try_acquire()


def test_who_must_wait_is_told_once_who_holds_the_lock_and_gets_it_next(holder, tmp_path):
    told = []

    def let_go(description):
        told.append(description)
        holder.stdin.write("\n")
        holder.stdin.flush()

    lock = TargetLock(tmp_path, TARGET)
    lock.acquire(on_wait=let_go)
    assert len(told) == 1
    assert told[0].startswith(f"process {holder.pid} on host {os.uname().nodename} since ")
    assert holder.stdout.readline() == "free\n"
    assert not TargetLock(tmp_path, TARGET).try_acquire()


def test_who_waits_gets_the_lock_though_its_holder_goes_on_with_other_targets(start, tmp_path):
    busy = start(BUSY_HOLDER, tmp_path, TARGET)
    assert busy.stdout.readline() == "held\n"

    def let_go(_):
        busy.stdin.write("\n")
        busy.stdin.flush()

    TargetLock(tmp_path, TARGET).acquire(on_wait=let_go)
    assert busy.poll() is None
    busy.kill()


def test_who_need_not_wait_is_told_nothing(tmp_path):
    told = []
    TargetLock(tmp_path, TARGET).acquire(on_wait=told.append)
    assert told == []


def test_a_killed_holder_frees_the_lock_and_its_death_can_be_seen(holder, tmp_path):
    holder.kill()
    holder.wait()
    lock = TargetLock(tmp_path, TARGET)
    assert lock.needs_sweep()
    assert lock.try_acquire()
    lock.release()
    assert not lock.needs_sweep()


def test_a_lock_given_back_leaves_nothing_to_sweep(holder, tmp_path):
    holder.communicate("\n")
    assert not TargetLock(tmp_path, TARGET).needs_sweep()
    assert TargetLock(tmp_path, TARGET).try_acquire()


def test_waiting_can_be_interrupted(start, tmp_path):
    with TargetLock(tmp_path, TARGET):
        child = start(WAITER, tmp_path, TARGET)
        assert child.stdout.readline().startswith(f"process {os.getpid()} ")
        child.send_signal(signal.SIGINT)
        child.wait()
        assert "KeyboardInterrupt" in child.stderr.read()
        assert child.stdout.read() == ""


def test_two_threads_of_one_process_exclude_each_other(tmp_path):
    inside, most = 0, 0
    counting = threading.Lock()

    def work():
        nonlocal inside, most
        for _ in range(5):
            with TargetLock(tmp_path, TARGET):
                with counting:
                    inside += 1
                    most = max(most, inside)
                with counting:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_threads_that_share_one_lock_object_exclude_each_other(tmp_path):
    lock = TargetLock(tmp_path, TARGET)
    lock.acquire()
    waiting, got = threading.Event(), threading.Event()

    def take():
        lock.acquire(on_wait=lambda holder: waiting.set())
        got.set()
        lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    assert waiting.wait(10)
    assert not got.is_set()
    lock.release()
    assert got.wait(10)
    thread.join()
    assert lock.try_acquire()


def test_a_lock_may_be_given_back_by_another_thread(tmp_path):
    lock = TargetLock(tmp_path, TARGET)
    lock.acquire()
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    assert TargetLock(tmp_path, TARGET).try_acquire()


def test_a_thread_that_would_wait_for_itself_is_told_so(tmp_path):
    with TargetLock(tmp_path, TARGET), pytest.raises(ResultError, match="this very thread"):
        TargetLock(tmp_path, TARGET).acquire()


def test_the_owner_file_tells_who_and_since_when_and_goes_with_the_lock(tmp_path):
    lock = TargetLock(tmp_path, TARGET, now=lambda: datetime(2014, 1, 1, tzinfo=UTC))
    with lock:
        (path,) = tmp_path.glob("*.owner")
        owner = json.loads(path.read_text())
        assert (owner["pid"], owner["target"]) == (os.getpid(), TARGET)
        assert owner["since"] == "2014-01-01T00:00:00+00:00"
        assert owner["host"] == os.uname().nodename
    assert list(tmp_path.glob("*.owner")) == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"since": 3}'])
def test_a_holder_that_cannot_be_made_out_is_another_process(holder, tmp_path, content):
    (path,) = tmp_path.glob("*.owner")
    path.write_text(content)
    told = []

    def let_go(description):
        told.append(description)
        holder.stdin.write("\n")
        holder.stdin.flush()

    TargetLock(tmp_path, TARGET).acquire(on_wait=let_go)
    assert told == ["another process"]


def test_giving_back_a_lock_that_is_not_held_does_nothing(holder, tmp_path):
    lock = TargetLock(tmp_path, TARGET)
    lock.release()
    assert lock.needs_sweep()


def test_making_a_lock_and_asking_it_touches_nothing(tmp_path):
    assert not TargetLock(tmp_path / "new", TARGET).needs_sweep()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_hold_locks_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match=r"file/\S+ cannot be taken"):
        TargetLock(tmp_path / "file", TARGET).acquire()


def test_targets_with_one_tail_have_locks_of_their_own_with_a_readable_name(tmp_path):
    with TargetLock(tmp_path, "/a" + "x" * 300), TargetLock(tmp_path, "/b" + "x" * 300):
        pass
    with TargetLock(tmp_path, TARGET):
        assert list(tmp_path.glob("*nem_prices_raw_2014-01-01.parquet.owner"))


def test_who_gets_the_lock_of_a_dead_holder_knows_it_and_the_next_one_does_not(holder, tmp_path):
    holder.kill()
    holder.wait()
    lock = TargetLock(tmp_path, TARGET)
    for follows_death in (True, False):
        with lock:
            assert lock.follows_death is follows_death


def test_who_has_waited_for_a_lock_that_was_given_back_follows_nobody_dead(holder, tmp_path):
    def let_go(description):
        holder.stdin.write("\n")
        holder.stdin.flush()

    lock = TargetLock(tmp_path, TARGET)
    lock.acquire(on_wait=let_go)
    assert not lock.follows_death


def test_one_look_tells_whether_any_owner_file_is_about(tmp_path):
    assert not holds_owner_files(tmp_path / "new")
    (tmp_path / "note.txt").write_text("")
    assert not holds_owner_files(tmp_path)
    with TargetLock(tmp_path, TARGET):
        assert holds_owner_files(tmp_path)
    assert not holds_owner_files(tmp_path)
