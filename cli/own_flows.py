"""Flows of the user's own: ``path/to/file.py:flow`` or ``package.module:flow``.

What comes after the colon is the flow's variable, or its name; it can be left out where there is one
flow. The file is imported as a module, not run as a script, so that what stands under
``if __name__ == "__main__"`` stays out; its folder (for a module: the current one) goes to the front
of ``sys.path``, as with ``python file.py``, so that it can import what lies beside it.

Worker processes need the file's functions too. The module is registered in ``sys.modules``, under the
file's own name where nothing else has it: processes that multiprocessing starts get this process's
``sys.path`` and can import it again. ``send_by_value`` has cloudpickle send what the module defines
itself; then workers need not have the file, though on other machines they do need what it imports.
"""

import importlib
import importlib.util
import keyword
import os
import re
import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from nemflow.cli.wording import did_you_mean
from nemflow.errors import DefinitionError, SettingsError, one_line
from nemflow.flows.saved import load_saved

if TYPE_CHECKING:
    from nemflow.flows.base import Flow

SAVED = ".flow"
"""How the files of saved flows end: those that ``nemflow register`` keeps."""


class OwnFlow(NamedTuple):
    """A flow and the module that it was found in; a saved flow carries its functions with it."""

    flow: "Flow"
    module: ModuleType | None


def is_own(what: str) -> bool:
    """Tell whether a word names a flow of the user's own; names in the catalog have no such signs.

    >>> is_own("sums.py"), is_own("package.module:total"), is_own("nem_prices")
    (True, True, False)
    """
    return any(sign in what for sign in (":", ".", os.sep))


def find_flow(what: str, folder: Path) -> OwnFlow:
    """Import the file or module that a word names and find the flow in it.

    Args:
        what: ``path/to/file.py:flow`` or ``package.module:flow``.
        folder: the current folder.

    Raises:
        SettingsError: there is no such file, module or flow, or the flow must be named.
        DefinitionError: the file or module cannot be imported.
    """
    if what.endswith(SAVED):
        return OwnFlow(load_saved(folder / what), None)
    source, flow_name = _split(what)
    is_file = source.endswith(".py") or os.sep in source
    module = _import_file(folder / source) if is_file else _import_module(source, folder)
    return OwnFlow(_choose(module, flow_name, source), module)


def send_by_value(module: ModuleType) -> None:
    """Have cloudpickle send what a module defines itself, instead of only its names."""
    import cloudpickle  # type: ignore[import-untyped]  # only flows in other processes need it

    cloudpickle.register_pickle_by_value(module)


def _split(what: str) -> tuple[str, str | None]:
    source, colon, flow_name = what.rpartition(":")
    if not colon or flow_name.endswith(".py") or os.sep in flow_name:
        return what, None
    return source, flow_name or None


# Importing


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        kind = "a folder, not a file" if path.is_dir() else "not there"
        raise SettingsError(f"{path} is {kind}: name a Python file, as in flows.py:my_flow")
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    loader = SourceFileLoader(_module_name(path), str(path))
    spec = importlib.util.spec_from_file_location(loader.name, path, loader=loader)
    assert spec is not None  # there is a loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        sys.modules.pop(loader.name, None)
        raise _cannot_load(str(path), path, error) from error
    return module


def _module_name(path: Path) -> str:
    """Return the file's own name if it imports this file, else one that nothing else has."""
    name = path.stem
    if name.isidentifier() and not keyword.iskeyword(name) and name not in sys.modules:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin == str(path):
            return name
    return f"nemflow_own_{re.sub(r'[^0-9A-Za-z_]', '_', name)}"


def _import_module(name: str, folder: Path) -> ModuleType:
    sys.path.insert(0, str(folder))
    spec: ModuleSpec | None = None
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None:
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is None or not f"{name}.".startswith(f"{missing}."):
            origin = None if spec is None or spec.origin is None else Path(spec.origin)
            raise _cannot_load(f"module {name}", origin, error) from error
    raise SettingsError(
        f"there is no module {name!r} in {folder} or on Python's path: "
        "name a module, as in package.module:my_flow, or a file, as in flows.py:my_flow"
    )


def _cannot_load(what: str, path: Path | None, error: BaseException) -> DefinitionError:
    line = _line_of(error, path)
    place = "" if line is None else f"line {line}: "
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    told = one_line(f"{type(error).__name__}: {words}").removesuffix(":")
    return DefinitionError(f"{what} cannot be imported: {place}{told}")


def _line_of(error: BaseException, path: Path | None) -> int | None:
    """Return the line of the file that an error comes from, or that led to it."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


# Choosing


def _choose(module: ModuleType, wanted: str | None, source: str) -> "Flow":
    from nemflow.flows.base import Flow  # as above

    by_variable = {name: v for name, v in vars(module).items() if isinstance(v, Flow)}
    if wanted is not None:
        if wanted in by_variable:
            return by_variable[wanted]
        named = _distinct(flow for flow in by_variable.values() if flow.name == wanted)
        if len(named) == 1:
            return named[0]
    flows = _distinct(by_variable.values())
    if wanted is None and len(flows) == 1:
        return flows[0]
    raise SettingsError(_none_chosen(module, wanted, source, list(by_variable)))


def _distinct(flows: "Iterable[Flow]") -> "list[Flow]":
    return list({id(flow): flow for flow in flows}.values())


def _none_chosen(module: ModuleType, wanted: str | None, source: str, names: list[str]) -> str:
    if not names:
        return (
            f"{source} has no flow: make one at its top level, as in `with Flow('name') as flow:`"
        )
    there = f"it has {', '.join(names)}"
    if wanted is None:
        return f"{source} has more than one flow: write {source}:{names[0]} ({there})"
    if hasattr(module, wanted):
        kind = type(getattr(module, wanted)).__name__
        return f"{wanted!r} in {source} is of type {kind}, not a flow ({there})"
    return f"{source} has no flow {wanted!r} ({there}){did_you_mean(wanted, names)}"
