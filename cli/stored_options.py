"""The options of commands about what is stored: which data set, which days, which regions."""

from collections.abc import Callable
from typing import TypeVar

import click

from nemflow.cli import completing
from nemflow.tasks.nem.datasets import NEM_PRICES

_Command = TypeVar("_Command", bound=Callable[..., object] | click.Command)


def stored_days_options(start: str) -> Callable[[_Command], _Command]:
    """Return what adds ``[DATASET]``, ``--dataset``, ``--start``, ``--end`` and ``--sandbox``.

    They are passed to the command by their names, ``--dataset`` as ``named``.

    Args:
        start: the help of ``--start``.
    """

    def add(command: _Command) -> _Command:
        for option in (
            click.option("--sandbox", is_flag=True, help="Look at the SYNTHETIC market's folder."),
            _date("--end", "The last day, in the same forms; default yesterday."),
            _date("--start", start),
            click.option(
                "--dataset",
                "named",
                metavar="DATASET",
                shell_complete=completing.datasets,
                help="The same as DATASET.",
            ),
            click.argument(
                "dataset", required=False, metavar="[DATASET]", shell_complete=completing.datasets
            ),
        ):
            command = option(command)
        return command

    return add


def stored_prices_options(command: _Command) -> _Command:
    """Add ``--start``, ``--end``, ``--region``, ``--dataset`` and ``--sandbox``.

    They are passed to the command by their names, the regions as ``regions``.
    """
    for option in (
        click.option("--sandbox", is_flag=True, help="The prices of the SYNTHETIC market."),
        click.option(
            "--dataset",
            default=NEM_PRICES.name,
            show_default=True,
            shell_complete=completing.datasets,
            help="Which data set.",
        ),
        click.option(
            "--region",
            "regions",
            multiple=True,
            metavar="REGION",
            help="Only this region, such as SA1 or SA; may be repeated.",
        ),
        _date("--end", "To the end of this day, month or year; without, to that of --start."),
        _date("--start", "From this day, month or year.", required=True),
    ):
        command = option(command)
    return command


def _date(name: str, text: str, *, required: bool = False) -> Callable[[_Command], _Command]:
    return click.option(
        name, required=required, metavar="DATE", shell_complete=completing.dates, help=text
    )
