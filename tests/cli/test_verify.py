"""``nemflow verify``: findings in lines and as JSON, the commands, exit codes."""

import json
from datetime import date

import pytest

DAY = date(2014, 1, 1)


@pytest.fixture
def stored(tmp_path, stored_days):
    """Put a published file, changed since, and a raw day that cannot be read."""
    archived = stored_days.put_archived(tmp_path / "data", b"a month")
    archived.write_bytes(b"amonth!")
    raw = stored_days.put_day(tmp_path / "data", DAY, "raw", archived)
    raw.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    return archived, raw


def test_nothing_there_is_nothing_wrong(nemflow, tmp_path):
    assert nemflow("verify") == (
        0,
        "nem_prices: nothing is wrong; read 0 files of the archive, 0 raw days (0 compared with the "
        "archive's rows), 0 clean days\n",
        "",
    )
    assert not (tmp_path / "state").exists()


def test_findings_are_lines_and_commands_come_last(nemflow, stored):
    archived, raw = stored
    ended = nemflow("verify")
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith(
        f"2014-01-01 to 2014-01-31  {archived}: is no longer what was fetched"
    )
    assert lines[1].startswith(f"2014-01-01  {raw} cannot be read as Parquet")
    assert lines[2:5] == [
        "",
        "to do:",
        "    nemflow backfill --start 2014-01-01 --end 2014-01-31 --force",
    ]
    assert lines[5].startswith("nem_prices: 2 findings; read 1 file of the archive, 0 raw days")


def test_json_is_an_object_a_finding_and_one_for_the_whole(nemflow, stored):
    archived, _ = stored
    ended = nemflow("verify", "--json", "--start", "2014-01", "--end", "2014-01")
    first, second, whole = (json.loads(line) for line in ended.out.splitlines())
    assert {k: first[k] for k in ("schema", "type", "kind", "stage", "path", "remedy")} == {
        "schema": 1,
        "type": "finding",
        "kind": "archive_damaged",
        "stage": "archive",
        "path": str(archived),
        "remedy": "remake_raw",
    }
    assert second["command"] == ("nemflow backfill --start 2014-01-01 --end 2014-01-01 --force")
    assert (whole["type"], whole["findings"], whole["start"]) == ("whole", 2, "2014-01-01")


def test_other_days_are_left_alone(nemflow, stored):
    assert nemflow("verify", "--start", "2014-02", "--end", "2014-03").code == 0


@pytest.mark.parametrize("words", [("prices",), ("--start", "2014-13")])
def test_wrong_use_is_one_sentence(nemflow, words):
    ended = nemflow("verify", *words)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 1)
