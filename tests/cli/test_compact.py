"""``nemflow compact``: what it says, and how it exits."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from nemflow import TargetLock
from nemflow.cli.exit_codes import DONE, FAILED, HELD, WRONG_USE


@pytest.fixture
def stored(tmp_path, put_clean_days):
    """A whole February and the first days of March."""
    put_clean_days(tmp_path / "data", date(2014, 2, 1), date(2014, 3, 3))
    return tmp_path / "data"


def month(folder, name="month=02"):
    return sorted(os.listdir(folder / "clean/nem_prices/year=2014" / name))


def test_it_says_what_was_compacted_and_how_many_months_were_left(stored, nemflow):
    ended = nemflow("compact")
    assert (ended.code, ended.err) == (DONE, "")
    first, second = ended.out.splitlines()
    assert first.startswith("nem_prices 2014-02  compacted  28 day files, ")
    assert first.endswith("/nem_prices_2014-02.parquet")
    assert second == "nem_prices: 1 month left: not whole"
    assert month(stored) == ["nem_prices_2014-02.parquet"]


def test_verbose_says_why_a_month_was_left(stored, nemflow):
    assert "there is no 2014-03-04 to 2014-03-31" in nemflow("compact", "-v").out


def test_a_dry_run_only_says_what_would_be_done(stored, nemflow):
    ended = nemflow("compact", "--dry-run")
    assert ended.code == DONE
    assert "would be compacted" in ended.out
    assert len(month(stored)) == 28


def test_json_is_an_object_a_month(stored, nemflow):
    ended = nemflow("compact", "--json")
    first, second = (json.loads(line) for line in ended.out.splitlines())
    assert {key: first[key] for key in ("schema", "month", "outcome", "files", "rows")} == {
        "schema": 1,
        "month": "2014-02",
        "outcome": "compacted",
        "files": 28,
        "rows": 28 * 240,
    }
    assert (second["outcome"], second["bytes_after"]) == ("not_whole", None)


def test_only_months_of_the_time_asked_for_are_looked_at(stored, nemflow):
    assert (
        nemflow("compact", "--start", "2014-03-02").out == "nem_prices: 1 month left: not whole\n"
    )
    ended = nemflow("compact", "--end", "2014-01")
    assert ended.out == "nem_prices: no months are there to compact\n"
    assert len(month(stored)) == 28


def test_a_month_of_which_a_day_is_being_made_exits_as_held(stored, nemflow, tmp_path):
    day = stored / "clean/nem_prices/year=2014/month=02/nem_prices_2014-02-05.parquet"
    with TargetLock(tmp_path / "state/locks", os.path.realpath(day)):
        ended = nemflow("compact")
    assert ended.code == HELD
    assert "left: being written to" in ended.out


def test_a_damaged_day_is_a_failure_that_names_it(stored, nemflow):
    (stored / "clean/nem_prices/year=2014/month=02/nem_prices_2014-02-05.parquet").write_bytes(b"x")
    ended = nemflow("compact", "--quiet")
    assert (ended.code, ended.out) == (FAILED, "")
    assert ended.err.startswith("error: nem_prices 2014-02 failed: ")
    assert "nem_prices_2014-02-05.parquet cannot be read as Parquet" in ended.err


def test_an_unknown_data_set_is_wrong_use(nemflow):
    ended = nemflow("compact", "nem_price")
    assert ended.code == WRONG_USE
    assert "did you mean nem_prices?" in ended.err


def test_where_there_is_nothing_to_do_pyarrow_is_not_loaded(stored, environment, tmp_path):
    (stored / "clean/nem_prices/year=2014/month=02/nem_prices_2014-02-05.parquet").unlink()
    code = (
        "import sys; from nemflow.cli.app import run_command; run_command(['compact']);"
        "print([name for name in ('pyarrow', 'pandas', 'rich') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["nem_prices: 2 months left: not whole", "[]"]


def test_lines_of_the_sandbox_are_marked(nemflow):
    assert nemflow("compact", "--sandbox").out == (
        "SYNTHETIC nem_prices: no months are there to compact\n"
    )
