"""Fills location templates, and refuses a path that leaves its root.

A location is a path relative to some root (a folder, a bucket), written with "/". It is a string
all the way: a run over years fills thousands, and a Path object each would cost more than the rest.
"""

from __future__ import annotations

import itertools
import os.path
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from nemflow.errors import LocationError

_SHOWN_KEYS = 12
_READABLE_TAIL = 60
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._=-]")


def fill(template: str | Callable[..., str], /, **keys: Any) -> str:
    """Return the location that *template* gives for *keys*, as `safe_location` does.

    A string is filled by `str.format`; a function is called with the keys as keyword arguments.

    Raises:
        LocationError: a key is unknown, the text is no template, or the path leaves its root.

    >>> fill("{table}/{date:%Y-%m}.parquet", table="PRICE", date=datetime(2014, 1, 2, tzinfo=UTC))
    'PRICE/2014-01.parquet'
    """
    return fill_map(template, keys)


def fill_map(template: str | Callable[..., str], keys: Mapping[str, Any], /) -> str:
    """Return what `fill` does; a mapping is asked only for the keys that a string names.

    Raises:
        LocationError: as `fill` does.
    """
    location: object
    try:
        location = template.format_map(keys) if isinstance(template, str) else template(**keys)
    except KeyError as error:
        raise LocationError(_unknown_key(template, str(error), keys)) from error
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        if not isinstance(template, str):
            raise  # a mistake inside the user's own function: its traceback says more than we could
        raise LocationError(f"The location {template!r} cannot be filled: {error}.") from error
    if not isinstance(location, str):
        raise LocationError(
            f"The location function {template!r} must return text, not {location!r}."
        )
    return safe_location(location)


def safe_location(location: str) -> str:
    """Return *location* in its shortest form, with no "." or ".." part.

    Raises:
        LocationError: the path is absolute, leaves its root, or does not name a file below it.

    >>> safe_location("raw//2014/./prices.parquet")
    'raw/2014/prices.parquet'
    """
    # Most are in order: to see that takes half the time that to put them in order takes.
    if (
        location
        and location[0] not in "./"
        and location[-1] != "/"
        and "//" not in location
        and "/." not in location
        and ":" not in location
        and "\\" not in location
        and "\0" not in location
    ):
        return location
    if "\0" in location:
        raise LocationError(f"The location {location!r} has a NUL character; leave it out.")
    shortest = os.path.normpath(location)
    fault = _fault(location, shortest)
    if fault is None and "\\" in shortest:  # what another system would take for a separator
        slashed = shortest.replace("\\", "/")
        fault = _fault(slashed, os.path.normpath(slashed))
    if fault is not None:
        raise LocationError(
            f"The location {location!r} {fault}; it must name a file below the result's folder."
        )
    return shortest


def aside_names(location: str, now: datetime | None = None) -> Iterator[str]:
    """Yield names, beside *location*, for what lies there and cannot be read.

    They begin with a dot, so that whoever opens the folder as one table passes them over.

    >>> next(aside_names("raw/a.parquet", datetime(2014, 1, 2, 3, 4, 5, tzinfo=UTC)))
    'raw/.a.parquet.unreadable-20140102T030405Z'
    """
    folder, name = os.path.split(location)
    now = datetime.now(UTC) if now is None else now.astimezone(UTC)
    aside = os.path.join(folder, f".{name}.unreadable-{now:%Y%m%dT%H%M%SZ}")
    yield aside
    for number in itertools.count(2):
        yield f"{aside}-{number}"


def file_name(text: str) -> str:
    """Return a file name for any *text*: a hash that tells texts apart, and a readable tail.

    >>> file_name("prices for 2014/01")
    '0c3bd52e1e02e6e7-prices_for_2014_01'
    """
    import hashlib  # OpenSSL takes a while to load, and few runs lock anything

    # Text that came from a path may hold half a surrogate pair.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{digest}-{_NOT_IN_NAMES.sub('_', text[-_READABLE_TAIL:])}"


def _fault(location: str, shortest: str) -> str | None:
    """Say what is wrong with a path written with "/"; None if it stays below its root."""
    if location.startswith("/") or shortest[1:2] == ":":  # ":" follows the letter of a drive
        return "is absolute"
    if shortest == ".." or shortest.startswith("../"):
        return "leaves its root"
    if shortest == "." or location.endswith(("/", "/.", "/..")):
        return "names a folder"
    return None


def _unknown_key(template: str | Callable[..., str], key: str, keys: Mapping[str, Any]) -> str:
    names = sorted(keys)
    known = ", ".join(names[:_SHOWN_KEYS]) or "none"
    more = f" and {len(names) - _SHOWN_KEYS} more" if len(names) > _SHOWN_KEYS else ""
    return f"The location {template!r} has an unknown key {key}; known keys: {known}{more}."
