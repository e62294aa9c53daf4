"""Who may ask: the browser of the person who started the server, and nothing else.

A page of another site can send requests to the loopback address, and a name of its own can be made to
lead there. So the Host header must be the loopback address itself, an Origin must be this very server,
and every request must bring the token: the first in its address, later ones in a cookie that other
sites' requests do not carry. What changes something must bring the token in a header as well, which
no form of another site can set.
"""

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE = "nemflow-token"
HEADER = "X-Nemflow-Token"

_SAFE = ("GET", "HEAD")


class Guard:
    """Lets requests through that may ask; an ASGI middleware.

    Args:
        app: what is guarded.
        hosts: the values of the Host header that are this server.
        token: the secret.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str], token: str) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with 403 or 421."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        if headers.get("host", "") not in self._hosts:
            return PlainTextResponse("this server answers to its own address only\n", 421)
        if not self._is_own_origin(headers):
            return PlainTextResponse("requests of other sites are refused\n", 403)
        given = [headers.get(HEADER, "")]
        if request.method in _SAFE:
            given += [request.cookies.get(COOKIE, ""), request.query_params.get("token", "")]
        if not any(hmac.compare_digest(one.encode(), self._token.encode()) for one in given):
            words = "open the address that nemflow ui has printed: it holds the token\n"
            return PlainTextResponse(words, 403)
        return None

    def _is_own_origin(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        return origin is None or origin.removeprefix("http://") in self._hosts
