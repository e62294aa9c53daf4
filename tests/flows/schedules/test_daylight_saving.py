"""What holds for every schedule, in zones with and without daylight saving."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, HOURLY, rrule
from hypothesis import given, settings
from hypothesis import strategies as st

from nemflow.flows.schedules import CronSchedule, Schedule, adjustments
from nemflow.flows.schedules.clocks import CronClock, DatesClock, IntervalClock, RRuleClock

at_leisure = settings(deadline=None)  # other work on the machine may slow an example down
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = {
    name: ZoneInfo(name) for name in ("Australia/Sydney", "America/New_York", "Australia/Brisbane")
}
# Both changes of clocks of 2023, Sydney's and New York's, lie within this span.
SPAN = (datetime(2023, 2, 20), datetime(2023, 11, 20))

zones = st.sampled_from([*ZONES.values(), UTC])
near_a_change = st.one_of(
    st.datetimes(*SPAN),
    *(
        st.datetimes(change - DAY, change + DAY)
        for change in (
            datetime(2023, 4, 2, 3),
            datetime(2023, 10, 1, 2),
            datetime(2023, 3, 12, 2),
            datetime(2023, 11, 5, 2),
        )
    ),
)
moments = st.builds(
    lambda wall, zone, fold: wall.replace(tzinfo=zone, fold=fold),
    near_a_change,
    zones,
    st.sampled_from([0, 1]),
)
starts = moments.map(lambda moment: moment - 30 * DAY)
intervals = st.timedeltas(timedelta(minutes=1), 3 * DAY)
crons = st.sampled_from(
    ["0 * * * *", "*/15 * * * *", "30 2 * * *", "15,45 1-3 * * *", "0 9 * * 1-5", "59 23 * * sun"]
)


@st.composite
def clocks(draw):
    start = draw(starts)
    parameters = draw(st.sampled_from([None, {"n": 1}]))
    kind = draw(st.sampled_from([IntervalClock, CronClock, RRuleClock, DatesClock]))
    if kind is IntervalClock:
        return IntervalClock(draw(intervals), start, parameter_defaults=parameters)
    if kind is CronClock:
        return CronClock(draw(crons), start, parameter_defaults=parameters)
    if kind is DatesClock:
        return DatesClock(draw(st.lists(moments, min_size=1)), parameter_defaults=parameters)
    rule = rrule(draw(st.sampled_from([DAILY, HOURLY])), dtstart=start)
    return RRuleClock(rule, parameter_defaults=parameters)


def instants(events):
    return [event.astimezone(UTC) for event in events]


def strictly_sorted(values):
    return all(one < other for one, other in itertools.pairwise(values))


@at_leisure
@given(clocks(), moments)
def test_every_clock_ticks_sorted_once_and_strictly_after(clock, after):
    ticks = [event.instant for event in itertools.islice(clock.events(after), 40)]
    assert strictly_sorted([after.astimezone(UTC), *ticks])


@at_leisure
@given(clocks(), moments, st.integers(0, 30))
def test_where_one_asks_from_makes_no_difference_to_what_follows(clock, after, skipped):
    ticks = list(itertools.islice(clock.events(after), 40))
    if skipped < len(ticks):
        rest = itertools.islice(clock.events(ticks[skipped].instant), 39 - skipped)
        assert list(rest) == ticks[skipped + 1 :]


@at_leisure
@given(clocks(), moments)
def test_every_tick_shows_a_time_that_exists(clock, after):
    for event in itertools.islice(clock.events(after), 40):
        assert event.instant.astimezone(event.start_time.tzinfo).replace(fold=0) == event.start_time


@at_leisure
@given(st.lists(clocks(), max_size=3), st.booleans(), moments)
def test_every_schedule_is_sorted_once_and_strictly_after_though_adjusted(listed, moved, after):
    moves = [adjustments.next_weekday, adjustments.add(-5 * HOUR)] if moved else []
    events = Schedule(listed, adjustments=moves).next(40, after, return_events=True)
    assert all(event > after for event in events)
    for one, other in itertools.pairwise(events):
        assert one < other or (one.instant == other.instant and one != other)


@at_leisure
@given(st.lists(clocks(), max_size=3), moments)
def test_a_schedule_without_filters_is_all_that_its_clocks_tick(listed, after):
    merged = {
        (event.instant, tuple(event.parameter_defaults))
        for clock in listed
        for event in itertools.islice(clock.events(after), 20)
    }
    events = Schedule(listed).next(20, after, return_events=True)
    found = [(event.instant, tuple(event.parameter_defaults)) for event in events]
    assert [instant for instant, _ in found] == [instant for instant, _ in sorted(merged)[:20]]
    assert set(found) <= merged
    assert len(set(found)) == len(found)


@at_leisure
@given(starts, moments)
def test_an_hourly_clock_neither_loses_nor_doubles_an_instant(start, after):
    ticks = instants(Schedule([IntervalClock(HOUR, start)]).next(100, after))
    assert {other - one for one, other in itertools.pairwise(ticks)} == {HOUR}
    assert ticks[0] - max(after.astimezone(UTC), start.astimezone(UTC)) <= HOUR
    assert (ticks[0] - start.astimezone(UTC)) % HOUR == timedelta()


@at_leisure
@given(starts, st.timedeltas(timedelta(minutes=1), DAY - timedelta(seconds=1)), moments)
def test_every_interval_below_a_day_follows_elapsed_time(start, interval, after):
    ticks = instants(Schedule([IntervalClock(interval, start)]).next(50, after))
    assert {other - one for one, other in itertools.pairwise(ticks)} == {interval}


@at_leisure
@given(starts, st.integers(1, 7), moments)
def test_a_clock_of_days_keeps_the_wall_clock_except_where_that_time_is_skipped(start, days, after):
    for tick in Schedule([IntervalClock(days * DAY, start)]).next(40, after):
        if tick.replace(tzinfo=None).time() != start.time():
            wall = tick.replace(hour=start.hour, fold=0)
            assert wall.astimezone(UTC) == tick.astimezone(UTC), "not the hour that was skipped"


@at_leisure
@given(starts, moments)
def test_a_daily_clock_ticks_once_on_every_day(start, after):
    days = [tick.date() for tick in Schedule([IntervalClock(DAY, start)]).next(60, after)]
    assert {other - one for one, other in itertools.pairwise(days)} == {DAY}


@at_leisure
@given(crons, starts, moments)
def test_a_cron_tick_fits_the_wall_clock_except_where_that_time_is_skipped(cron, start, after):
    naive = CronSchedule(cron, start.replace(tzinfo=UTC))
    for tick in CronSchedule(cron, start).next(40, after):
        wall = tick.replace(tzinfo=UTC, fold=0)
        fits = wall in naive.next(1, wall - timedelta(seconds=1))
        was_skipped = (tick.astimezone(UTC) - HOUR).astimezone(tick.tzinfo).hour + 2 == tick.hour
        assert fits or was_skipped


@at_leisure
@given(starts, moments)
def test_an_hourly_cron_fires_once_for_every_hour_the_wall_clock_shows(start, after):
    ticks = CronSchedule("0 * * * *", start).next(100, after)
    gaps = {other - one for one, other in itertools.pairwise(instants(ticks))}
    assert gaps <= {HOUR, 2 * HOUR}
    assert len({tick.replace(tzinfo=None, fold=0) for tick in ticks}) == 100


@at_leisure
@given(moments, intervals, crons)
def test_in_brisbane_local_time_and_elapsed_time_are_one(after, interval, cron):
    brisbane = ZONES["Australia/Brisbane"]
    local = datetime(2023, 1, 1, tzinfo=brisbane)
    for here, there in (
        (IntervalClock(interval, local), IntervalClock(interval, local.astimezone(UTC))),
        (CronClock(cron, local), CronClock(cron, local.replace(tzinfo=UTC))),
    ):
        shift = timedelta(hours=10) if isinstance(here, CronClock) else timedelta()
        ticks = instants(Schedule([here]).next(40, after))
        others = Schedule([there]).next(40, after.astimezone(UTC) + shift)
        assert ticks == [tick.astimezone(UTC) - shift for tick in others]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Australia/Sydney", datetime(2023, 4, 2), 25),
        ("Australia/Sydney", datetime(2023, 10, 1), 23),
        ("America/New_York", datetime(2023, 11, 5), 25),
        ("America/New_York", datetime(2023, 3, 12), 23),
        ("Australia/Brisbane", datetime(2023, 4, 2), 24),
        ("Australia/Brisbane", datetime(2023, 10, 1), 24),
    ],
)
def test_the_day_when_clocks_change_has_its_true_number_of_hours(zone, day, hours):
    midnight = day.replace(tzinfo=ZONES[zone])
    hourly = IntervalClock(HOUR, midnight - 40 * DAY)
    cron = CronClock("0 * * * *", midnight - 40 * DAY)
    until = {"after": midnight - timedelta(seconds=1), "n": 30}
    on_that_day = [t for t in Schedule([hourly]).next(**until) if t.date() == day.date()]
    by_cron = [t for t in Schedule([cron]).next(**until) if t.date() == day.date()]
    assert len(on_that_day) == hours
    assert len(by_cron) == min(hours, 24)
