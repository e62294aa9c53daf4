"""``nemflow completion``: what makes a shell complete nemflow's words."""

import click

from nemflow.cli.options import debug_option
from nemflow.cli.output import put_line

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print what makes a shell complete.")
@click.argument("shell", type=click.Choice(SHELLS))
@debug_option
def command(shell: str) -> None:
    """Print what makes a shell complete commands, flows, runs and dates.

    \b
    Examples:
      eval "$(nemflow completion bash)"                               in ~/.bashrc
      eval "$(nemflow completion zsh)"                                in ~/.zshrc
      nemflow completion fish > ~/.config/fish/completions/nemflow.fish
    """
    from click.shell_completion import get_completion_class  # only shells need it

    from nemflow.cli.app import COMPLETION, NAME, group  # app imports the commands by name

    maker = get_completion_class(shell)
    assert maker is not None  # click knows the three
    put_line(maker(group, {}, NAME, COMPLETION).source())
