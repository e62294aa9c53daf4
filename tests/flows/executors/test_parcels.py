"""Parcels: how small a call travels, and what becomes of what cannot."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from nemflow.flows.executors.base import CallLost, CallNotSent
from nemflow.flows.executors.parcels import deliver, dump, pack, run_parcel, unpack
from nemflow.results.file import FileResult
from nemflow.results.local import LocalResult
from nemflow.results.memory import MemoryResult
from nemflow.results.remote import RemoteResult
from nemflow.tasks.states import Success
from nemflow.tasks.task_run import Listener

LARGE = bytes(50_000_000)


def there_and_back(call: Any, *arguments: Any) -> Any:
    """Run a call as in another process; return what comes back."""
    outcome, error = unpack(run_parcel(pack(call, arguments).data, lambda note: None))
    if error is not None:
        raise error
    return outcome


class TestValues:
    def test_a_kept_value_of_50_mb_travels_in_less_than_1_kb_both_ways(
        self, tmp_path: Path
    ) -> None:
        state = Success(result=LocalResult(tmp_path, "large").write(LARGE))
        parcel = pack(lambda given: given, (state,))
        answer = run_parcel(parcel.data, lambda note: None)
        assert len(parcel.data) < 1500
        assert len(answer) < 1000
        assert unpack(answer)[0].result == LARGE

    def test_it_is_read_when_first_asked_for(self, tmp_path: Path) -> None:
        kept = LocalResult(tmp_path, "small").write("before")
        state = there_and_back(lambda: Success(result=kept))
        Path(str(kept.location)).write_bytes(dump("after"))
        assert (state.result, state.result) == ("after", "after")

    @pytest.mark.parametrize(
        "result", [MemoryResult("a"), RemoteResult("memory://bucket", "a")], ids=repr
    )
    def test_a_value_in_the_memory_of_a_process_travels_itself(self, result: Any) -> None:
        state = there_and_back(lambda given: given, Success(result=result.write([1, 2])))
        assert state._result.value == [1, 2]

    def test_the_path_of_a_file_travels_itself(self, tmp_path: Path) -> None:
        (tmp_path / "a").touch()
        state = Success(result=FileResult(tmp_path).read("a"))
        assert there_and_back(lambda given: given._result.value, state) == tmp_path / "a"

    def test_a_value_that_is_not_kept_travels_itself(self, tmp_path: Path) -> None:
        result = LocalResult(tmp_path, "{date}").from_value("never written")
        assert there_and_back(lambda given: given.result, Success(result=result)) == "never written"


class TestErrors:
    def test_what_cannot_be_pickled_is_not_sent(self) -> None:
        with pytest.raises(CallNotSent, match="cannot be sent to another process"):
            pack(print, (threading.Lock(),))

    def test_an_outcome_that_cannot_be_pickled_is_lost(self) -> None:
        with pytest.raises(CallLost, match="cannot be sent back"):
            there_and_back(threading.Lock)

    def test_an_error_that_cannot_be_rebuilt_is_lost_with_its_words(self) -> None:
        class PickyError(Exception):
            def __init__(self, one: int, two: int) -> None:
                super().__init__(f"{one} and {two}")

        def fail() -> None:
            raise PickyError(1, 2)

        with pytest.raises(CallLost, match=r"PickyError\('1 and 2'\)"):
            there_and_back(fail)


class TestNotes:
    def test_progress_is_told_as_often_as_a_person_can_follow(self) -> None:
        notes: list[bytes] = []
        heard: list[int] = []

        class Hearing(Listener):
            def progress(self, done: int, total: int | None, unit: str) -> None:
                heard.append(done)

        def work(listener: Listener) -> None:
            for done in range(1, 10_001):
                listener.progress(done, 10_000, "bytes")

        parcel = pack(work, (Hearing(),))
        run_parcel(parcel.data, notes.append)
        for note in notes:
            deliver(note, parcel.listener)
        assert heard[0] == 1
        assert heard[-1] == 10_000
        assert len(heard) < 100

    def test_records_of_other_code_in_the_worker_are_left_alone(self) -> None:
        notes: list[bytes] = []

        def work() -> None:
            other = threading.Thread(target=logging.getLogger("other").error, args=("elsewhere",))
            other.start()
            other.join()
            logging.getLogger("mine").error("here")

        run_parcel(pack(work, ()).data, notes.append)
        assert len(notes) == 1

    def test_what_nobody_here_wants_to_hear_is_not_sent(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        notes: list[bytes] = []

        def work() -> None:
            logging.getLogger("nemflow.TaskRunner").info("the start of a task run")
            logging.getLogger("nemflow.flows").info("something else")

        caplog.set_level("INFO", logger="nemflow")
        caplog.set_level("WARNING", logger="nemflow.TaskRunner")
        parcel = pack(work, ())
        caplog.set_level("INFO", logger="nemflow.TaskRunner")  # as it is in another process
        run_parcel(parcel.data, notes.append)
        assert len(notes) == 1

    def test_a_call_in_the_same_process_leaves_loggers_as_they_are(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        names = ("nemflow", "nemflow.FlowRunner", "nemflow.TaskRunner")
        for name in names:
            caplog.set_level(logging.NOTSET, logger=name)
        run_parcel(pack(int, ()).data, lambda note: None)
        assert [logging.getLogger(name).level for name in names] == [logging.NOTSET] * 3

    def test_what_cannot_be_read_is_a_lost_note(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("DEBUG", logger="nemflow"):
            deliver(b"no pickle", None)
        assert "a note cannot be read here" in caplog.text
