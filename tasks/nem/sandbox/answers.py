"""How the sandbox answers one request: the faults that strike it, status, headers, body."""

import select
import socket
import struct
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Protocol
from urllib.parse import unquote

from nemflow.tasks.nem.sandbox.damage import damaged, is_content_fault
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind, FaultPlan
from nemflow.tasks.nem.sandbox.ranges import (
    Unsatisfiable,
    asked_range,
    etag,
    http_date,
    is_unchanged,
)
from nemflow.tasks.nem.sandbox.record import Request, RequestLog
from nemflow.tasks.nem.sandbox.tree import Page, PublishedTree

SYNTHETIC_HEADER = "X-Nemflow-Synthetic"

_CHUNK = 64 * 1024
_REFUSALS = {
    FaultKind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    FaultKind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    FaultKind.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
    FaultKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    FaultKind.HTML_200: HTTPStatus.OK,
}
_TRANSFER = (FaultKind.SLOW, FaultKind.STALLED, FaultKind.RESET, FaultKind.TRUNCATED)


class Host(Protocol):
    """What a handler needs of its server."""

    tree: PublishedTree
    plan: FaultPlan
    log: RequestLog
    stopping: threading.Event


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD on one connection, which stays open between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "nemflow-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    host: Host  # set on a subclass, one for each server

    def do_GET(self) -> None:
        """Answer with headers and body."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer with headers alone."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing: the record of requests is the log."""

    def _answer(self) -> None:
        self.request_record = Request(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.headers.get("Range"),
        )
        self._synthetic = True
        raw_path = self.path.partition("?")[0]
        path = unquote(raw_path)
        struck = self.host.plan.strike(path, raw_path)
        with self.host.log.running(self.request_record):
            for late in (fault for fault in struck if fault.kind is FaultKind.LATE):
                self.host.stopping.wait(late.delay_s)
            if not self._refuse(struck, raw_path):
                if any(fault.kind is FaultKind.ENCODED_HASH for fault in struck):
                    path = unquote(path)
                self._publish(path, raw_path, struck)

    def _refuse(self, struck: tuple[Fault, ...], raw_path: str) -> bool:
        """Send the web page of a fault that refuses the request; tell whether one does."""
        if unquote(raw_path) in self.host.plan.gone:
            self._send_page(HTTPStatus.NOT_FOUND, {})
            return True
        for fault in struck:
            status = _REFUSALS.get(fault.kind)
            if fault.kind is FaultKind.ENCODED_HASH and "%23" in raw_path:
                status = HTTPStatus.BAD_REQUEST
            if status is not None:
                wait = {"Retry-After": str(fault.retry_after_s)}
                self._send_page(status, wait if fault.kind is FaultKind.TOO_MANY else {})
                return True
        return False

    def _publish(self, path: str, raw_path: str, struck: tuple[Fault, ...]) -> None:
        hidden = tuple(f.path_contains for f in struck if f.kind is FaultKind.LISTING_HIDES)
        is_bare = any(fault.kind is FaultKind.LISTING_BARE for fault in struck)
        page = self.host.tree.find(
            path, raw_path, hidden=(*hidden, *self.host.plan.gone), bare=is_bare
        )
        if page is None and self.host.tree.is_folder(f"{path}/"):
            self._send_page(HTTPStatus.MOVED_PERMANENTLY, {"Location": f"{raw_path}/"})
            return
        if page is None:
            self._send_page(HTTPStatus.NOT_FOUND, {})
            return
        self._synthetic = page.synthetic
        body, tag = self._body(page, tuple(f for f in struck if is_content_fault(f.kind)))
        modified = http_date(page.modified)
        ignores_range = any(fault.kind is FaultKind.NO_RANGE for fault in struck)
        headers = {
            "ETag": tag,
            "Last-Modified": modified,
            "Accept-Ranges": "none" if ignores_range else "bytes",
        }
        if is_unchanged(self.headers, tag):
            self._send_headers(HTTPStatus.NOT_MODIFIED, headers)
            return
        try:
            part = None if ignores_range else asked_range(self.headers, len(body), tag, modified)
        except Unsatisfiable:
            refusal = {"Content-Range": f"bytes */{len(body)}"}
            self._send_page(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, refusal)
            return
        headers["Content-Type"] = page.content_type
        transfer = next((fault for fault in struck if fault.kind in _TRANSFER), None)
        if part is None:
            self._send(HTTPStatus.OK, headers, body, transfer)
        else:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
            self._send(HTTPStatus.PARTIAL_CONTENT, headers, body[part], transfer)

    def _body(self, page: Page, faults: tuple[Fault, ...]) -> tuple[bytes, str]:
        """Return the page's bytes after all its content faults, and their ETag."""
        if page.is_listing:
            return page.body, etag(page.body)
        memory, version, body = self.host.tree.memory, page.version, page.body
        if faults:
            version = ("damaged", version, faults)
            body = memory.remember(version, lambda: damaged(page.body, faults))
        return body, memory.remember(("etag", version), lambda: etag(body), size=len)

    def _send_page(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        title = f"{status.value} - {status.phrase}"
        body = (
            f"<html><head><title>{title}</title></head><body><H1>{title}</H1><hr></body></html>\r\n"
        ).encode()
        self._send(status, {"Content-Type": "text/html", **headers}, body, None)

    def _send(
        self, status: HTTPStatus, headers: dict[str, str], body: bytes, fault: Fault | None
    ) -> None:
        """Send an answer, broken off or slowed down as the transfer `fault` says."""
        stated = len(body)
        if fault is not None and fault.kind is not FaultKind.SLOW:
            body = body[: fault.after_bytes]
            if fault.kind is FaultKind.TRUNCATED and fault.consistent_length:
                stated, fault = len(body), None
        self._send_headers(status, {**headers, "Content-Length": str(stated)})
        if self.command == "HEAD":
            return
        if fault is None:
            self._write(body, is_whole=True)
        elif fault.kind is FaultKind.SLOW:
            self._drip(body, fault.bytes_per_s)
        else:
            self._write(body)
            self._break_off(fault.kind)

    def _send_headers(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.request_record.status = status.value
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self._synthetic:
            self.send_header(SYNTHETIC_HEADER, "1")
        self.end_headers()

    def _write(self, body: bytes, *, is_whole: bool = False) -> None:
        for start in range(0, len(body), _CHUNK):
            chunk = body[start : start + _CHUNK]
            # Counted first: when the client has the last byte, the counts are right.
            self.request_record.bytes_sent += len(chunk)
            if is_whole and start + _CHUNK >= len(body):
                self.host.log.answered(self.request_record)
            self.wfile.write(chunk)

    def _drip(self, body: bytes, bytes_per_s: int) -> None:
        step, begun = max(1, bytes_per_s // 20), time.monotonic()
        for start in range(0, len(body), step):
            chunk = body[start : start + step]
            self._write(chunk)
            due = begun + (start + len(chunk)) / bytes_per_s
            if self.host.stopping.wait(max(0, due - time.monotonic())):
                break

    def _break_off(self, kind: FaultKind) -> None:
        self.close_connection = True
        if kind is FaultKind.STALLED:
            self._wait_for_client_to_leave()
        elif kind is FaultKind.RESET:
            # Closed without lingering and without a shutdown, a connection ends with RST, not FIN.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            socket.close(self.connection.detach())

    def _wait_for_client_to_leave(self) -> None:
        while not self.host.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable and not self.connection.recv(_CHUNK):
                return
