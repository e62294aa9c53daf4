"""``nemflow.read_prices``: the stored prices for Python, found where the command line finds them.

It stands here because only the command line's folder reads the environment and the settings file; the
reading itself is in ``flows/nem/reading.py``, which a flow may use with a folder of its own.
"""

import os
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, overload

from nemflow.cli.settings import load_settings
from nemflow.errors import MissingDays, MissingDaysWarning, ParameterError
from nemflow.flows.nem.catalog import DEFAULT_DATASET
from nemflow.flows.nem.question import (
    Found,
    Question,
    ask,
    describe_missing,
    fetch_command,
    find_days,
)
from nemflow.flows.nem.span import Moment

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Missing = Literal["warn", "raise", "ignore"]


@overload
def read_prices(
    start: Moment,
    end: Moment,
    regions: str | Sequence[str] | None = ...,
    columns: Sequence[str] | None = ...,
    dataset: str = ...,
    data_dir: str | os.PathLike[str] | None = ...,
    as_arrow: Literal[False] = ...,
    *,
    missing: Missing = ...,
) -> "pd.DataFrame": ...
@overload
def read_prices(
    start: Moment,
    end: Moment,
    regions: str | Sequence[str] | None = ...,
    columns: Sequence[str] | None = ...,
    dataset: str = ...,
    data_dir: str | os.PathLike[str] | None = ...,
    *,
    as_arrow: Literal[True],
    missing: Missing = ...,
) -> "pa.Table": ...
def read_prices(
    start: Moment,
    end: Moment,
    regions: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    dataset: str = DEFAULT_DATASET,
    data_dir: str | os.PathLike[str] | None = None,
    as_arrow: bool = False,
    *,
    missing: Missing = "warn",
) -> "pd.DataFrame | pa.Table":
    """Return stored prices, a row for each interval and region, sorted by interval end and region.

    ::

        nemflow.read_prices("2014-01", "2014-03", regions=["SA1"], columns=["interval_start", "rrp"])

    A date means its whole market day, by the start of intervals: the day D holds those that end from
    D 00:05 to D+1 00:00, market time. So ``read_prices("2014-01-01", "2014-01-01")`` gives 288
    intervals of five minutes for each region. Market time is UTC+10 all year, without daylight saving.

    The columns of ``nem_prices`` (those of each data set say their unit and meaning in the metadata of
    the Arrow table's fields):

    ==================== ========= =======================================================================
    interval_start, -end UTC+10    start and end of the interval; AEMO stamps its end
    region                         NSW1, QLD1, SA1, TAS1, VIC1
    rrp                  AUD/MWh   regional reference price of energy, as settled
    rop                  AUD/MWh   the same before capping and scaling; unbounded
    raise6sec_rrp, …     AUD/MWh   prices of the frequency control services; null where not given
    apc_flag             bits      why rrp is not rop: 1 administered, 2 value of lost load,
                                   4 cap or floor, 8 set by hand, 16 scaled between regions
    market_suspended               the region's market was suspended
    price_status                   FIRM or NOT FIRM
    intervention                   AEMO also ran a physical run for the interval
    resolution_minutes   minutes   length of the interval: 5, or 30 from PRICE_AND_DEMAND before 2021-10
    source                         the published data that the row was taken from
    quality                        live, preliminary or final: how settled the row was when taken
    ==================== ========= =======================================================================

    Args:
        start: the first day: a date, ``"2014-01-31"``, ``"2014-01"`` or ``"2014"`` (its first day),
            ``"yesterday"``; or an aware datetime, for the intervals that start at or after it.
        end: the last day, included; of a month or a year its last day; or an aware datetime, for the
            intervals that end at or before it.
        regions: such as ``["SA1", "VIC1"]`` or ``"SA1"``; ``SA`` is understood. None for all.
        columns: in the order in which they are wanted. None for all.
        dataset: which data set.
        data_dir: the data directory. None for that of the command line: ``NEMFLOW_DATA_DIR``, else the
            settings file, else the platform's folder for user data.
        as_arrow: return a ``pyarrow.Table`` instead of a ``pandas.DataFrame``.
        missing: what is done if some of the days are not there: ``warn`` (`MissingDaysWarning`),
            ``raise`` or ``ignore``. Days to come and days before the market do not count.

    Raises:
        ParameterError: an unknown region, column or data set, a word that is no date, or a time
            without zone.
        MissingDays: days are not there, and *missing* is ``raise``; or none at all, unless it is
            ``ignore``.
        SettingsError: the settings file is wrong.
        UnreadableTarget: a stored file is damaged.
    """
    _refuse_unknown(missing)
    now = datetime.now(UTC)
    question = ask(
        *(start, end),
        data_dir=_data_dir(data_dir),
        dataset=dataset,
        regions=_listed(regions),
        columns=_listed(columns),
        now=now,
    )
    found = find_days(question, now)
    if found.missing and missing != "ignore":
        _tell(found, question, _words_for(data_dir), missing)
    table = _read(question, found)
    return table if as_arrow else table.to_pandas()


def _refuse_unknown(missing: str) -> None:
    if missing not in get_args(Missing):
        raise ParameterError(f"missing must be 'warn', 'raise' or 'ignore', not {missing!r}")


def _listed(names: str | Sequence[str] | None) -> Sequence[str] | None:
    return [names] if isinstance(names, str) else names


def _read(question: Question, found: Found) -> "pa.Table":
    """Return what is there of the rows that are asked for."""
    import pyarrow as pa  # heavy

    from nemflow.flows.nem.reading import read_months, schema_of

    schema = schema_of(question)
    rows = read_months(question, found.months, schema)
    return pa.concat_tables([schema.empty_table(), *rows])


def _data_dir(given: str | os.PathLike[str] | None) -> Path:
    if given is not None:
        return Path(given).expanduser().absolute()
    return load_settings({}, os.environ, Path.cwd()).data_dir


def _words_for(data_dir: str | os.PathLike[str] | None) -> list[str]:
    """Return the words by which a command finds the data directory that was given."""
    return [] if data_dir is None else ["--data-dir", str(_data_dir(data_dir))]


def _tell(found: Found, question: Question, options: Sequence[str], how: Missing) -> None:
    """Raise or warn: days are missing."""
    command = fetch_command(found.missing, question.dataset, options)
    said = f"{describe_missing(found, question)}; to fetch them: {command}"
    if how == "raise" or not found.months:
        raise MissingDays(said)
    warnings.warn(said, MissingDaysWarning, stacklevel=3)
