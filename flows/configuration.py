"""``nemflow.config``: Prefect Core's configuration as far as there is one, to be read and not written.

Settings of a run come by argument (``RunSettings``) or from the environment when it starts, options of
a task with the task. Flows written for Prefect Core ask for some of them here; what is set here to the
value that is in force anyway does no harm, anything else is refused.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from nemflow.errors import SettingsError
from nemflow.flows.settings import RunSettings


def _home() -> str:
    lock_dir = RunSettings.from_environment().lock_dir
    assert lock_dir is not None  # the environment always has a place for locks
    return str(lock_dir.parent)


_IN_FORCE: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "backend": lambda: "nemflow",
        "debug": lambda: False,
        "flows.checkpointing": lambda: RunSettings.from_environment().checkpointing,
        "flows.eager_edge_validation": lambda: False,
        "flows.run_on_schedule": lambda: True,
        "home_dir": _home,
        "logging.level": lambda: logging.getLevelName(
            logging.getLogger("nemflow").getEffectiveLevel()
        ),
        "tasks.checkpointing": lambda: RunSettings.from_environment().checkpointing,
        "tasks.defaults.max_retries": lambda: 0,
        "tasks.defaults.retry_delay": lambda: None,
        "tasks.defaults.timeout": lambda: None,
    }
)


class Section(Mapping[str, Any]):
    """A part of the configuration: keys are attributes or items.

    >>> config.flows.run_on_schedule
    True
    >>> config.get("cloud", "no such thing")
    'no such thing'
    """

    __slots__ = ("_path",)

    def __init__(self, path: str = "") -> None:
        object.__setattr__(self, "_path", path)

    def _full(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def __getitem__(self, key: str) -> Any:
        full = self._full(key)
        if full in _IN_FORCE:
            return _IN_FORCE[full]()
        if any(known.startswith(f"{full}.") for known in _IN_FORCE):
            return Section(full)
        raise KeyError(full)

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"nemflow.config has no {self._full(key)!r}") from None

    def __setattr__(self, key: str, value: object) -> None:
        refuse_another(self._full(key), value)

    __setitem__ = __setattr__

    def __iter__(self) -> Iterator[str]:
        prefix = f"{self._path}." if self._path else ""
        below = [known[len(prefix) :] for known in _IN_FORCE if known.startswith(prefix)]
        return iter(dict.fromkeys(name.partition(".")[0] for name in below))

    def __len__(self) -> int:
        return len(list(self))

    def __repr__(self) -> str:
        return f"<nemflow.config: {', '.join(self)}>"


def refuse_another(name: str, value: object) -> None:
    """Do nothing where a setting has the value already.

    Raises:
        SettingsError: it has another, which cannot be set here.
    """
    if name in _IN_FORCE and _IN_FORCE[name]() == value:
        return
    raise SettingsError(
        f"nemflow.config.{name} cannot be set to {value!r}: whether results are written is said by "
        "flow.run(settings=RunSettings(checkpointing=...)) or NEMFLOW_CHECKPOINTING, options of a "
        "task are given with the task, values of your own by nemflow.context"
    )


@contextmanager
def set_temporary_config(temporary: Mapping[str, object]) -> Iterator[Section]:
    """Check that settings, by dotted names, are in force; they cannot be changed.

    Raises:
        SettingsError: one is not.
    """
    for name, value in temporary.items():
        refuse_another(name, value)
    yield config


config = Section()
