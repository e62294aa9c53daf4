"""Series drawn with characters, for a terminal or a pipe: braille dots, or plain letters without them.

A column of dots shows the lowest and the highest value of its stretch of time, so that no spike is lost
however many intervals a character stands for.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from nemflow.cli.price_scale import STRAIGHT_WITHIN, Scale, scale_for
from nemflow.cli.series import Drawing, Series

_LABEL = 9  # characters left of the axis: "-1,000.00"
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row from the top, and column
_STEPS = (
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14)),
    *(timedelta(days=30 * n) for n in (1, 2, 3, 6, 12, 24, 60)),
)


def chart_lines(
    drawing: Drawing, width: int, height: int, *, unicode: bool = True
) -> Iterator[str]:
    """Yield the lines of a chart, a panel for each region.

    Args:
        drawing: what to show.
        width: in characters.
        height: of all panels together.
        unicode: whether braille characters may be used.
    """
    scale = scale_for(np.concatenate([series.values for series in drawing.series]).tolist())
    how = f"logarithmic beyond {STRAIGHT_WITHIN:.0f}" if scale.is_log else ""
    yield ", ".join(filter(None, (drawing.title, drawing.grain, drawing.unit, how)))
    rows = max(height // len(drawing.series) - 2, 4)
    for series in drawing.series:
        canvas = _Canvas(width - _LABEL - 2, rows, scale, unicode=unicode)
        canvas.draw(series, drawing)
        low, mean, high = series.values.min(), series.values.mean(), series.values.max()
        yield f"{series.region}  lowest {low:,.2f}  mean {mean:,.2f}  highest {high:,.2f}"
        yield from canvas.lines()
    yield from _time_axis(drawing, width - _LABEL - 2)
    if drawing.source:
        yield drawing.source


class _Canvas:
    """Dots, two a character across and four down; or one of each, without braille."""

    def __init__(self, columns: int, rows: int, scale: Scale, *, unicode: bool) -> None:
        self._across, self._down = (2, 4) if unicode else (1, 2)
        self._rows = rows
        self._scale = scale
        self._dots = np.zeros((rows * self._down, columns * self._across), dtype=bool)

    def draw(self, series: Series, drawing: Drawing) -> None:
        """Set the dots from the lowest to the highest value of each stretch, joined to the one before."""
        lows, highs = self._extremes(series, drawing)
        before: tuple[int, int] | None = None
        for column in range(len(lows)):
            if highs[column] < lows[column]:  # nothing is known of this stretch
                before = None
                continue
            own = self._level(lows[column]), self._level(highs[column])
            # No gap in a steep line.
            low, high = own if before is None else (min(own[0], before[1]), max(own[1], before[0]))
            self._dots[low : high + 1, column] = True
            before = own
        if self._scale.low < 0 < self._scale.high:
            self._dots[self._level(0.0), ::3] = True

    def _extremes(self, series: Series, drawing: Drawing) -> tuple[Any, Any]:
        """Return the lowest and the highest value of each column; a value holds for all its interval."""
        width = self._dots.shape[1]
        begin, end = drawing.since.timestamp(), drawing.until.timestamp()
        each = (end - begin) / width
        first = np.clip(((series.starts - begin) / each).astype(int), 0, width - 1)
        last = np.clip(np.ceil((series.ends - begin) / each).astype(int) - 1, first, width - 1)
        lows, highs = np.full(width, np.inf), np.full(width, -np.inf)
        for further in range(int((last - first).max()) + 1):
            reaches = first + further <= last
            columns, values = first[reaches] + further, series.values[reaches]
            np.minimum.at(lows, columns, values)
            np.maximum.at(highs, columns, values)
        return lows, highs

    def lines(self) -> Iterator[str]:
        """Yield the rows from the top, with the values at the axis."""
        most = max(self._rows // 2, 2)
        ticks = {
            self._level(value) // self._down: self._scale.label(value, most)
            for value in self._scale.ticks(most)
        }
        for row in range(self._rows - 1, -1, -1):
            label = ticks.get(row, "")
            sign = "┤" if row in ticks else "│"
            sign = sign if self._down == 4 else "|"
            yield f"{label:>{_LABEL}} {sign}{self._row(row)}".rstrip()

    def _level(self, value: float) -> int:
        """Return the row of dots, from the bottom, that a value lies in."""
        return min(
            int(self._scale.height(float(value)) * self._dots.shape[0]), self._dots.shape[0] - 1
        )

    def _row(self, row: int) -> str:
        block = self._dots[row * self._down : (row + 1) * self._down]
        if self._down == 2:
            kinds = {(False, False): " ", (True, False): ".", (False, True): "'", (True, True): "|"}
            return "".join(kinds[bool(low), bool(high)] for low, high in block.T)
        codes = np.full(block.shape[1] // 2, _BRAILLE)
        for down in range(4):
            for across in range(2):
                codes += block[3 - down, across::2] * _DOTS[down][across]
        return "".join(" " if code == _BRAILLE else chr(code) for code in codes)


def _time_axis(drawing: Drawing, columns: int) -> Iterator[str]:
    """Yield the line of ticks and the line of times below it, market time."""
    length = drawing.until - drawing.since
    step = next((s for s in _STEPS if length / s * 12 <= columns), _STEPS[-1])
    form = "%H:%M" if step < timedelta(days=1) else "%Y-%m-%d"
    ticks, labels = [" "] * columns, [" "] * (columns + 12)
    moment = drawing.since.replace(hour=0, minute=0, second=0, microsecond=0)
    while moment < drawing.until:
        if moment >= drawing.since:
            at = int((moment - drawing.since) / length * columns)
            ticks[at] = "+"
            text = f"{moment:{form}}"
            if step < timedelta(days=1) and moment.hour == 0 and length > timedelta(days=1):
                text = f"{moment:%m-%d}"
            if set(labels[at : at + len(text) + 1]) <= {" "}:
                labels[at : at + len(text)] = text
        moment = _next(moment, step)
    margin = " " * (_LABEL + 2)
    yield margin + "".join("-" if tick == " " else tick for tick in ticks)
    yield (margin + "".join(labels)).rstrip() + "  (UTC+10)"


def _next(moment: datetime, step: timedelta) -> datetime:
    """Return the next tick; from a month on these are the first days of months."""
    if step < timedelta(days=30):
        return moment + step
    months = moment.year * 12 + moment.month - 1 + step.days // 30
    return moment.replace(year=months // 12, month=months % 12 + 1, day=1)
