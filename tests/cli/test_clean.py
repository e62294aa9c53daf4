"""``nemflow clean``: what it finds, what it lets be, when it asks."""

import json
import os
import platform
import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nemflow import Flow, HistoryReporter, task
from nemflow.flows.nem.places import clean_target, raw_target, standing_of
from nemflow.results.locks import TargetLock

DAY_S = 24 * 3600
PARQUET = b"PAR1" + bytes(8) + b"PAR1"
JANUARY = [date(2014, 1, n) for n in range(1, 32)]


@pytest.fixture
def put(tmp_path):
    """Put a file below the data directory, two days old."""

    def put(place, content=b"rubbish", age_s=2 * DAY_S):
        path = tmp_path / "data" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() - age_s,) * 2)
        return path

    return put


@pytest.fixture
def found(nemflow):
    """Return what would be removed, by path, and why."""

    def found(*words):
        told = json.loads(nemflow("clean", "--dry-run", "--json", *words).out)
        return {thing["path"]: thing["why"] for thing in told["things"]}

    return found


def make_old(path: Path, age_s: float = 2 * DAY_S) -> Path:
    os.utime(path, (time.time() - age_s,) * 2)
    return path


PART = "raw/nem_prices/2014/.nem_prices_raw_2014-01-01.parquet.00000000-1-ab.part"
ASIDE = (
    "clean/nem_prices/year=2014/month=01/.nem_prices_2014-01-01.parquet.unreadable-20140102T030405Z"
)


def test_nothing_to_remove_is_said(nemflow, tmp_path):
    assert nemflow("clean") == (0, "nothing to remove\n", "")
    assert not (tmp_path / "data").exists()


def test_without_a_terminal_it_only_shows_and_exits_with_3(nemflow, put):
    path = put(PART)
    assert nemflow("clean") == (
        3,
        f"left by killed runs: 1, 7 B\n  7 B  {path}\nin all 1 thing, 7 B\n",
        "",
    )
    assert path.exists()


def test_a_dry_run_only_shows_and_exits_with_0(nemflow, put):
    path = put(PART)
    assert nemflow("clean", "--dry-run", "--yes").code == 0
    assert path.exists()


def test_yes_removes(nemflow, put):
    paths = [put(PART), put(ASIDE), put("archive/MMSDM/2014/x.zip.damaged", b"1234")]
    ended = nemflow("clean", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1] == "removed 3 things, 18 B"
    assert not any(path.exists() for path in paths)


def test_json_tells_what_was_removed(nemflow, put):
    path = put(PART)
    told = json.loads(nemflow("clean", "--yes", "--json").out)
    assert (told["schema"], told["removed"], told["bytes"]) == (1, True, 7)
    [thing] = told["things"]
    assert (thing["path"], thing["why"], thing["removed"]) == (str(path), "leftover", True)


def test_data_archive_and_standings_are_let_be(put, found):
    for day in JANUARY:
        put(raw_target("nem_prices").format(date=day), PARQUET)
        put(clean_target("nem_prices").format(date=day), PARQUET)
    put(standing_of(raw_target("nem_prices").format(date=JANUARY[0])), b"{}")
    put("archive/MMSDM/2014/x.zip")
    assert found() == {}


def test_what_another_machine_may_be_writing_is_let_be(put, found):
    put(PART, age_s=DAY_S - 60)
    put("archive/.incoming-DISPATCHPRICE-2014-01@elsewhere/x.zip", age_s=60)
    assert found() == {}


def test_a_download_of_this_machine_goes_unless_a_run_is_at_it(put, found, tmp_path):
    folder = put(f"archive/.incoming-DISPATCHPRICE-2014-01@{platform.node()}/x.zip").parent
    root = (tmp_path / "data" / "archive").resolve()
    with TargetLock(tmp_path / "state" / "locks", str(root / "DISPATCHPRICE-2014-01")):
        assert found() == {}
    assert found() == {str(folder): "leftover"}


def test_empty_folders_go_with_those_that_held_only_them(nemflow, tmp_path, found):
    year = tmp_path / "data/clean/nem_prices/year=2014"
    (year / "month=01").mkdir(parents=True)
    assert found() == {}  # somebody may be about to fill them
    for folder in (year / "month=01", year, year.parent):
        make_old(folder)
    assert found() == {str(f): "empty_folder" for f in (year / "month=01", year, year.parent)}
    assert nemflow("clean", "--yes").code == 0
    assert not year.parent.exists()
    assert year.parents[1].exists()


def test_a_folder_of_day_files_set_aside_goes_whole(put, found, nemflow):
    folder = put("archive/Reports/DispatchIS_Reports/2026/2026-02-19.damaged/x.zip").parent
    assert found() == {str(folder): "quarantined"}
    nemflow("clean", "--yes")
    assert not folder.exists()


def test_logs_go_when_they_are_older_than_logs_are_kept(tmp_path, found):
    old, young = (tmp_path / "state" / "logs" / "flow" / name for name in ("old.log", "young.log"))
    old.parent.mkdir(parents=True)
    for path, days in ((old, 91), (young, 89)):
        path.write_text("x")
        make_old(path, days * DAY_S)
    assert found() == {str(old): "old_log"}
    assert found("--older-than", "30d") == {str(p): "old_log" for p in (old, young)}


def test_only_what_is_older_is_removed(put, found):
    put(ASIDE)
    assert found("--older-than", "3d") == {}
    assert list(found("--older-than", "1d").values()) == ["quarantined"]


def test_archives_go_only_if_asked_and_only_of_whole_final_months(
    put, found, stored_days, tmp_path, nemflow
):
    archived = stored_days.put_archived(tmp_path / "data", b"a month")
    paths = [put(raw_target("nem_prices").format(date=day), PARQUET) for day in JANUARY]
    paths += [put(clean_target("nem_prices").format(date=day), PARQUET) for day in JANUARY]
    assert found() == {}
    assert found("--archives") == {str(archived): "archive"}
    paths[-1].unlink()
    assert found("--archives") == {}
    put(clean_target("nem_prices").format(date=JANUARY[-1]), PARQUET)
    standing = put(standing_of(raw_target("nem_prices").format(date=JANUARY[0])), b"{}")
    assert found("--archives") == {}
    standing.unlink()
    put(raw_target("nem_demand").format(date=JANUARY[0]), PARQUET)  # not whole
    assert found("--archives") == {}
    (tmp_path / "data" / raw_target("nem_demand").format(date=JANUARY[0])).unlink()
    nemflow("clean", "--yes", "--archives")
    assert list(archived.parent.glob("*")) == []


def test_an_age_that_makes_no_sense_is_wrong_use(nemflow):
    ended = nemflow("clean", "--older-than", "old")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: --older-than old: write how long ago")


@pytest.mark.parametrize(("answer", "goes"), [("y", True), ("n", False)])
def test_on_a_terminal_it_asks(in_terminal, put, answer, goes):
    path = put(PART)
    assert "Remove 1 thing? [y/N]" in in_terminal("clean", typed=f"{answer}\n")
    assert path.exists() is not goes


@pytest.fixture
def past_runs(tmp_path):
    """Put runs into the history that began so many days ago."""

    def put(*days_ago):
        with Flow("past") as flow:
            task(lambda: 1, name="one")()
        for days in days_ago:
            moment = datetime.now(UTC) - timedelta(days=days)
            with HistoryReporter(tmp_path / "state", now=lambda moment=moment: moment) as history:
                flow.run(reporter=history)

    return put


def runs_left(nemflow):
    return len(json.loads(nemflow("history", "--json").out)["runs"])


def test_old_runs_of_the_history_go_only_when_asked_for(nemflow, past_runs):
    past_runs(800, 0)
    assert nemflow("clean", "--yes").out == "nothing to remove\n"
    day = (datetime.now(UTC) - timedelta(days=30)).date()
    words = f"1 run of the history that began before {day} 00:00+10:00, with their logs\n"
    asked = ("clean", "--history", "--older-than", str(day))
    assert nemflow(*asked) == (3, f"in all {words}", "")
    assert runs_left(nemflow) == 2
    assert nemflow(*asked, "--yes") == (0, f"in all {words}removed {words}", "")
    assert runs_left(nemflow) == 1


def test_without_an_age_the_setting_says_which_runs_are_old(nemflow, past_runs):
    past_runs(800, 700)
    told = json.loads(nemflow("clean", "--history", "--yes", "--json").out)
    assert (told["runs"], runs_left(nemflow)) == (1, 1)


def test_which_runs_are_old_can_be_said(nemflow, past_runs):
    past_runs(50, 40, 10)
    told = json.loads(nemflow("clean", "--history", "--older-than", "30d", "--yes", "--json").out)
    assert (told["removed"], told["runs"], told["things"]) == (True, 2, [])
    assert runs_left(nemflow) == 1


def test_all_runs_are_kept_where_the_setting_says_so(nemflow, past_runs):
    past_runs(9000)
    ended = nemflow("clean", "--history", NEMFLOW_HISTORY_DAYS="0")
    assert ended == (0, "nothing to remove\n", "")


def test_the_file_of_the_history_becomes_smaller(nemflow, past_runs, tmp_path):
    past_runs(*range(100, 160))
    file = tmp_path / "state" / "history.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE flow_runs SET message = ?", ("x" * 10_000,))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    nemflow("clean", "--history", "--older-than", "1d", "--yes")
    assert file.stat().st_size < size / 4


def test_a_run_of_the_command_takes_old_runs_out(nemflow, past_runs, tmp_path):
    past_runs(800)
    (tmp_path / "mine.py").write_text(
        "from nemflow import Flow, task\n"
        "with Flow('mine') as flow:\n"
        "    task(lambda: 1, name='one')()\n"
    )
    assert nemflow("run", "mine.py", "--quiet").code == 0
    told = json.loads(nemflow("history", "--json").out)["runs"]
    assert [run["flow"] for run in told] == ["mine"]
