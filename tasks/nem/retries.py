"""How often and how long to wait before asking a server again.

Waits grow with each try and are drawn between half their bound and their bound, so that many clients
that failed together do not come back together. A server that says when to come back
(``Retry-After``) is taken at its word, up to five minutes.
"""

import email.utils
import random
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a client is.

    Args:
        tries: how often a passing fault (403, 408, 425, 429, 5xx, a broken connection) is asked.
        absent_tries: how often a 404 or 410 is asked.
        base_s: bound in seconds of the first wait.
        factor: by which the bound grows with each try.
        cap_s: bound in seconds of any wait.
        longest_asked_s: the longest wait in seconds that a server may ask for.
    """

    tries: int = 5
    absent_tries: int = 1
    base_s: float = 1.0
    factor: float = 3.0
    cap_s: float = 60.0
    longest_asked_s: float = 300.0

    def wait_s(self, number: int, rng: random.Random) -> float:
        """Return the seconds to wait after try `number`, counted from 1."""
        bound = min(self.cap_s, self.base_s * self.factor ** (number - 1))
        return rng.uniform(bound / 2, bound)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for: a number, or an HTTP date.

    >>> parse_retry_after("Mon, 23 Nov 2026 00:01:00 GMT", datetime(2026, 11, 23, tzinfo=UTC))
    60.0
    """
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        instant = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0.0, (instant - now).total_seconds())
