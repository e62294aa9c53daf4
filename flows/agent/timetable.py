"""Timetable: when a stored schedule ticks, as it was written on the command line, kept as JSON."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nemflow.errors import SettingsError
from nemflow.flows.schedules import filters
from nemflow.flows.schedules.base import Schedule
from nemflow.flows.schedules.clocks import IntervalClock
from nemflow.flows.schedules.cron import CronClock
from nemflow.flows.schedules.filters import Filter

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EVERY = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)
_BETWEEN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)
_EPOCH = datetime(2019, 1, 1)  # noqa: DTZ001  # midnight, in whatever zone the timetable has


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When runs are due.

    Args:
        cron: a cron expression, read on the wall clock of `zone`; or
        every: an interval such as ``5m``, ``1h``, ``1d``, counted from midnight in `zone`; or
        own: the schedule that the registered flow itself has.
        zone: an IANA name, such as Australia/Brisbane (market time all year).
        weekdays, weekends, month_start, month_end: keep only such days.
        between: keep only times of day such as ``04:00-20:00``, over midnight if turned round.

    Raises:
        SettingsError: anything of it is wrong; the message names the option.
    """

    cron: str = ""
    every: str = ""
    own: bool = False
    zone: str = "UTC"
    weekdays: bool = False
    weekends: bool = False
    month_start: bool = False
    month_end: bool = False
    between: str = ""

    def __post_init__(self) -> None:
        if bool(self.cron) + bool(self.every) + self.own != 1:
            raise SettingsError("say when: --cron '30 4 * * *' or --every 5m, one of the two")
        if not self.own:
            self.schedule()

    def schedule(self) -> Schedule:
        """Return the schedule; of an `own` timetable the flow itself has it."""
        start = _EPOCH.replace(tzinfo=_zone(self.zone))
        clock = self._cron_clock(start) if self.cron else IntervalClock(self._interval(), start)
        return Schedule([clock], filters=self.filters())

    def filters(self) -> list[Filter]:
        """Return the filters that are asked for."""
        chosen: list[Filter] = []
        if self.weekdays:
            chosen.append(filters.is_weekday)
        if self.weekends:
            chosen.append(filters.is_weekend)
        if self.month_start:
            chosen.append(filters.is_month_start)
        if self.month_end:
            chosen.append(filters.is_month_end)
        if self.between:
            chosen.append(self._between())
        return chosen

    def as_json(self) -> str:
        """Return the timetable as text, without what was not given."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @classmethod
    def from_json(cls, text: str) -> "Timetable":
        """Read what `as_json` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        if self.own:
            return "the flow's own schedule"
        only = [
            words
            for words, chosen in (
                ("weekdays", self.weekdays),
                ("weekends", self.weekends),
                ("first of the month", self.month_start),
                ("last of the month", self.month_end),
                (self.between, bool(self.between)),
            )
            if chosen
        ]
        when = f"cron {self.cron}" if self.cron else f"every {self.every}"
        return ", ".join([f"{when} ({self.zone})", *only])

    def _cron_clock(self, start: datetime) -> CronClock:
        try:
            return CronClock(self.cron, start)
        except ValueError as error:
            raise SettingsError(f"--cron {self.cron!r}: {error}") from error

    def _interval(self) -> timedelta:
        match = _EVERY.fullmatch(self.every.strip().lower())
        if match is None or int(match[1]) == 0:
            raise SettingsError(
                f"--every {self.every}: write a number and s, m, h, d or w, as in 5m"
            )
        return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])

    def _between(self) -> Filter:
        match = _BETWEEN.fullmatch(self.between.strip())
        try:
            if match is None:
                raise ValueError
            first = time(int(match[1]), int(match[2]))
            last = time(int(match[3]), int(match[4]))
        except ValueError:
            raise SettingsError(
                f"--between {self.between}: write two times of day, as in 04:00-20:00"
            ) from None
        return filters.between_times(first, last)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"--tz {name}: no such time zone; write an IANA name, such as Australia/Brisbane"
        ) from None
