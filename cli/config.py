"""``nemflow config``: the settings in force, where each comes from, and the folders in use."""

from pathlib import Path

import click

from nemflow.cli.options import (
    debug_option,
    json_option,
    market_options,
    settings_of,
    settings_options,
)
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.cli.wording import align

SCHEMA = 1
"""The version of the JSON objects."""


@click.group("config", invoke_without_command=True, short_help="Show the settings in force.")
@market_options
@settings_options
@json_option("One JSON object: value and origin of each setting.")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, as_json: bool) -> None:
    """Show the settings in force and where each comes from.

    The first that is there counts: flag, environment, settings file (TOML), default. The
    environment variable of a setting is NEMFLOW_ and its name, such as NEMFLOW_TRIES.

    \b
    Examples:
      nemflow config
      nemflow config --config prices.toml --json
      nemflow config paths
    """
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(context)
    if as_json:
        told = {
            name: {"value": _plain(value), "origin": origin.layer, "name": origin.name}
            for name, value, origin in settings.values()
        }
        put_json({"schema": SCHEMA, "settings": told}, indent=2)
        return
    rows = [(name, _written(value), str(origin)) for name, value, origin in settings.values()]
    put_lines(align([("setting", "value", "origin"), *rows]))
    history = settings.history_file
    put_lines(["", f"history: {history}{_if_missing(history)}"])
    put_lines([f"settings file: {settings.file}{_if_missing(settings.file)}"])


@command.command("paths", short_help="Show the folders and files in use.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def paths(context: click.Context, /, *, as_json: bool) -> None:
    """Show where nemflow keeps what.

    \b
    Example:
      nemflow config paths
    """
    found = _paths(settings_of(context))
    if as_json:
        told = {name: str(path) for name, path in found.items()}
        put_json({"schema": SCHEMA, "paths": told}, indent=2)
    else:
        put_lines(align((name, f"{path}{_if_missing(path)}") for name, path in found.items()))


def _paths(settings: Settings) -> dict[str, Path]:
    return {
        "data": settings.data_dir,
        "archive": settings.data_dir / "archive",
        "raw": settings.data_dir / "raw",
        "clean": settings.data_dir / "clean",
        "sandbox": settings.data_dir / SYNTHETIC,
        "state": settings.state_dir,
        "locks": settings.lock_dir,
        "history": settings.history_file,
        "logs": settings.log_dir,
        "settings": settings.file,
    }


def _if_missing(path: Path) -> str:
    return "" if path.exists() else " (not there)"


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
