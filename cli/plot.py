"""``nemflow plot``: stored prices as a drawing, in the terminal or a file."""

import shutil
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nemflow.cli.exit_codes import DONE, FAILED
from nemflow.cli.options import (
    Verbosity,
    debug_option,
    flags_of,
    settings_of,
    settings_options,
    talk_options,
    verbosity_of,
)
from nemflow.cli.output import put_error, put_lines
from nemflow.cli.prices import options_again, say_missing
from nemflow.cli.stored_options import stored_prices_options
from nemflow.flows.nem.catalog import CATALOG
from nemflow.flows.nem.question import Found, Question, ask, find_days
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import NEM_TIME, day_bounds

if TYPE_CHECKING:
    import pyarrow as pa

    from nemflow.cli.series import Drawing

_WIDTH = 100  # characters, where there is no terminal that says how wide it is
_HEIGHT = 30
_FINE, _COARSE = (
    timedelta(days=400),
    timedelta(days=1900),
)  # up to there all, or half hours, are drawn


@click.command("plot", short_help="Draw stored prices.")
@stored_prices_options
@click.option("--column", metavar="NAME", help="What to draw; without, the data set's main value.")
@click.option(
    "--resample",
    metavar="WIDTH",
    help="Means over 30min, 1h, 1d or the like; 'no' for none. Without: as the time is long.",
)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw into this file: .png, .svg or .pdf. Needs matplotlib.",
)
@settings_options
@talk_options
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    start: str,
    end: str | None,
    regions: tuple[str, ...],
    column: str | None,
    dataset: str,
    resample: str | None,
    file: Path | None,
    sandbox: bool,
) -> None:
    """Draw stored prices against market time (UTC+10), a panel for each region.

    The axis becomes logarithmic beyond 100 where spikes demand it, which the title says; in the
    terminal each column shows the lowest and the highest price of its stretch of time.

    \b
    Examples:
      nemflow plot --start 2014-01-14 --end 2014-01-17 --region SA1 --region VIC1
      nemflow plot --start 2014 --region sa -o sa.png
      nemflow plot --start 2014-01 --column raise6sec_rrp --resample 30min
    """
    if file is not None:
        _check_suffix(context, file)
    CATALOG.dataset(dataset)  # or there is none of that name
    column = column or DATASETS[dataset].value
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    now = datetime.now(UTC)
    question = ask(
        start,
        end or start,
        data_dir=settings.data_dir,
        dataset=dataset,
        regions=regions or None,
        columns=[column],
        now=now,
    )
    found = find_days(question, now)
    say_missing(found, question, options_again(flags_of(context), sandbox=sandbox))
    if not found.months:
        context.exit(FAILED)
    drawing = make_drawing(question, found, resample)
    if drawing is None:
        put_error(f"no {column} in that time to draw")
        context.exit(DONE)
    if file is None:
        put_lines(_terminal_lines(drawing))
    else:
        _draw_file(drawing, file)
        if verbosity_of(context) is not Verbosity.QUIET:
            put_error(f"written: {file}")
    context.exit(DONE)


def make_drawing(question: Question, found: Found, resample: str | None) -> "Drawing | None":
    """Read what is to be drawn; None where there is nothing of it."""
    from pyarrow.types import is_boolean, is_floating, is_integer

    from nemflow.cli.series import Drawing, series_of
    from nemflow.flows.nem.reading import find_facts, schema_of

    assert question.columns is not None
    [column] = question.columns
    field = schema_of(question).field(column)
    if not (is_floating(field.type) or is_integer(field.type) or is_boolean(field.type)):
        raise click.UsageError(f"--column {column} holds no numbers to draw.")
    width = _width_for(question, resample)
    table = _read(question, found, width)
    series = tuple(series_of(table, column))
    if not series:
        return None
    facts = find_facts(question, found.months)
    minutes: set[Any] = set(table["resolution_minutes"].unique().to_pylist())
    return Drawing(
        series=series,
        since=max(question.span.since, day_bounds(found.days[0])[0]).astimezone(NEM_TIME),
        until=min(question.span.until, day_bounds(found.days[-1])[1]).astimezone(NEM_TIME),
        dataset=question.dataset,
        column=column,
        unit=(field.metadata or {}).get(b"unit", b"").decode(),
        grain=("means over " if width else "")
        + " and ".join(dict.fromkeys(_length(number) for number in sorted(minutes))),
        is_synthetic=facts.get("nemflow.synthetic") == "true",
        source=facts.get("nemflow.attribution", ""),
    )


def _read(question: Question, found: Found, width: str | None) -> "pa.Table":
    """Return the rows, resampled month by month, so that long times need no more memory."""
    import pyarrow as pa

    from nemflow.flows.nem.reading import read_months, schema_of
    from nemflow.flows.nem.resampling import KEY, read_width, resample, resampled_schema

    wider = replace(question, columns=tuple(dict.fromkeys([*KEY, *(question.columns or ())])))
    schema = schema_of(wider)
    tables = read_months(wider, found.months, schema)
    if width is None:
        return pa.concat_tables([schema.empty_table(), *tables])
    to = read_width(width)
    means = (resample(table, to) for table in tables)
    return pa.concat_tables([resampled_schema(schema).empty_table(), *means])


def _width_for(question: Question, word: str | None) -> str | None:
    if word is not None:
        return None if word.lower() == "no" else word
    length = question.span.until - question.span.since
    return None if length <= _FINE else "30min" if length <= _COARSE else "1d"


def _length(minutes: int) -> str:
    if minutes > 1440:
        return "a month"
    if minutes == 1440:
        return "a day"
    return f"{minutes} minutes" if minutes % 60 else f"{minutes // 60} h"


def _terminal_lines(drawing: "Drawing") -> list[str]:
    from nemflow.cli.chart import chart_lines

    size = shutil.get_terminal_size((_WIDTH, _HEIGHT))
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    height = max(size.lines - 4, 10 * len(drawing.series)) if sys.stdout.isatty() else _HEIGHT
    return list(chart_lines(drawing, max(size.columns, 40), height, unicode=unicode))


def _check_suffix(context: click.Context, file: Path) -> None:
    from nemflow.cli.figure import SUFFIXES

    if file.suffix.lower() not in SUFFIXES:
        raise click.UsageError(f"{file} must end in {', '.join(SUFFIXES)}.", context)


def _draw_file(drawing: "Drawing", file: Path) -> None:
    from nemflow.cli.figure import draw
    from nemflow.results.atomic import atomic_path

    with atomic_path(file) as temporary:
        draw(drawing, temporary, file.suffix.lower().removeprefix("."))
