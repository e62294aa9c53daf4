"""Servers and clients on loopback for the tests of fetching; nothing here ever sleeps."""

import random
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nemflow.tasks.nem.datasets import NEM_PRICES
from nemflow.tasks.nem.download import Client
from nemflow.tasks.nem.fetch import FetchSettings, fetch_day
from nemflow.tasks.nem.market_time import NEM_TIME
from nemflow.tasks.nem.retries import RetryPolicy
from nemflow.tasks.nem.sandbox.server import SandboxServer

# A Wednesday morning; MMSDM has come for 2026-01 (eleven days after its end), not for 2026-02.
NOW = datetime(2026, 2, 18, 9, tzinfo=NEM_TIME)

# So that tests with a short timeout wait for the fault and not for the sandbox.
MADE_BEFOREHAND = (
    "/Data_Archive/Wholesale_Electricity/MMSDM/2020/MMSDM_2020_02/"
    "MMSDM_Historical_Data_SQLLoader/DATA/",
    *(
        f"/aemo/data/nem/priceanddemand/PRICE_AND_DEMAND_199901_{region}.csv"
        for region in ("NSW1", "QLD1", "SA1", "VIC1")
    ),
)


class Waits(list):
    """The waits that a client was told to make, in seconds."""


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[SandboxServer]:
    """One sandbox for all tests: the months it has made stay in its memory."""
    with SandboxServer(now=lambda: NOW) as server:
        for path in MADE_BEFOREHAND:
            assert server.tree.find(path, path) is not None
        yield server


@dataclass
class Visit:
    """The sandbox as one test sees it: its own requests and its own faults."""

    server: SandboxServer
    seen: int

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def requests(self) -> list:
        return self.server.requests[self.seen :]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def commit(self, *faults) -> None:
        self.server.faults = faults


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> Iterator[Visit]:
    yield Visit(shared_sandbox, len(shared_sandbox.requests))
    shared_sandbox.faults = ()


@dataclass
class Answer:
    """What a scripted server answers; `cut` ends the connection after so many bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


class ScriptedServer(ThreadingHTTPServer):
    """Answers each request as `script(request line, headers)` says and keeps request lines."""

    def __init__(self, script: Callable[[str, dict[str, str]], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), ScriptedHandler)
        self.script = script
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.body_bytes = 0
        self.failures: list[BaseException | None] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what no client causes; a client that leaves in the middle is no failure."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.failures.append(error)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class ScriptedHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def do_GET(self) -> None:
        line = self.raw_requestline.decode("ascii").rstrip()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.lines.append(line)
        self.server.headers.append(headers)
        answer = self.server.script(line, headers)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers and answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        self.close_connection = answer.cut is not None
        try:
            for start in range(0, len(body), 1 << 16):
                self.wfile.write(body[start : start + (1 << 16)])
                self.server.body_bytes += len(body[start : start + (1 << 16)])
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Return a function that starts a server with a script, or with a list of answers in turn."""
    running: list[tuple[ScriptedServer, threading.Thread]] = []

    def start(script) -> ScriptedServer:
        if not callable(script):
            answers = iter(script)
            server = ScriptedServer(lambda line, headers: next(answers))
        else:
            server = ScriptedServer(script)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
        assert server.failures == []


@pytest.fixture
def answer() -> type[Answer]:
    return Answer


@pytest.fixture
def make_client(waits: Waits) -> Iterator[Callable[..., Client]]:
    """Return a function that makes a client for a base URL; its waits are noted, not made."""
    clients: list[Client] = []

    def make(*base_urls: str, **options) -> Client:
        options.setdefault("now", lambda: NOW)
        client = Client(base_urls, sleep=waits.append, rng=random.Random(1), **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def settings(tmp_path: Path, sandbox: Visit) -> FetchSettings:
    return FetchSettings(
        data_dir=tmp_path / "data",
        lock_dir=tmp_path / "locks",
        nemweb_url=sandbox.url,
        aemo_url=sandbox.url,
        synthetic=True,
        now=lambda: NOW,
    )


@pytest.fixture
def fetch(settings: FetchSettings, make_client) -> Callable:
    """Return fetch_day with the test's settings, some of them changed, and waits not made."""

    def fetch(day, dataset=NEM_PRICES, renew_since=None, **changes):
        changed = replace(settings, **changes)
        client = make_client(
            changed.nemweb_url,
            changed.aemo_url,
            synthetic=changed.synthetic,
            read_timeout_s=changed.read_timeout_s,
            retries=RetryPolicy(tries=changed.tries),
            now=changed.now,
        )
        return fetch_day(day, dataset, changed, client, renew_since=renew_since)

    return fetch


@pytest.fixture
def files_kept(settings: FetchSettings) -> Callable[[], list[str]]:
    """Return a function that lists the archive's files, sidecars left out, names only."""

    def kept() -> list[str]:
        found = settings.data_dir.rglob("*")
        names = (path.name for path in found if path.is_file())
        return sorted(name for name in names if not name.endswith(".json"))

    return kept
