"""A loopback HTTP server that publishes the synthetic market under NEMweb's paths.

::

    with SandboxServer(now=lambda: datetime(2026, 2, 18, tzinfo=NEM_TIME)) as server:
        page = urlopen(server.url + "/Data_Archive/Wholesale_Electricity/MMSDM/2024/")

Every synthetic answer carries ``X-Nemflow-Synthetic: 1``. The server writes nothing to the
terminal, keeps a record of each request, and has joined all its threads when the block is left.
"""

import socket
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self

from nemflow.tasks.nem.market_time import utc_now
from nemflow.tasks.nem.sandbox.answers import Handler
from nemflow.tasks.nem.sandbox.faults import Fault, FaultPlan
from nemflow.tasks.nem.sandbox.record import Request, RequestLog
from nemflow.tasks.nem.sandbox.revisions import Revision
from nemflow.tasks.nem.sandbox.tree import PublishedTree

HOST = "127.0.0.1"

_POLL_S = 0.02  # how soon the listening thread sees that it shall stop


class SandboxServer:
    """The sandbox on a port of the loopback interface; a context manager.

    Args:
        now: gives the aware instant that decides what is published; may move between requests.
        faults: what goes wrong from the start; see the property.
        root: a folder of real files laid out by URL path; they take precedence over synthetic
            ones and are served without the synthetic header.
        port: 0 for any free one.
        zip64: serve bundles with zip64 directories.
        revisions: prices that change after their publication; see the property.
        archive_by_stamp: a day of archived intervals has the stamps 00:00 to 23:55 instead of
            00:05 to 00:00; nobody knows which of the two AEMO's files have.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utc_now,
        faults: Iterable[Fault] = (),
        root: Path | None = None,
        port: int = 0,
        zip64: bool = False,
        revisions: Iterable[Revision] = (),
        archive_by_stamp: bool = False,
    ) -> None:
        self.tree = PublishedTree(
            now,
            root,
            zip64=zip64,
            revisions=revisions,
            archive_by_stamp=archive_by_stamp,
        )
        self.plan = FaultPlan(faults)
        self.log = RequestLog()
        self.stopping = threading.Event()
        self._port = port
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>`` without a slash at the end, while the server runs."""
        if self._listener is None:
            raise RuntimeError("the sandbox server is not running; use it in a with statement")
        return f"http://{HOST}:{self._listener.server_address[1]}"

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are on; assign another sequence at any time to change them."""
        return self.plan.faults

    @faults.setter
    def faults(self, faults: Iterable[Fault]) -> None:
        self.plan.replace(faults)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """The prices that change; assign another sequence at any time.

        A revision holds from its own instant on, by the server's `now`: every file with its prices
        is then another one under the same path, in bytes, ETag, Last-Modified and creation stamp.
        """
        return self.tree.revisions

    @revisions.setter
    def revisions(self, revisions: Iterable[Revision]) -> None:
        self.tree.revisions = tuple(revisions)

    @property
    def requests(self) -> list[Request]:
        """The requests so far, in the order of their coming."""
        return self.log.requests

    @property
    def max_concurrent(self) -> int:
        """The greatest number of requests that were being answered at one time."""
        return self.log.max_concurrent

    @property
    def max_concurrent_by_host(self) -> dict[str, int]:
        """The same for each Host header, such as ``127.0.0.1:8014`` and ``localhost:8014``."""
        return self.log.max_concurrent_by_host

    @property
    def max_connections(self) -> int:
        """The greatest number of connections that were open at one time, idle ones included."""
        return self._listener.max_connections if self._listener else 0

    def wait_for_requests(self, count: int, timeout_s: float) -> bool:
        """Wait until `count` requests have come; tell whether they did within `timeout_s`."""
        return self.log.wait_for(count, timeout_s)

    def __enter__(self) -> Self:
        """Listen, in a thread of its own.

        Raises:
            OSError: the port is taken.
        """
        handler = type("BoundHandler", (Handler,), {"host": self})
        self._listener = _Listener((HOST, self._port), handler)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(_POLL_S,), name="nemflow-sandbox"
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening, close all connections, join all threads.

        Raises:
            Exception: what a handler raised against expectation, unless another error is on
                its way.
        """
        if self._listener is None or self._thread is None:
            return
        self.stopping.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.close_connections()
        self._listener.server_close()
        if error is None and self._listener.failures:
            raise self._listener.failures[0]


class _Listener(ThreadingHTTPServer):
    """One thread for each connection, all joined by `server_close`."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[Handler]) -> None:
        super().__init__(address, handler)
        self.failures: list[Exception] = []
        self.max_connections = 0
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it, to close it at the end."""
        connection, address = super().get_request()
        with self._lock:
            self._connections.add(connection)
            self.max_connections = max(self.max_connections, len(self._connections))
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Wake handlers that wait for a next request or for a slow client."""
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client has closed it already

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep what no client causes; a client that leaves in the middle is no failure."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.failures.append(error)


def serve_forever(
    port: int,
    *,
    now: Callable[[], datetime] = utc_now,
    announce: Callable[[str], None] = lambda url: None,
) -> None:
    """Run the sandbox until an exception (KeyboardInterrupt, one from a signal handler) ends it.

    Args:
        port: 0 for any free one.
        now: see SandboxServer.
        announce: called once with the URL when the server listens.

    Raises:
        OSError: the port is taken.
    """
    with SandboxServer(now=now, port=port) as server:
        announce(server.url)
        threading.Event().wait()
