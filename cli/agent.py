"""``nemflow agent``: looks out for runs that are due, and runs each in a process of its own."""

import os
import shlex
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import click

from nemflow.cli.dates import read_days
from nemflow.cli.exit_codes import DONE, FAILED, INTERRUPTED, TERMINATED, WRONG_USE
from nemflow.cli.options import (
    debug_option,
    json_option,
    need_command,
    settings_of,
    settings_options,
    workers_option,
)
from nemflow.cli.output import put_error, put_json, put_lines
from nemflow.cli.pinned import pinned_words
from nemflow.cli.settings import Layer, Settings, flag, variable
from nemflow.cli.stores import open_store, store_path
from nemflow.cli.wording import align
from nemflow.flows.agent.loop import AgentSettings, run_agent, run_lock
from nemflow.flows.agent.registry import registration_of
from nemflow.flows.agent.run_queue import (
    QueuedRun,
    RunState,
    begin_run,
    end_run,
    runs_in,
)
from nemflow.flows.agent.store import Store
from nemflow.tasks.nem.market_time import NEM_TIME

SCHEMA = 1
"""The version of the JSON objects."""


@click.group("agent", invoke_without_command=True, short_help="Run what is due.")
@debug_option
@click.pass_context
def command(context: click.Context, /) -> None:
    """Look out for runs that are due, and run each in a process of its own.

    They are due by schedule, or because somebody asked for them. Several agents may work side by
    side: each run is taken by one of them.

    \b
    Examples:
      nemflow agent start --workers 2
      nemflow agent start --once            what is due now, then end: for cron
      nemflow agent status
      nemflow agent systemd                 the unit file of a service
    """
    need_command(context)


@command.command("start", short_help="Start an agent.")
@click.option("--label", "labels", multiple=True, help="Take runs with it; may be repeated.")
@click.option("--once", is_flag=True, help="End when nothing is due any more.")
@click.option(
    "--poll",
    "poll_s",
    type=click.FloatRange(0.1, 3600),
    default=5.0,
    show_default=True,
    help="Look at least every so many seconds.",
)
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="When told to stop, let runs go on for so many seconds.",
)
@workers_option
@settings_options
@debug_option
@click.pass_context
def start(
    context: click.Context,
    /,
    *,
    labels: tuple[str, ...],
    once: bool,
    poll_s: float,
    grace_s: float,
) -> None:
    """Start an agent; Ctrl-C or SIGTERM ends it in order.

    A run without labels goes to agents without labels; a run with labels to agents that have them all.
    Scheduled runs that fail are tried again after 1, 4 and 16 minutes. With --once the exit code says
    whether a run failed for good.

    \b
    Examples:
      nemflow agent start --workers 2
      nemflow agent start --label gpu --label big
    """
    settings = settings_of(context)
    flags = pinned_words(context, settings)
    agent = AgentSettings(
        store=store_path(settings),
        lock_dir=settings.lock_dir,
        start=partial(_start_process, settings=settings, flags=flags),
        labels=labels,
        workers=settings.workers,
        poll_s=poll_s,
        grace_s=grace_s,
        tell=_tell,
    )
    told = f" with labels {', '.join(labels)}" if labels else ""
    if not once:
        _tell(f"agent{told} looks out for runs in {agent.store}; Ctrl-C ends it")
    context.exit(FAILED if run_agent(agent, once=once) else DONE)


@command.command("execute", hidden=True)
@click.argument("run_id")
@click.argument("claim")
@settings_options
@debug_option
@click.pass_context
def execute(context: click.Context, /, *, run_id: str, claim: str) -> None:
    """Do one run that an agent has claimed: what its process is started with."""
    settings = settings_of(context)
    with open_store(settings) as store, run_lock(settings.lock_dir, run_id):
        run = begin_run(store, run_id, claim, os.getpid(), datetime.now(UTC))
        if run is None:
            put_error(f"run {run_id} was taken away from this agent; nothing to do")
            context.exit(DONE)
        made_by = f"schedule {run.schedule}" if run.schedule else "agent"
        code = _run(words_of(store, run), made_by)
        is_interrupted = code in (INTERRUPTED, TERMINATED)
        end_run(store, run, code, datetime.now(UTC), interrupted=is_interrupted)
    context.exit(code)


@command.command("status", short_help="Show what is due, runs, and has ended.")
@settings_options
@json_option("One JSON object.")
@debug_option
@click.pass_context
def status(context: click.Context, /, *, as_json: bool) -> None:
    """Show the runs that wait, go on, or have ended lately.

    \b
    Example:
      nemflow agent status
    """
    with open_store(settings_of(context), make=False) as store:
        waiting = runs_in(store, RunState.SCHEDULED)
        busy = runs_in(store, RunState.CLAIMED, RunState.RUNNING)
        ended = runs_in(store, RunState.DONE, RunState.FAILED, RunState.CANCELLED)
    runs = [*waiting, *busy, *ended]
    if as_json:
        put_json({"schema": SCHEMA, "runs": [run_facts(run) for run in runs]})
        return
    lines = align(_row(run) for run in [*busy, *waiting, *ended[-20:]]) if runs else []
    put_lines(lines or ["no runs: none was asked for, none is due"])


