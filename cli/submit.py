"""``nemflow run --submit``: ask an agent for a run, instead of doing it here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from nemflow.cli.dates import read_days
from nemflow.cli.name_value import split_words
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.settings import Settings
from nemflow.cli.stores import PROJECT, agent_command, find_flow_to_run, open_store
from nemflow.cli.wording import count_of
from nemflow.errors import SettingsError
from nemflow.flows.agent.registry import Registration
from nemflow.flows.agent.run_queue import add_run

SCHEMA = 1
"""The version of the JSON objects."""


def submit_runs(
    what: str,
    dates: Sequence[str],
    words: tuple[str, ...],
    *,
    labels: Sequence[str],
    options: Sequence[str],
    settings: Settings,
    as_json: bool,
) -> None:
    """Ask for a run of a flow for each date, or for one run of a registered flow.

    Args:
        what: a flow or data set of nemflow's, or a registered flow.
        dates: days and months; default yesterday.
        words: parameters of a registered flow, ``name=value``.
        labels: only agents with these take the runs.
        options: further words of the command that each run is.

    Raises:
        SettingsError: dates for a flow that takes none, or parameters for one that takes dates.
        DefinitionError: there is no such flow.
    """
    now = datetime.now(UTC)
    with open_store(settings) as store:
        registration = find_flow_to_run(store, what, None)
        wanted = sorted({*labels, *(registration.labels if registration else ())})
        parameters = _parameters(what, registration, dates, words, now)
        with store.writing():
            ids = [
                add_run(
                    store,
                    schedule=None,
                    project=registration.project if registration else PROJECT,
                    flow=what,
                    registration=None if registration is None else registration.id,
                    parameters=each,
                    options=[] if registration else options,
                    labels=wanted,
                    scheduled_for=now,
                )
                for each in parameters
            ]
    if as_json:
        for run_id, each in zip(ids, parameters, strict=True):
            put_json({"schema": SCHEMA, "id": run_id, "flow": what, "parameters": each})
        return
    put_lines(
        [
            f"asked for {count_of(len(ids), 'run')} of {what}: {', '.join(ids[:5])}"
            + (f" and {len(ids) - 5} more" if len(ids) > 5 else ""),
            f"an agent does them: {agent_command(wanted)}; see nemflow agent status",
        ]
    )


def _parameters(
    what: str,
    registration: Registration | None,
    dates: Sequence[str],
    words: tuple[str, ...],
    now: datetime,
) -> list[Mapping[str, str]]:
    if registration is None:
        if words:
            raise SettingsError(f"--param is for flows of your own; {what} takes --date")
        return [{"date": day.isoformat()} for day in read_days(dates or ["yesterday"], now)]
    if dates:
        raise SettingsError(f"--date is for the price flows; {what} takes --param date=2014-01-01")
    return [split_words(words)]
