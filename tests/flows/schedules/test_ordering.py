"""Putting into order, lazily."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nemflow.flows.schedules.ordering import in_order

START = datetime(2014, 1, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    return START + timedelta(hours=number)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(-5, 5))))
def test_items_that_stray_by_no_more_than_their_floor_says_come_out_sorted(pairs):
    items = [
        (hour(at - 5), hour(at + stray), (at + stray, number))
        for number, (at, stray) in enumerate(sorted(pairs))
    ]
    assert list(in_order(items)) == sorted(item for _, _, item in items)


def test_only_what_a_later_item_could_precede_is_held_back():
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield hour(number - 3), hour(number), number

    assert list(itertools.islice(in_order(endless()), 4)) == [0, 1, 2, 3]
    assert max(taken) == 6


def test_items_that_do_not_stray_are_not_held_back_at_all():
    items = iter([(hour(0), hour(0), "first"), (hour(1), hour(1), "second")])
    assert next(in_order(items)) == "first"
    assert next(items)[2] == "second"
