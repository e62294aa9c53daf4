"""What flow runs of the market need around them: the market, reporters, the history."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from nemflow.cli.market import market_settings, refuse_synthetic_folder, sandbox_market
from nemflow.cli.options import Verbosity
from nemflow.cli.output import put_error
from nemflow.cli.recording import NOWHERE, Recorded, Source, recording
from nemflow.cli.reporting import telling
from nemflow.cli.settings import SYNTHETIC, Settings
from nemflow.flows.executors.base import Executor
from nemflow.flows.nem.batch import Conditions
from nemflow.flows.nem.settings import MarketSettings
from nemflow.flows.settings import RunSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How flow runs of the market were ordered to be done; all but days and flows.

    Attributes:
        force: make targets again.
        dry_run: only say what would be done.
        large_download: a whole month bundle of 2 GB may be fetched.
        sandbox: use the synthetic market.
        verbosity: how much is said on standard error.
        executor: where tasks run; None for the flow's own.
        wait: wait for another run that makes the same file, or leave that out.
        source: the words that make one of the flow runs again, for the history.
    """

    force: bool = False
    dry_run: bool = False
    large_download: bool = False
    sandbox: bool = False
    verbosity: Verbosity = Verbosity.NORMAL
    executor: Executor | None = None
    wait: bool = True
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The market that flows are built for, how they are run, and who hears of their runs."""

    market: MarketSettings
    conditions: Conditions
    recorded: Recorded


@contextmanager
def surroundings(
    manner: Manner, settings: Settings, flags: dict[str, str]
) -> Iterator[Surroundings]:
    """Give what flow runs need; all of it, a sandbox too, is there inside the block.

    Args:
        settings: the settings in force.
        flags: those settings that were given as flags.
    """
    with ExitStack() as stack:
        if manner.sandbox:
            settings = settings.for_sandbox()
            if manner.verbosity > Verbosity.QUIET:
                put_error(f"{SYNTHETIC} market: made-up prices, nothing of AEMO's")
        else:
            refuse_synthetic_folder(settings)
        if manner.sandbox and not manner.dry_run:
            settings = stack.enter_context(sandbox_market(settings, flags))
        market = market_settings(
            settings, large_download=manner.large_download, synthetic=manner.sandbox
        )
        teller = stack.enter_context(telling(manner.verbosity, os.environ))
        recorded = stack.enter_context(recording(settings, manner.source or NOWHERE, teller))
        conditions = Conditions(
            settings=RunSettings(settings.checkpointing, settings.lock_dir, manner.wait),
            executor=manner.executor,
            reporter=recorded.reporter,
            force=manner.force,
            dry_run=manner.dry_run,
            synthetic=manner.sandbox,
            look_inside=manner.verbosity >= Verbosity.VERBOSE,
        )
        yield Surroundings(market, conditions, recorded)
