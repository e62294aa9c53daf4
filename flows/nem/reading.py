"""Reads clean days, those in files of their own and those in compacted months, as one table.

Only files that hold days of the question are opened, of these only the row groups that can have rows
for it, of these only the columns asked for. Each file is opened once and then held: one that a
compaction or a newer day replaces meanwhile is read to its end as it was. If one of the listed files
has gone before it is opened, its month is listed again.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nemflow.errors import ParameterError, UnreadableTarget
from nemflow.flows.nem.holdings import MonthHolding, look_up_month
from nemflow.flows.nem.on_disk import is_placeholder
from nemflow.flows.nem.question import Question, unknown
from nemflow.flows.nem.span import Span
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import Month, day_bounds
from nemflow.tasks.nem.tidy import clean_schema

_START, _END, _REGION = "interval_start", "interval_end", "region"
_KEY = (_START, _END, _REGION)
_AHEAD = 2
_TRIES = 20  # a month is compacted once in its life, a day replaced a few times


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, and which of its rows are wanted.

    Attributes:
        is_whole: whether the span covers all of the file's intervals.
        without: days that lie in a file of their own beside this one, which is newer.
    """

    path: Path
    is_whole: bool
    without: tuple[date, ...] = ()


def schema_of(question: Question) -> pa.Schema:
    """Return the columns of the question, with their units; those of its data set, where it has none.

    Raises:
        ParameterError: there is no column of a name that the question has.
    """
    schema = clean_schema(DATASETS[question.dataset])
    names = schema.names if question.columns is None else question.columns
    for name in names:
        if name not in schema.names:
            raise ParameterError(unknown("column", name, schema.names))
    return pa.schema([schema.field(name) for name in names])


def find_facts(question: Question, months: Sequence[Month]) -> dict[str, str]:
    """Return what the newest file of the months says of where it comes from."""
    for month in reversed(months):
        schema = _newest_schema(question, month)
        if schema is not None:
            metadata = schema.metadata or {}
            return {key.decode(): text.decode() for key, text in metadata.items()}
    return {}


def read_months(
    question: Question, months: Iterable[Month], schema: pa.Schema
) -> Iterator[pa.Table]:
    """Yield the rows of each month, sorted by interval end and region.

    The next months are read meanwhile: two are in memory beside the one that is being looked at.

    Args:
        question: what is wanted.
        months: those of the question that are there.
        schema: the columns, from `schema_of`.

    Raises:
        UnreadableTarget: a file is no whole Parquet file.
    """
    waiting = iter(months)
    with ThreadPoolExecutor(_AHEAD, thread_name_prefix="nemflow-reading") as readers:
        ahead: deque[Future[pa.Table]] = deque()
        try:
            while True:
                for month in islice(waiting, _AHEAD - len(ahead)):
                    ahead.append(readers.submit(_read_month, question, month, schema))
                if not ahead:
                    return
                yield ahead.popleft().result()
        finally:
            readers.shutdown(wait=True, cancel_futures=True)


def _read_month(question: Question, month: Month, schema: pa.Schema) -> pa.Table:
    for _ in range(_TRIES):
        holding = look_up_month(question.data_dir, question.dataset, month)
        parts = _parts_of(holding, question.span)
        try:
            if any(part.without for part in parts):
                return _merge(parts, question, schema)
            tables = [_read_part(part, question, schema) for part in parts]
            return pa.concat_tables([schema.empty_table(), *tables])
        except FileNotFoundError:
            continue  # compacted, or taken away: look what is there now
    raise UnreadableTarget(f"{holding.folder} changes faster than it can be read; try again later")


def _parts_of(holding: MonthHolding, span: Span) -> list[_Part]:
    """Return the files of a month that have rows of the span, in order."""
    parts = []
    if holding.compacted is not None:
        first, last = holding.month.first_day, holding.month.last_day
        path = holding.folder / holding.compacted
        parts.append(_Part(path, span.covers(first, last), tuple(holding.days)))
    for day, name in holding.days.items():
        if span.first <= day <= span.last:
            parts.append(_Part(holding.folder / name, span.covers(day, day)))
    return parts


