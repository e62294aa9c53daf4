"""What a dry run says at its end: what would be asked of AEMO, and how long it may take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from nemflow.cli.advice import ask_history
from nemflow.cli.settings import AUTO, Settings
from nemflow.cli.wording import count_of, format_bytes, format_seconds
from nemflow.flows.nem.estimate import Estimate, estimate
from nemflow.tasks.nem.datasets import DATASETS
from nemflow.tasks.nem.market_time import today
from nemflow.tasks.nem.sources import Source

if TYPE_CHECKING:  # SQLite is loaded where there is a history
    from sqlite3 import Row

    from nemflow.flows.history.reading import History

_LATEST_RUNS = 200


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would be asked of AEMO, and how long the flow runs may take.

    Args:
        expected_s: seconds, one flow run after the other; None where there are no past runs.
        past_runs: from how many past runs that is.
        not_over: a day that was left out, for it is not over; None where there was none.
    """

    asked: Estimate
    expected_s: float | None
    past_runs: int
    not_over: date | None = None

    def as_json(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "requests": self.asked.requests,
            "bytes": self.asked.size,
            "files": self.asked.files,
            "held": self.asked.held,
            "sources": {str(source): days for source, days in self.asked.sources.items()},
            "sizes": "of files in the archive" if self.asked.learned else "usual",
            "expected_s": None if self.expected_s is None else round(self.expected_s, 1),
            "past_runs": self.past_runs,
            "not_over": None if self.not_over is None else str(self.not_over),
        }

    def __str__(self) -> str:
        asked = self.asked
        sizes = "as files of the archive are" if asked.learned else "usual sizes"
        told = "no request"
        if asked.files:
            told = (
                f"about {count_of(asked.requests, 'request')} for {count_of(asked.files, 'file')}, "
                f"{format_bytes(asked.size)} ({sizes})"
            )
        told += f", {asked.held:,} in the archive" if asked.held else ""
        if self.expected_s is None:
            told += "; no past runs to tell how long it takes"
        elif self.past_runs:
            runs = count_of(self.past_runs, "past run")
            told += f"; about {format_seconds(self.expected_s)} of work by {runs}"
        return told if self.not_over is None else f"{told}; the day {self.not_over} is not over"


def forecast(
    settings: Settings, dataset: str, work: Mapping[str, Iterable[date]], now: datetime
) -> Forecast:
    """Return what some flow runs would take; a day that is not over takes nothing yet.

    Args:
        work: the days that would be made, by stage.
    """
    wanted = {stage: list(found) for stage, found in work.items()}
    days = {stage: [d for d in found if d < today(now)] for stage, found in wanted.items()}
    not_over = max((d for found in wanted.values() for d in found if d >= today(now)), default=None)
    source = None if settings.source == AUTO else Source(settings.source)
    asked = estimate(
        DATASETS[dataset], days.get("raw", ()), settings.data_dir / "archive", now, source
    )
    took = {stage: _durations(settings, f"{dataset}_{stage}") for stage, d in days.items() if d}
    past = sum(map(len, took.values()))
    if not took or not all(took.values()):
        return Forecast(asked, 0.0 if not took else None, past, not_over)
    expected_s = sum(sum(each) / len(each) * len(days[stage]) for stage, each in took.items())
    return Forecast(asked, expected_s, past, not_over)


def _durations(settings: Settings, flow: str) -> list[float]:
    def ask(history: "History") -> list["Row"]:
        return history.runs(flow=flow, states=("Success",), limit=_LATEST_RUNS)

    runs = ask_history(settings, ask) or []
    return [r["duration_s"] for r in runs if r["outcome"] == "written" and r["duration_s"]]
