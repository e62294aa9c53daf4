"""A loopback NEMweb that serves ready-made bytes: a year of DISPATCHPRICE months, made beforehand.

    python ready_server.py FOLDER YEAR MONTHS WAIT_S BYTES_PER_S

Months are made by the sandbox's generator and kept in FOLDER. Prints its address; for each line on its
standard input it prints how many connections were open, and how many requests answered, at one time
at most since the last, and how many requests and bytes there were. Ends with its input.
"""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.files import dispatchprice_zip

ROOT = "/Data_Archive/Wholesale_Electricity/MMSDM"
_CHUNK = 1 << 16


def data_folder(month: Month) -> str:
    """Return the path of a month's DATA folder."""
    inside = f"{month.year}/MMSDM_{month.year}_{month.month:02}"
    return f"{ROOT}/{inside}/MMSDM_Historical_Data_SQLLoader/DATA/"


def month_zip(folder: Path, month: Month) -> tuple[str, bytes]:
    """Return name and bytes of a month's zip, made once and kept in the folder."""
    kept = folder / f"{month}.zip"
    name = f"PUBLIC_DVD_DISPATCHPRICE_{month.year}{month.month:02}010000.zip"
    if not kept.exists():
        _, body = dispatchprice_zip(month)
        kept.write_bytes(body)
    return name, kept.read_bytes()


def pages(folder: Path, year: int, months: int) -> dict[str, bytes]:
    """Return what the server has, by path."""
    found: dict[str, bytes] = {}
    month = Month(year, 1)
    for _ in range(months):
        name, body = month_zip(folder, month)
        path = data_folder(month)
        found[path + name] = body
        link = f'<A HREF="{path}{name}">{name}</A><br>'
        line = f"Tuesday, March 5, 2024  1:00 AM {len(body)} {link}"
        found[path] = f"<html><body><pre>{line}</pre></body></html>".encode()
        month = month.next()
    return found


class Server(ThreadingHTTPServer):
    """Serves the pages; counts connections and requests."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, pages: dict[str, bytes], wait_s: float, bytes_per_s: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages, self.wait_s, self.bytes_per_s = pages, wait_s, bytes_per_s
        self.lock = threading.Lock()
        self.open = self.most_open = self.answering = self.most_answering = 0
        self.requests = self.sent = 0

    def count(self, what: str, change: int) -> None:
        """Count something that begins or ends."""
        with self.lock:
            now = getattr(self, what) + change
            setattr(self, what, now)
            setattr(self, f"most_{what}", max(now, getattr(self, f"most_{what}")))

    def report(self) -> str:
        """Return the counts since the last report."""
        with self.lock:
            told = f"{self.most_open} {self.most_answering} {self.requests} {self.sent}"
            self.most_open, self.most_answering = self.open, self.answering
            self.requests = self.sent = 0
        return told


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        self.server.count("open", 1)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.server.count("open", -1)

    def do_GET(self) -> None:  # the name that http.server looks for
        server = self.server
        server.count("answering", 1)
        try:
            time.sleep(server.wait_s)
            body = server.pages.get(unquote(self.path))
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.send_header("X-Nemflow-Synthetic", "1")
            self.send_header(
                "Content-Type", "text/html" if self.path.endswith("/") else "application/zip"
            )
            self.end_headers()
            self._send(body or b"")
        finally:
            server.count("answering", -1)

    def _send(self, body: bytes) -> None:
        began = time.perf_counter()
        for start in range(0, len(body), _CHUNK):
            chunk = body[start : start + _CHUNK]
            self.wfile.write(chunk)
            due = began + (start + len(chunk)) / self.server.bytes_per_s
            time.sleep(max(0.0, due - time.perf_counter()))
        with self.server.lock:
            self.server.requests += 1
            self.server.sent += len(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        pass


def main() -> None:
    """Make the months, serve them, report when asked."""
    folder, year, months, wait_s, bytes_per_s = sys.argv[1:]
    made = pages(Path(folder), int(year), int(months))
    server = Server(made, float(wait_s), float(bytes_per_s))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    for _ in sys.stdin:
        print(server.report(), flush=True)


if __name__ == "__main__":
    main()
