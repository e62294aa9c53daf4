"""What the history knows of stored days, as coverage needs it."""

from datetime import date
from pathlib import Path

from nemflow.cli.settings import Settings
from nemflow.flows.history.reading import FAILED_STATES, History
from nemflow.flows.nem.coverage import STAGES, Known, Written


def known_of(settings: Settings, dataset: str) -> Known:
    """Return what the history says of the days of a data set; nothing where there is no history.

    Raises:
        HistoryError: it is there but cannot be read.
    """
    if not settings.history_file.exists():
        return Known()
    flows = {f"{dataset}_{stage}": stage for stage in STAGES}
    failures: dict[tuple[str, date], str] = {}
    written: dict[str, Written] = {}
    with History(settings.history_file) as history:
        for run in history.last_of_each():
            stage = flows.get(run["flow"])
            if stage is None:
                continue
            if run["target"] and run["outcome"] == "written":
                path = str(Path(run["target"]))
                written[path] = Written(run["rows"], run["bytes"])
            day = _day_of(run["name"])
            if day is not None and run["state"] in FAILED_STATES:
                failures[stage, day] = str(run["error"] or run["message"] or run["state"])
    return Known(failures=failures, written=written)


def _day_of(name: str) -> date | None:
    try:
        return date.fromisoformat(name[-10:])
    except ValueError:
        return None
