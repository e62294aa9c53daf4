"""The account of one stage of one day: what lies there, what it was made of, or why nothing does.

Of data files only the metadata are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from nemflow.errors import UnreadableTarget, one_line
from nemflow.flows.nem.coverage import DayState, Known, read_coverage
from nemflow.flows.nem.facts import DayFacts, MadeOf, read_facts
from nemflow.flows.nem.months import CleanPlace
from nemflow.flows.nem.on_disk import STAGES, Stored, StoredFile, look
from nemflow.flows.nem.places import raw_target
from nemflow.flows.nem.stale import Making, find_stale_among
from nemflow.flows.nem.standing import Standing, read_standing
from nemflow.tasks.nem.archive_index import archive_by_url
from nemflow.tasks.nem.datasets import Dataset
from nemflow.tasks.nem.holding import Holding
from nemflow.tasks.nem.sources import Rung, ladder


@dataclass(frozen=True, slots=True)
class Origin:
    """A published file that a day was made of, and what the archive has of it now.

    Args:
        kept: the file in the archive under that address; None if it is not there.
    """

    made_of: MadeOf
    kept: Holding | None

    @property
    def is_same(self) -> bool:
        """Whether the archive has the very file that the day was made of."""
        return self.kept is not None and self.kept.file.sha256 == self.made_of.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of one stage of one day.

    Args:
        state: how it stands.
        target: where its file lies or would lie.
        file: the file; None if it is not there.
        facts: what the file says of the day.
        damage: why the file cannot be read; empty where it can.
        origins: the published files that it was made of.
        inputs: the stored files that it was made of.
        standing: what is written beside a day that is not final.
        rungs: where the day can be had, the best source first.
    """

    dataset: str
    stage: str
    day: date
    state: DayState
    target: Path
    file: StoredFile | None = None
    facts: DayFacts = field(default_factory=DayFacts)
    damage: str = ""
    origins: Sequence[Origin] = ()
    inputs: Sequence[Path] = ()
    standing: Standing | None = None
    rungs: Sequence[Rung] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What an account is asked of.

    Args:
        now: decides what can be published and what is due, aware.
        known: what the history says.
        making: how days would be made now; None to leave that out.
    """

    data_dir: Path
    dataset: Dataset
    day: date
    now: datetime
    known: Known
    making: Making | None = None


def give_accounts(inquiry: Inquiry, stages: Sequence[str] = STAGES) -> list[Account]:
    """Return the accounts of the stages of a day, in their order."""
    data_dir, dataset, day = inquiry.data_dir, inquiry.dataset, inquiry.day
    stored = {stage: look(data_dir, dataset.name, stage, day, day) for stage in STAGES}
    archive = archive_by_url(data_dir / "archive") if any(s.files for s in stored.values()) else {}
    making = inquiry.making
    stale = None if making is None else find_stale_among(stored, archive, making)
    known = Known(
        failures=inquiry.known.failures,
        unpublished=inquiry.known.unpublished,
        written=inquiry.known.written,
        stale=stale,
    )
    coverage = read_coverage(data_dir, dataset, day, day, inquiry.now, known)
    return [
        _account(inquiry, stage, stored[stage], coverage[stage].days[day], archive)
        for stage in stages
    ]


def _account(
    inquiry: Inquiry, stage: str, stored: Stored, state: DayState, archive: dict[str, Holding]
) -> Account:
    data_dir, dataset, day = inquiry.data_dir, inquiry.dataset, inquiry.day
    file = stored.files.get(day)
    place = CleanPlace(data_dir, dataset.name)(date=day) if stage == "clean" else None
    raw_path = data_dir / raw_target(dataset.name).format(date=day)
    facts, damage = _facts(file, day)
    return Account(
        dataset=dataset.name,
        stage=stage,
        day=day,
        state=state,
        target=raw_path if place is None else data_dir / place,
        file=file,
        facts=facts,
        damage=damage,
        origins=[Origin(made_of, archive.get(made_of.url)) for made_of in facts.files],
        inputs=[raw_path] if stage == "clean" else [],
        standing=read_standing(Path(stored.standings[day])) if day in stored.standings else None,
        rungs=ladder(dataset, day, inquiry.now),
    )


def _facts(file: StoredFile | None, day: date) -> tuple[DayFacts, str]:
    if file is None:
        return DayFacts(), ""
    try:
        return read_facts(file, day), ""
    except UnreadableTarget as error:
        return DayFacts(), one_line(str(error))
