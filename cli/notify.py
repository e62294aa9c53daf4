"""Notifications: what a command tells others about its start and its end.

Three settings, each off until it is set:

* ``ping_url``: the address of a check in the manner of healthchecks.io: asked for with ``/start`` at the
  start and as it is after a success; after a failure ``/fail`` is sent the last lines.
* ``webhook_url``: after a failure it is sent a JSON object: schema, command, host, exit_code, lines.
* ``on_failure``: after a failure this shell command is run, with the last lines on its standard input
  and ``NEMFLOW_COMMAND`` and ``NEMFLOW_EXIT_CODE`` in its environment.

Telling is not the work: what cannot be told is a warning, and the exit code stays.
"""

import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from nemflow.cli.exit_codes import DONE, FAILED, INTERRUPTED, TERMINATED
from nemflow.cli.interrupts import Terminated
from nemflow.cli.output import put_error
from nemflow.cli.settings import Settings
from nemflow.errors import NemflowError, one_line

SCHEMA = 1
"""The version of the JSON object."""

LAST_LINES = 20
"""So many lines of a failure are told."""

_TIMEOUT_S = 10.0
_COMMAND_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Ending:
    """How a command ends: its exit code, a failure until the command says otherwise."""

    code: int = FAILED


@contextmanager
def notifying(
    settings: Settings, words: Sequence[str], failures: Callable[[], Sequence[str]]
) -> Iterator[Ending]:
    """Tell of the start and the end of the command that goes on in the block.

    Args:
        settings: say whom to tell.
        words: the command as it was called.
        failures: returns the lines on what failed; asked at the end.
    """
    notifier, ending = Notifier(settings, words), Ending()
    notifier.start()
    try:
        with noting_interruption(ending):
            yield ending
    finally:
        error = sys.exception()
        ended_by = [_sentence(error)] if isinstance(error, Exception) else []
        notifier.end(ending.code, [*failures(), *ended_by])


def _sentence(error: Exception) -> str:
    if isinstance(error, NemflowError):
        return one_line(str(error))
    return f"{type(error).__name__}: {one_line(str(error))}"


@contextmanager
def noting_interruption(ending: Ending) -> Iterator[None]:
    """Note the exit code of an interruption of the block, for what is said on the way out."""
    try:
        yield
    except KeyboardInterrupt:
        ending.code = INTERRUPTED
        raise
    except Terminated:
        ending.code = TERMINATED
        raise


class Notifier:
    """Tells of one command.

    Args:
        settings: say whom to tell.
        words: the command as it was called.
    """

    def __init__(self, settings: Settings, words: Sequence[str]) -> None:
        self._settings = settings
        self._command = shlex.join(words)

    def start(self) -> None:
        """Tell that the command begins."""
        if self._settings.ping_url:
            self._ask("ping_url", f"{self._settings.ping_url}/start", None)

    def end(self, code: int, lines: Sequence[str]) -> None:
        """Tell how the command ended.

        Args:
            code: its exit code; any but 0 is a failure.
            lines: what failed.
        """
        settings, last = self._settings, list(lines)[-LAST_LINES:]
        if code == DONE:
            if settings.ping_url:
                self._ask("ping_url", settings.ping_url, None)
            return
        text = "\n".join([f"{self._command}: exit code {code}", *last])
        if settings.ping_url:
            self._ask("ping_url", f"{settings.ping_url}/fail", {"data": text.encode()})
        if settings.webhook_url:
            told = {
                "schema": SCHEMA,
                "command": self._command,
                "host": platform.node(),
                "exit_code": code,
                "lines": last,
            }
            self._ask("webhook_url", settings.webhook_url, {"json": told})
        if settings.on_failure:
            self._run_command(settings.on_failure, code, text)

    def _ask(self, name: str, url: str, body: Mapping[str, object] | None) -> None:
        import requests  # heavy, and only who is to be told pays for it

        try:
            if body is None:
                answer = requests.get(url, timeout=_TIMEOUT_S)
            else:
                answer = requests.post(url, timeout=_TIMEOUT_S, **body)  # type: ignore[arg-type]  # data or json
            answer.raise_for_status()
        except requests.RequestException as error:
            put_error(f"warning: {name} {url} could not be told: {one_line(str(error))}")

    def _run_command(self, command: str, code: int, text: str) -> None:
        import subprocess  # only who is to be told pays for it

        facts = {"NEMFLOW_COMMAND": self._command, "NEMFLOW_EXIT_CODE": str(code)}
        try:
            ended = subprocess.run(
                command,
                shell=True,
                input=f"{text}\n",
                text=True,
                env={**os.environ, **facts},
                timeout=_COMMAND_TIMEOUT_S,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            put_error(f"warning: on_failure could not be run: {one_line(str(error))}")
            return
        if ended.returncode:
            said = one_line(ended.stderr)[:200]
            put_error(
                f"warning: on_failure ended with exit code {ended.returncode}"
                + (f": {said}" if said else "")
            )
