"""The server: the page, its facts, and runs that it starts."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from nemflow.cli.live.guard import COOKIE, Guard
from nemflow.cli.page.build import build_page
from nemflow.cli.page.facts import gather_facts
from nemflow.cli.settings import Settings
from nemflow.tasks.nem.datasets import DATASETS

_HOST = "127.0.0.1"
_BODY_LIMIT = 10_000
_MOST_RUNS = 4  # that the page may have going at a time


def bind(port: int) -> socket.socket:
    """Listen on a port of the loopback address.

    Raises:
        OSError: the port is taken.
    """
    return socket.create_server((_HOST, port))


def serve(
    listener: socket.socket,
    settings: Settings,
    token: str,
    *,
    sandbox: bool,
    environment: Mapping[str, str],
) -> None:
    """Serve until an exception (KeyboardInterrupt, one from a signal handler) ends it."""
    port = listener.getsockname()[1]
    app = make_app(settings, token, port, sandbox=sandbox, environment=environment)
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    # The command line has handlers of its own for Ctrl-C and SIGTERM.
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # older uvicorn
    asyncio.run(server.serve(sockets=[listener]))


def make_app(
    settings: Settings,
    token: str,
    port: int,
    *,
    sandbox: bool,
    environment: Mapping[str, str],
) -> Starlette:
    """Return the application; see ``guard`` for who may ask.

    Args:
        settings: what the page is of, and what its runs use.
        token: the secret of this server.
        port: that it listens on.
        sandbox: runs use the synthetic market.
        environment: of the processes of runs.
    """
    runs: list[subprocess.Popen[bytes]] = []

    def facts() -> dict[str, object]:
        return gather_facts(settings, datetime.now(UTC), live=True)

    async def page(request: Request) -> Response:
        found = await asyncio.to_thread(facts)
        answer = HTMLResponse(build_page({**found, "token": token}))
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def facts_json(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(facts), headers={"Cache-Control": "no-store"})

    async def run(request: Request) -> Response:
        body = await request.body()
        if len(body) > _BODY_LIMIT:
            return PlainTextResponse("that is too long\n", 413)
        try:
            wanted = await request.json()
            dataset, day = DATASETS[wanted["dataset"]].name, date.fromisoformat(wanted["date"])
        except (ValueError, KeyError, TypeError):
            return PlainTextResponse("say which dataset and which date\n", 400)
        runs[:] = [process for process in runs if process.poll() is None]
        if len(runs) >= _MOST_RUNS:
            return PlainTextResponse(f"{_MOST_RUNS} runs go on already: wait for one to end\n", 429)
        words = run_words(dataset, day, settings, sandbox=sandbox)
        process = subprocess.Popen(
            [sys.executable, "-m", "nemflow", *words],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        runs.append(process)
        return JSONResponse({"pid": process.pid, "command": ["nemflow", *words]}, 202)

    hosts = [f"{name}:{port}" for name in (_HOST, "localhost")]
    return Starlette(
        routes=[
            Route("/", page),
            Route("/facts.json", facts_json),
            Route("/run", run, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, hosts=hosts, token=token)],
    )


def run_words(dataset: str, day: date, settings: Settings, *, sandbox: bool) -> list[str]:
    """Return the words of the run that fills a day."""
    folder = settings.data_dir.parent if sandbox else settings.data_dir
    words = ["run", dataset, "--date", day.isoformat(), "--quiet", "--data-dir", str(folder)]
    return [*words, *(["--sandbox"] if sandbox else [])]
