"""CronClock: moments by a cron expression, read off the wall clock of a zone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from nemflow.errors import DefinitionError
from nemflow.flows.schedules.events import Clock
from nemflow.flows.schedules.ordering import in_order
from nemflow.flows.schedules.wall_time import read_wall, skipped_before

_FIELDS_WITH_YEAR = 7


class CronClock(Clock):
    """A clock that ticks when the wall clock of its zone fits a cron expression.

    Through daylight saving it follows the wall clock: where clocks go back, the repeated hour ticks
    once (an hourly clock pauses for two hours); where they skip an hour, its ticks come an hour later
    by the wall clock (02:30 at 03:30), those that then fall together as one.

    Args:
        cron: five fields, minute hour day month weekday; also six with seconds at the end, seven
            with the year, and names such as ``@daily``: what croniter reads.
        start_date: no tick before it; it may be a tick itself. Its zone is the clock's, else UTC.
        end_date: no tick after it.
        parameter_defaults: values of the flow's parameters, for every event.
        labels: for every event.
        day_or: whether one of day and weekday is enough where both are given, as Unix cron has it;
            False asks for both. None is the default.

    Raises:
        TypeError: the expression is no text, or a date no datetime.
        DefinitionError: the expression cannot be read; and when the first moment is asked for: its
            day never comes, such as 31 February.
    """

    def __init__(
        self,
        cron: str,
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
        day_or: bool | None = True,
    ) -> None:
        from croniter import croniter  # where it is used: most flows have no cron clock

        if not isinstance(cron, str):
            raise TypeError(f"a cron expression must be a text, not {cron!r}")
        if not croniter.is_valid(cron):
            raise DefinitionError(
                f"cannot read the cron expression {cron!r}: "
                "give minute, hour, day, month and weekday, such as '30 6 * * 1-5'"
            )
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.cron = cron
        self.day_or = True if day_or is None else day_or

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the ticks from a UTC instant on, or from a little before it.

        Raises:
            DefinitionError: the expression fits no day.
        """
        wall = after.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
        # A wall time that was just skipped may tick only now.
        walls = self._walls(wall - skipped_before(after, self.zone))
        return in_order(read_wall(wall.replace(tzinfo=self.zone)) for wall in walls)

    def _walls(self, after: datetime) -> Iterator[datetime]:
        """Yield the naive wall times after one that fit the expression.

        croniter is kept off zones: it moves skipped times to the end of the gap.
        """
        from croniter import CroniterBadDateError, croniter

        walls = croniter(self.cron, after, ret_type=datetime, day_or=self.day_or)
        while True:
            try:
                wall = walls.get_next()
            except CroniterBadDateError as error:
                if len(self.cron.split()) == _FIELDS_WITH_YEAR:
                    return
                raise DefinitionError(f"the cron expression {self.cron!r} fits no day") from error
            except ValueError:  # the calendar ends with the year 9999
                return
            yield wall
