"""``nemflow ui``: the page of ``nemflow report``, live, on this machine alone."""

import os
from importlib.util import find_spec
from secrets import token_urlsafe

import click

from nemflow.cli.options import debug_option, settings_of, settings_options
from nemflow.cli.output import put_error, put_line
from nemflow.errors import SettingsError


@click.command("ui", short_help="Serve the report, live.")
@click.option("--port", type=click.IntRange(0, 65535), default=8014, show_default=True)
@click.option("--open", "is_opened", is_flag=True, help="Show it in the web browser.")
@click.option("--sandbox", is_flag=True, help="Of the sandbox's SYNTHETIC prices.")
@settings_options
@debug_option
@click.pass_context
def command(context: click.Context, /, *, port: int, is_opened: bool, sandbox: bool) -> None:
    """Serve the page of `nemflow report` live, with buttons that start runs.

    On the loopback address only. The address that is printed holds a token, without which nothing is
    shown and nothing is started. Ctrl-C ends it. Needs the extra: pip install 'nemflow[ui]'.

    \b
    Examples:
      nemflow ui
      nemflow ui --port 0 --open
    """
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise SettingsError("nemflow ui needs a small web server: pip install 'nemflow[ui]'")
    from nemflow.cli.live.server import bind, serve  # imports the web server

    settings = settings_of(context)
    if sandbox:
        settings = settings.for_sandbox()
    token = token_urlsafe(24)
    with bind(port) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/?token={token}"
        put_line(f"nemflow ui: {url} (Ctrl-C ends it)")
        if is_opened:
            import webbrowser  # only who wants it

            if not webbrowser.open(url):
                put_error("hint: no web browser was found here; open the address in one")
        serve(listener, settings, token, sandbox=sandbox, environment=os.environ)
