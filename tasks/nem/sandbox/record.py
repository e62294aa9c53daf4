"""What the sandbox was asked: one record for each request, and how many ran at once."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Request:
    """One request and what was answered; `status` is 0 and `bytes_sent` grows while it runs.

    Args:
        method: GET or HEAD.
        path: the request target as sent, percent-encoded.
        headers: the client's headers, names in lower case.
        range: its Range header, or None.
        status: of the answer.
        bytes_sent: of the body, counted as they are handed to the network.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    range: str | None
    status: int = 0
    bytes_sent: int = 0


class RequestLog:
    """The requests in the order of their coming. Safe to use from threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Request] = []
        self._unanswered: set[int] = set()
        self._running: Counter[str] = Counter()
        self._most_running: Counter[str] = Counter()
        self._most_at_all = 0

    @property
    def requests(self) -> list[Request]:
        """A new list of all records so far."""
        with self._changed:
            return list(self._requests)

    @property
    def max_concurrent(self) -> int:
        """The greatest number of requests that were being answered at one time."""
        with self._changed:
            return self._most_at_all

    @property
    def max_concurrent_by_host(self) -> dict[str, int]:
        """The same for each Host header: one server can stand for several hosts."""
        with self._changed:
            return dict(self._most_running)

    @contextmanager
    def running(self, request: Request) -> Iterator[None]:
        """Record a request, and count it as running until `answered`, or the block's end."""
        host = _host(request)
        with self._changed:
            self._requests.append(request)
            self._unanswered.add(id(request))
            self._running[host] += 1
            self._most_running[host] = max(self._most_running[host], self._running[host])
            self._most_at_all = max(self._most_at_all, self._running.total())
            self._changed.notify_all()
        try:
            yield
        finally:
            self.answered(request)

    def answered(self, request: Request) -> None:
        """Count a request as running no more."""
        with self._changed:
            if id(request) in self._unanswered:
                self._unanswered.remove(id(request))
                self._running[_host(request)] -= 1

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Wait until `count` requests have come; tell whether they did within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s)


def _host(request: Request) -> str:
    return request.headers.get("host", "")
