"""Which process a run belongs to, so that one that has died is told from one that lives.

A number alone does not tell: numbers are used again. With the time at which the process started and
the boot of the machine it does.
"""

import functools
import os
from typing import NamedTuple


class ProcessMark(NamedTuple):
    """What identifies a process for ever: ``started`` in the system's own units."""

    host: str
    boot_id: str
    pid: int
    started: str


@functools.cache
def boot_id() -> str:
    """Return what identifies this boot of the machine; empty where the system does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        return _say("sysctl", "-n", "kern.bootsessionuuid")
    # A container has numbers of its own, and comes to its end while the machine goes on.
    return f"{boot} {os.readlink('/proc/self/ns/pid')}"


def this_process() -> ProcessMark:
    """Return the mark of the process that calls."""
    return _mark(os.getpid())  # a forked child is another one


@functools.cache
def _mark(pid: int) -> ProcessMark:
    return ProcessMark(os.uname().nodename, boot_id(), pid, _started(pid) or "")


def is_alive(mark: ProcessMark) -> bool | None:
    """Tell whether a process is still there; None where it cannot be seen from here.

    That is so for one on another machine, or in a container with process numbers of its own.
    """
    if mark.host != os.uname().nodename:
        return None
    if mark.boot_id.split(" ")[0] != boot_id().split(" ")[0]:
        return False
    return _started(mark.pid) == mark.started if mark.boot_id == boot_id() else None


def _started(pid: int) -> str | None:
    """Return when a process started; None where there is none, or only the dead body of one."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        has_proc = os.path.isdir("/proc/self")
        return None if has_proc else _say("ps", "-o", "lstart=", "-p", str(pid)) or None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else started


def _say(*command: str) -> str:
    """Return what a command of the system prints; empty where it fails."""
    import subprocess  # Linux does not need it

    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
