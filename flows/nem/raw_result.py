"""How a raw day is put in its place, with its standing."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from nemflow import FileResult, parquet
from nemflow.flows.nem.handover import Handover
from nemflow.flows.nem.places import day_of_file
from nemflow.flows.nem.standing import (
    Standing,
    clean_standing,
    clear_standing,
    has_clean,
    standing_path,
    standing_told,
    sweep_standings,
    write_standing,
)
from nemflow.tasks.nem.sources import Quality


class RawResult(FileResult):
    """A raw day in a file of its own; a standing beside it as long as it is not final.

    A clean day that was made of the file before counts as due from then on: should the run be killed
    before the clean stage, the next one makes it again.
    """

    __slots__ = ("_handover", "dataset")

    def __init__(self, data_dir: Path, dataset: str, handover: Handover) -> None:
        super().__init__(data_dir, check=parquet.check_parquet_magic)
        self.dataset = dataset
        self._handover = handover

    def sweep(self, location: str) -> list[str]:
        """Remove what killed writers of the day left, and of its standing in both stages."""
        final = os.path.join(self.dir, location)
        day = day_of_file(final)
        clean = os.path.dirname(clean_standing(Path(self.dir), self.dataset, day)) if day else ""
        swept = [*sweep_standings(os.path.dirname(final)), *sweep_standings(clean)]
        return [*super().sweep(location), *swept]

    @contextmanager
    def writing(self, location: str, /) -> Iterator[Path]:
        """Yield the temporary path for the day; at the end move it into place."""
        final = os.path.join(self.dir, location)
        with super().writing(location) as temporary:
            yield temporary
            facts = self._handover.take(temporary)
            day = date.fromisoformat(facts["nemflow.day"])
            standing = standing_told(facts)
            if standing is not None:
                write_standing(standing_path(final, day), standing)
            if os.path.exists(final) and has_clean(Path(self.dir), self.dataset, day):
                self._mark_clean(day, standing, facts)
        if standing is None:
            clear_standing(standing_path(final, day))

    def _mark_clean(self, day: date, standing: Standing | None, facts: dict[str, str]) -> None:
        due = standing_told({**facts, "nemflow.due_at": facts["nemflow.made_at"]})
        assert due is not None
        quality = Quality.PRELIMINARY if standing is None else standing.quality
        marked = Standing(quality, due.source, due.made_at, due.due_at, due.forced)
        write_standing(clean_standing(Path(self.dir), self.dataset, day), marked)
