"""What a failed try was, in words: faults that another try may mend, and errors that none will."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus

import requests
from urllib3.exceptions import ReadTimeoutError

from nemflow.errors import DownloadError
from nemflow.tasks.nem.retries import parse_retry_after

_PASSING = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
_THROTTLED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_NETWORK_ADVICE = "check the network, then try again"
_LATER_ADVICE = "try again later"


class Fault(Exception):
    """A try that failed in a way that another may mend; never leaves the client.

    Args:
        what: what the URL did, from the verb on: ``answered 503 Service Unavailable``.
        advice: what to do when it stays so.
        asked_wait_s: the wait in seconds that the server asked for.
        absent: whether the server said that there is no such file.
        unreachable: whether there was no answer at all.
    """

    def __init__(
        self,
        what: str,
        advice: str = _LATER_ADVICE,
        *,
        asked_wait_s: float | None = None,
        absent: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.asked_wait_s = asked_wait_s
        self.absent = absent
        self.unreachable = unreachable


def fault_of_answer(
    response: requests.Response, absent: frozenset[int], now: datetime
) -> Fault | DownloadError:
    """Return what an answer with a bad status is: a fault, or an error that no retry mends.

    Args:
        absent: the statuses which say that there is no such file.
    """
    status = response.status_code
    if status in absent:
        return Fault(f"is not there (the server answered {status})", absent=True)
    what = f"answered {status} {_phrase(response)}".rstrip()
    if status not in _PASSING and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return DownloadError(f"{response.url} {what}; check the base URL")
    wait_s = parse_retry_after(response.headers.get("Retry-After"), now)
    advice = _LATER_ADVICE
    if status in _THROTTLED:
        advice = f"{status} from AEMO often means slow down: try again in some minutes"
    return Fault(what, advice, asked_wait_s=wait_s)


def fault_of_transfer(
    error: requests.RequestException, url: str, timeout_s: tuple[float, float]
) -> Fault:
    """Return what a broken or failed connection was.

    Raises:
        DownloadError: no other try can help: a bad address, or a certificate that is not trusted.
    """
    connect_timeout_s, read_timeout_s = timeout_s
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        raise DownloadError(
            f"{url} shows a certificate that cannot be trusted; check the system's clock and "
            "certificates, and whether a proxy stands between"
        ) from error
    if isinstance(error, requests.ConnectTimeout):
        return Fault(
            f"gave no connection within {connect_timeout_s:g} s", _NETWORK_ADVICE, unreachable=True
        )
    if any(isinstance(cause, requests.ReadTimeout | ReadTimeoutError) for cause in causes):
        return Fault(f"sent nothing for {read_timeout_s:g} s")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return Fault("broke off before the end of its answer", _NETWORK_ADVICE)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return Fault("sent bytes that cannot be unpacked")
    if isinstance(error, requests.ConnectionError):
        what = f"could not be reached: {_reason(causes)}"
        return Fault(what, _NETWORK_ADVICE, unreachable=True)
    raise DownloadError(f"{url} cannot be fetched: {error}") from error


def refuse_page(start: bytes) -> None:
    """Raise a fault if a file begins as a web page does: AEMO answers so, with 200, when busy."""
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Fault("sent a web page in place of the file")


def _phrase(response: requests.Response) -> str:
    try:
        return HTTPStatus(response.status_code).phrase
    except ValueError:
        return response.reason or ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it wraps; urllib3 keeps some in args or `reason` only."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]


def _reason(causes: tuple[BaseException, ...]) -> str:
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return "no such host, or no network"
    systems = (cause for cause in causes if isinstance(cause, OSError) and cause.errno)
    return next((str(cause.strerror) for cause in systems), "the server closed the connection")
