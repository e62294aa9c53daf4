"""The loop of a flow with a schedule, on an injected clock."""

import inspect
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.errors import DefinitionError
from nemflow.flows.naming import run_dates
from nemflow.flows.scheduled import run_on_schedule
from nemflow.flows.schedules import CronSchedule, IntervalSchedule, Schedule, filters
from nemflow.flows.schedules.clocks import DatesClock, IntervalClock
from nemflow.tasks.states import Failed, State, Success

START = datetime(2014, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """A clock on the wall that sleeping moves on, and runs that take a given time."""

    def __init__(self, time: datetime, run_takes: timedelta = timedelta()) -> None:
        self.time = time
        self.run_takes = run_takes
        self.runs: list[tuple[datetime, datetime]] = []  # (event's time, when it began)
        self.parameters: list[dict[str, object]] = []
        self.slept: list[float] = []
        self.stopped = False

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)

    def run_once(self, event) -> State:
        self.runs.append((event.start_time, self.time))
        self.parameters.append(event.parameter_defaults)
        self.time += self.run_takes
        return Success(str(len(self.runs)))

    def follow(self, schedule, **options) -> State | None:
        options = {"run_once": self.run_once, "stop": lambda: self.stopped} | options
        return run_on_schedule(schedule=schedule, now=self.now, sleep=self.sleep, **options)

    @property
    def ran(self) -> list[datetime]:
        return [event for event, _ in self.runs]


def hourly(hours: int) -> Schedule:
    return IntervalSchedule(START, HOUR, START + hours * HOUR)


def hours(*numbers: int) -> list[datetime]:
    return [START + number * HOUR for number in numbers]


def test_it_runs_at_every_event_until_there_are_no_more_and_returns_the_last_state():
    world = World(START - HOUR)
    state = world.follow(hourly(2))
    assert world.runs == [(moment, moment) for moment in hours(0, 1, 2)]
    assert state.is_successful()
    assert state.message == "3"


def test_the_first_run_waits_for_the_first_event_after_now():
    world = World(START + HOUR / 2)
    world.follow(hourly(1))
    assert world.runs == [(START + HOUR, START + HOUR)]


def test_an_event_at_the_very_moment_of_the_start_has_passed():
    world = World(START)
    world.follow(hourly(1))
    assert world.ran == hours(1)


def test_a_failed_run_does_not_end_the_schedule():
    world = World(START - HOUR)

    def fail(event) -> State:
        world.run_once(event)
        return Failed()

    assert world.follow(hourly(2), run_once=fail).is_failed()
    assert len(world.runs) == 3


def test_a_schedule_without_any_event_is_an_error():
    with pytest.raises(DefinitionError, match=r"no event after 2014-01-01 05:00.*nothing would"):
        World(START + 5 * HOUR).follow(hourly(2))
    assert issubclass(DefinitionError, ValueError)


def test_filters_that_let_nothing_through_are_an_error():
    schedule = Schedule([IntervalClock(HOUR, START)], filters=[lambda moment: False])
    with pytest.raises(DefinitionError, match="10,000 events in a row"):
        World(START).follow(schedule)


def test_trap_19_the_parameters_of_the_clock_come_with_the_event():
    schedule = Schedule(
        [
            IntervalClock(2 * HOUR, START, START + 2 * HOUR, {"market": "NEM"}),
            IntervalClock(2 * HOUR, START + HOUR, START + 2 * HOUR, {"market": "WEM"}),
        ]
    )
    world = World(START - HOUR)
    world.follow(schedule)
    assert world.parameters == [{"market": "NEM"}, {"market": "WEM"}, {"market": "NEM"}]


def test_trap_21_today_is_the_utc_day_when_the_run_starts_and_not_that_of_the_event():
    world, todays = World(START - 30 * HOUR), []

    def run_once(event) -> State:
        todays.append((event.start_time.day, run_dates(None, world.now())["today"]))
        world.time += timedelta(hours=20)
        return Success()

    start = datetime(2013, 12, 31, 9, tzinfo=ZoneInfo("Australia/Brisbane"))
    dates = DatesClock([start, start + 10 * HOUR])
    world.follow(Schedule([dates]), run_once=run_once, catchup=True)
    assert todays == [(31, "2013-12-30"), (31, "2013-12-31")]


