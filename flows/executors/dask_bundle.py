"""Bundles: several small calls in one future of Dask, none of which waits for another.

A future costs Dask about as much as twenty small calls take. So calls of tasks that have shown to be
small travel together. When one of a bundle turns out to be slow, the others do not wait for it: the
bundle *hands back* by an event the answers that it has and the calls that it has not begun. Should its
worker die after that, Dask runs the whole bundle again; answers that are known are then not heard.
"""

import pickle
import threading
import time
from typing import NamedTuple

import distributed

from nemflow.flows.executors.parcels import run_parcel

TOPIC = "nemflow"
HAND_BACK_AFTER_S = 0.05
SMALL_S = 0.005
SMALL_BYTES = 4096


class Answer(NamedTuple):
    """The packed answer of one call, and how long it took."""

    data: bytes
    seconds: float

    @property
    def is_small(self) -> bool:
        """Whether calls like this one are worth bundling."""
        return self.seconds < SMALL_S and len(self.data) < SMALL_BYTES


class Note(NamedTuple):
    """An event: something that one call tells."""

    number: int
    data: bytes


class HandedBack(NamedTuple):
    """An event: a bundle has met a slow call."""

    answers: dict[int, Answer]
    slow: int
    not_begun: list[int]


def run_bundle(parcels: list[tuple[int, bytes]], run_id: str) -> dict[int, Answer]:
    """Run packed calls one after the other; return the answers by number.

    Numbers that are missing in what is returned were handed back.
    """
    return _Bundle(parcels, run_id).run()


class _Bundle:
    def __init__(self, parcels: list[tuple[int, bytes]], run_id: str) -> None:
        self._waiting = parcels[::-1]
        self._run_id = run_id
        self._answers: dict[int, Answer] = {}
        self._running = parcels[0][0]
        self._lock = threading.Lock()
        self._worker = distributed.get_worker()

    def run(self) -> dict[int, Answer]:
        if len(self._waiting) == 1:
            self._run_next()
            return self._answers
        watch = threading.Timer(HAND_BACK_AFTER_S, self._hand_back)
        watch.daemon = True
        watch.start()
        try:
            while self._run_next():
                pass
        finally:
            watch.cancel()
        return self._answers

    def _run_next(self) -> bool:
        with self._lock:
            if not self._waiting:
                return False
            number, data = self._waiting.pop()
            self._running = number
        begun = time.perf_counter()
        answer = run_parcel(data, lambda note: self._tell(Note(number, note)))
        with self._lock:
            self._answers[number] = Answer(answer, time.perf_counter() - begun)
        return True

    def _hand_back(self) -> None:
        with self._lock:
            slow = self._running
            not_begun = [number for number, _ in self._waiting]
            self._waiting.clear()
            # All of them: one that took longer than others may be what the slow call waits for.
            answers = dict(self._answers)
        self._tell(HandedBack(answers, slow, not_begun))

    def _tell(self, event: Note | HandedBack) -> None:
        self._worker.log_event(TOPIC, (self._run_id, pickle.dumps(event)))
