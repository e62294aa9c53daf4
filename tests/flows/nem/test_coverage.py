"""How days stand: from names, times and standings, and from what the history knows."""

import os
from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.coverage import (
    DayStatus,
    Known,
    Written,
    combine,
    read_coverage,
)
from nemflow.flows.nem.places import clean_month, clean_target, raw_target
from nemflow.flows.nem.standing import Standing, standing_path, write_standing
from nemflow.tasks.nem.datasets import NEM_PRICES, NEM_ROOFTOP_PV
from nemflow.tasks.nem.sources import Quality

DAY = date(2014, 1, 2)
NOW = datetime(2026, 11, 25, 2, tzinfo=UTC)  # noon of the 25th in market time
PARQUET = b"PAR1" + bytes(8) + b"PAR1"


@pytest.fixture
def put(tmp_path):
    """Put both stages of a day, or one."""

    def put(day=DAY, stages=("raw", "clean")):
        paths = []
        for stage, place in (("raw", raw_target), ("clean", clean_target)):
            path = tmp_path / place("nem_prices").format(date=day)
            if stage in stages:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(PARQUET)
                paths.append(path)
        return paths

    return put


@pytest.fixture
def states(tmp_path):
    """Return how days stand, as the worse of their stages."""

    def states(first=DAY, last=None, *, dataset=NEM_PRICES, now=NOW, **known):
        last = last or first
        return combine(read_coverage(tmp_path, dataset, first, last, now, Known(**known)))

    return states


def status(coverage, day=DAY):
    return coverage.days[day].status


def test_a_day_with_both_stages_is_final(put, states):
    put()
    assert status(states()) is DayStatus.FINAL


def test_a_day_without_files_is_missing(states):
    assert status(states()) is DayStatus.MISSING


@pytest.mark.parametrize(("there", "lacks"), [("raw", "clean"), ("clean", "raw")])
def test_a_day_that_lacks_a_stage_is_missing_and_says_which(put, states, there, lacks):
    put(stages=(there,))
    state = states().days[DAY]
    assert (state.status, state.stages) == (DayStatus.MISSING, (lacks,))


def test_a_day_in_a_compacted_month_is_final(put, states, tmp_path):
    put(stages=("raw",))
    month = tmp_path / clean_month("nem_prices").format(date=DAY)
    month.parent.mkdir(parents=True)
    month.write_bytes(PARQUET)
    assert status(states()) is DayStatus.FINAL


@pytest.mark.parametrize("quality", [Quality.LIVE, Quality.PRELIMINARY])
def test_a_standing_says_the_quality_and_whether_something_better_is_due(put, states, quality):
    raw, _ = put()
    for due_at, is_due in ((NOW, True), (NOW + timedelta(seconds=1), False)):
        standing = Standing(quality, "dispatchis", NOW, due_at)
        write_standing(standing_path(raw, DAY), standing)
        state = states().days[DAY]
        assert (state.status, state.due) == (DayStatus(str(quality)), is_due)
        assert state.asks_for_work is is_due


def test_a_standing_that_makes_no_sense_is_due(put, states):
    raw, _ = put()
    standing_path(raw, DAY).write_text("{")
    assert states().due() == 1


def test_a_clean_day_older_than_its_raw_one_is_stale(put, states):
    raw, clean = put()
    os.utime(clean, (1000, 1000))
    os.utime(raw, (1003, 1003))
    assert states().days[DAY].why == "the raw file is newer"


def test_a_clock_of_two_second_steps_makes_nothing_stale(put, states):
    raw, clean = put()
    os.utime(clean, (1000, 1000))
    os.utime(raw, (1002, 1002))
    assert status(states()) is DayStatus.FINAL


def test_what_a_look_into_the_files_found_is_stale(put, states):
    put()
    state = states(stale={("raw", DAY): "another sha256"}).days[DAY]
    assert (state.status, state.why) == (DayStatus.STALE, "another sha256")


