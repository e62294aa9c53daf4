"""Settings: made once, out of flags, environment and a settings file; nothing below reads those.

Each setting takes the first value that is there:

1. its flag;
2. its environment variable: ``NEMFLOW_`` and its name (``NEMFLOW_DATA_DIR``); empty counts as not there;
3. its line in the settings file: ``--config``, else ``NEMFLOW_CONFIG``, else ``nemflow.toml`` in the
   platform's configuration folder, if it exists;
4. its default.
"""

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from nemflow.cli import settings_kinds as kinds
from nemflow.cli.settings_kinds import Kind
from nemflow.cli.wording import did_you_mean
from nemflow.errors import SettingsError
from nemflow.tasks.nem.sources import Source

AUTO = "auto"
SOURCES = (AUTO, *(source.value for source in Source))
SYNTHETIC = "SYNTHETIC"
"""The folder, inside the data directory, that the sandbox's prices are kept in."""


class Layer(enum.StrEnum):
    """Where a value may come from."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; ``name`` is the flag, variable or file."""

    layer: Layer
    name: str = ""

    def __str__(self) -> str:
        return f"{self.layer} {self.name}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings in force.

    Attributes:
        data_dir: where prices are kept.
        state_dir: where nemflow keeps locks and the like: on this machine, not on a network drive.
        nemweb_url: the base of NEMweb or of a mirror; no slash at its end.
        aemo_url: the base of AEMO's website or of a mirror; no slash at its end.
        source: the one source to take prices from, or `AUTO`.
        connections: how many downloads may go on at once.
        timeout_s: how long a server may stay silent, in seconds.
        tries: how often a request is made before it is given up.
        workers: how many tasks of a flow run may run at once.
        checkpointing: whether results and targets are written.
        history_days: for how many days flow runs stay in the history; 0 for ever.
        log_days: for how many days the logs of flow runs are kept.
        log_megabytes: how large all logs together may become; the oldest go first.
        ping_url: the address of a check that is told of starts and ends (cli/notify.py); or empty.
        webhook_url: the address that is told of failures; or empty.
        on_failure: the shell command that is run after a failure; or empty.
        file: the settings file, whether it exists or not.
        origins: where each value comes from, by name.
    """

    data_dir: Path
    state_dir: Path
    nemweb_url: str
    aemo_url: str
    source: str
    connections: int
    timeout_s: float
    tries: int
    workers: int
    checkpointing: bool
    history_days: int
    log_days: int
    log_megabytes: int
    ping_url: str
    webhook_url: str
    on_failure: str
    file: Path
    origins: Mapping[str, Origin]

    @property
    def lock_dir(self) -> Path:
        """Where locks lie."""
        return self.state_dir / "locks"

    @property
    def history_file(self) -> Path:
        """The history of flow runs."""
        return self.state_dir / "history.sqlite"

    @property
    def log_dir(self) -> Path:
        """Where the logs of flow runs lie."""
        return self.state_dir / "logs"

    def values(self) -> Iterator[tuple[str, object, Origin]]:
        """Give name, value and origin of each setting."""
        for name, origin in self.origins.items():
            yield name, getattr(self, name), origin

    def for_sandbox(self) -> "Settings":
        """Return the same settings with a data directory of the sandbox's own."""
        return replace(self, data_dir=self.data_dir / SYNTHETIC)


@dataclass(frozen=True, slots=True)
class _Setting:
    kind: Kind
    default: Callable[[], object]


def _data_dir() -> Path:
    # platformdirs takes longer to import than a settings file takes to read
    from platformdirs import user_data_path

    return user_data_path("nemflow", appauthor=False)


def _state_dir() -> Path:
    from platformdirs import user_state_path  # as above

    return user_state_path("nemflow", appauthor=False)


def _config_file() -> Path:
    from platformdirs import user_config_path  # as above

    return user_config_path("nemflow", appauthor=False) / "nemflow.toml"


_SETTINGS = MappingProxyType(
    {
        "data_dir": _Setting(kinds.path(), _data_dir),
        "state_dir": _Setting(kinds.path(), _state_dir),
        "nemweb_url": _Setting(kinds.web_address(), lambda: "https://www.nemweb.com.au"),
        "aemo_url": _Setting(kinds.web_address(), lambda: "https://aemo.com.au"),
        "source": _Setting(kinds.one_of(*SOURCES), lambda: AUTO),
        "connections": _Setting(kinds.whole_number(1, 8), lambda: 4),
        "timeout_s": _Setting(kinds.seconds(3600), lambda: 60.0),
        "tries": _Setting(kinds.whole_number(1, 20), lambda: 5),
        "workers": _Setting(kinds.whole_number(1, 64), lambda: 1),
        "checkpointing": _Setting(kinds.switch(), lambda: True),
        "history_days": _Setting(kinds.whole_number(0, 36_500), lambda: 730),
        "log_days": _Setting(kinds.whole_number(1, 36_500), lambda: 90),
        "log_megabytes": _Setting(kinds.whole_number(1, 1_000_000), lambda: 500),
        "ping_url": _Setting(kinds.web_address(), lambda: ""),
        "webhook_url": _Setting(kinds.web_address(query=True), lambda: ""),
        "on_failure": _Setting(kinds.shell_command(), lambda: ""),
    }
)


