"""A log file for each flow run: its tasks' states, what they logged, and tracebacks.

::

    2014-01-01 04:05:06.789+10:00 INFO extract: Running
    2014-01-01 04:05:07.123+10:00 ERROR extract: Failed: ...
    Traceback (most recent call last):
      ...

A line that does not begin with a time goes on with the entry above it. Files lie in a folder for each
flow; the old ones are removed.
"""

import contextlib
import logging
import os
import re
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from nemflow.flows.reporter import FlowRunInfo
from nemflow.tasks.context import RUNNERS, context_value

FOLDER = "logs"
"""Where logs lie, below the state folder."""

_log = logging.getLogger(__name__)

_LARGEST = 20_000_000  # bytes of one file, before it is put aside
_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long logs are kept.

    Attributes:
        days: older ones are removed.
        megabytes: of all together; beyond that the oldest are removed.
    """

    days: int = 90
    megabytes: int = 500


class _RunLog:
    """The log of one run: opened at its first line, which a run in which nothing happens never has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None
        self._size = 0

    def write(self, text: str) -> None:
        data = text.encode(errors="backslashreplace")
        if self._handle is None:
            self._open()
        elif self._size > _LARGEST:
            self.close()
            os.replace(self.path, aside_of(self.path))
            self._open()
        assert self._handle is not None
        os.write(self._handle, data)
        self._size += len(data)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            self._handle = os.open(self.path, flags, 0o666)
        except FileNotFoundError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, flags, 0o666)
        self._size = os.fstat(self._handle).st_size


class RunLogs(logging.Handler):
    """Writes log records to the log of the flow run that they come from. Safe for threads.

    Args:
        state_dir: the state folder.
        zone: of the times in the logs.
        keeping: how long logs are kept.
        level: records below it are left out.
    """

    def __init__(
        self, state_dir: Path, zone: tzinfo, keeping: Keeping, level: int = logging.INFO
    ) -> None:
        super().__init__(level)
        self._state_dir = state_dir
        self._zone = zone
        self._keeping = keeping
        self._runs: dict[str, _RunLog] = {}
        self._guard = threading.RLock()
        self._has_swept = False
        self._is_off = False

    def begin(self, run: FlowRunInfo) -> str:
        """Make a log known for a run; return its path below the state folder."""
        path = f"{FOLDER}/{_safe(run.flow_name)}/{_safe(run.name)}-{run.id[:8]}.log"
        with self._guard:
            self._runs[run.id] = _RunLog(self._state_dir / path)
        return path

    def end(self, run_id: str) -> None:
        """Close the log of a run."""
        with self._guard:
            run = self._runs.pop(run_id, None)
            if run is not None:
                run.close()

    def say(
        self,
        run_id: str,
        now: datetime,
        level: int,
        task: str | None,
        text: str,
        error: BaseException | None = None,
    ) -> None:
        """Write an entry, with the traceback of an error where one is given."""
        head = now.astimezone(self._zone).isoformat(" ", "milliseconds")
        who = f"{task}: " if task else ""
        entry = f"{head} {logging.getLevelName(level)} {who}{text}\n"
        if error is not None and error.__traceback__ is not None:
            entry += "".join(traceback.format_exception(error))
        self._write(run_id, entry)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the log of its flow run, if that has one."""
        run_id = getattr(record, "flow_run_id", None) or context_value("flow_run_id")
        # the start and the end of each run stand in the log already
        is_told = record.name in RUNNERS and record.levelno == logging.INFO
        if run_id not in self._runs or is_told:
            return
        name = context_value("task_full_name") or getattr(record, "task_name", None)
        task = None if name is None else str(name)
        error = record.exc_info[1] if record.exc_info else None
        now = datetime.fromtimestamp(record.created, self._zone)
        self.say(str(run_id), now, record.levelno, task, record.getMessage(), error)

    def close(self) -> None:
        """Close all logs."""
        with self._guard:
            for run_id in list(self._runs):
                self.end(run_id)
        super().close()

    def _write(self, run_id: str, entry: str) -> None:
        try:
            with self._guard:
                run = self._runs.get(run_id)
                if run is None or self._is_off:
                    return
                run.write(entry)
                if not self._has_swept:
                    self._has_swept = True
                    sweep(self._state_dir / FOLDER, self._keeping)
        except OSError as error:
            self._is_off = True
            words = "logs of runs cannot be written (%s); the work goes on without"
            _log.warning(words, f"{error.filename or self._state_dir}: {error.strerror}")


def aside_of(path: Path) -> Path:
    """Return where the older part of a log that has grown too large lies."""
    return path.with_name(f"{path.name}.1")


def sweep(folder: Path, keeping: Keeping, now: float | None = None) -> list[Path]:
    """Remove old logs, at most once a day; return what was removed.

    Args:
        folder: where logs lie, below it a folder for each flow.
        keeping: how long logs are kept.
        now: the present moment, in seconds since 1970.
    """
    moment = time.time() if now is None else now
    marker = folder / "swept"
    with contextlib.suppress(FileNotFoundError):
        if moment - marker.stat().st_mtime < _DAY_S:
            return []
    marker.touch()
    os.utime(marker, (moment, moment))
    removed = []
    kept = 0
    for changed, size, path in sorted(_files(folder), reverse=True):
        kept += size
        if moment - changed > keeping.days * _DAY_S or kept > keeping.megabytes * 1_000_000:
            path.unlink(missing_ok=True)
            removed.append(path)
            kept -= size
    return removed


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    for path in folder.glob("*/*.log*"):
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            facts = path.stat()
            yield facts.st_mtime, facts.st_size, path


def _safe(name: str) -> str:
    """Return a name as part of a path: no separators, not hidden, not too long.

    >>> _safe("prices/2014 (raw)"), _safe("..")
    ('prices_2014__raw_', '_.')
    """
    return re.sub(r"[^\w.+-]|^\.", "_", name)[:100] or "_"
