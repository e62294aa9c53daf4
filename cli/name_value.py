"""The words of ``--param``, and parameters of schedules: ``name=value``."""

from collections.abc import Iterable

from nemflow.errors import SettingsError


def split_words(words: Iterable[str], *, option: str = "--param") -> dict[str, str]:
    """Return ``name=value`` words as a mapping.

    >>> split_words(["date=yesterday", "where=a=b"])
    {'date': 'yesterday', 'where': 'a=b'}

    Args:
        option: that the words were given to; empty where they were arguments.

    Raises:
        SettingsError: a word is not of that form, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        said = f"{option} {word}" if option else word
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise SettingsError(f"{said}: write name=value, as in date=yesterday")
        if name in found:
            raise SettingsError(f"{said}: {name} was given before, as {found[name]}")
        found[name] = text
    return found
