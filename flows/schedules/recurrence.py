"""RRuleClock: moments by a recurrence rule of the calendar standard, RFC 5545."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from nemflow.flows.schedules.events import Clock
from nemflow.flows.schedules.ordering import in_order
from nemflow.flows.schedules.wall_time import DAY, as_aware, read_wall, shift_instant

if TYPE_CHECKING:
    from dateutil.rrule import rrule, rruleset


class RRuleClock(Clock):
    """A clock that ticks as a rule of dateutil says.

    The rule's ``dtstart`` sets the zone of its ticks, UTC if it has none. A wall time that clocks skip
    moves forward by what they skip, one that comes twice ticks the first time. A rule is counted from
    its ``dtstart`` each time: one by seconds or minutes should not begin years ago.

    Args:
        rrule_obj: a rule or a set of rules.
        start_date: no tick before it; it may be a tick itself.
        end_date: no tick after it.
        parameter_defaults: values of the flow's parameters, for every event.
        labels: for every event.

    Raises:
        TypeError: that is no rule, or a date is no datetime.
    """

    def __init__(
        self,
        rrule_obj: "rrule | rruleset",
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        parameter_defaults: Mapping[str, object] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        from dateutil.rrule import rrule, rruleset  # where it is used: few flows have such a clock

        if not isinstance(rrule_obj, rrule | rruleset):
            raise TypeError(f"a rule must be a dateutil rrule or rruleset, not {rrule_obj!r}")
        super().__init__(start_date, end_date, parameter_defaults, labels)
        self.rrule_obj = rrule_obj

    def moments(self, after: datetime) -> Iterator[datetime]:
        """Yield the ticks from a few days before a UTC instant on."""
        # Wall time is within a day of UTC, a skipped one within two: so much is left over before the
        # instant, and what lies earlier is passed over without reading zones.
        horizon = shift_instant(after, -2 * DAY).replace(tzinfo=None)
        ticks = itertools.dropwhile(
            lambda tick: tick.replace(tzinfo=None) < horizon, iter(self.rrule_obj)
        )
        return in_order(read_wall(as_aware(tick, "a tick")) for tick in ticks)