DESCRIPTIONS = MappingProxyType(
    {
        "data_dir": "where prices are kept; may be a network drive",
        "state_dir": "locks, history and logs: a folder of this machine",
        "nemweb_url": "the address of NEMweb or of a mirror",
        "aemo_url": "the address of AEMO's website or of a mirror",
        "source": "the one source to take prices from, or auto",
        "connections": "how many downloads may go on at once",
        "timeout_s": "how long a server may stay silent, in seconds",
        "tries": "how often a request is made before it is given up",
        "workers": "how many tasks of a flow run may run at once",
        "checkpointing": "false: write no results and targets",
        "history_days": "for how many days runs stay in the history; 0: for ever",
        "log_days": "for how many days the logs of runs are kept",
        "log_megabytes": "how large all logs together may become",
        "ping_url": "the address of a check that is told of starts and ends",
        "webhook_url": "the address that is told of failures",
        "on_failure": "the shell command that is run after a failure",
    }
)
"""What each setting is for, in a few words."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What was written somewhere: in flags, in the environment, in the settings file.

    ``folder`` is what relative paths of flags and environment start from.
    """

    flags: Mapping[str, str]
    environment: Mapping[str, str]
    folder: Path

    def text(self, name: str) -> tuple[str, Origin] | None:
        """Return what a flag or, without one, an environment variable says."""
        for layer, label, text in (
            (Layer.FLAG, flag(name), self.flags.get(name)),
            (Layer.ENVIRONMENT, variable(name), self.environment.get(variable(name)) or None),
        ):
            if text is not None:
                return text, Origin(layer, label)
        return None


def load_settings(
    flags: Mapping[str, str], environment: Mapping[str, str], folder: Path
) -> Settings:
    """Make the settings.

    Args:
        flags: what flags were given, by name of the setting; ``config`` names the settings file.
        environment: the process's environment variables.
        folder: what relative paths of flags and environment start from.

    Raises:
        SettingsError: a value is not what it must be, or the settings file cannot be read or has
            an unknown key.
    """
    given = _Given(flags, environment, folder)
    file, lines = _settings_file(given)
    found = {name: _resolve(name, given, file, lines) for name in _SETTINGS}
    values = {name: value for name, (value, _) in found.items()}
    origins = MappingProxyType({name: origin for name, (_, origin) in found.items()})
    return Settings(**values, file=file, origins=origins)  # type: ignore[arg-type]  # kinds checked


def variable(name: str) -> str:
    """Return a setting's environment variable.

    >>> variable("data_dir")
    'NEMFLOW_DATA_DIR'
    """
    return f"NEMFLOW_{name.upper()}"


def flag(name: str) -> str:
    """Return a setting's flag.

    >>> flag("data_dir")
    '--data-dir'
    """
    return f"--{name.replace('_', '-')}"


def _resolve(
    name: str, given: _Given, file: Path, lines: Mapping[str, object]
) -> tuple[object, Origin]:
    """Return a setting's value and where it comes from."""
    kind = _SETTINGS[name].kind
    text = given.text(name)
    if text is not None:
        return _read_text(kind, *text, given.folder), text[1]
    if name in lines:
        origin = Origin(Layer.FILE, str(file))
        return _check(kind, lines[name], f"{name} in {file}", file.parent), origin
    return _SETTINGS[name].default(), Origin(Layer.DEFAULT)


def _read_text(kind: Kind, text: str, origin: Origin, folder: Path) -> object:
    try:
        value = kind.parse(text)
    except (ValueError, KeyError):
        raise _wrong(kind, text, origin.name) from None
    return _check(kind, value, origin.name, folder)


def _check(kind: Kind, value: object, label: str, folder: Path) -> object:
    try:
        return kind.check(value, folder)
    except ValueError:
        raise _wrong(kind, value, label) from None


def _wrong(kind: Kind, value: object, label: str) -> SettingsError:
    return SettingsError(f"{label} must be {kind.expected}, not {value!r}")


def _settings_file(given: _Given) -> tuple[Path, dict[str, object]]:
    """Return the settings file's path and its lines; no lines where there is no file."""
    text = given.text("config")
    if text is None:
        file = _config_file()
        return file, _read_file(file) if file.is_file() else {}
    file = Path(str(_read_text(kinds.path(), *text, given.folder)))
    if not file.is_file():
        raise SettingsError(f"{text[1].name}: there is no file {file}")
    return file, _read_file(file)


def _read_file(file: Path) -> dict[str, object]:
    import tomllib  # most people have no settings file

    try:
        lines = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read as TOML: {error}") from error
    for name in lines:
        if name not in _SETTINGS:
            hint = did_you_mean(name, _SETTINGS) or f"; there are {', '.join(_SETTINGS)}"
            raise SettingsError(f"{file} has no setting for the key {name!r}{hint}")
    return lines