class TestMissedEvents:
    def test_events_that_pass_while_a_run_is_busy_are_dropped(self):
        world = World(START - HOUR, run_takes=2.5 * HOUR)
        world.follow(hourly(6))
        assert world.runs == [(moment, moment) for moment in hours(0, 3, 6)]

    def test_an_event_at_the_very_end_of_a_run_has_passed(self):
        world = World(START - HOUR, run_takes=HOUR)
        world.follow(hourly(3))
        assert world.ran == hours(0, 2)

    def test_four_events_and_a_slow_task_are_two_runs(self):
        world = World(START - HOUR, run_takes=1.5 * HOUR)
        world.follow(hourly(3))
        assert world.ran == hours(0, 2)

    def test_events_of_the_same_moment_do_not_pass_each_other(self):
        schedule = Schedule(
            [IntervalClock(HOUR, START, START + HOUR, {"n": n}) for n in (1, 2)],
        )
        world = World(START - HOUR, run_takes=HOUR / 4)
        world.follow(schedule)
        assert world.ran == hours(0, 0, 1, 1)
        assert [given["n"] for given in world.parameters] == [1, 2, 1, 2]

    def test_with_catchup_each_missed_event_is_run_once_in_order(self):
        world = World(START - HOUR, run_takes=2.5 * HOUR)
        world.follow(hourly(3), catchup=True)
        assert world.ran == hours(0, 1, 2, 3)
        assert [began for _, began in world.runs] == hours(0, 2.5, 5, 7.5)

    def test_with_catchup_events_since_a_moment_are_run_at_once(self):
        world = World(START + 2.5 * HOUR)
        world.follow(hourly(3), catchup=True, since=START)
        late = START + 2.5 * HOUR
        assert world.runs == [
            (START + HOUR, late),
            (START + 2 * HOUR, late),
            (START + 3 * HOUR, START + 3 * HOUR),
        ]

    @pytest.mark.usefixtures("machine_in_sydney")
    def test_since_may_be_naive_and_is_utc_then(self):
        world = World(START + 9 * HOUR)
        world.follow(hourly(3), catchup=True, since=datetime(2014, 1, 1, 2))
        assert world.ran == hours(3)

    def test_since_without_catchup_is_an_error(self):
        with pytest.raises(DefinitionError, match="catchup=True"):
            World(START).follow(hourly(3), since=START)

    def test_an_event_slept_through_runs_late_and_those_behind_it_are_dropped(self):
        world = World(START - HOUR / 2)

        def suspended(seconds: float) -> None:
            world.time += 4.5 * HOUR

        run_on_schedule(
            world.run_once, hourly(5), now=world.now, sleep=suspended, stop=lambda: False
        )
        assert [event for event, _ in world.runs] == hours(0, 5)


class TestSleep:
    def test_no_single_sleep_is_longer_than_ten_seconds(self):
        world = World(START - timedelta(seconds=25.5))
        world.follow(hourly(0))
        assert world.slept == [10, 10, 5.5]

    def test_an_event_in_the_far_future_does_not_overflow(self):
        world = World(START)

        def sleep(seconds: float) -> None:
            world.slept.append(seconds)
            world.stopped = len(world.slept) == 3

        schedule = Schedule([DatesClock([datetime.max])])
        state = run_on_schedule(
            world.run_once, schedule, now=world.now, sleep=sleep, stop=lambda: world.stopped
        )
        assert state is None
        assert world.slept == [10, 10, 10]

    def test_no_run_begins_before_its_event_though_sleep_wakes_early(self):
        world = World(START - HOUR)
        run_on_schedule(
            world.run_once,
            hourly(0),
            now=world.now,
            sleep=lambda seconds: world.sleep(seconds * 0.9 + 1e-6),
            stop=lambda: False,
        )
        assert world.runs[0][1] >= START

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
    def test_what_sleep_raises_ends_the_loop(self, kind):
        def interrupted(seconds: float) -> None:
            raise kind

        world = World(START - HOUR)
        with pytest.raises(kind):
            run_on_schedule(
                world.run_once, hourly(3), now=world.now, sleep=interrupted, stop=lambda: False
            )
        assert world.runs == []

    def test_the_present_may_be_given_in_any_zone(self):
        sydney = ZoneInfo("Australia/Sydney")
        change = datetime(2023, 4, 1, 14, 30, tzinfo=UTC)  # clocks go back at 16:00 UTC
        world = World(change.astimezone(sydney))
        world.now = lambda: world.time.astimezone(UTC).astimezone(sydney)
        world.sleep = lambda seconds: setattr(
            world, "time", world.time.astimezone(UTC) + timedelta(seconds=seconds)
        )
        schedule = IntervalSchedule(change.astimezone(sydney), HOUR, change + 3 * HOUR)
        world.follow(schedule)
        assert [event.astimezone(UTC) for event in world.ran] == [
            change + n * HOUR for n in (1, 2, 3)
        ]


class TestStop:
    def test_it_is_asked_before_every_run(self):
        world = World(START - HOUR)

        def run_once(event) -> State:
            world.stopped = len(world.runs) == 1
            return world.run_once(event)

        state = world.follow(hourly(9), run_once=run_once)
        assert world.ran == hours(0, 1)
        assert state.message == "2"

    def test_stopped_before_the_first_run_there_is_no_state(self):
        world = World(START - HOUR)
        world.stopped = True
        assert world.follow(hourly(9)) is None
        assert (world.runs, world.slept) == ([], [])


def test_a_cron_schedule_drives_the_loop_too():
    world = World(START)
    weekdays = CronSchedule("0 6 * * *", end_date=START + timedelta(days=5))
    weekdays.filters.append(filters.is_weekday)
    world.follow(weekdays)
    assert [f"{moment:%a}" for moment in world.ran] == ["Wed", "Thu", "Fri"]


def test_time_comes_in_as_arguments():
    needed = [
        name
        for name, parameter in inspect.signature(run_on_schedule).parameters.items()
        if parameter.default is inspect.Parameter.empty
    ]
    assert needed == ["run_once", "schedule", "now", "sleep", "stop"]
