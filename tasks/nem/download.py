"""Polite, verified transfers from AEMO's two hosts.

One try of any request goes::

    send -> follow redirects, to our hosts only -> real or synthetic? -> status -> body, counted

What another try may mend is a ``Fault`` (retries.py) and asked again with growing waits; what it
cannot mend is an error at once. Addresses go out on the wire exactly as given: AEMO's names hold
an encoded ``#``, as ``%23`` or ``%2523``, and no layer may "tidy" that.
"""

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Self, TypeVar

import requests
from requests.adapters import HTTPAdapter

from nemflow import __version__
from nemflow.errors import DownloadError, NotThere
from nemflow.tasks.nem.addresses import is_loopback, site
from nemflow.tasks.nem.answers import (
    Progress,
    is_synthetic,
    no_bytes_at,
    read_chunks,
    redirected_url,
    total_size,
    whole_file_only,
)
from nemflow.tasks.nem.faults import Fault, fault_of_answer, fault_of_transfer, refuse_page
from nemflow.tasks.nem.listing import Entry, parse_listing
from nemflow.tasks.nem.market_time import utc_now
from nemflow.tasks.nem.published import Unreachable, WrongMarket
from nemflow.tasks.nem.retries import RetryPolicy

T = TypeVar("T")

# aemo.com.au refuses agents that look like a script; honesty demands our name.
USER_AGENT = f"Mozilla/5.0 (compatible; nemflow/{__version__}; NEM price ETL)"
ABSENT = frozenset({int(HTTPStatus.NOT_FOUND), int(HTTPStatus.GONE)})

