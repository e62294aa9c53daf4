"""``nemflow flows``: what flows there are, and what one is made of."""

from pathlib import Path

import click

from nemflow.cli import completing
from nemflow.cli.market import market_settings
from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_json, put_lines
from nemflow.cli.own_flows import find_flow, is_own
from nemflow.cli.settings import Settings
from nemflow.cli.stores import entry_facts, open_store, registration_facts
from nemflow.cli.wording import align
from nemflow.flows.agent.registry import Registration, registered_flows
from nemflow.flows.nem.catalog import CATALOG

SCHEMA = 1
"""The version of the JSON objects."""

FORMATS = ("text", "mermaid", "dot", "svg")


@click.group("flows", invoke_without_command=True, short_help="List the flows, or show one.")
@click.option("--project", default=None, help="Only the registered flows of this project.")
@settings_options
@json_option("One JSON object with the flows.")
@debug_option
@click.pass_context
def command(context: click.Context, /, *, project: str | None, as_json: bool) -> None:
    """List the flows, or show one.

    Those that come with nemflow, then those that `nemflow register` has put beside them.

    \b
    Examples:
      nemflow flows
      nemflow flows --project prices
      nemflow flows --json
      nemflow flows show nem_prices_raw
    """
    if context.invoked_subcommand is not None:
        return
    entries = [] if project else [CATALOG.get(name) for name in CATALOG.names()]
    registered = _registered(settings_of(context), project)
    if as_json:
        own = [registration_facts(registration) for registration in registered]
        flows = [*(entry_facts(entry) for entry in entries), *own]
        put_json({"schema": SCHEMA, "flows": flows}, indent=2)
        return
    rows = [(e.name, f"{e.dataset}, {e.stage}", e.description) for e in entries]
    rows += [(r.flow, f"project {r.project}, version {r.version}", r.origin) for r in registered]
    if not rows:
        put_lines(
            [f"project {project} has no registered flows; nemflow projects lists the projects"]
        )
    put_lines(align(rows) if rows else [])


@command.command("show", short_help="Show a flow's tasks, parameters and targets; or draw it.")
@click.argument("name", shell_complete=completing.flows)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    help="Words, or a drawing: svg needs the program dot of Graphviz.",
)
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def show(context: click.Context, /, *, name: str, form: str, as_json: bool) -> None:
    """Show a flow's tasks in order, its parameters and its targets; or draw it.

    \b
    Examples:
      nemflow flows show nem_prices_clean
      nemflow flows show nem_prices_clean --format svg > flow.svg
      nemflow flows show flows.py:my_flow --format mermaid
    """
    if as_json and form != "text":
        raise click.UsageError("--json and --format exclude each other.", context)
    from nemflow.cli.flow_words import draw_flow, facts_of_flow, told_of_flow  # imports the engine

    settings = settings_of(context)
    entry = None if is_own(name) else CATALOG.get(name)
    flow = entry.build(market_settings(settings)) if entry else find_flow(name, Path.cwd()).flow
    if as_json:
        facts = facts_of_flow(entry, flow, str(settings.data_dir))
        put_json({"schema": SCHEMA, **facts}, indent=2)
    elif entry is None or form != "text":
        put_lines(draw_flow(flow, form))
    else:
        put_lines(told_of_flow(entry, flow, str(settings.data_dir)))


def _registered(settings: Settings, project: str | None) -> list[Registration]:
    with open_store(settings, make=False) as store:
        return registered_flows(store, project)
