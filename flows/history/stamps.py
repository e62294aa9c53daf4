"""Times as the history holds them: UTC, ISO text with microseconds and a Z.

SQLite, DuckDB and pandas read it, and it sorts as text.
"""

from datetime import UTC, datetime, timedelta

HEARTBEAT = timedelta(seconds=30)
"""How often a run that goes on says so."""


def utc_now() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment as text.

    >>> stamp(datetime(2014, 1, 1, 12, tzinfo=UTC))
    '2014-01-01T12:00:00.000000Z'
    """
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def read_stamp(text: str) -> datetime:
    """Return the moment of a stamp, aware."""
    return datetime.fromisoformat(text)
