"""Conditional and ranged requests, as RFC 9110 has them: one range, validators, If-Range."""

import hashlib
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class Unsatisfiable(Exception):
    """The range lies behind the end of the file: status 416."""


def etag(body: bytes) -> str:
    """Return a strong validator of the bytes, quotes included."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def http_date(instant: datetime) -> str:
    """Return an aware instant as HTTP writes it: ``Wed, 12 Feb 2014 00:00:00 GMT``."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


def is_unchanged(headers: Message, tag: str) -> bool:
    """Tell whether the client has this version already (If-None-Match): status 304."""
    known = headers.get("If-None-Match", "")
    return known.strip() == "*" or tag in (part.strip() for part in known.split(","))


def asked_range(headers: Message, size: int, tag: str, modified: str) -> slice | None:
    """Return the bytes asked for, or None for the whole file.

    None also for what a server may ignore: several ranges, other units, an If-Range that names
    another version.

    Raises:
        Unsatisfiable: the range begins behind the end, or is empty.
    """
    match = _ONE_RANGE.fullmatch(headers.get("Range", "").strip())
    if match is None or not (match[1] or match[2]):
        return None
    if headers.get("If-Range", tag) not in (tag, modified):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first > last:
        raise Unsatisfiable
    return slice(first, last + 1)
