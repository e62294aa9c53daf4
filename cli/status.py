"""``nemflow status``: which days of a data set are there, and what is to be done."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import click

from nemflow.cli.asked import Subject, find_dataset, subject_of
from nemflow.cli.calendar_lines import (
    CHARACTERS,
    draw_calendar,
    draw_legend,
    paint_colour,
    paint_plain,
)
from nemflow.cli.dates import read_span
from nemflow.cli.exit_codes import DONE, WORK_FOUND
from nemflow.cli.known import known_of, making_of
from nemflow.cli.options import (
    Verbosity,
    debug_option,
    json_option,
    quiet_option,
    settings_of,
    settings_options,
    verbosity_of,
)
from nemflow.cli.output import colour_wanted, put_json, put_lines, width_of_terminal
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.cli.stored_options import stored_days_options
from nemflow.cli.to_do import command_for, describe_gap
from nemflow.cli.wording import count_of, cut
from nemflow.flows.nem.coverage import Coverage, Gap, combine, read_coverage
from nemflow.flows.nem.on_disk import STAGES, years_on_disk
from nemflow.flows.nem.span import first_day_of
from nemflow.tasks.nem.datasets import DATASETS, Dataset
from nemflow.tasks.nem.market_time import today

SCHEMA = 1
"""The version of the JSON object; grows when a key changes its meaning or goes."""

_MOST_GAPS = 10


@click.command("status", short_help="Show which days are there.")
@stored_days_options("The first day: 2014-01-01, 2014-01, 2014.")
@click.option("--stage", type=click.Choice(STAGES), help="This stage only, not the worse of both.")
@click.option("--deep", is_flag=True, help="Look into each file too: is it stale?")
@click.option("--check", is_flag=True, help="Exit with 3 if there is something to do.")
@settings_options
@json_option("One JSON object.")
@quiet_option
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    dataset: str | None,
    named: str | None,
    start: str | None,
    end: str | None,
    stage: str | None,
    deep: bool,
    check: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Show which days are there, and what is to be done.

    A calendar with a cell for each day of a year, or for six days where there are several years;
    then how many days stand how, the gaps, and the command that fills each. Without --start it shows
    the years that have anything, from the first day that is there. A day stands as the worse of its
    stages, raw and clean. Only names, sizes and times of files are looked at; with --deep also what each
    says of itself: a day is stale if its published file was issued again, if its raw file is newer or
    if other code made it. It is never made again unasked.

    \b
    Examples:
      nemflow status
      nemflow status --start 2014 --end 2014
      nemflow status nem_demand --stage raw
      nemflow status --start 2024 --check --quiet
      nemflow status --deep
    """
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    now = datetime.now(UTC)
    name = find_dataset(context, dataset, named)
    subject = subject_of(context, name, stage=stage, sandbox=sandbox)
    coverage = _read(settings, DATASETS[name], stage, (start, end), now, deep=deep)
    gaps = list(coverage.gaps())
    has_work = bool(gaps) or not coverage.days
    if as_json:
        put_json(_as_json(coverage, gaps, settings, subject))
    elif verbosity_of(context) is Verbosity.QUIET:
        pass  # the exit code says it
    elif coverage.days:
        paint = paint_colour if colour_wanted() else paint_plain
        put_lines(_head(coverage, settings, stage, SYNTHETIC if sandbox else ""))
        put_lines([*draw_calendar(coverage, paint), "", *draw_legend(coverage, paint)])
        put_lines(_to_do(gaps, subject, width_of_terminal()))
        put_lines(_elsewhere(settings, name))
    else:
        put_lines(_how_to_begin(settings, subject))
    context.exit(WORK_FOUND if check and has_work else DONE)


def _read(
    settings: Settings,
    dataset: Dataset,
    stage: str | None,
    ends: tuple[str | None, str | None],
    now: datetime,
    *,
    deep: bool,
) -> Coverage:
    known = known_of(settings, dataset.name)
    years = set(years_on_disk(settings.data_dir, dataset.name))
    years |= {day.year for _, day in known.failures}
    start, end = ends
    if start is None and not years:
        return Coverage(dataset.name, {})
    is_open = start is None
    span = read_span(str(min(years)) if start is None else start, end, now)
    first, last = max(span[0], first_day_of(dataset)), span[-1]
    if start is None and end is None:
        last = today(now)
    if deep:
        # pyarrow: only who asks waits for it
        from nemflow.flows.nem.stale import find_stale

        making = making_of(settings, dataset.name)
        stale = find_stale(settings.data_dir, dataset.name, first, last, making)
        known = replace(known, stale=stale)
    stages = read_coverage(settings.data_dir, dataset, first, last, now, known)
    coverage = stages[stage] if stage else combine(stages)
    return coverage.trimmed() if is_open else coverage


def _as_json(
    coverage: Coverage, gaps: Sequence[Gap], settings: Settings, subject: Subject
) -> dict[str, object]:
    totals = coverage.totals()
    days = list(coverage.days)
    return {
        "schema": SCHEMA,
        "dataset": coverage.dataset,
        "stage": subject.stage,
        "data_dir": str(settings.data_dir),
        "start": days[0].isoformat() if days else None,
        "end": days[-1].isoformat() if days else None,
        "totals": {str(status): totals[status] for status in CHARACTERS},
        "due": coverage.due(),
        "gaps": [
            {
                "start": gap.first.isoformat(),
                "end": gap.last.isoformat(),
                "days": gap.days,
                "status": str(gap.state.status),
                "stages": list(gap.state.stages),
                "due": gap.state.due,
                "why": gap.state.why,
                "command": command_for(gap, subject),
            }
            for gap in gaps
        ],
        "days": {day.isoformat(): str(state.status) for day, state in coverage.days.items()},
    }


def _head(coverage: Coverage, settings: Settings, stage: str | None, mark: str) -> list[str]:
    days = list(coverage.days)
    what = f"{mark} {coverage.dataset}".strip() + (f" {stage}" if stage else "")
    return [f"{what}, {days[0]} to {days[-1]}, in {settings.data_dir}", ""]


def _to_do(gaps: Sequence[Gap], subject: Subject, width: int | None) -> list[str]:
    """Return what is to be done; words are cut to the width, commands are not."""
    if not gaps:
        return ["", "nothing to do"]
    lines = [""]
    for gap in gaps[:_MOST_GAPS]:
        lines += cut([describe_gap(gap, subject.stage)], width)
        lines.append(f"    {command_for(gap, subject)}")
    more = len(gaps) - _MOST_GAPS
    if more > 0:
        lines.append(f"and {count_of(more, 'gap')} more; --json lists all")
        if absent := [gap for gap in gaps if not gap.state.is_there]:
            whole = replace(absent[0], last=absent[-1].last)
            lines += ["all that is missing:", f"    {command_for(whole, subject)}"]
    return lines


def _elsewhere(settings: Settings, shown: str) -> list[str]:
    others = [n for n in DATASETS if n != shown and years_on_disk(settings.data_dir, n)]
    return ["", f"also there: {', '.join(others)}"] if others else []


def _how_to_begin(settings: Settings, subject: Subject) -> list[str]:
    return [
        f"nothing of {subject.dataset} is in {settings.data_dir} yet; begin with",
        f"    {subject.command('run', '--date', 'yesterday')}",
        f"    {subject.command('backfill', '--start', '2024')}",
        *_elsewhere(settings, subject.dataset),
    ]
