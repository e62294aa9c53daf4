"""Series drawn with matplotlib, as a picture in a file."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nemflow.cli.price_scale import STRAIGHT_WITHIN, scale_for
from nemflow.cli.series import Drawing, Series
from nemflow.errors import SettingsError
from nemflow.tasks.nem.limits import ENERGY_FLOOR, limits_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUFFIXES = (".png", ".svg", ".pdf")

_WIDTH, _PANEL, _MARGINS = 11.0, 2.3, 1.5  # inches
_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
)  # told apart by all eyes
_GREY = "#555555"
_UTC_OFFSET_S = 10 * 3600  # of market time
_MANY = 4_000  # points, from where on a line is drawn thin


def draw(drawing: Drawing, path: Path, form: str) -> None:
    """Draw a panel for each region into a file of a form, ``png``, ``svg`` or ``pdf``.

    Raises:
        SettingsError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SettingsError(
            "a picture in a file needs matplotlib: pip install 'nemflow[plot]'; "
            "without -o the drawing comes to the terminal"
        ) from error
    settings: dict[str, Any] = {"svg.hashsalt": "nemflow", "svg.fonttype": "none", "font.size": 10}
    with mpl.rc_context(settings):
        panels = len(drawing.series)
        height = (_PANEL if panels > 1 else 1.8 * _PANEL) * panels + _MARGINS
        figure = Figure(figsize=(_WIDTH, height), dpi=120, layout="constrained")
        axes = figure.subplots(panels, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        for panel, series, colour in zip(axes, drawing.series, _COLOURS, strict=False):
            _draw_series(panel, series, colour)
        is_log = _set_scale(axes[0], drawing)
        for panel in axes:
            _finish(panel, drawing)
        axes[-1].set_xlabel("market time (UTC+10)", color=_GREY)
        how = f"logarithmic beyond {STRAIGHT_WITHIN:.0f}" if is_log else ""
        figure.suptitle(drawing.title, fontsize=13, fontweight="bold", x=0.01, ha="left")
        below = ", ".join(filter(None, (drawing.grain, drawing.unit, how)))
        axes[0].set_title(below, loc="right", fontsize=10, color=_GREY)
        figure.supxlabel(drawing.source, fontsize=8, color=_GREY, x=0.01, ha="left")
        figure.savefig(path, format=form, metadata=_without_date(form))


def _draw_series(panel: "Axes", series: Series, colour: str) -> None:
    times, values = _steps(series)
    thin = len(values) > _MANY
    panel.plot(times, values, color=colour, linewidth=0.6 if thin else 1.2)
    panel.set_title(series.region, loc="left", fontsize=11, fontweight="bold", color=colour)


def _steps(series: Series) -> tuple[Any, Any]:
    """Return the corners of a line of steps: a value holds for its interval; a hole is left open."""
    times = np.column_stack([series.starts, series.ends]).ravel()
    values = np.repeat(series.values, 2)
    holes = np.flatnonzero(series.starts[1:] > series.ends[:-1] + 1) * 2 + 2
    times, values = np.insert(times, holes, times[holes - 1]), np.insert(values, holes, np.nan)
    return _local(times), values


def _local(seconds: Any) -> Any:
    """Return instants as matplotlib is to label them: by the market's clock."""
    return ((seconds + _UTC_OFFSET_S) * 1e3).astype("datetime64[ms]")


def _set_scale(panel: "Axes", drawing: Drawing) -> bool:
    """Set the axis of values, which all panels share; tell whether it is logarithmic."""
    scale = scale_for(np.concatenate([series.values for series in drawing.series]).tolist())
    if not scale.is_log:
        return False
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    panel.set_yscale("symlog", linthresh=STRAIGHT_WITHIN, linscale=1.0)
    panel.yaxis.set_major_locator(FixedLocator(scale.ticks(12)))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return True


def _finish(panel: "Axes", drawing: Drawing) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    since, until = (_local(np.array([t.timestamp()]))[0] for t in (drawing.since, drawing.until))
    panel.set_xlim(since, until)
    locator = AutoDateLocator(minticks=4, maxticks=10)
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    panel.set_ylabel(drawing.unit, color=_GREY)
    panel.grid(axis="both", color="#dddddd", linewidth=0.6)
    panel.axhline(0, color="#888888", linewidth=0.8)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(colors=_GREY)
    for value, name in _limits_reached(drawing):
        panel.axhline(value, color="#b00020", linewidth=0.8, linestyle="--")
        panel.annotate(
            f"{name} {value:,.0f}",
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(-4, -3 if value > 0 else 3),
            textcoords="offset points",
            ha="right",
            va="top" if value > 0 else "bottom",
            fontsize=8,
            color="#b00020",
        )
    if drawing.is_synthetic:
        panel.text(
            *(0.5, 0.5, "SYNTHETIC"),
            transform=panel.transAxes,
            ha="center",
            va="center",
            fontsize=40,
            fontweight="bold",
            color="#000000",
            alpha=0.08,
        )


def _limits_reached(drawing: Drawing) -> Sequence[tuple[float, str]]:
    """Return the market's cap and floor, where settled prices come near them."""
    if drawing.unit != "AUD/MWh" or drawing.column == "rop":
        return []
    highest = max(float(series.values.max()) for series in drawing.series)
    lowest = min(float(series.values.min()) for series in drawing.series)
    cap = limits_on((drawing.until - timedelta(microseconds=1)).date()).price_cap
    near = [(cap, "cap")] if highest > 0.5 * cap else []
    return near + ([(ENERGY_FLOOR, "floor")] if lowest < 0.5 * ENERGY_FLOOR else [])


def _without_date(form: str) -> dict[str, Any]:
    """Return metadata that are the same each time the same is drawn."""
    return {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
