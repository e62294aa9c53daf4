"""``nemflow report``: a picture of what is there, what ran and what failed, as one HTML file."""

import webbrowser
from datetime import UTC, datetime
from pathlib import Path

import click

from nemflow.cli.options import debug_option, json_option, settings_of, settings_options
from nemflow.cli.output import put_error, put_json, put_line
from nemflow.cli.page.build import build_page
from nemflow.cli.page.facts import gather_facts
from nemflow.cli.wording import format_bytes
from nemflow.results.atomic import atomic_path


@click.command("report", short_help="Make an HTML page of what is there.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("nemflow-report.html"),
    show_default=True,
    help="The file; - for standard output.",
)
@click.option("--open", "is_opened", is_flag=True, help="Show it in the web browser.")
@click.option("--sandbox", is_flag=True, help="Of the sandbox's SYNTHETIC prices.")
@settings_options
@json_option("The facts of the page as one JSON object, instead of a page.")
@debug_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    output: Path,
    is_opened: bool,
    sandbox: bool,
    as_json: bool,
) -> None:
    """Make an HTML page of what is there, what ran and what failed.

    One file without anything around it: it opens from a network drive or a mail, and asks for nothing
    from anywhere. Coverage, prices of the last days, runs, failures with the command that mends them.

    \b
    Examples:
      nemflow report --open
      nemflow report -o /nas/prices/report.html
    """
    settings = settings_of(context)
    if sandbox:
        settings = settings.for_sandbox()
    facts = gather_facts(settings, datetime.now(UTC))
    if as_json:
        put_json(facts)
        return
    page = build_page(facts)
    if str(output) == "-":
        put_line(page)
        return
    with atomic_path(output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    put_line(f"{output.absolute()}  {format_bytes(len(page.encode()))}")
    if is_opened and not webbrowser.open(output.absolute().as_uri()):
        put_error("hint: no web browser was found here; open the file in one")
