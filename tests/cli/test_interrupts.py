import signal
import subprocess
import sys
import threading
import time

import pytest

from nemflow.cli.interrupts import Terminated, orderly_signals
from nemflow.tasks.nem.sandbox import Fault, FaultKind, SandboxServer

WORDS = ("run", "--sandbox", "--date", "2014-01-01", "--date", "2014-01-02")

FORCED = """
import threading
from nemflow.cli.interrupts import orderly_signals

with orderly_signals():
    try:
        print("ready", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        print("ending", flush=True)
        threading.Event().wait()
"""


@pytest.fixture(autouse=True)
def ctrl_c_is_on():
    """Have Ctrl-C on, which a test run in the background would inherit as switched off."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_is_a_keyboard_interrupt():
    with pytest.raises(KeyboardInterrupt), orderly_signals():
        signal.raise_signal(signal.SIGINT)


def test_sigterm_is_terminated():
    with pytest.raises(Terminated), orderly_signals():
        signal.raise_signal(signal.SIGTERM)


def test_a_second_sigterm_does_not_disturb_the_end():
    with orderly_signals():
        with pytest.raises(Terminated):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


def test_a_ctrl_c_that_a_launcher_passes_on_again_does_not_disturb_the_end():
    with orderly_signals():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


def test_handlers_are_as_before_after_the_block():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with orderly_signals():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_signal_that_is_switched_off_stays_off():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with orderly_signals():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_outside_of_the_main_thread_nothing_is_changed():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look():
        with orderly_signals():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_second_ctrl_c_stops_at_once():
    process = subprocess.Popen(
        [sys.executable, "-c", FORCED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        try:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "ending\n"
            while process.poll() is None:  # one that comes too soon counts as the same press
                process.send_signal(signal.SIGINT)
                time.sleep(0.05)
        finally:
            process.kill()
        assert process.returncode == 130
        assert process.stderr.read().startswith("stopped at once")


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (signal.SIGINT, 130, "interrupted (Ctrl-C)"),
        (signal.SIGTERM, 143, "terminated (SIGTERM)"),
    ],
)
def test_an_interrupted_run_ends_in_order_within_two_seconds(number, code, words, start, tmp_path):
    stall = Fault(kind=FaultKind.STALLED, path_contains="MMSDM_2014_01")
    with SandboxServer(faults=[stall]) as server:
        process = start(*WORDS, "--nemweb-url", server.url, "--aemo-url", server.url)
        assert server.wait_for_requests(1, timeout_s=20)
        process.send_signal(number)
        sent = time.monotonic()
        out, err = process.communicate(timeout=10)
        took = time.monotonic() - sent
    assert process.returncode == code
    assert took < 2
    assert out.splitlines() == [
        "SYNTHETIC nem_prices_raw_2014-01-01  cancelled",
        "finished files are kept; the same command goes on from there",
    ]
    assert err.splitlines()[-1] == f"{words}: what was under way is cancelled"
    assert "extract Cancelled" in err
    assert "Traceback" not in err
    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []
