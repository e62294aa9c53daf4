"""The axis of prices: straight, or straight near zero and logarithmic beyond where spikes demand it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

STRAIGHT_WITHIN = 100.0
"""On a logarithmic axis values within this of zero are drawn straight."""

_SPIKE = 8  # times the usual level, from where on a straight axis would flatten all the rest
_LARGE = 300.0
_LOG_TICKS = (-10_000, -1_000, -300, -100, 0, 100, 300, 1_000, 3_000, 10_000, 20_000)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to heights from 0 (the lowest) to 1 (the highest).

    Attributes:
        low: the value at the bottom.
        high: the value at the top.
        is_log: whether the axis is logarithmic beyond `STRAIGHT_WITHIN`.
    """

    low: float
    high: float
    is_log: bool

    def height(self, value: float) -> float:
        """Return how high a value is."""
        low, high = self._bent(self.low), self._bent(self.high)
        return (self._bent(value) - low) / (high - low)

    def ticks(self, most: int) -> list[float]:
        """Return round values to be named at the axis, at most about so many, in order."""
        if self.is_log:
            inside = [float(t) for t in _LOG_TICKS if self.low <= t <= self.high]
            return inside if len(inside) <= most else [t for t in inside if abs(t) != 300]
        step = _round_step((self.high - self.low) / max(most, 1))
        first = math.ceil(self.low / step)
        return [n * step for n in range(first, math.floor(self.high / step) + 1)]

    def label(self, value: float, most: int) -> str:
        """Write one of `ticks`, with as many decimals as tell them apart."""
        if self.is_log:
            return f"{value:,.0f}"
        step = _round_step((self.high - self.low) / max(most, 1))
        return f"{value:,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"

    def _bent(self, value: float) -> float:
        if not self.is_log or abs(value) <= STRAIGHT_WITHIN:
            return value / STRAIGHT_WITHIN
        return math.copysign(1 + math.log10(abs(value) / STRAIGHT_WITHIN), value)


def scale_for(values: Sequence[float]) -> Scale:
    """Return the scale on which all the values, of which there is one at least, can be told apart."""
    low, high = min(values), max(values)
    sizes = sorted(abs(value) for value in values)
    usual = sizes[int(0.9 * (len(sizes) - 1))]
    is_log = sizes[-1] > max(_LARGE, _SPIKE * usual)
    if low == high:
        return Scale(low - 1, high + 1, is_log=False)
    if low > 0 and low < 0.5 * high:
        low = 0.0
    return Scale(low, high, is_log)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, ... that is not below *least*."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= least * (1 - 1e-9))
