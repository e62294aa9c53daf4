"""Coverage as a calendar of characters: a line a month with a cell a day, or a line a year.

Every status has a character of its own, so that it reads without colour.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby

import click

from nemflow.flows.nem.coverage import Coverage, DayState, DayStatus

CHARACTERS: Mapping[DayStatus, str] = {
    DayStatus.FINAL: "#",
    DayStatus.PRELIMINARY: "+",
    DayStatus.LIVE: "~",
    DayStatus.MISSING: ".",
    DayStatus.FAILED: "X",
    DayStatus.ODD: "?",
    DayStatus.STALE: "!",
    DayStatus.NOT_PUBLISHED: "-",
}
"""What stands in a cell."""

PARTLY = ":"
"""What stands, in a line a year, for days of which some are there and some not."""

MOST_MONTHS = 12
"""So many months get a line each; more get a line a year."""

_COLOURS = {
    DayStatus.FINAL: "green",
    DayStatus.PRELIMINARY: "yellow",
    DayStatus.LIVE: "cyan",
    DayStatus.MISSING: "red",
    DayStatus.FAILED: "bright_red",
    DayStatus.ODD: "magenta",
    DayStatus.STALE: "blue",
    DayStatus.NOT_PUBLISHED: "bright_black",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WIDTH = 80
_BETWEEN = "   "
_CELLS_OF_MONTH = 5  # in a line a year; of six days each
_DAYS_OF_CELL = 6
_SEVERITY = {status: number for number, status in enumerate(DayStatus)}

_Cell = tuple[DayStatus, str] | None
Paint = Callable[[DayStatus, str], str]


def paint_plain(status: DayStatus, text: str) -> str:
    """Return the text as it is."""
    return text


def paint_colour(status: DayStatus, text: str) -> str:
    """Return the text in the colour of a status."""
    is_bold = status in (DayStatus.FAILED, DayStatus.ODD, DayStatus.STALE)
    return click.style(text, fg=_COLOURS[status], bold=is_bold or None)


def draw_calendar(coverage: Coverage, paint: Paint) -> list[str]:
    """Return the lines of a calendar; of a year at most it has a cell for each day."""
    if len(_months_of(coverage)) <= MOST_MONTHS:
        return _draw_months(coverage.days, paint)
    return _draw_years(coverage.days, paint)


def draw_legend(coverage: Coverage, paint: Paint) -> list[str]:
    """Return each status that there is, with its character and number of days, in short lines."""
    totals = coverage.totals()
    lines: list[list[tuple[DayStatus, str]]] = [[]]
    for status, character in CHARACTERS.items():
        if status not in totals:
            continue
        text = f"{character} {status.words} {totals[status]:,}"
        if sum(len(told) + len(_BETWEEN) for _, told in lines[-1]) + len(text) > _WIDTH:
            lines.append([])
        lines[-1].append((status, text))
    legend = [_BETWEEN.join(paint(*part) for part in line) for line in lines]
    if len(_months_of(coverage)) > MOST_MONTHS:
        legend.append(
            f"a character is {_DAYS_OF_CELL} days, as the worst stands; {PARTLY} some are there"
        )
    return legend


def _months_of(coverage: Coverage) -> set[tuple[int, int]]:
    return {(day.year, day.month) for day in coverage.days}


def _draw_months(days: Mapping[date, DayState], paint: Paint) -> list[str]:
    ruler = "".join(f"{n:<5}" for n in (1, 6, 11, 16, 21, 26, 31)).rstrip()
    lines = [f"         {_spaced(ruler)}"]
    for (year, month), group in groupby(days.items(), lambda item: (item[0].year, item[0].month)):
        known = {day.day: state.status for day, state in group}
        stand = [known.get(number) for number in range(1, 32)]
        cells = [None if status is None else (status, CHARACTERS[status]) for status in stand]
        lines.append(f"{year:04}-{month:02}  {_paint(_spread(cells), paint)}".rstrip())
    return lines


def _spaced(ruler: str) -> str:
    """Return the ruler with the gaps that the cells have after every five days."""
    return " ".join(ruler[n : n + 5] for n in range(0, len(ruler), 5))


def _spread(cells: Iterable[_Cell]) -> Iterator[_Cell]:
    for number, cell in enumerate(cells):
        if number and number % 5 == 0:
            yield None
        yield cell


def _draw_years(days: Mapping[date, DayState], paint: Paint) -> list[str]:
    names = [f"{name:<{_CELLS_OF_MONTH}}" for name in _MONTHS]
    quarters = ["".join(names[n : n + 3]) for n in range(0, 12, 3)]
    lines = [f"      {' '.join(quarters)}".rstrip()]
    for year, group in groupby(days.items(), lambda item: item[0].year):
        states = dict(group)
        cells: list[_Cell] = []
        for month in range(1, 13):
            cells += [None] if month in (4, 7, 10) else []
            cells += _cells_of_month(states, year, month)
        there = sum(state.is_there for state in states.values())
        lines.append(f"{year:04}  {_paint(cells, paint)}  {100 * there // len(states):3}%")
    return lines


def _cells_of_month(days: Mapping[date, DayState], year: int, month: int) -> Iterator[_Cell]:
    """Yield a cell for every six days: the status that is worst, or that only some are missing."""
    for cell in range(_CELLS_OF_MONTH):
        begin = cell * _DAYS_OF_CELL + 1
        end = 31 if cell == _CELLS_OF_MONTH - 1 else begin + _DAYS_OF_CELL - 1
        numbers = range(begin, min(end, monthrange(year, month)[1]) + 1)
        found = [days[day] for n in numbers if (day := date(year, month, n)) in days]
        if not found:
            yield None
            continue
        worst = min(found, key=lambda state: _SEVERITY[state.status]).status
        is_partly = worst is DayStatus.MISSING and any(state.is_there for state in found)
        yield (worst, PARTLY if is_partly else CHARACTERS[worst])


def _paint(cells: Iterable[_Cell], paint: Paint) -> str:
    text = ""
    for cell, group in groupby(cells):
        length = len(list(group))
        text += " " * length if cell is None else paint(cell[0], cell[1] * length)
    return text
