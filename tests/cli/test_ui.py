"""``nemflow ui``: the live page, served by a real process and asked by real clients."""

import json
import re
import signal
import time

import pytest
import requests


@pytest.fixture
def served(start):
    """Start the server; give its address and token."""
    process = start("ui", "--port", "0", "--sandbox")
    line = process.stdout.readline()
    match = re.search(r"(http://127\.0\.0\.1:\d+)/\?token=(\S+)", line)
    assert match, line
    yield match[1], match[2]
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130


def ask(url, path="/", method="GET", **headers):
    return requests.request(method, url + path, headers=headers, timeout=30)


def test_the_page_is_shown_to_who_has_the_token(served):
    url, token = served
    page = ask(url, f"/?token={token}")
    assert page.status_code == 200
    assert '"live":true' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_the_facts_can_be_asked_for_again(served):
    url, token = served
    facts = ask(url, "/facts.json", **{"X-Nemflow-Token": token}).json()
    assert (facts["schema"], facts["live"], facts["synthetic"]) == (1, True, True)
    assert "token" not in facts


@pytest.mark.parametrize("path", ["/", "/facts.json", "/?token=guessed"])
def test_nothing_is_shown_without_the_token(served, path):
    assert ask(served[0], path).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:8014"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_other_sites_are_refused_even_with_the_token(served, headers, status):
    url, token = served
    assert ask(url, f"/?token={token}", **headers).status_code == status


def test_a_run_needs_the_token_in_a_header(served):
    url, token = served
    body = json.dumps({"dataset": "nem_prices", "date": "2015-01-01"})
    in_address = requests.post(f"{url}/run?token={token}", data=body, timeout=30)
    in_cookie = requests.post(f"{url}/run", data=body, cookies={"nemflow-token": token}, timeout=30)
    assert (in_address.status_code, in_cookie.status_code) == (403, 403)


def test_a_run_that_is_asked_for_fills_the_day(served, tmp_path):
    url, token = served
    body = {"dataset": "nem_prices", "date": "2015-01-01"}
    answer = requests.post(f"{url}/run", json=body, headers={"X-Nemflow-Token": token}, timeout=30)
    assert answer.status_code == 202
    assert answer.json()["command"][:4] == ["nemflow", "run", "nem_prices", "--date"]
    clean = (
        tmp_path
        / "data/SYNTHETIC/clean/nem_prices/year=2015/month=01/nem_prices_2015-01-01.parquet"
    )
    deadline = time.monotonic() + 120
    while not clean.exists():
        assert time.monotonic() < deadline, "the run did not fill the day"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "body",
    [
        "nothing",
        "{}",
        '{"dataset": "x", "date": "2015-01-01"}',
        '{"dataset": "nem_prices", "date": "--force"}',
    ],
)
def test_a_run_takes_a_data_set_and_a_date_and_nothing_else(served, body):
    url, token = served
    answer = requests.post(f"{url}/run", data=body, headers={"X-Nemflow-Token": token}, timeout=30)
    assert answer.status_code == 400


def test_a_port_that_is_taken_is_said(served, nemflow):
    port = served[0].rpartition(":")[2]
    ended = nemflow("ui", "--port", port)
    assert (ended.code, "in use" in ended.err.lower()) == (1, True)
