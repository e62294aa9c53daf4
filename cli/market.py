"""The market that flows are built for: the real one or the synthetic one, never mixed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from nemflow.cli.settings import AUTO, SYNTHETIC, Settings
from nemflow.errors import SettingsError
from nemflow.flows.nem.settings import MarketSettings
from nemflow.tasks.nem.sources import Source


def refuse_synthetic_folder(settings: Settings) -> None:
    """Check that prices of the real market do not go among those of the sandbox.

    Raises:
        SettingsError: the data directory is the sandbox's.
    """
    if settings.data_dir.name == SYNTHETIC:
        raise SettingsError(
            f"{settings.data_dir} is where --sandbox keeps its made-up prices: "
            "name another data directory, or run with --sandbox and the folder above it"
        )


@contextmanager
def sandbox_market(settings: Settings, flags: Mapping[str, str]) -> Iterator[Settings]:
    """Give the settings with the addresses of a synthetic market that runs in the block.

    Args:
        settings: the settings in force.
        flags: with ``nemweb_url`` and ``aemo_url``, that market is used (downloads from any other
            than a sandbox are refused); without, one is started.

    Raises:
        SettingsError: only one address was given.
    """
    given = [name for name in ("nemweb_url", "aemo_url") if name in flags]
    if len(given) == 1:
        raise SettingsError("--sandbox takes --nemweb-url and --aemo-url together, or neither")
    if given:
        yield settings
        return
    # the real market pays nothing for the synthetic one
    from nemflow.tasks.nem.sandbox import SandboxServer

    with SandboxServer() as server:
        yield replace(settings, nemweb_url=server.url, aemo_url=server.url)


def market_settings(
    settings: Settings, *, large_download: bool = False, synthetic: bool = False
) -> MarketSettings:
    """Return what the flows of the market need of the settings."""
    return MarketSettings(
        data_dir=settings.data_dir,
        lock_dir=settings.lock_dir,
        nemweb_url=settings.nemweb_url,
        aemo_url=settings.aemo_url,
        source=None if settings.source == AUTO else Source(settings.source),
        allow_large_download=large_download,
        synthetic=synthetic,
        connections=settings.connections,
        read_timeout_s=settings.timeout_s,
        tries=settings.tries,
        versioned=True,
    )
