import fcntl
import io
import logging
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios

import pytest
from rich.console import Console

from nemflow.cli.console import ConsoleTeller, RunView
from nemflow.errors import DownloadError
from nemflow.flows.reporter import FlowRunInfo, TaskRunInfo
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer
from nemflow.tasks.states import Failed, Retrying, Running, Skipped, Success

RUN = FlowRunInfo("1", "raw_2014-01-01", "raw", {"date": None})
DATE = TaskRunInfo("date", "date")
EXTRACT = TaskRunInfo("extract-1", "extract")
LOAD = TaskRunInfo("load-1", "load")


class Clock:
    """Seconds, moved by hand."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def teller(stream, clock):
    """A teller that prints to a wide screen which is no terminal: permanent lines only."""
    console = Console(file=stream, width=200, highlight=False, force_terminal=False)
    return ConsoleTeller(console, clock=clock)


def test_a_flow_run_leaves_one_line(teller, stream, clock):
    teller.flow_run_started(RUN, (DATE, EXTRACT, LOAD))
    teller.task_run_changed(RUN, DATE, Success())
    teller.task_run_changed(RUN, EXTRACT, Running())
    teller.task_run_progress(RUN, EXTRACT, 1_000_000, 2_000_000, "bytes")
    clock.now = 2.0
    teller.task_run_progress(RUN, EXTRACT, 2_000_000, 2_000_000, "bytes")
    teller.task_run_changed(RUN, EXTRACT, Success())
    teller.task_run_changed(RUN, LOAD, Running())
    clock.now = 2.5
    teller.task_run_changed(RUN, LOAD, Success())
    teller.flow_run_finished(RUN, Success(), {})
    assert stream.getvalue().splitlines()[-1] == (
        "✓ raw_2014-01-01  extract ✓ 2.00 MB of 2.00 MB 2.0 s  load ✓ 0.5 s  2.5 s"
    )


def test_many_tasks_are_counted_in_that_line(teller, stream):
    tasks = tuple(TaskRunInfo(f"t-{number}", "t") for number in range(11))
    teller.flow_run_started(RUN, tasks)
    for number, task in enumerate(tasks):
        teller.task_run_changed(RUN, task, Running())
        teller.task_run_changed(RUN, task, Failed("no") if number == 3 else Success())
    teller.flow_run_finished(RUN, Failed(), {})
    lines = stream.getvalue().splitlines()
    assert lines == ["✗ raw_2014-01-01  10 Success, 1 Failed  0.0 s", "  t: no"]


def test_a_failure_leaves_its_sentence(teller, stream):
    teller.flow_run_started(RUN, (DATE, EXTRACT, LOAD))
    teller.task_run_changed(RUN, EXTRACT, Running())
    teller.task_run_changed(RUN, EXTRACT, Failed("x", result=DownloadError("the server is down")))
    teller.flow_run_finished(RUN, Failed("x"), {})
    assert stream.getvalue().splitlines()[-2:] == [
        "✗ raw_2014-01-01  extract ✗ 0.0 s  0.0 s",
        "  extract: the server is down",
    ]


def test_a_retry_leaves_a_line_at_once(teller, stream):
    teller.flow_run_started(RUN, (EXTRACT,))
    teller.task_run_changed(RUN, EXTRACT, Retrying("again in 3 s", run_count=1))
    assert "↻ raw_2014-01-01 extract Retrying: again in 3 s\n" in stream.getvalue()
    teller.close()


def test_a_log_record_is_a_line_even_without_a_flow_run(teller, stream):
    teller.log(logging.WARNING, "a file was set aside")
    assert stream.getvalue() == "warning: a file was set aside\n"


def test_a_terminal_without_unicode_gets_plain_signs(clock):
    bytes_written = io.BytesIO()
    stream = io.TextIOWrapper(bytes_written, encoding="ascii", write_through=True)
    teller = ConsoleTeller(Console(file=stream, width=100), clock=clock)
    teller.flow_run_started(RUN, (EXTRACT,))
    teller.task_run_changed(RUN, EXTRACT, Running())
    teller.task_run_changed(RUN, EXTRACT, Skipped())
    teller.flow_run_finished(RUN, Success(), {})
    assert bytes_written.getvalue().splitlines()[-1] == b"+ raw_2014-01-01  extract - 0.0 s  0.0 s"


def test_a_display_of_more_tasks_than_lines_shows_what_goes_on(clock):
    tasks = tuple(TaskRunInfo(f"part-{n}", f"part {n}") for n in range(30))
    view = RunView("raw_2014-01-01", tasks, clock, unicode=True)
    view.line(tasks[20]).change(Running(), 0.0)
    console = Console(file=io.StringIO(), width=60, height=10, force_terminal=False)
    console.print(view)
    lines = [line.strip() for line in console.file.getvalue().splitlines()]
    assert len(lines) == 9
    assert lines[0].endswith("raw_2014-01-01  0.0 s")
    assert any(re.search(r"part 20 +0.0 s", line) for line in lines)
    assert lines[-1] == "and 23 more tasks"


@pytest.fixture
def on_terminal(environment, tmp_path):
    """Run the command with its standard error on a pseudo terminal; return output, screen, code."""

    def run(*words, meanwhile=lambda process: None, **variables):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "nemflow", *words],
            cwd=tmp_path,
            env={**environment, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=theirs,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        os.close(theirs)
        meanwhile(process)
        screen = b""
        while piece := _read(ours):
            screen += piece
        os.close(ours)
        out = process.stdout.read().decode()
        process.stdout.close()
        return out, screen.decode(), process.wait(timeout=10)

    return run


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has closed
        return b""


def without_escapes(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


RUN_WORDS = ("run", "--sandbox", "--date", "1999-01-01")


def test_on_a_terminal_tasks_are_seen_as_they_go_and_lines_stay(on_terminal):
    out, screen, code = on_terminal(*RUN_WORDS)
    assert code == 0
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2
    assert "\x1b[?25l" in screen
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")
    assert re.search(r"extract +\d", without_escapes(screen))
    stayed = [line for line in without_escapes(screen).splitlines() if "load ✓" in line]
    assert [line.split()[1] for line in stayed] == [
        "nem_prices_raw_1999-01-01",
        "nem_prices_clean_1999-01-01",
    ]
    assert "\x1b[38;5;" in screen


def test_no_color_takes_the_colours_but_not_the_display(on_terminal):
    _, screen, code = on_terminal(*RUN_WORDS, NO_COLOR="1")
    assert code == 0
    assert "\x1b[?25l" in screen
    assert not re.search(r"\x1b\[[0-9;]*[34]8;", screen)


def test_a_dumb_terminal_gets_plain_lines(on_terminal):
    _, screen, code = on_terminal(*RUN_WORDS, TERM="dumb")
    assert code == 0
    assert "\x1b" not in screen
    assert "nem_prices_raw_1999-01-01 extract Success" in screen


def test_where_everything_is_there_no_display_appears(on_terminal, put_targets):
    put_targets("2014-01-01")
    out, screen, code = on_terminal("run", "--date", "2014-01-01")
    assert (code, screen) == (0, "")
    assert out.count("already there") == 2


def test_a_failure_on_a_terminal_ends_with_a_whole_screen(on_terminal):
    closed = "http://127.0.0.1:9"
    words = ("run", "--date", "2014-01-01", "--nemweb-url", closed, "--aemo-url", closed)
    out, screen, code = on_terminal(*words, NEMFLOW_TRIES="1")
    assert code == 1
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")
    assert "✗ nem_prices_raw_2014-01-01" in without_escapes(screen)
    assert "nem_prices_clean_2014-01-01  not run (nem_prices_raw_2014-01-01 failed)" in out


def test_ctrl_c_on_a_terminal_leaves_a_whole_screen(on_terminal):
    stall = Fault(kind=FaultKind.STALLED, path_contains="priceanddemand")
    with SandboxServer(faults=[stall]) as server:

        def interrupt(process):
            assert server.wait_for_requests(1, timeout_s=20)
            process.send_signal(signal.SIGINT)

        urls = ("--nemweb-url", server.url, "--aemo-url", server.url)
        out, screen, code = on_terminal(*RUN_WORDS, *urls, meanwhile=interrupt)
    assert code == 130
    assert screen.rindex("\x1b[?25h") > screen.rindex("\x1b[?25l")
    assert "⊘ nem_prices_raw_1999-01-01  extract ⊘" in without_escapes(screen)
    assert without_escapes(screen).splitlines()[-1].startswith("interrupted (Ctrl-C)")
    assert out.startswith("SYNTHETIC nem_prices_raw_1999-01-01  cancelled\n")
