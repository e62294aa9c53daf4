"""``nemflow status``: the calendar, the gaps and their commands, JSON, exit codes."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.tasks.nem.market_time import today


@pytest.fixture
def put_days(put_targets):
    """Put both stages of some days of January 2014."""

    def put(*numbers):
        for number in numbers:
            put_targets(f"2014-01-{number:02}")

    return put


@pytest.fixture
def status(nemflow):
    """Ask for January 2014, unless other days are named."""

    def status(*words):
        dates = () if "--start" in words else ("--start", "2014-01", "--end", "2014-01")
        return nemflow("status", *dates, *words)

    return status


def test_nothing_there_says_how_to_begin(nemflow, tmp_path):
    ended = nemflow("status")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"nothing of nem_prices is in {tmp_path / 'data'} yet; begin with",
        "    nemflow run --date yesterday",
        "    nemflow backfill --start 2024",
    ]
    assert not (tmp_path / "data").exists()


def test_a_month_is_a_line_and_a_day_a_character(status, put_days, tmp_path):
    put_days(*range(1, 29), 31)
    ended = status()
    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"nem_prices, 2014-01-01 to 2014-01-31, in {tmp_path / 'data'}",
        "",
        "         1     6     11    16    21    26    31",
        "2014-01  ##### ##### ##### ##### ##### ###.. #",
        "",
        "# final 29   . missing 2",
        "",
        "2014-01-29 to 2014-01-30  2 days missing",
        "    nemflow backfill --start 2014-01-29 --end 2014-01-30",
    ]


def test_all_there_is_nothing_to_do(status, put_days):
    put_days(*range(1, 32))
    ended = status("--check")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, "nothing to do")


def test_check_exits_with_3_if_there_is_something_to_do(status, nemflow, put_days):
    put_days(1)
    assert status("--check").code == 3
    assert status("--check", "--end", "2014-01-01").code == 0
    assert nemflow("status", "nem_demand", "--check").code == 3  # it has not begun


def test_quiet_says_it_by_the_exit_code_alone(status, put_days):
    put_days(1)
    assert status("--check", "--quiet") == (3, "", "")
    assert status("--quiet") == (0, "", "")


def test_a_day_that_lacks_a_stage_is_missing_and_alone_is_not(status, put_targets):
    raw, _ = put_targets("2014-01-01")
    raw.unlink()
    day = ("--start", "2014-01-01", "--end", "2014-01-01")
    assert "2014-01-01  1 day missing (raw)\n" in status(*day).out
    assert status(*day, "--stage", "clean", "--check").code == 0
    told = status(*day, "--stage", "raw").out
    assert told.endswith(
        "  1 day missing\n    nemflow backfill --start 2014-01-01 --end 2014-01-01 --stage raw\n"
    )


def test_several_years_are_a_line_each_no_wider_than_a_terminal(nemflow, put_days):
    put_days(1, 2, 31)
    ended = nemflow("status", "--start", "2013", "--end", "2014")
    lines = ended.out.splitlines()
    assert lines[2:5] == [
        "      Jan  Feb  Mar   Apr  May  Jun   Jul  Aug  Sep   Oct  Nov  Dec",
        f"2013  {'.' * 15} {'.' * 15} {'.' * 15} {'.' * 15}    0%",
        f"2014  :...:{'.' * 10} {'.' * 15} {'.' * 15} {'.' * 15}    0%",
    ]
    assert max(map(len, lines[2:5])) <= 80


def test_without_dates_it_shows_the_years_that_have_anything(nemflow, put_targets):
    put_targets("2014-12-30")
    put_targets("2016-12-31")
    days = json.loads(nemflow("status", "--json").out)["days"]
    assert days == {
        "2014-12-30": "final",
        "2014-12-31": "missing",
        **{day: status for day, status in days.items() if day.startswith("2016-")},
    }
    assert len(days) == 2 + 366


def test_the_present_year_ends_today(nemflow, put_targets):
    current = today(datetime.now(UTC))
    put_targets(str(current - timedelta(days=1)))
    days = json.loads(nemflow("status", "--json").out)["days"]
    assert days[str(current - timedelta(days=1))] == "final"
    assert list(days)[-1] in (str(current), str(today(datetime.now(UTC))))


def test_json_has_all_that_the_lines_have(status, put_days, tmp_path):
    put_days(*range(2, 32))
    told = json.loads(status("--json").out)
    assert {
        k: told[k] for k in ("schema", "dataset", "stage", "data_dir", "start", "end", "due")
    } == {
        "schema": 1,
        "dataset": "nem_prices",
        "stage": None,
        "data_dir": str(tmp_path / "data"),
        "start": "2014-01-01",
        "end": "2014-01-31",
        "due": 0,
    }
    assert (told["totals"]["final"], told["totals"]["missing"]) == (30, 1)
    assert told["gaps"] == [
        {
            "start": "2014-01-01",
            "end": "2014-01-01",
            "days": 1,
            "status": "missing",
            "stages": ["raw", "clean"],
            "due": False,
            "why": "",
            "command": "nemflow backfill --start 2014-01-01 --end 2014-01-01",
        }
    ]


def test_a_failed_day_says_why_until_it_is_there(nemflow, status, put_targets):
    closed = "http://127.0.0.1:9"  # nothing answers at the discard port
    nemflow(
        *("run", "--date", "2014-01-03", "--nemweb-url", closed, "--aemo-url", closed),
        NEMFLOW_TRIES="1",
    )
    lines = status().out.splitlines()
    assert "2014-01  ..X.. ..... ..... ..... ..... ..... ." in lines
    [failed] = [line for line in lines if line.startswith("2014-01-03  1 day failed (raw): ")]
    assert "127.0.0.1" in failed
    put_targets("2014-01-03")
    assert json.loads(status("--json").out)["totals"]["failed"] == 0


def test_what_failed_elsewhere_has_not_failed_here(nemflow, status, tmp_path):
    closed = "http://127.0.0.1:9"
    nemflow(
        *("run", "--date", "2014-01-03", "--nemweb-url", closed, "--aemo-url", closed),
        *("--data-dir", str(tmp_path / "other")),
        NEMFLOW_TRIES="1",
    )
    assert json.loads(status("--json").out)["totals"]["failed"] == 0


def test_commands_are_about_the_same_files(nemflow, tmp_path):
    words = ("--data-dir", str(tmp_path / "x y"), "--start", "2014-01-01", "--end", "2014-01-01")
    told = nemflow("status", "nem_demand", "--sandbox", *words).out
    assert told.startswith("SYNTHETIC nem_demand, ")
    assert told.splitlines()[-1] == (
        f"    nemflow backfill nem_demand --data-dir '{tmp_path}/x y' --sandbox "
        "--start 2014-01-01 --end 2014-01-01"
    )


def test_many_gaps_are_counted(nemflow, put_days):
    put_days(*range(2, 31, 2))
    told = nemflow("status", "--start", "2014-01", "--end", "2014-01").out.splitlines()
    assert told[-3:] == [
        "and 6 gaps more; --json lists all",
        "all that is missing:",
        "    nemflow backfill --start 2014-01-01 --end 2014-01-31",
    ]


def test_days_before_the_data_sets_first_are_left_out(nemflow):
    words = ("--start", "2005", "--end", "2009", "--json")
    assert json.loads(nemflow("status", "nem_rooftop_pv", *words).out)["start"] == "2009-07-01"


def test_other_data_sets_that_are_there_are_named(status, put_days, tmp_path):
    put_days(1)
    (tmp_path / "data/raw/nem_demand/2014").mkdir(parents=True)
    assert status().out.splitlines()[-1] == "also there: nem_demand"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("prices",), "error: there is no data set 'prices'"),
        (("nem_prices", "--dataset", "nem_demand"), "error: nem_prices and --dataset nem_demand"),
        (("--start", "2014-13"), "error: --start 2014-13: no such date"),
        (("--start", "2014-02", "--end", "2014-01"), "error: --start 2014-02 lies after"),
    ],
)
def test_wrong_use_is_one_sentence(nemflow, words, message):
    ended = nemflow("status", *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(message)


def test_a_terminal_has_colours_unless_they_are_forbidden(in_terminal, put_days):
    put_days(1)
    words = ("status", "--start", "2014-01-01", "--end", "2014-01-02")
    known = {"TERM": "xterm", "COLUMNS": "40"}
    coloured = in_terminal(*words, **known)
    assert "2014-01  \x1b[32m#\x1b[0m\x1b[31m.\x1b[0m" in coloured
    plain = in_terminal(*words, **known, NO_COLOR="1")
    assert "2014-01  #.\r\n" in plain
    assert "\x1b" not in plain
    assert in_terminal(*words, **{**known, "TERM": "dumb"}) == plain


def test_on_a_narrow_terminal_words_are_cut_and_commands_are_not(
    in_terminal, put_days, put_targets
):
    put_days(1)
    raw, _ = put_targets("2014-01-02")
    raw.unlink()
    words = ("status", "--start", "2014-01-01", "--end", "2014-01-02")
    shown = in_terminal(*words, COLUMNS="20", NO_COLOR="1", TERM="xterm")
    assert "2014-01-02  1 day m…\r\n" in shown
    assert "    nemflow backfill --start 2014-01-02 --end 2014-01-02\r\n" in shown


def test_the_legend_of_several_years_fits_a_terminal(nemflow, put_targets):
    put_targets("2014-01-01")
    lines = nemflow("status", "--start", "2013", "--end", "2014").out.splitlines()
    assert "a character is 6 days, as the worst stands; : some are there" in lines


def test_it_loads_nothing_heavy(environment, put_days, tmp_path):
    put_days(1)
    code = (
        "import sys; from nemflow.cli.app import run_command; run_command(['status']);"
        "print([name for name in ('pandas', 'pyarrow', 'requests', 'rich', 'sqlite3')"
        " if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