_MAX_REDIRECTS = 5
_PAGE_COUNTS = timedelta(minutes=2)
_PAGE_LIMIT = 64 << 20  # the largest listing seen has 1.2 MB

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Download:
    """What came: `url` after redirects, `size` in bytes, and how the server marks its version."""

    url: str
    size: int
    sha256: str
    last_modified: str
    etag: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file on the server, the `total` size of that file and its version marks."""

    data: bytes
    total: int
    last_modified: str
    etag: str
    synthetic: bool


class Client:
    """Downloads from the hosts of `base_urls` and from no other; a context manager.

    Proxies and certificate bundles are taken from the usual environment variables by ``requests``,
    except for loopback addresses; credentials (``.netrc``) never are.

    Args:
        base_urls: the addresses that the user configured.
        synthetic: take answers of nemflow's synthetic market only; else refuse those.
        connect_timeout_s: longest wait for a connection.
        read_timeout_s: longest silence within a transfer.
        retries: how often to ask again, and how long to wait before.
        connections: at most so many at a time to one host.
        sleep, rng, now: waiting, chance and the clock.
    """

    def __init__(
        self,
        base_urls: Iterable[str],
        *,
        synthetic: bool = False,
        connect_timeout_s: float = 10.0,
        read_timeout_s: float = 60.0,
        retries: RetryPolicy | None = None,
        connections: int = 4,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._hosts = frozenset(site(url) for url in base_urls)
        self._synthetic = synthetic
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._retries = retries or RetryPolicy()
        self._sleep, self._rng, self._now = sleep, rng or random.Random(), now
        self._pages: dict[str, tuple[datetime, tuple[Entry, ...] | str]] = {}
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        # An auth of our own keeps requests from looking for credentials in ~/.netrc.
        self._session.auth = lambda request: request
        adapter = HTTPAdapter(pool_maxsize=connections, pool_block=True, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def get_text(self, url: str) -> str:
        """Return a page.

        Raises:
            NotThere: 404 or 410.
            DownloadError: anything else but a good answer, after all tries.
        """
        return self._persist(url, lambda: self._text_once(url))

    def get_listing(self, url: str) -> tuple[Entry, ...]:
        """Return what a folder's page lists; what it said within the last minutes still counts.

        Raises:
            NotThere, DownloadError: as for `get_text`.
        """
        asked_at, answer = self._pages.get(url, (None, None))
        if answer is None or asked_at is None or self._now() - asked_at > _PAGE_COUNTS:
            try:
                answer = parse_listing(self.get_text(url), url)
            except NotThere as error:
                answer = str(error)
            self._pages[url] = (self._now(), answer)
        if isinstance(answer, str):
            raise NotThere(answer)
        return answer

    def download(
        self,
        url: str,
        to: Path,
        *,
        progress: Progress | None = None,
        absent: frozenset[int] = ABSENT,
    ) -> Download:
        """Write a file to the temporary path `to`, which is left half-written on an error.

        Args:
            progress: called with the bytes so far and in all, if known.
            absent: the statuses which say that there is no such file.

        Raises:
            NotThere: one of the `absent` statuses.
            DownloadError: anything else but a whole file, after all tries.
        """
        return self._persist(url, lambda: self._file_once(url, to, progress, absent))

    def download_if_changed(
        self, url: str, to: Path, etag: str, *, progress: Progress | None = None
    ) -> Download | None:
        """Write a file as `download` does, or return None if it still has this `etag`."""
        return self._persist(url, lambda: self._changed_file_once(url, to, etag, progress))

    def get_range(
        self, url: str, start: int, stop: int, *, progress: Progress | None = None
    ) -> Part:
        """Return the bytes from `start` up to, not including, `stop`.

        Raises:
            RangeNotSupported: the server began to send the whole file, which was not read.
            NotThere, DownloadError: as for `download`.
        """
        return self._persist(url, lambda: self._range_once(url, start, stop, progress))

    # one try of each kind of request

    def _text_once(self, url: str) -> str:
        with closing(self._ask(url, {})) as response:
            body = b"".join(read_chunks(response, None, limit=_PAGE_LIMIT))
            return body.decode(response.encoding or "utf-8", errors="replace")

    def _file_once(
        self, url: str, to: Path, progress: Progress | None, absent: frozenset[int]
    ) -> Download:
        with closing(self._ask(url, {}, absent)) as response:
            return _save(response, to, progress)

    def _changed_file_once(
        self, url: str, to: Path, etag: str, progress: Progress | None
    ) -> Download | None:
        with closing(self._ask(url, {"If-None-Match": etag})) as response:
            if response.status_code == HTTPStatus.NOT_MODIFIED:
                return None
            return _save(response, to, progress)

    def _range_once(self, url: str, start: int, stop: int, progress: Progress | None) -> Part:
        with closing(self._ask(url, {"Range": f"bytes={start}-{stop - 1}"})) as response:
            if response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise no_bytes_at(start, url)
            # Leaving the block closes the connection: a body of gigabytes is not read.
            if response.status_code != HTTPStatus.PARTIAL_CONTENT:
                raise whole_file_only(response)
            total = total_size(response, start, stop)
            data = b"".join(read_chunks(response, progress, limit=stop - start))
            if len(data) != stop - start:
                raise Fault(f"sent {len(data):,} of {stop - start:,} bytes")
            return Part(data, total, *_marks(response))

    # what every try goes through

    def _ask(
        self, url: str, headers: dict[str, str], absent: frozenset[int] = ABSENT
    ) -> requests.Response:
        """Return the open answer at the end of all redirects, if its status is one that is awaited."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._send(url, headers)
            try:
                self._refuse_wrong_market(response)
                if not response.is_redirect:
                    if response.status_code not in _awaited_statuses(headers):
                        raise fault_of_answer(response, absent, self._now())
                    return response
            except BaseException:
                response.close()
                raise
            response.close()
            url = redirected_url(url, response.headers["Location"])
        raise DownloadError(f"{url} redirects in a circle; check the base URL")

    def _send(self, url: str, headers: dict[str, str]) -> requests.Response:
        if site(url) not in self._hosts:
            hosts = " and ".join(sorted(self._hosts))
            raise DownloadError(f"{url} leads away from {hosts}, where nemflow was told to look")
        if "#" in url:
            raise DownloadError(f"{url} holds a bare #, which would fetch its folder's page")
        request = self._session.prepare_request(requests.Request("GET", url, headers))
        request.url = url  # exactly as written: requests re-quotes what it prepares
        settings = self._session.merge_environment_settings(url, {}, True, None, None)
        if is_loopback(url):
            settings["proxies"] = {}
        return self._session.send(
            request, timeout=self._timeout_s, allow_redirects=False, **settings
        )

    def _refuse_wrong_market(self, response: requests.Response) -> None:
        if is_synthetic(response) and not self._synthetic:
            raise WrongMarket(
                f"{response.url} serves nemflow's SYNTHETIC market; use --sandbox, "
                "so that it is kept apart from the real one"
            )
        if self._synthetic and response.ok and not is_synthetic(response):
            raise WrongMarket(
                f"{response.url} does not serve nemflow's synthetic market; leave out --sandbox "
                "to fetch real prices"
            )

    def _persist(self, url: str, attempt: Callable[[], T]) -> T:
        number = 0
        while True:
            number += 1
            try:
                return attempt()
            except Fault as fault:
                self._wait_or_give_up(url, fault, number)
            except requests.RequestException as error:
                self._wait_or_give_up(url, fault_of_transfer(error, url, self._timeout_s), number)

    def _wait_or_give_up(self, url: str, fault: Fault, number: int) -> None:
        """Return when it is time for the next try; else raise the final error."""
        tries = self._retries.absent_tries if fault.absent else self._retries.tries
        if number >= tries:
            raise _final_error(url, fault, number) from fault
        wait_s = fault.asked_wait_s
        if wait_s is None:
            wait_s = self._retries.wait_s(number, self._rng)
        elif wait_s > self._retries.longest_asked_s:
            then = self._now().astimezone(UTC) + timedelta(seconds=wait_s)
            raise DownloadError(
                f"{url} {fault.what} and asks to wait; try again after {then:%Y-%m-%d %H:%M} UTC"
            ) from fault
        _log.warning(
            "%s %s; waiting %.0f s (try %d of %d)", url, fault.what, wait_s, number + 1, tries
        )
        self._sleep(wait_s)


def _awaited_statuses(headers: Mapping[str, str]) -> set[int]:
    awaited = {HTTPStatus.OK}
    if "Range" in headers:
        awaited |= {HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
    if "If-None-Match" in headers:
        awaited.add(HTTPStatus.NOT_MODIFIED)
    return set(map(int, awaited))


def _save(response: requests.Response, to: Path, progress: Progress | None) -> Download:
    digest, size = hashlib.sha256(), 0
    with to.open("wb") as file:
        for chunk in read_chunks(response, progress):
            if size == 0:
                refuse_page(chunk)
            digest.update(chunk)
            file.write(chunk)
            size += len(chunk)
    if size == 0:
        raise Fault("sent an empty file")
    return Download(str(response.url), size, digest.hexdigest(), *_marks(response))


def _marks(response: requests.Response) -> tuple[str, str, bool]:
    """Return how an answer marks the file's version: Last-Modified, ETag, synthetic."""
    headers = response.headers
    return headers.get("Last-Modified", ""), headers.get("ETag", ""), is_synthetic(response)


def _final_error(url: str, fault: Fault, tries: int) -> NotThere | DownloadError:
    if fault.absent:
        return NotThere(f"{url} {fault.what}")
    count = "1 try" if tries == 1 else f"{tries} tries"
    kind = Unreachable if fault.unreachable else DownloadError
    return kind(f"{url} {fault.what} ({count}); {fault.advice}")
