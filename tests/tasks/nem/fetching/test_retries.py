"""How long a client waits."""

import random
from datetime import UTC, datetime

import pytest

from nemflow.tasks.nem.retries import RetryPolicy, parse_retry_after

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_waits_grow_with_each_try_up_to_a_bound():
    class Highest(random.Random):
        def uniform(self, low, high):
            return high

    policy = RetryPolicy(base_s=1, factor=3, cap_s=20)
    assert [policy.wait_s(number, Highest()) for number in range(1, 6)] == [1, 3, 9, 20, 20]


def test_waits_are_drawn_from_half_their_bound_up_to_it():
    rng = random.Random(7)
    waits = [RetryPolicy().wait_s(3, rng) for _ in range(500)]
    assert 4.5 <= min(waits) < 5
    assert 8.5 < max(waits) <= 9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Mon, 23 Nov 2026 12:05:00 GMT", 300),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert parse_retry_after(text, NOON) == seconds
