"""The pace of the garbage collector: slower while flows are built and big ones run, then as before."""

import gc
import threading
from collections.abc import Iterator

import pytest

from nemflow.flows import collector
from nemflow.flows.base import Flow
from nemflow.flows.collector import PACE, Collector, slower_for
from nemflow.tasks.decorator import task

BEFORE = (500, 7, 9)
SLOWER = (PACE, 7, 9)


@pytest.fixture(autouse=True)
def known_pace() -> Iterator[None]:
    """Start each test at a pace that is nobody's default; put back what was there."""
    found = gc.get_threshold()
    gc.set_threshold(*BEFORE)
    yield
    gc.set_threshold(*found)


@task
def pace() -> tuple[int, int, int]:
    return gc.get_threshold()


def test_it_is_slower_inside_the_block_and_as_before_after_it() -> None:
    with Flow("f"):
        assert gc.get_threshold() == SLOWER
    assert gc.get_threshold() == BEFORE


def test_a_block_that_fails_puts_it_back() -> None:
    with pytest.raises(ValueError, match="no flow"), Flow("f"):
        raise ValueError("no flow")
    assert gc.get_threshold() == BEFORE


def test_of_blocks_inside_one_another_the_outermost_puts_it_back() -> None:
    with Flow("outer"):
        with Flow("inner"):
            pass
        assert gc.get_threshold() == SLOWER
    assert gc.get_threshold() == BEFORE


def test_a_big_flow_runs_at_the_slower_pace_and_a_small_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Flow("f") as flow:
        paces = [pace(), pace()]
    assert [flow.run().result[one].result for one in paces] == [BEFORE] * 2
    monkeypatch.setattr(collector, "BIG", 2)
    assert [flow.run().result[one].result for one in paces] == [SLOWER] * 2
    assert gc.get_threshold() == BEFORE


def test_a_run_that_breaks_off_puts_it_back() -> None:
    with pytest.raises(KeyboardInterrupt), slower_for(collector.BIG):
        raise KeyboardInterrupt
    assert gc.get_threshold() == BEFORE


def test_of_threads_the_last_to_leave_puts_it_back() -> None:
    shared = Collector()
    shared.slow_down()
    for turn in (shared.slow_down, shared.restore):
        thread = threading.Thread(target=turn)
        thread.start()
        thread.join()
        assert gc.get_threshold() == SLOWER
    shared.restore()
    assert gc.get_threshold() == BEFORE


def test_what_others_have_set_meanwhile_stays() -> None:
    with Flow("f"):
        gc.set_threshold(900, 7, 9)
    assert gc.get_threshold() == (900, 7, 9)


@pytest.mark.parametrize("own", [(0, 7, 9), (PACE + 1, 7, 9)], ids=["off", "slower still"])
def test_a_collector_that_is_off_or_slower_already_is_left_alone(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    with Flow("f"):
        assert gc.get_threshold() == own
    assert gc.get_threshold() == own


def test_garbage_is_still_found_meanwhile() -> None:
    before = collections()
    with Flow("f"):
        kept: list[list[object]] = [[] for _ in range(2 * PACE)]
    assert len(kept) == 2 * PACE
    assert collections() > before


def collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
