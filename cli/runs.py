"""Flow runs of the history as a person names and reads them."""

import json
import shlex
import sqlite3
from datetime import datetime

from nemflow.cli.wording import count_of, did_you_mean, format_bytes, format_seconds
from nemflow.errors import SettingsError
from nemflow.flows.history.lost import LOST
from nemflow.flows.history.reading import FAILED_STATES, History, UnknownRun
from nemflow.flows.history.stamps import read_stamp, utc_now
from nemflow.tasks.nem.market_time import NEM_TIME

SCHEMA = 1
"""The version of the JSON objects; grows when a key changes its meaning or goes."""

RETRIED_STATES = (*FAILED_STATES, "Cancelled")
"""The states of runs that can be retried."""


def find_run(history: History, word: str) -> sqlite3.Row:
    """Return the run that a word means: a name, whose last run it is, an id or its beginning.

    Raises:
        SettingsError: no run is meant, or more than one; the message names the nearest.
    """
    try:
        return history.find(word)
    except UnknownRun as error:
        told = SettingsError(f"{error}{did_you_mean(word, error.known)}")
        if not history.is_there:
            told.add_note("no run has been recorded yet")
        elif error.known:
            told.add_note("`nemflow history` lists the runs")
        raise told from None


def in_market_time(stamp: str | None) -> datetime | None:
    """Return the moment of a stamp in market time."""
    return None if stamp is None else read_stamp(stamp).astimezone(NEM_TIME)


def write_moment(stamp: str | None) -> str:
    """Write a moment in market time, with its offset; nothing where there is none."""
    moment = in_market_time(stamp)
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}+10:00"


def took(run: sqlite3.Row) -> str:
    """Write how long a run took, or has taken so far."""
    if run["duration_s"] is not None:
        return format_seconds(run["duration_s"])
    if run["state"] == "Running" and run["started_at"]:
        return format_seconds(max(0.0, (utc_now() - read_stamp(run["started_at"])).total_seconds()))
    return ""


def told_of(run: sqlite3.Row) -> str:
    """Say in a few words what a run came to: its error, or what it made."""
    if run["error"] and run["state"] in RETRIED_STATES:
        return str(run["error"])
    if run["state"] in (LOST, "Cancelled", "Paused"):
        return str(run["message"] or "")
    if run["state"] == "Running":
        return "to be cancelled" if run["cancel_asked_at"] else ""
    outcome = str(run["outcome"] or "").replace("_", " ")
    facts = [outcome] if outcome and outcome != "done" else []
    if run["rows"] is not None:
        facts.append(count_of(run["rows"], "row"))
    if run["bytes"] is not None:
        facts.append(format_bytes(run["bytes"]))
    told = ", ".join(facts)
    told = f"{told} from {run['source']}".strip() if run["source"] else told
    return f"SYNTHETIC {told}" if run["synthetic"] and "SYNTHETIC" not in told else told


def words_of(run: sqlite3.Row) -> list[str]:
    """Return the words after ``nemflow`` that make a run again; none where it is a program's."""
    return [str(word) for word in json.loads(run["command"])] if run["command"] else []


def name_of(run: sqlite3.Row, history: History) -> str:
    """Return the shortest word that means a run: its name, unless a later one has it too."""
    last = history.find(run["name"])
    return str(run["name"] if last["id"] == run["id"] else run["id"][:12])


def retry_words(run: sqlite3.Row, history: History) -> str:
    """Return the command that goes on with a run or makes it again; nothing where none is needed."""
    if not run["command"]:
        return ""
    word = shlex.quote(name_of(run, history))
    if run["state"] == "Paused":
        return f"nemflow resume {word}"
    return f"nemflow retry {word}" if run["state"] in RETRIED_STATES else ""


def as_json(run: sqlite3.Row) -> dict[str, object]:
    """Return a run as a JSON object."""
    facts: dict[str, object] = dict(run)
    facts.pop("max(started_at)", None)
    facts["parameters"] = json.loads(run["parameters"])
    facts["command"] = ["nemflow", *words_of(run)] if run["command"] else None
    facts["synthetic"] = bool(run["synthetic"])
    return facts
