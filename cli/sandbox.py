"""``nemflow sandbox``: a synthetic market on this machine."""

import click

from nemflow.cli.options import debug_option, need_command
from nemflow.cli.output import put_lines
from nemflow.cli.settings import SYNTHETIC
from nemflow.tasks.nem.sandbox import serve_forever


@click.group("sandbox", invoke_without_command=True, short_help="Serve a synthetic market.")
@debug_option
@click.pass_context
def command(context: click.Context, /) -> None:
    """Serve a synthetic market, for trying things out.

    \b
    Example:
      nemflow sandbox serve
    """
    need_command(context)


@command.command("serve", short_help="Serve until Ctrl-C or SIGTERM.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port on this machine; default any free one.",
)
@debug_option
def serve(port: int) -> None:
    """Serve a synthetic market on this machine until Ctrl-C or SIGTERM.

    \b
    Examples:
      nemflow sandbox serve
      nemflow sandbox serve --port 8014
    """
    serve_forever(port, announce=_announce)


def _announce(url: str) -> None:
    use = f"nemflow run --sandbox --nemweb-url {url} --aemo-url {url} --date 2014-01-01"
    put_lines([f"{SYNTHETIC} market at {url} (Ctrl-C ends it)", f"use it: {use}"])