@command.command("systemd", short_help="Print the unit file of a service.")
@click.option("--label", "labels", multiple=True, help="Labels of the agent.")
@workers_option
@settings_options
@debug_option
@click.pass_context
def systemd(context: click.Context, /, *, labels: tuple[str, ...]) -> None:
    """Print a systemd unit that keeps an agent running for this user.

    \b
    Example:
      nemflow agent systemd > ~/.config/systemd/user/nemflow-agent.service
      systemctl --user enable --now nemflow-agent
    """
    settings = settings_of(context)
    words = [*program(), "agent", "start"]
    words += [word for label in labels for word in ("--label", label)]
    words += pinned_words(context, settings)
    put_lines(
        [
            "[Unit]",
            "Description=nemflow agent: runs scheduled flows",
            "After=network-online.target",
            "",
            "[Service]",
            f"ExecStart={shlex.join(words)}",
            *environment_lines(settings),
            "Restart=on-failure",
            "RestartSec=30",
            "TimeoutStopSec=60",
            "# 143 is the exit code of an orderly end by SIGTERM.",
            "SuccessExitStatus=143",
            "",
            "[Install]",
            "WantedBy=default.target",
        ]
    )


def program() -> list[str]:
    """Return the words that call this very nemflow from anywhere."""
    return [sys.executable, "-m", "nemflow"]


def environment_lines(settings: Settings) -> list[str]:
    """Return unit-file lines for the settings that came from the environment."""
    return [
        f'Environment="{variable(name)}={value}"'
        for name, value, origin in settings.values()
        if origin.layer is Layer.ENVIRONMENT
    ]


def words_of(store: Store, run: QueuedRun) -> list[str]:
    """Return the command line of a run; words such as yesterday count from when it was scheduled for."""
    resolve = partial(_resolved, moment=run.scheduled_for)
    if run.registration is None:
        days = read_days([run.parameters.get("date", "yesterday")], run.scheduled_for)
        return ["run", run.flow, *(word for d in _dates(days) for word in d), *run.options]
    saved = registration_of(store, run.registration).saved
    parameters = [f"{name}={resolve(value)}" for name, value in run.parameters.items()]
    return ["run", str(saved), *(word for p in parameters for word in ("--param", p)), *run.options]


def run_facts(run: QueuedRun) -> dict[str, object]:
    """Return a run as the keys of a JSON object."""

    def iso(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "id": run.id,
        "schedule": run.schedule,
        "project": run.project,
        "flow": run.flow,
        "parameters": dict(run.parameters),
        "labels": list(run.labels),
        "state": run.state.value,
        "attempt": run.attempt,
        "scheduled_for": iso(run.scheduled_for),
        "not_before": iso(run.not_before),
        "started_at": iso(run.started_at),
        "ended_at": iso(run.ended_at),
        "exit_code": run.exit_code,
        "agent": run.agent,
        "pid": run.pid,
    }


def _dates(days: list[date]) -> list[tuple[str, str]]:
    return [("--date", day.isoformat()) for day in days]


def _resolved(value: str, moment: datetime) -> str:
    if value.strip().lower() in ("today", "yesterday"):
        return read_days([value], moment)[0].isoformat()
    return value


def _run(words: list[str], made_by: str) -> int:
    from nemflow.cli.app import run_command  # app imports the commands by name, this one too

    put_error(f"nemflow {shlex.join(words)}")
    try:
        return run_command(words, made_by=made_by)
    except SystemExit as asked:
        return asked.code if isinstance(asked.code, int) else WRONG_USE


def _start_process(
    run: QueuedRun, *, settings: Settings, flags: list[str]
) -> "subprocess.Popen[bytes]":
    assert run.claim is not None  # it was claimed just now
    log = _log_path(settings, run.id)
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [*program(), "agent", "execute", run.id, run.claim, *_without_workers(flags)]
    with log.open("ab") as file:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C is for the agent, which tells its runs itself
        )


def _without_workers(flags: list[str]) -> list[str]:
    pairs = zip(flags[::2], flags[1::2], strict=True)
    return [word for name, value in pairs if name != flag("workers") for word in (name, value)]


def _log_path(settings: Settings, run_id: str) -> Path:
    return settings.state_dir / "logs" / "agent" / f"{run_id}.log"


def _row(run: QueuedRun) -> tuple[str, ...]:
    words = " ".join(f"{name}={value}" for name, value in run.parameters.items())
    moment = run.ended_at or run.started_at or run.not_before
    by = f"schedule {run.schedule}" if run.schedule else "on request"
    code = "" if run.exit_code is None else f"exit code {run.exit_code}"
    return (run.id, run.state.value, f"{run.flow} {words}".strip(), _clock(moment), by, code)


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(NEM_TIME):%Y-%m-%d %H:%M:%S}+10:00"


def _tell(line: str) -> None:
    put_error(f"{_clock(datetime.now(UTC))} {line}")
