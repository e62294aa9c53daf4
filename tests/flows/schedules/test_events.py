"""ClockEvent, and what all clocks share."""

import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nemflow.flows.schedules import ClockEvent
from nemflow.flows.schedules.clocks import Clock

NOON = datetime(2014, 1, 1, 12, tzinfo=UTC)
SYDNEY = ZoneInfo("Australia/Sydney")


class TestClockEvent:
    def test_it_needs_a_start_time_and_has_no_parameters_and_no_labels_by_default(self):
        with pytest.raises(TypeError):
            ClockEvent()
        event = ClockEvent(NOON)
        assert (event.start_time, event.parameter_defaults, event.labels) == (NOON, {}, None)

    def test_a_start_time_that_is_no_datetime_is_a_type_error(self):
        with pytest.raises(TypeError, match="start_time must be a datetime"):
            ClockEvent("2014-01-01")

    def test_a_start_time_that_clocks_skip_moves_forward(self):
        event = ClockEvent(datetime(2023, 10, 1, 2, 30, tzinfo=SYDNEY))
        assert event.start_time.isoformat() == "2023-10-01T03:30:00+11:00"

    def test_it_compares_to_datetimes_on_either_side(self):
        event, noon, later = ClockEvent(NOON), NOON, NOON + timedelta(hours=1)
        assert event == NOON
        assert event == NOON.replace(tzinfo=None)
        assert noon == event
        assert event != later
        assert event < later
        assert event <= NOON
        assert later > event
        assert not event > later
        assert not event >= later

    def test_it_compares_to_other_events_by_time(self):
        early, late = ClockEvent(NOON), ClockEvent(NOON + timedelta(hours=1))
        assert early < late
        assert early <= late
        assert late > early
        assert late >= early
        assert sorted([late, early]) == [early, late]

    def test_it_compares_to_nothing_else(self):
        assert ClockEvent(NOON) != "noon"
        for compare in ("__lt__", "__le__", "__gt__", "__ge__"):
            assert getattr(ClockEvent(NOON), compare)(12) is NotImplemented
        with pytest.raises(TypeError):
            ClockEvent(NOON) < 12  # noqa: B015

    def test_equal_events_have_equal_time_parameters_and_labels(self):
        event = ClockEvent(NOON, {"market": "NEM"}, ["daily"])
        assert event == ClockEvent(NOON, {"market": "NEM"}, ["daily"])
        assert event != ClockEvent(NOON, {"market": "WEM"}, ["daily"])
        assert event != ClockEvent(NOON, {"market": "NEM"}, ["hourly"])
        assert event != ClockEvent(NOON, {"market": "NEM"})

    def test_equal_events_hash_alike_whatever_their_zone(self):
        twice = datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1)
        assert ClockEvent(twice) == ClockEvent(twice.astimezone(UTC))
        assert hash(ClockEvent(twice)) == hash(ClockEvent(twice.astimezone(UTC)))

    def test_the_two_readings_of_an_hour_that_comes_twice_are_two_events_in_order(self):
        first = ClockEvent(datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY))
        second = ClockEvent(datetime(2023, 4, 2, 2, 30, tzinfo=SYDNEY, fold=1))
        assert first != second
        assert first < second

    def test_it_keeps_its_own_copy_of_parameters_and_labels(self):
        parameters, labels = {"n": 1}, ["a"]
        event = ClockEvent(NOON, parameters, labels)
        parameters["n"], labels[0] = 2, "b"
        assert (event.parameter_defaults, event.labels) == ({"n": 1}, ["a"])

    def test_it_can_be_pickled_and_says_its_time(self):
        event = ClockEvent(NOON, {"n": 1}, ["a"])
        assert pickle.loads(pickle.dumps(event)) == event
        assert repr(event) == "<ClockEvent: 2014-01-01T12:00:00+00:00>"


class Ticks(Clock):
    """A clock that ticks at given moments."""

    def __init__(self, ticks, **options):
        super().__init__(**options)
        self.ticks = ticks

    def moments(self, after):
        yield from self.ticks


class TestClock:
    def test_a_bare_clock_has_no_moments(self):
        with pytest.raises(NotImplementedError, match="Clock does not say its moments"):
            next(Clock().events())

    def test_no_parameters_and_labels_are_none_given(self):
        assert (Clock().parameter_defaults, Clock().labels) == ({}, None)
        assert Clock(labels=[]).labels == []

    @pytest.mark.parametrize("name", ["start_date", "end_date"])
    def test_a_date_that_is_no_datetime_is_a_type_error(self, name):
        with pytest.raises(TypeError, match=name):
            Clock(**{name: "2014-01-01"})

    @pytest.mark.usefixtures("machine_in_sydney")
    def test_naive_dates_are_utc(self):
        clock = Clock(datetime(2014, 1, 1), datetime(2015, 1, 1))
        assert clock.start_date == datetime(2014, 1, 1, tzinfo=UTC)
        assert clock.end_date == datetime(2015, 1, 1, tzinfo=UTC)

    def test_the_zone_is_that_of_the_start_date_else_utc(self):
        assert Clock(datetime(2014, 1, 1, tzinfo=SYDNEY)).zone is SYDNEY
        assert Clock().zone is UTC

    def test_an_own_clock_needs_only_sorted_moments(self):
        ticks = [NOON + timedelta(hours=h) for h in (-1, 0, 1, 1, 2, 3)]
        clock = Ticks(ticks, end_date=ticks[-2], parameter_defaults={"n": 1}, labels=["a"])
        expected = [ClockEvent(ticks[i], {"n": 1}, ["a"]) for i in (2, 4)]
        assert list(clock.events(NOON)) == expected

    def test_events_come_after_now_if_nothing_is_said(self):
        now = datetime.now(UTC)
        ticks = [now - timedelta(days=1), now + timedelta(days=1)]
        assert list(Ticks(ticks).events()) == ticks[1:]
