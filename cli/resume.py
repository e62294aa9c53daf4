"""``nemflow resume``: a paused run goes on."""

import click

from nemflow.cli import completing
from nemflow.cli.again import commands_of, make_again, talk_words
from nemflow.cli.options import (
    config_option,
    debug_option,
    json_option,
    settings_of,
    talk_options,
    verbosity_of,
)
from nemflow.cli.runs import find_run
from nemflow.errors import NemflowError
from nemflow.flows.history.reading import History


@click.command("resume", short_help="Go on with a paused run.")
@click.argument("run", shell_complete=completing.runs)
@config_option
@json_option("One JSON object for the flow run on standard output.")
@talk_options
@debug_option
@click.pass_context
def command(context: click.Context, /, *, run: str, as_json: bool) -> None:
    """Go on with a paused run.

    It is run again under its id, and tasks that pause for a person go on. What was made before it
    paused and has a target is taken from there; a task without one runs again. RUN is a name,
    which means the last run of that name, or an id or the beginning of one.

    \b
    Example:
      nemflow resume release_2014-01
    """
    verbosity = verbosity_of(context)
    with History(settings_of(context).history_file) as history:
        found = find_run(history, run)
    name, state = found["name"], found["state"]
    if state != "Paused":
        raise NemflowError(f"{name} is not paused, its state is {state}")
    if not found["command"]:
        raise NemflowError(f"{name} was run by a program of its own, which alone can resume it")
    commands = commands_of([found])
    options = talk_words(verbosity, as_json=as_json)
    context.exit(make_again(commands, made_by="resume", options=options, resumes=found["id"]))
