"""Notifications, told to a server on loopback and to a real shell."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@pytest.fixture
def listener():
    """A server that keeps what it is told; ``status`` is what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            length = int(self.headers.get("Content-Length") or 0)
            server.told.append((self.command, self.path, self.rfile.read(length).decode()))
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET  # noqa: N815  # the names that http.server asks for

        def log_message(self, *args):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.told, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


NOWHERE = ("--nemweb-url", "http://127.0.0.1:9", "--aemo-url", "http://127.0.0.1:9")
FAILING = ("run", "--date", "2014-01-01", *NOWHERE)
ONE_TRY = {"NEMFLOW_TRIES": "1"}


def test_a_check_is_told_of_start_and_success(nemflow, listener, put_targets):
    put_targets("2014-01-01")
    ended = nemflow("run", "--date", "2014-01-01", NEMFLOW_PING_URL=f"{listener.url}/check")
    assert ended.code == 0
    assert listener.told == [("GET", "/check/start", ""), ("GET", "/check", "")]


def test_a_check_is_told_of_a_failure_with_its_last_lines(nemflow, listener):
    ended = nemflow(*FAILING, **ONE_TRY, NEMFLOW_PING_URL=f"{listener.url}/check")
    assert ended.code == 1
    [_, (method, path, text)] = listener.told
    assert (method, path) == ("POST", "/check/fail")
    assert text.startswith("nemflow run ")
    assert "nem_prices_raw_2014-01-01" in text


def test_a_webhook_is_told_of_failures_only(nemflow, listener, put_targets):
    nemflow(*FAILING, **ONE_TRY, NEMFLOW_WEBHOOK_URL=f"{listener.url}/hook?room=1")
    put_targets("2014-01-01")
    nemflow("run", "--date", "2014-01-01", NEMFLOW_WEBHOOK_URL=f"{listener.url}/hook?room=1")
    [(method, path, text)] = listener.told
    told = json.loads(text)
    assert (method, path) == ("POST", "/hook?room=1")
    assert (told["schema"], told["exit_code"], "nem_prices_raw" in told["lines"][0]) == (1, 1, True)


def test_a_command_gets_the_failure_on_its_standard_input(nemflow, tmp_path):
    command = f'cat > {tmp_path}/mail.txt; echo "$NEMFLOW_EXIT_CODE" >> {tmp_path}/mail.txt'
    nemflow(*FAILING, **ONE_TRY, NEMFLOW_ON_FAILURE=command)
    first, *_, last = (tmp_path / "mail.txt").read_text().splitlines()
    assert first.startswith("nemflow run ")
    assert first.endswith("exit code 1")
    assert last == "1"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/check", None])
def test_who_cannot_be_told_is_a_warning_and_the_exit_code_stays(
    nemflow, listener, put_targets, url
):
    put_targets("2014-01-01")
    listener.status = 500
    ended = nemflow("run", "--date", "2014-01-01", NEMFLOW_PING_URL=url or listener.url)
    assert ended.code == 0
    assert ended.err.count("warning: ping_url") == 2


def test_a_command_that_fails_is_a_warning(nemflow):
    ended = nemflow(*FAILING, **ONE_TRY, NEMFLOW_ON_FAILURE="echo no mail here >&2; exit 9")
    assert ended.code == 1
    assert "warning: on_failure ended with exit code 9: no mail here" in ended.err


def test_a_dry_run_tells_nobody(nemflow, listener):
    nemflow("run", "--date", "2014-01-01", "--dry-run", NEMFLOW_PING_URL=listener.url)
    assert listener.told == []


def test_refresh_is_told_of_from_start_to_success(nemflow, listener):
    ended = nemflow("refresh", "--dataset", "nem_demand", NEMFLOW_PING_URL=f"{listener.url}/check")
    assert ended.code == 0
    assert listener.told == [("GET", "/check/start", ""), ("GET", "/check", "")]


def test_an_error_that_ends_a_command_is_told_of(nemflow, listener, tmp_path):
    (tmp_path / "data").write_text("no folder")
    ended = nemflow("refresh", NEMFLOW_WEBHOOK_URL=f"{listener.url}/hook")
    assert ended.code == 1
    [(_, _, text)] = listener.told
    told = json.loads(text)
    assert told["command"] == "nemflow refresh"
    assert "is not a folder" in told["lines"][0]


def test_a_dry_run_of_refresh_tells_nobody(nemflow, listener):
    nemflow("refresh", "--dry-run", NEMFLOW_PING_URL=listener.url)
    assert listener.told == []


def test_findings_of_verify_are_told_of(nemflow, listener, tmp_path, stored_days):
    raw = stored_days.put_day(tmp_path / "data", date(2014, 1, 1), "raw")
    raw.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    words = ("verify", "--start", "2014", "--end", "2014", "--full")
    assert nemflow(*words, NEMFLOW_WEBHOOK_URL=f"{listener.url}/hook").code == 1
    [(_, _, text)] = listener.told
    told = json.loads(text)
    assert (told["command"], told["exit_code"]) == (f"nemflow {' '.join(words)}", 1)
    assert told["lines"][0].startswith(f"2014-01-01  {raw} cannot be read as Parquet")


def test_a_flow_of_ones_own_is_told_of_too(nemflow, listener, tmp_path):
    text = """
from nemflow import Flow, task

with Flow("mine") as flow:
    task(lambda: 1 / 0, name="divide")()
"""
    (tmp_path / "mine.py").write_text(text)
    assert nemflow("run", "mine.py", NEMFLOW_PING_URL=f"{listener.url}/check").code == 1
    [_, (_, path, said)] = listener.told
    assert path == "/check/fail"
    assert "ZeroDivisionError" in said
