"""The history is advice: what is on disk is told without it too."""

import json

import pytest

DAY = ("--start", "2014-01-01", "--end", "2014-01-01")


@pytest.fixture
def damaged(tmp_path, put_targets):
    """A history that is none, beside a day that is there."""
    put_targets("2014-01-01")
    (tmp_path / "state").mkdir()
    history = tmp_path / "state" / "history.sqlite"
    history.write_text("no database, though it is long enough for the head of one" * 20)
    return history


@pytest.mark.parametrize(
    "words",
    [
        ("status", *DAY, "--check"),
        ("status", *DAY, "--deep"),
        ("why", "nem_prices", "2014-01-01"),
        ("plan", "--date", "2014-01-02"),
        ("plan", *DAY, "--stale"),
    ],
)
def test_a_damaged_history_is_one_warning(nemflow, damaged, words):
    ended = nemflow(*words)
    assert (ended.code, len(ended.err.splitlines())) == (0, 1)
    assert ended.err.startswith(f"warning: the history {damaged} is damaged")
    assert ended.out


def test_a_report_is_made_without_the_runs_and_without_damaged_prices(nemflow, damaged, tmp_path):
    ended = nemflow("report", "-o", "page.html")
    first, second = ended.err.splitlines()
    assert ended.code == 0
    assert first.startswith(f"warning: the history {damaged} is damaged")
    assert second.startswith("warning: the page shows no prices: ")
    assert "nem_prices" in (tmp_path / "page.html").read_text()


def test_what_asks_for_runs_needs_a_history_that_can_be_read(nemflow, damaged):
    ended = nemflow("history")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"error: the history {damaged} is damaged")


@pytest.mark.parametrize(
    "words",
    [
        ("schedule", "list"),
        ("schedule", "next"),
        ("agent", "status"),
        ("projects",),
        ("flows",),
        ("history",),
        ("status",),
        ("why", "nem_prices", "2014-01-01"),
        ("plan", "--date", "2014-01-01"),
        ("clean", "--dry-run", "--history"),
        ("verify",),
    ],
)
def test_what_only_reads_makes_nothing(nemflow, tmp_path, words):
    assert nemflow(*words).code == 0
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_is_read_as_json_too(nemflow):
    assert json.loads(nemflow("schedule", "list", "--json").out)["schedules"] == []
