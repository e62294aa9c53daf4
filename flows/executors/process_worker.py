"""What runs in a worker process of a ProcessExecutor.

Calls run in the main thread, where a timeout can interrupt them. A second thread listens: the end of
the connection means that nobody wants the answer any more, be it that the run is over or that its
process was killed; the worker then ends itself, as by SIGTERM.
"""

import atexit
import gc
import logging
import os
import queue
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from types import FrameType

from nemflow.flows.executors.parcels import run_parcel

ANSWER = b"a"
NOTE = b"n"
END_WITHIN_S = 2.0
AGAIN_AFTER_S = 0.01


def serve(descriptor: int, log_level: int) -> None:
    """Run calls that come over a socket until it is closed.

    Args:
        descriptor: of the socket.
        log_level: of the root logger in the process of the flow run.
    """
    told_to_end = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        told_to_end.set()
        sys.exit(128 + number)  # an exception: temporary files are removed and locks given back

    def end_after_all(lost: "sys.UnraisableHookArgs") -> None:
        if not issubclass(lost.exc_type, SystemExit):
            sys.__unraisablehook__(lost)
            return
        signal.signal(signal.SIGTERM, end)
        threading.Timer(AGAIN_AFTER_S, os.kill, (os.getpid(), signal.SIGTERM)).start()

    signal.signal(signal.SIGTERM, end)
    sys.unraisablehook = end_after_all  # the end came in a callback of Python's, where it was lost
    atexit.register(gc.freeze)  # a last look for cycles takes long, and wins nothing at the end
    logging.getLogger().setLevel(log_level)
    connection: Connection[bytes, bytes] = Connection(descriptor)
    calls: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    sending = threading.Lock()

    def tell(note: bytes) -> None:
        with sending, suppress(OSError):  # nobody hears it any more
            connection.send_bytes(NOTE + note)

    threading.Thread(target=_listen, args=(connection, calls), daemon=True).start()
    while True:
        answer = run_parcel(calls.get(), tell)
        if told_to_end.is_set():  # the answer is then only that
            return
        with sending, suppress(OSError):
            connection.send_bytes(ANSWER + answer)


def _listen(connection: "Connection[bytes, bytes]", calls: "queue.SimpleQueue[bytes]") -> None:
    while True:
        try:
            calls.put(connection.recv_bytes())
        except (EOFError, OSError):
            break
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(END_WITHIN_S)
    os._exit(1)  # the task does not let itself be ended
