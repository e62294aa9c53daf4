"""Readers of reports and folder pages, kept apart from nemflow's own."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

from nemflow.tasks.nem.market_time import NEM_TIME

_LINE = re.compile(
    r"(\w+, \w+ \d+, \d{4} +\d+:\d\d [AP]M) +(\d+|&lt;dir&gt;) <A HREF=\"([^\"]*)\">([^<]*)</A>"
)


class Listed(NamedTuple):
    """One line of a folder page; size None for a folder."""

    modified: datetime
    size: int | None
    href: str
    name: str


class Report(NamedTuple):
    """A report's lines and its tables by (type, subtype, version): columns, rows as dicts."""

    lines: list[list[str]]
    columns: dict[tuple[str, str, str], list[str]]
    rows: dict[tuple[str, str, str], list[dict[str, str]]]


Sections = Callable[[bytes], Report]


@pytest.fixture(scope="session")
def sections() -> Sections:
    """Read a report's csv; every D row must be as wide as its I row."""

    def read(body: bytes) -> Report:
        lines = list(csv.reader(io.StringIO(body.decode("ascii"), newline="")))
        report = Report(lines, {}, {})
        for kind, *fields in lines:
            head = (fields[0], fields[1], fields[2] if len(fields) > 2 else "")
            if kind == "I":
                report.columns[head], report.rows[head] = fields[3:], []
            elif kind == "D":
                row = dict(zip(report.columns[head], fields[3:], strict=True))
                report.rows[head].append(row)
        return report

    return read


@pytest.fixture(scope="session")
def member() -> Callable[[bytes], bytes]:
    """Take the only member of a zip, whose checksum must be right."""

    def take(body: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            (name,) = archive.namelist()
            return archive.read(name)

    return take


@pytest.fixture
def listed(fetch: Callable[..., Any]) -> Callable[[str], list[Listed]]:
    """Fetch and read a folder page."""

    def read(path: str) -> list[Listed]:
        answer = fetch(path)
        assert answer.status == 200
        return [
            Listed(
                datetime.strptime(when, "%A, %B %d, %Y %I:%M %p").replace(tzinfo=NEM_TIME),
                None if size.startswith("&") else int(size),
                href,
                unquote(name),
            )
            for when, size, href, name in _LINE.findall(answer.body.decode())
        ]

    return read
