"""What a shell may complete: flows, data sets, runs, schedules, topics and dates.

Completions must come at once and never fail: what cannot be found out gives none.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from nemflow.cli.dates import FIRST_DAY
from nemflow.cli.settings import Settings, load_settings
from nemflow.errors import NemflowError
from nemflow.tasks.nem.market_time import today

_MOST = 50

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def flows(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete the names of data sets, flows and registered flows; files where there is a slash."""
    from nemflow.flows.nem.catalog import CATALOG  # only who asks for it

    names = [*CATALOG.datasets(), *CATALOG.names(), *_of_store("registrations", "flow")]
    return [*_items(names, begun), *_files(begun)]


def datasets(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the names of data sets."""
    from nemflow.tasks.nem.datasets import DATASETS  # as above

    return _items(DATASETS, begun)


def runs(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete the names of runs of the history, the latest first."""
    with suppress(NemflowError, OSError):
        from nemflow.flows.history.reading import History  # imports sqlite3

        settings = _settings()
        if settings.history_file.exists():
            with History(settings.history_file) as history:
                return _items(history.names(), begun)
    return []


def schedules(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the names of schedules."""
    return _items(_of_store("schedules", "name"), begun)


def dates(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete dates step by step: years, then months, then days; and the words for days."""
    now = today(datetime.now(UTC))
    words = [word for word in ("today", "yesterday") if begun and word.startswith(begun)]
    years = [str(year) for year in range(now.year, FIRST_DAY.year - 1, -1)]
    if begun[:4] not in years:
        return _items([*words, *(years if begun else ["yesterday", "today", *years])], begun)
    year = int(begun[:4])
    months = [f"{year}-{month:02}" for month in range(1, 13)]
    if begun[:7] not in months:
        known = [m for m in months if _in_market(date.fromisoformat(f"{m}-01"), now)]
        return _items(known, begun)
    first = date.fromisoformat(f"{begun[:7]}-01")
    days = [first + timedelta(days=number) for number in range(31)]
    named = [str(day) for day in days if day.month == first.month and _in_market(day, now)]
    return _items([begun[:7], *named], begun)


def topics(names: Iterable[str]) -> Complete:
    """Return what completes one of some words."""
    known = list(names)

    def complete(
        context: click.Context, parameter: click.Parameter, begun: str
    ) -> list[CompletionItem]:
        return _items(known, begun)

    return complete


def _in_market(day: date, now: date) -> bool:
    return FIRST_DAY.replace(day=1) <= day <= now


def _items(names: Iterable[str], begun: str) -> list[CompletionItem]:
    found = (name for name in dict.fromkeys(names) if name.startswith(begun))
    return [CompletionItem(name) for _, name in zip(range(_MOST), found, strict=False)]


def _files(begun: str) -> list[CompletionItem]:
    is_path = os.sep in begun or begun.endswith(".py") or begun.startswith(".")
    return [CompletionItem(begun, type="file")] if is_path else []


def _settings() -> Settings:
    return load_settings({}, os.environ, Path.cwd())


def _of_store(table: str, column: str) -> list[str]:
    with suppress(NemflowError, OSError):
        from nemflow.cli.stores import open_store, store_path  # imports sqlite3

        settings = _settings()
        if store_path(settings).exists():
            with open_store(settings) as store:
                rows = store.rows.execute(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")
                return [str(row[0]) for row in rows]
    return []
