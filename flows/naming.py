"""What a flow run is called, and the keys that its tasks, templates and users can ask for."""

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from nemflow.errors import ParameterError
from nemflow.flows.blueprint import Blueprint
from nemflow.tasks.naming import fill_name

_OF_ONE_RUN = frozenset(
    {
        "checkpointing",
        "flow_id",
        "flow_name",
        "flow_run_id",
        "flow_run_name",
        "map_index",
        "parameters",
        "scheduled_start_time",
    }
)


def inherited(around: Mapping[str, object]) -> dict[str, object]:
    """Return the keys that a flow run takes over from the code that starts it, such as ``date``.

    Where that code is a task of another flow run, what identifies that run and task is left out.
    """
    return {
        key: value
        for key, value in around.items()
        if key not in _OF_ONE_RUN and not key.startswith("task_")
    }


def run_dates(given: object, now: datetime) -> dict[str, object]:
    """Return ``date``, ``today``, ``yesterday``, ``tomorrow`` and the forms without dashes.

    Args:
        given: the ``date`` of the run's context: a datetime, a date, an ISO text, or None for now.
        now: the present moment, aware; its UTC day counts.

    Raises:
        ParameterError: the given date cannot be read.

    >>> dates = run_dates(None, datetime(2014, 1, 1, 20, tzinfo=UTC))
    >>> dates["yesterday"], dates["tomorrow_nodash"]
    ('2013-12-31', '20140102')
    """
    moment = given
    if given is None:
        moment = now.astimezone(UTC)
    elif isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError as error:
            raise ParameterError(f"the run's date {given!r} is no ISO date") from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not isinstance(moment, date):
        raise ParameterError(f"the run's date must be a date or an ISO text, not {given!r}")
    return {"date": moment, **_words_for(moment.toordinal())}


@functools.lru_cache(maxsize=8)  # a backfill starts hundreds of runs on one day
def _words_for(ordinal: int) -> dict[str, str]:
    today = date.fromordinal(ordinal)
    days = {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "tomorrow": today + timedelta(days=1),
    }
    words: dict[str, str] = {}
    for word, day in days.items():
        words[word] = f"{day:%Y-%m-%d}"
        words[f"{word}_nodash"] = f"{day:%Y%m%d}"
    return words


def run_values(
    flow: Blueprint,
    parameters: Mapping[str, object],
    context: Mapping[str, object],
    run_id: str,
    now: datetime,
) -> dict[str, object]:
    """Return the keys of a flow run, its name among them.

    The user's own ``context`` wins over the parameters, and these over the dates that the run would
    make up: where a flow has a parameter ``date``, no template fills ``{date}`` with today instead.
    The template of the run's name sees the parameters last.

    Raises:
        DefinitionError: the template of the run's name cannot be filled.
    """
    dates = run_dates(context.get("date"), now)
    given = {**context, "date": dates["date"]} if "date" in context else context
    values: dict[str, object] = {
        **dates,
        **{key: parameters[key] for key in dates.keys() & parameters.keys()},
        "scheduled_start_time": now,
        "flow_name": flow.name,
        "flow_id": flow.name,
        "flow_run_id": run_id,
        **given,
        "parameters": parameters,
    }
    if "flow_run_name" not in values:
        values["flow_run_name"] = _run_name(flow, {**values, **parameters}, run_id)
    return values


def _run_name(flow: Blueprint, keys: Mapping[str, object], run_id: str) -> str:
    if flow.flow_run_name is None:
        return f"{flow.name}-{run_id[:8]}"
    return fill_name(flow.flow_run_name, keys, f"flow {flow.name!r}")
