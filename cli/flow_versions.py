"""The versions of a data set's flows as the code stands, kept while its files are unchanged.

To find a version the flow is built and the code of its tasks parsed (flows/version.py), which takes
longer than all else that ``why`` and ``status --deep`` do. So a run that makes files, and those commands
themselves, keep versions in the state folder, with a mark of all source files they may follow from: their
names, sizes and times, by which Python too knows whether what it compiled is still good.
"""

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator

import nemflow
from nemflow.cli.settings import Settings
from nemflow.errors import ResultError

_NAME = "flow-versions.json"
_FOLDERS = ("flows", "results", "tasks")  # of the package; the command line makes no data


def versions_now(settings: Settings, dataset: str, *, keep: bool = True) -> dict[str, str]:
    """Return the version that each stage of a data set would be made with, by stage.

    Args:
        keep: them in the state folder, if there is one.
    """
    mark = _mark()
    kept = _read(settings, mark)
    if dataset in kept:
        return kept[dataset]
    # the engine: only where they are not kept
    from nemflow.cli.market import market_settings
    from nemflow.flows.nem.catalog import CATALOG

    market = market_settings(settings)
    versions = {e.stage: e.build(market).version for e in CATALOG.dataset(dataset)}
    if keep and settings.state_dir.is_dir():
        _write(settings, mark, {**kept, dataset: versions})
    return versions


def _read(settings: Settings, mark: str) -> dict[str, dict[str, str]]:
    """Return what is kept, by data set; nothing if other code has kept it."""
    try:
        known = json.loads((settings.state_dir / _NAME).read_bytes())
        versions = known["versions"] if known["code"] == mark else {}
        return {
            str(name): {str(stage): str(v) for stage, v in stages.items()}
            for name, stages in versions.items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _write(settings: Settings, mark: str, versions: dict[str, dict[str, str]]) -> None:
    from nemflow.results.atomic import atomic_path  # only who writes needs it

    text = json.dumps({"code": mark, "versions": versions}, indent=1)
    path = settings.state_dir / _NAME
    # what cannot be kept is found again
    with contextlib.suppress(OSError, ResultError), atomic_path(path, flush_folder=False) as new:
        new.write_text(text)


def _mark() -> str:
    """Return what changes with any source file, and with the Python that parses it."""
    digest = hashlib.sha256(f"{nemflow.__version__} {sys.version}".encode())
    for folder in nemflow.__path__:
        for line in sorted(_files(*(os.path.join(folder, name) for name in _FOLDERS))):
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _files(*folders: str) -> Iterator[str]:
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    stat = entry.stat()
                    yield f"{entry.path} {stat.st_size} {stat.st_mtime_ns}"
                elif entry.is_dir() and entry.name != "__pycache__":
                    yield from _files(entry.path)
