"""Put into order, lazily, what comes nearly in order."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")


def in_order(items: Iterable[tuple[datetime, datetime, T]]) -> Iterator[T]:
    """Yield items by their instant, holding back only those that a later one could still precede.

    Args:
        items: each as (floor, instant, item); no item that follows has an instant before the floor.
            Items of the same instant keep their order.
    """
    waiting: list[tuple[datetime, int, T]] = []
    for number, (floor, instant, item) in enumerate(items):
        heapq.heappush(waiting, (instant, number, item))
        while waiting and waiting[0][0] <= floor:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]
