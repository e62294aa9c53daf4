"""``nemflow schedule``: what a person sees and a script reads."""

import json

import pytest


def test_a_schedule_is_shown_with_its_next_three_times_in_market_time(nemflow):
    added = nemflow("schedule", "add", "nem_prices", "--cron", "30 4 * * *", "--project", "prices")
    assert added.code == 0
    assert added.out.startswith(
        "nem_prices: cron 30 4 * * * (Australia/Brisbane)  date=yesterday\n"
    )
    listed = nemflow("schedule", "list").out
    assert listed.count(" 04:30+10:00") == 3
    assert "project prices; missed events: latest" in listed


def test_the_list_is_also_json(nemflow, tmp_path):
    nemflow("schedule", "add", "nem_prices", "--every", "5m", "--weekdays", "date=today")
    told = json.loads(nemflow("schedule", "list", "--json").out)
    assert told["schema"] == 1
    [schedule] = told["schedules"]
    assert schedule["when"] == "every 5m (Australia/Brisbane), weekdays"
    assert schedule["parameters"] == {"date": "today"}
    assert schedule["options"] == ["--data-dir", str(tmp_path / "data")]
    assert len(schedule["next"]) == 3


def test_next_merges_all_schedules_in_order(nemflow):
    nemflow("schedule", "add", "nem_prices", "--every", "1h", "--name", "hourly")
    nemflow("schedule", "add", "nem_prices_raw", "--every", "1h")
    events = json.loads(nemflow("schedule", "next", "--n", "4", "--json").out)["events"]
    assert [event["schedule"] for event in events] == ["hourly", "nem_prices_raw"] * 2
    assert events == sorted(events, key=lambda event: event["at"])
    assert len(nemflow("schedule", "next", "hourly", "--n", "4").out.splitlines()) == 4


def test_a_paused_schedule_says_so_until_it_is_resumed(nemflow):
    nemflow("schedule", "add", "nem_prices", "--every", "1h")
    assert nemflow("schedule", "pause", "nem_prices").code == 0
    assert "  paused\n" in nemflow("schedule", "list").out
    assert "nothing is due" in nemflow("schedule", "next").out
    assert "  next: " in nemflow("schedule", "resume", "nem_prices").out


def test_a_removed_schedule_is_gone(nemflow):
    nemflow("schedule", "add", "nem_prices", "--every", "1h")
    assert nemflow("schedule", "remove", "nem_prices").out == "nem_prices is removed\n"
    assert nemflow("schedule", "list").out.startswith("no schedules")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("nem_prices",), "say when"),
        (("nem_price", "--every", "1h"), "did you mean nem_prices?"),
        (("nem_prices", "--every", "1h", "day=today"), "day: the flows of nemflow take date="),
        (("nem_prices", "--every", "1h", "date=tomorow"), "error: date=tomorow: not a date"),
        (
            ("nem_prices", "--every", "1h", "today"),
            "error: today: write name=value, as in date=yesterday",
        ),
        (("nem_prices", "--every", "1h", "--tz", "Sydney"), "no such time zone"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_exit_code_2(nemflow, words, error):
    ended = nemflow("schedule", "add", *words)
    assert (ended.code, ended.err.count("error: ")) == (2, 1)
    assert error in ended.err


def test_without_a_command_the_help_is_shown(nemflow):
    ended = nemflow("schedule")
    assert ended.code == 2
    assert "Say when flows are to run" in ended.err


def test_the_agent_that_is_told_to_start_has_the_labels(nemflow):
    told = nemflow(
        "schedule", "add", "nem_prices", "--every", "1h", "--label", "big", "--label", "a"
    )
    assert "an agent runs it: nemflow agent start --label a --label big, or" in told.out
