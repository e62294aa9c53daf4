"""The words that make a later run use the settings in force now, from whatever folder and environment."""

import click

from nemflow.cli.options import flags_of
from nemflow.cli.settings import Layer, Settings, flag

_MARKET = ("source", "nemweb_url", "aemo_url")


def pinned_flags(
    context: click.Context, settings: Settings, *, sandbox: bool = False
) -> dict[str, str]:
    """Return flags that make a run the same again, by name of the setting.

    Args:
        sandbox: the run has a market of its own, so that addresses from the environment do not count.
    """
    flags = {**flags_of(context), "data_dir": str(settings.data_dir)}
    if "config" in flags:
        flags["config"] = str(settings.file)
    for name in _MARKET:
        is_said = settings.origins[name].layer is not Layer.DEFAULT
        if is_said and (name == "source" or not sandbox):
            flags[name] = str(getattr(settings, name))
    return flags


def pinned_words(context: click.Context, settings: Settings, *, sandbox: bool = False) -> list[str]:
    """Return the same as words of a command line."""
    flags = pinned_flags(context, settings, sandbox=sandbox)
    return [word for name, value in flags.items() for word in (flag(name), value)]
