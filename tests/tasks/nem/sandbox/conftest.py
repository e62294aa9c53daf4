"""The sandbox server and the files that its tests share."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME, Month
from nemflow.tasks.nem.sandbox import SandboxServer
from nemflow.tasks.nem.sandbox.table_csv import dispatchprice_csv, tradingprice_csv


class Answer(NamedTuple):
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Fetch = Callable[..., Answer]


@pytest.fixture(scope="session")
def now() -> datetime:
    """A Wednesday in February 2026, ten in the morning, market time."""
    return datetime(2026, 2, 18, 10, tzinfo=NEM_TIME)


@pytest.fixture(scope="session")
def running_sandbox(now: datetime) -> Iterator[SandboxServer]:
    """One server for all tests, so that each file is generated once."""
    with SandboxServer(now=lambda: now) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    """The server without faults before and after a test."""
    running_sandbox.faults = ()
    yield running_sandbox
    running_sandbox.faults = ()


@pytest.fixture
def fetch(sandbox: SandboxServer) -> Fetch:
    """A function (path, headers, method) -> Answer on a new connection to the sandbox."""

    def request(path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Answer:
        connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
        try:
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    return request


@pytest.fixture(scope="session")
def dispatch_2018_05() -> bytes:
    """A DVD month with interventions."""
    return dispatchprice_csv(Month(2018, 5))


@pytest.fixture(scope="session")
def dispatch_2024_08() -> bytes:
    """The first ARCHIVE month."""
    return dispatchprice_csv(Month(2024, 8))


@pytest.fixture(scope="session")
def trading_2018_05() -> bytes:
    """A month of half hours."""
    return tradingprice_csv(Month(2018, 5))