def _merge(parts: Sequence[_Part], question: Question, schema: pa.Schema) -> pa.Table:
    """Return the rows of a compacted month and of the days beside it, each day once."""
    names = dict.fromkeys([*schema.names, *_KEY])
    wider = schema_of(replace(question, columns=tuple(names)))
    rows = pa.concat_tables(_read_part(part, question, wider) for part in parts)
    return rows.sort_by([(_END, "ascending"), (_REGION, "ascending")]).select(schema.names)


def _read_part(part: _Part, question: Question, schema: pa.Schema) -> pa.Table:
    """Return the wanted rows and columns of a file, which is opened once."""
    picked = bool(question.regions)
    words = [_REGION] if picked else None
    with _reading(part.path), pq.ParquetFile(str(part.path), read_dictionary=words) as file:
        groups = list(range(file.num_row_groups))
        if not part.is_whole:
            groups = [n for n in groups if _has_rows(file.metadata.row_group(n), question.span)]
        filters = [
            *([_REGION] if picked else []),
            *([] if _takes_all(part) else [_START, _END]),
        ]
        names = dict.fromkeys([*schema.names, *filters])
        present = [name for name in names if name in file.schema_arrow.names]
        table = file.read_row_groups(groups, columns=present, use_threads=True)
    return _conform(_filter(table, part, question), schema)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Tell a file that has gone, or moved into its month, from one that cannot be read."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as error:
        if is_placeholder(path):
            raise FileNotFoundError(f"{path} has moved into its month") from error
        raise UnreadableTarget(f"{path} cannot be read as Parquet ({error})") from error


def _takes_all(part: _Part) -> bool:
    return part.is_whole and not part.without


def _has_rows(group: pq.RowGroupMetaData, span: Span) -> bool:
    """Tell by its statistics whether a row group can have rows of the span; True if it has none."""
    for number in range(group.num_columns):
        column = group.column(number)
        known = column.statistics if column.path_in_schema == _END else None
        if known is not None and known.has_min_max:
            newest: Any = known.max
            oldest: Any = known.min
            return bool(newest > span.since and oldest <= span.until)
    return True


def _filter(table: pa.Table, part: _Part, question: Question) -> pa.Table:
    wanted: list[Any] = []  # masks, of a kind that the stubs have several names for
    if question.regions:
        wanted.append(pc.is_in(table[_REGION], value_set=pa.array(question.regions)))
    if not part.is_whole:
        since, until = (_instant(table, at) for at in (question.span.since, question.span.until))
        wanted.append(pc.greater_equal(table[_START], since))
        wanted.append(pc.less_equal(table[_END], until))
    for day in part.without:
        after, end = (_instant(table, at) for at in day_bounds(day))
        wanted.append(pc.or_(pc.less_equal(table[_END], after), pc.greater(table[_END], end)))
    if not wanted:
        return table
    mask = wanted[0]
    for more in wanted[1:]:
        mask = pc.and_(mask, more)
    return table.filter(mask)


def _instant(table: pa.Table, at: datetime) -> "pa.Scalar[Any]":
    instant: pa.Scalar[Any] = pa.scalar(at, table.schema.field(_END).type)
    return instant


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with the fields of the schema; what it does not have is null."""
    if table.schema.equals(schema):
        return table.cast(schema)  # for the units, which are kept with the fields
    columns = [
        pc.cast(table[field.name], field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _newest_schema(question: Question, month: Month) -> pa.Schema | None:
    for _ in range(_TRIES):
        holding = look_up_month(question.data_dir, question.dataset, month)
        names = [*holding.days.values(), *([holding.compacted] if holding.compacted else [])]
        if not names:
            return None
        path = holding.folder / names[-1]
        with suppress(FileNotFoundError), _reading(path):
            return pq.read_schema(path)
    return None
