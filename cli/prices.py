"""``nemflow prices``: stored prices to a terminal, a pipe or a file."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

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
from nemflow.cli.output import put_error
from nemflow.cli.settings import SYNTHETIC, flag
from nemflow.cli.stored_options import stored_prices_options
from nemflow.cli.wording import count_of, format_bytes
from nemflow.flows.nem.question import (
    Found,
    Question,
    ask,
    describe_missing,
    fetch_command,
    find_days,
)

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "csv", "json", "parquet")
_KEPT = ("nemflow.attribution", "nemflow.synthetic")  # in the metadata of a Parquet file
_SUFFIXES = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".txt": "table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was ordered, beside the question.

    Attributes:
        form: the format, one of `FORMATS`.
        file: where to; None for standard output.
        resample: the word of ``--resample``, if it was given.
        again: options that a command for missing days has to repeat.
        verbosity: how much is said on standard error.
    """

    form: str
    file: Path | None
    resample: str | None
    again: Sequence[str]
    verbosity: Verbosity


@click.command("prices", short_help="Print stored prices.")
@stored_prices_options
@click.option("--columns", metavar="NAME,NAME", help="Only these columns, in this order.")
@click.option("--resample", metavar="WIDTH", help="Means over 30min, 1h, 1d, 1mo or the like.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Without: by the suffix of -o, else a table on a terminal, CSV in a pipe.",
)
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, which gets its name when it is whole.",
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
    columns: str | None,
    dataset: str,
    resample: str | None,
    form: str | None,
    file: Path | None,
    sandbox: bool,
) -> None:
    """Print stored prices: a row for each interval and region, sorted by both.

    Days are market days by the start of their intervals, UTC+10; the last one is included. Reads what
    is there month by month; days that are missing are named on standard error, with the command
    that fetches them.

    \b
    --resample gives time-weighted means over longer intervals, by their start:
    of every price (AUD/MWh), those of frequency services too; a flag is set if it
    was set at any time; different words are joined.

    \b
    Examples:
      nemflow prices --start 2014-01-01 --region SA1
      nemflow prices --start 2014 --end 2023 --region sa --resample 1d -o sa.csv
      nemflow prices --start 2014-01 --columns interval_end,region,rrp --format json

    \b
    Exit codes: 0 printed, also where days are missing; 1 none of the days is there;
    2 wrong use.
    """
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    form = form or _form_of(context, file)
    if form == "parquet" and file is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with -o.", context)
    now = datetime.now(UTC)
    question = ask(
        start,
        end or start,
        data_dir=settings.data_dir,
        dataset=dataset,
        regions=regions or None,
        columns=[name.strip() for name in columns.split(",")] if columns else None,
        now=now,
    )
    order = Order(
        form=form,
        file=file,
        resample=resample,
        again=options_again(flags_of(context), sandbox=sandbox),
        verbosity=verbosity_of(context),
    )
    context.exit(carry_out(order, question, find_days(question, now)))


def carry_out(order: Order, question: Question, found: Found) -> int:
    """Print the prices, say what is missing, and return the exit code."""
    say_missing(found, question, order.again)
    if not found.months:
        return FAILED
    # what has to read prices pays for pyarrow, a wrong word does not
    from nemflow.cli.price_output import open_writer
    from nemflow.flows.nem.reading import find_facts

    facts = find_facts(question, found.months)
    is_quiet = order.verbosity is Verbosity.QUIET
    if not is_quiet and facts.get("nemflow.synthetic") == "true":
        put_error(f"{SYNTHETIC}: made-up prices, nothing of AEMO's")
    kept = {key: text for key, text in facts.items() if key in _KEPT}
    schema, tables = rows_of(question, found, order)
    count = 0
    bold = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    with open_writer(order.form, schema, order.file, kept, bold=bold) as writer:
        for table in tables:
            writer.write(table)
            count += table.num_rows
    if not count:
        put_error(f"no rows: {', '.join(question.regions or ())} has no prices in that time")
    elif order.file is not None and not is_quiet:
        size = format_bytes(order.file.stat().st_size)
        put_error(f"written: {order.file}, {count_of(count, 'row')}, {size}")
    return DONE


def rows_of(
    question: Question, found: Found, order: Order
) -> tuple["pa.Schema", Iterator["pa.Table"]]:
    """Return the columns, and the rows month by month, resampled if that was ordered."""
    from nemflow.flows.nem.reading import read_months, schema_of
    from nemflow.flows.nem.resampling import KEY, read_width, resample, resampled_schema

    width = read_width(order.resample) if order.resample else None
    schema = schema_of(question)
    if order.form == "table" and question.columns is None:
        schema = _for_people(schema)
    if width is None:
        return schema, read_months(question, found.months, schema)
    names = list(dict.fromkeys([*schema.names, *KEY]))
    wider = schema_of(replace(question, columns=tuple(names)))
    tables = read_months(question, found.months, wider)
    wanted = resampled_schema(schema)
    return wanted, (resample(table, width).select(wanted.names) for table in tables)


def say_missing(found: Found, question: Question, again: Sequence[str]) -> None:
    """Say on standard error which days are missing and which command fetches them."""
    if found.missing:
        level = "warning" if found.months else "error"
        put_error(f"{level}: {describe_missing(found, question)}")
        put_error(f"hint: {fetch_command(found.missing, question.dataset, again)}")


def options_again(flags: Mapping[str, str], *, sandbox: bool) -> list[str]:
    """Return the options of this command that one which fetches needs too."""
    words = [word for name, value in flags.items() for word in (flag(name), value)]
    return words + (["--sandbox"] if sandbox else [])


def _form_of(context: click.Context, file: Path | None) -> str:
    if file is None:
        return "table" if sys.stdout.isatty() else "csv"
    form = _SUFFIXES.get(file.suffix.lower())
    if form is None:
        raise click.UsageError(
            f"{file}: the format is not known by its suffix; name it {', '.join(_SUFFIXES)}, "
            "or give --format.",
            context,
        )
    return form


def _for_people(schema: "pa.Schema") -> "pa.Schema":
    """Return the columns that a table on a terminal has room for."""
    from pyarrow.types import is_floating

    def is_shown(field: "pa.Field[pa.DataType]") -> bool:
        is_price = is_floating(field.type) and not field.name.startswith(("raise", "lower", "rop"))
        return is_price or field.name in ("interval_start", "interval_end", "region", "source")

    import pyarrow as pa

    return pa.schema([field for field in schema if is_shown(field)])
