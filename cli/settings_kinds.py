"""The kinds of values that a setting may have: how each is written and what it must be.

A value comes as text (flag, environment) or as a TOML value (settings file). Text is parsed into
what TOML would give; then one check, the same for both, turns it into the setting's value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SWITCH = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    Attributes:
        expected: completes "must be …".
        parse: text -> TOML value; ``ValueError`` or ``KeyError`` where it cannot be.
        check: TOML value, and the folder that relative paths start from -> the setting's value;
            ``ValueError`` where it is not as expected.
    """

    expected: str
    parse: Callable[[str], object]
    check: Callable[[object, Path], object]


def path() -> Kind:
    """Return the kind of a path: ``~`` stands for the home folder; the value is absolute."""

    def check(value: object, folder: Path) -> Path:
        if not isinstance(value, str) or not value:
            raise ValueError
        return Path(folder, Path(value).expanduser()).absolute()

    return Kind("a path", str, check)


def web_address(*, query: bool = False) -> Kind:
    """Return the kind of a URL; the value has no slash at its end.

    Args:
        query: it may have one; without, it is the base of other addresses.
    """

    def check(value: object, folder: Path) -> str:
        from urllib.parse import urlsplit  # the defaults need no check

        if not isinstance(value, str) or value != value.strip():
            raise ValueError
        parts = urlsplit(value)
        plain = query or not (parts.query or parts.username or "?" in value)
        plain = plain and not parts.fragment
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise ValueError
        return value.rstrip("/")

    without = "" if query else " without a query"
    return Kind(f"an http or https address{without}, such as https://host/path", str, check)


def shell_command() -> Kind:
    """Return the kind of a command for the shell."""

    def check(value: object, folder: Path) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError
        return value

    return Kind("a shell command", str, check)


def one_of(*words: str) -> Kind:
    """Return the kind of a word out of few."""

    def check(value: object, folder: Path) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Kind(f"one of {', '.join(words)}", str, check)


def whole_number(low: int, high: int) -> Kind:
    """Return the kind of a whole number within bounds."""

    def check(value: object, folder: Path) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number from {low} to {high}", int, check)


def seconds(high: int) -> Kind:
    """Return the kind of a duration in seconds, above zero."""

    def check(value: object, folder: Path) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= high:
            raise ValueError
        return float(value)

    return Kind(f"a number of seconds above 0 and up to {high}", float, check)


def switch() -> Kind:
    """Return the kind of true or false."""

    def check(value: object, folder: Path) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    return Kind("true or false", lambda text: _SWITCH[text.strip().lower()], check)
