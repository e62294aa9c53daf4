"""The frame of AEMO's reports: a C line, tables one after the other, a footer; CRLF throughout."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from nemflow.tasks.nem.market_time import NEM_TIME

SYSTEM = "SYNTHETIC.WORLD"  # where AEMO's files say NEMP.WORLD or SETP.WORLD


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a report.

    Args:
        head: what its I and D lines begin with after the letter, such as ``DREGION,,2``.
        columns: in order.
        lines: its D lines.
    """

    head: str
    columns: tuple[str, ...]
    lines: Iterable[str]


def report(name: str, written_at: datetime, number: int, sections: Iterable[Section]) -> bytes:
    """Return a whole report of the tables in `sections`.

    Args:
        name: the report's, such as ``DAILY``; reports of single intervals repeat it.
        written_at: the creation stamp of the C line.
        number: the 16 digits by which AEMO counts its files.
    """
    stamp = f"{written_at.astimezone(NEM_TIME):%Y/%m/%d,%H:%M:%S}"
    end = f"{name},{number - 1:016}" if name.endswith("IS") else f",{number:016}"
    lines = [f"C,{SYSTEM},{name},AEMO,PUBLIC,{stamp},{number:016},{end}"]
    for section in sections:
        lines.append(_header(section.head, section.columns))
        lines.extend(section.lines)
    lines.append(f'C,"END OF REPORT",{len(lines) + 1}\r\n')
    return "\r\n".join(lines).encode("ascii")


@lru_cache(maxsize=64)
def _header(head: str, columns: tuple[str, ...]) -> str:
    return f"I,{head},{','.join(columns)}"
