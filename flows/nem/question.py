"""A question to the stored prices, and which of its days are there: by names alone, without pyarrow."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path

from nemflow.errors import MissingDays, ParameterError
from nemflow.flows.nem.catalog import CATALOG, DEFAULT_DATASET
from nemflow.flows.nem.holdings import describe_days, survey
from nemflow.flows.nem.span import Moment, Span, first_day_of, read_span
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month, today
from nemflow.tasks.nem.regions import REGIONS, SNOWY


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be read.

    Attributes:
        data_dir: below it lies ``clean``.
        dataset: such as ``nem_prices``.
        span: from when to when.
        regions: only these; None for all.
        columns: only these, in this order; None for all.
    """

    data_dir: Path
    dataset: str
    span: Span
    regions: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Which days of a question are there.

    Attributes:
        days: all market days of the question up to today, in order.
        months: those that hold some of them.
        missing: the days that are not there, in order.
    """

    days: Sequence[date]
    months: Sequence[Month]
    missing: Sequence[date]


def ask(
    start: Moment,
    end: Moment,
    *,
    data_dir: Path,
    dataset: str = DEFAULT_DATASET,
    regions: Iterable[str] | None = None,
    columns: Iterable[str] | None = None,
    now: datetime,
) -> Question:
    """Return the question that the words are.

    Raises:
        ParameterError: no such region, none at all, a word that is no date, or a time without zone.
        DefinitionError: no such data set.
    """
    CATALOG.dataset(dataset)
    return Question(
        data_dir=data_dir,
        dataset=dataset,
        span=read_span(start, end, now),
        regions=None if regions is None else _some("regions", find_regions(regions)),
        columns=None if columns is None else _some("columns", tuple(dict.fromkeys(columns))),
    )


def _some(what: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ParameterError(f"{what} names none; leave it out to have all")
    return names


def find_days(question: Question, now: datetime) -> Found:
    """Return which days of a question are there; those to come and before the data set do not count.

    Raises:
        MissingDays: all of them lie before the data set or in the future.
    """
    dataset = DATASETS[question.dataset]
    first = first_day_of(dataset)
    days = [day for day in question.span.days(now) if day >= first]
    if not days:
        instead = question.span.last < first and dataset.instead
        raise MissingDays(
            f"there is no {dataset.name} from {question.span.first} to {question.span.last}: the first "
            f"day is {first}, and today is {today(now)} in market time (UTC+10)"
            + (f"; take {instead}" if instead else "")
        )
    return Found(days, *survey(question.data_dir, question.dataset, days))


def find_regions(words: Iterable[str]) -> tuple[str, ...]:
    """Return the market's regions that the words name: ``SA1`` or ``SA``, in any case.

    Raises:
        ParameterError: a word names none.

    >>> find_regions(["sa", "VIC1"])
    ('SA1', 'VIC1')
    """
    known = (*REGIONS, SNOWY)
    named = {**{name.removesuffix("1"): name for name in known}, **{name: name for name in known}}
    found = []
    for word in words:
        region = named.get(str(word).strip().upper())
        if region is None:
            raise ParameterError(unknown("region", str(word).upper(), known))
        found.append(region)
    return tuple(dict.fromkeys(found))


def describe_missing(found: Found, question: Question) -> str:
    """Say which days are missing, in half a sentence."""
    missing, asked = found.missing, len(found.days)
    what = f"{len(missing):,} of {asked:,} day{'s' if asked > 1 else ''} of {question.dataset}"
    is_or_are = "is" if len(missing) == 1 else "are"
    return f"{what} {is_or_are} not in {question.data_dir}: {describe_days(missing)}"


def fetch_command(missing: Sequence[date], dataset: str, options: Sequence[str] = ()) -> str:
    """Return the command that fetches the days; it passes over those between that are there.

    Args:
        missing: in order, not empty.
        options: more words for the command, such as the data directory.

    >>> fetch_command([date(2014, 1, 3), date(2014, 2, 1)], "nem_prices")
    'nemflow backfill --start 2014-01-03 --end 2014-02-01'
    """
    named = [] if dataset == DEFAULT_DATASET else [dataset]
    span = ["--start", str(missing[0]), "--end", str(missing[-1])]
    return shlex.join(["nemflow", "backfill", *named, *span, *options])


def unknown(what: str, word: str, known: Sequence[str]) -> str:
    """Say that there is no such thing, which is the nearest, and which there are."""
    near = get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]!r}? There" if near else "there"
    return f"there is no {what} {word!r}; {hint} are {', '.join(known)}"
