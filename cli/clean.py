"""``nemflow clean``: remove what is left over; never data, never what a live run is at."""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import click

from nemflow.cli.clean_history import OldRuns, find_old_runs, remove_old_runs
from nemflow.cli.dates import read_since
from nemflow.cli.exit_codes import DONE, FAILED, WORK_FOUND
from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.settings import Settings
from nemflow.cli.wording import align, count_of, format_bytes
from nemflow.results.leftovers import Piece, Rubbish, find_rubbish, measured

SCHEMA = 1
"""The version of the JSON object; grows when a key changes its meaning or goes."""

_MOST_LISTED = 10
_WORDS = {
    Rubbish.LEFTOVER: "left by killed runs",
    Rubbish.QUARANTINED: "set aside as damaged or unreadable",
    Rubbish.EMPTY_FOLDER: "empty folders",
    Rubbish.OLD_LOG: "old logs",
    Rubbish.ARCHIVE: "published files of months that are stored and final",
}


@click.command("clean", short_help="Remove what is left over.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option(
    "--older-than", metavar="AGE", help="Only what is older: 12h, 30d, 4w, or than a date."
)
@click.option("--archives", is_flag=True, help="Also published files of final months.")
@click.option("--history", is_flag=True, help="Also old runs of the history, with their logs.")
@click.option("--sandbox", is_flag=True, help="Look at the SYNTHETIC market's folder.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    yes: bool,
    dry_run: bool,
    older_than: str | None,
    archives: bool,
    history: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Remove what is left over: of killed runs, damaged files, empty folders, old logs.

    Shows what it would remove, with sizes, and asks; without a terminal and without --yes it only
    shows, and exits with 3 if there is something. Data are never removed, nor what a run is at.
    With --archives the published files of months go too of which every day is stored and final: they
    can be fetched again, as far as AEMO still has them; `nemflow verify` has less to compare with then.
    With --history the runs go too that are older than the setting history_days, or than --older-than.

    \b
    Examples:
      nemflow clean
      nemflow clean --dry-run --archives
      nemflow clean --yes --older-than 30d
      nemflow clean --history --older-than 365d
    """
    settings = settings_of(context)
    settings = settings.for_sandbox() if sandbox else settings
    before = None if older_than is None else read_since(older_than, option="--older-than")
    found = Found(
        pieces=list(_find(settings, before, archives=archives)),
        runs=find_old_runs(settings, before) if history else None,
    )
    is_told = not as_json
    if is_told:
        put_lines(_lines(found))
    removes = bool(found) and not dry_run and (yes or (is_told and _is_agreed(found)))
    gone = _remove(found, settings) if removes else None
    if as_json:
        put_json(_as_json(found, gone), indent=2)
    elif gone is not None:
        put_lines([f"removed {_told(gone)}"])
    if gone is not None and len(gone.pieces) < len(found.pieces):
        context.exit(FAILED)
    is_left = bool(found) and not removes and not dry_run and not _can_ask()
    context.exit(WORK_FOUND if is_left else DONE)


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be removed, or was."""

    pieces: Sequence[Piece]
    runs: OldRuns | None

    def __bool__(self) -> bool:
        return bool(self.pieces) or self.runs is not None


def _find(settings: Settings, before: datetime | None, *, archives: bool) -> Iterator[Piece]:
    for piece in _all(settings, before, archives=archives):
        if before is None or piece.changed_at < before.timestamp():
            yield piece


def _all(settings: Settings, before: datetime | None, *, archives: bool) -> Iterator[Piece]:
    # other commands need not wait for what only this one takes
    from nemflow.flows.nem import clearing

    archive = settings.data_dir / "archive"
    for folder in clearing.unfinished_downloads(archive, settings.lock_dir):
        yield from measured(folder, Rubbish.LEFTOVER)
    for path in clearing.damaged_files(archive):
        yield from measured(path, Rubbish.QUARANTINED)
    for stage in ("archive", "raw", "clean"):
        yield from find_rubbish(settings.data_dir / stage)
    yield from _old_logs(settings, before)
    if archives:
        for path in clearing.archives_of_final_months(settings.data_dir):
            yield from measured(path, Rubbish.ARCHIVE)


def _old_logs(settings: Settings, before: datetime | None) -> Iterator[Piece]:
    limit = before or datetime.now(UTC) - timedelta(days=settings.log_days)
    for path in sorted(settings.log_dir.glob("*/*.log*")):
        for piece in measured(path, Rubbish.OLD_LOG):
            if piece.changed_at < limit.timestamp():
                yield piece


def _lines(found: Found) -> list[str]:
    if not found:
        return ["nothing to remove"]
    lines = []
    for why, group in groupby(sorted(found.pieces, key=_order), lambda piece: piece.why):
        alike = list(group)
        lines.append(f"{_WORDS[why]}: {len(alike):,}, {format_bytes(_size(alike))}")
        rows = [(f"  {format_bytes(p.size)}", str(p.path)) for p in alike[:_MOST_LISTED]]
        lines += align(rows)
        if len(alike) > _MOST_LISTED:
            lines.append(f"  and {len(alike) - _MOST_LISTED:,} more; --json lists all")
    return [*lines, f"in all {_told(found)}"]


def _told(found: Found) -> str:
    pieces = f"{count_of(len(found.pieces), 'thing')}, {format_bytes(_size(found.pieces))}"
    if found.runs is None:
        return pieces
    return f"{pieces}, and {found.runs}" if found.pieces else str(found.runs)


def _order(piece: Piece) -> tuple[int, str]:
    return (list(Rubbish).index(piece.why), str(piece.path))


def _size(pieces: Sequence[Piece]) -> int:
    return sum(p.size for p in pieces if p.why is not Rubbish.EMPTY_FOLDER)


def _can_ask() -> bool:
    streams = (sys.stdin, sys.stdout)
    return all(stream is not None and stream.isatty() for stream in streams)


def _is_agreed(found: Found) -> bool:
    things = count_of(len(found.pieces), "thing") if found.pieces or found.runs is None else ""
    runs = count_of(found.runs.count, "run") if found.runs is not None else ""
    asked = " and ".join(filter(None, (things, runs)))
    return _can_ask() and click.confirm(f"Remove {asked}?", default=False)


def _remove(found: Found, settings: Settings) -> Found:
    """Remove what has not changed since it was found; return what is gone."""
    gone = []
    for piece in sorted(found.pieces, key=_order, reverse=True):  # folders after what is in them
        try:
            _remove_one(piece)
        except OSError as error:
            put_error(f"error: {piece.path}: {error.strerror or error}")
        else:
            gone.append(piece)
    runs = None
    if found.runs is not None:
        runs = replace(found.runs, count=remove_old_runs(settings, found.runs))
    return Found(gone, runs)


def _remove_one(piece: Piece) -> None:
    if piece.why is Rubbish.EMPTY_FOLDER:
        piece.path.rmdir()  # which one that is not empty any more resists
        return
    if [now.changed_at for now in measured(piece.path, piece.why)] != [piece.changed_at]:
        return  # it has gone, or somebody is at it
    if piece.path.is_dir() and not piece.path.is_symlink():
        shutil.rmtree(piece.path)
    else:
        os.unlink(piece.path)
    if piece.why is Rubbish.ARCHIVE:
        with suppress(FileNotFoundError):  # its sidecar, which alone counts as nothing
            os.unlink(Path(f"{piece.path}.json"))


def _as_json(found: Found, gone: Found | None) -> dict[str, object]:
    removed = gone.pieces if gone is not None else ()
    runs = found.runs
    return {
        "schema": SCHEMA,
        "removed": gone is not None,
        "bytes": _size(found.pieces if gone is None else removed),
        "runs": 0 if runs is None else runs.count,
        "runs_before": None if runs is None else runs.before.isoformat(),
        "things": [
            {
                "path": str(piece.path),
                "why": str(piece.why),
                "bytes": piece.size,
                "changed_at": datetime.fromtimestamp(piece.changed_at, UTC).isoformat(),
                "removed": piece in removed,
            }
            for piece in sorted(found.pieces, key=_order)
        ],
    }