def test_a_day_whose_last_run_failed_says_why(states):
    state = states(failures={("raw", DAY): "no answer"}).days[DAY]
    assert (state.status, state.why) == (DayStatus.FAILED, "no answer")


def test_a_day_that_is_there_has_not_failed_whatever_the_last_run_did(put, states):
    put()
    assert status(states(failures={("clean", DAY): "forced, and failed"})) is DayStatus.FINAL


@pytest.mark.parametrize(
    ("rows", "size", "expected"),
    [
        (1440, 16, DayStatus.FINAL),
        (240, 16, DayStatus.FINAL),
        (1439, 16, DayStatus.ODD),
        (1439, 17, DayStatus.FINAL),
        (None, 16, DayStatus.FINAL),
    ],
)
def test_a_number_of_rows_that_no_day_has_is_odd_if_it_is_of_this_very_file(
    put, states, rows, size, expected
):
    _, clean = put()
    assert status(states(written={str(clean): Written(rows, size)})) is expected


def test_a_day_on_which_a_region_begins_may_have_any_number_of_rows(put, states):
    day = date(2005, 5, 15)
    _, clean = put(day)
    assert status(states(day, written={str(clean): Written(1273, 16)}), day) is DayStatus.FINAL


def test_the_present_day_is_not_published_yet(states):
    today = date(2026, 11, 25)
    assert status(states(today), today) is DayStatus.NOT_PUBLISHED


def test_a_day_that_should_have_come_is_missing(states):
    day = date(2026, 11, 20)
    assert status(states(day), day) is DayStatus.MISSING


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (15, DayStatus.NOT_PUBLISHED),
        (25, DayStatus.MISSING),
    ],  # usual on the 12th, overdue on the 24th
)
def test_a_late_day_that_was_looked_for_is_not_published_yet_until_it_is_overdue(
    states, now, expected
):
    day, now = date(2026, 10, 30), NOW.replace(day=now)
    looked = frozenset({("raw", day), ("clean", day)})
    assert status(states(day, dataset=NEM_ROOFTOP_PV, now=now), day) is DayStatus.MISSING
    found = states(day, dataset=NEM_ROOFTOP_PV, now=now, unpublished=looked)
    assert status(found, day) is expected


def test_a_clean_day_whose_raw_one_is_there_waits_for_nobody(put, states):
    day = date(2026, 11, 25)
    put(day, stages=("raw",))
    assert status(states(day), day) is DayStatus.MISSING


def test_gaps_are_stretches_of_days_that_ask_for_the_same(put, states):
    put(date(2014, 1, 3))
    put(date(2014, 1, 5), stages=("raw",))
    coverage = states(
        date(2014, 1, 1), date(2014, 1, 6), failures={("raw", date(2014, 1, 6)): "no answer"}
    )
    told = [(gap.first.day, gap.last.day, gap.state.status.value) for gap in coverage.gaps()]
    assert told == [(1, 2, "missing"), (4, 4, "missing"), (5, 5, "missing"), (6, 6, "failed")]


def test_trimmed_it_begins_with_the_first_day_and_leaves_out_empty_years(put, states):
    put(date(2014, 12, 30))
    put(date(2016, 1, 1))
    days = list(states(date(2014, 1, 1), date(2016, 1, 2)).trimmed().days)
    assert days == [
        date(2014, 12, 30),
        date(2014, 12, 31),
        date(2016, 1, 1),
        date(2016, 1, 2),
    ]


def test_a_gap_does_not_reach_over_years_that_are_left_out(put, states):
    put(date(2014, 12, 30))
    put(date(2016, 1, 2))
    coverage = states(date(2014, 1, 1), date(2016, 1, 2)).trimmed()
    assert [gap.days for gap in coverage.gaps()] == [1, 1]


def test_totals_count_every_day_once(put, states):
    put()
    coverage = states(date(2014, 1, 1), date(2014, 1, 3))
    assert coverage.totals() == {DayStatus.MISSING: 2, DayStatus.FINAL: 1}
