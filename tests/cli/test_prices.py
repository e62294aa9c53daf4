"""``nemflow prices``: stored prices to a terminal, a pipe or a file."""

import json
import os
import pty
import subprocess
import sys
from datetime import date

import pyarrow.parquet as pq
import pytest

from nemflow.cli.exit_codes import DONE, FAILED, WRONG_USE

DAY, NEXT = date(2014, 3, 5), date(2014, 3, 6)


@pytest.fixture
def stored(tmp_path, put_clean_days):
    """Three days in the data directory of the command."""
    put_clean_days(tmp_path / "data", DAY, date(2014, 3, 7))
    return tmp_path / "data"


def test_a_pipe_gets_csv(stored, nemflow):
    ended = nemflow("prices", "--start", "2014-03-05", "--region", "sa")
    assert ended.code == DONE
    assert ended.err == ""
    head, *rows = ended.out.splitlines()
    assert head.startswith("interval_start,interval_end,region,rrp,")
    assert len(rows) == 48
    assert rows[0].startswith("2014-03-05T00:00:00+10:00,2014-03-05T00:30:00+10:00,SA1,2005,")


def test_a_terminal_gets_a_table_that_is_not_cut(stored, environment):
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "nemflow", "prices", "--start", "2014-03-05"]
    process = subprocess.Popen(
        command, stdout=child, env={**environment, "COLUMNS": "20", "NO_COLOR": "1"}
    )
    os.close(child)
    text = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError:  # what Linux says when the other end is closed
            break
        if not piece:
            break
        text += piece
    os.close(parent)
    assert process.wait() == DONE
    lines = text.decode().replace("\r\n", "\n").splitlines()
    assert lines[0].split() == ["interval_start", "interval_end", "region", "rrp", "source"]
    assert lines[2] == "2014-03-05 00:00  2014-03-05 00:30  NSW1          5.00  mmsdm"
    assert len(lines) == 2 + 240


def test_json_is_a_line_an_interval_with_the_columns_asked_for(stored, nemflow, price_of):
    ended = nemflow(
        *("prices", "--start", "2014-03-05", "--end", "2014-03-06", "--format", "json"),
        *("--columns", "rrp, interval_end", "--region", "VIC1"),
    )
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert len(rows) == 96
    assert rows[-1] == {
        "rrp": price_of(NEXT, "VIC1", 47),
        "interval_end": "2014-03-07T00:00:00+10:00",
    }


def test_resampled_prices_are_means_over_market_days(stored, nemflow):
    ended = nemflow(
        *("prices", "--start", "2014-03", "--region", "NSW", "--resample", "1d"),
        *("--columns", "interval_start,rrp,resolution_minutes"),
    )
    assert ended.out.splitlines()[1] == "2014-03-05T00:00:00+10:00,5.0235,1440"
    assert len(ended.out.splitlines()) == 4


def test_missing_days_are_told_with_the_command_and_the_others_printed(stored, nemflow):
    ended = nemflow(
        *("prices", "--start", "2014-03-04", "--end", "2014-03-05"), *("--data-dir", str(stored))
    )
    assert ended.code == DONE
    assert len(ended.out.splitlines()) == 241
    assert ended.err.splitlines() == [
        f"warning: 1 of 2 days of nem_prices is not in {stored}: 2014-03-04",
        f"hint: nemflow backfill --start 2014-03-04 --end 2014-03-04 --data-dir {stored}",
    ]


def test_nothing_at_all_is_a_failure_with_the_command(stored, nemflow):
    ended = nemflow("prices", "--start", "2013-02")
    assert (ended.code, ended.out) == (FAILED, "")
    assert "error: 28 of 28 days of nem_prices are not in" in ended.err
    assert "hint: nemflow backfill --start 2013-02-01 --end 2013-02-28" in ended.err


def test_a_region_without_prices_is_said(stored, nemflow):
    ended = nemflow("prices", "--start", "2014-03-05", "--region", "SNOWY1")
    assert ended.code == DONE
    assert "no rows: SNOWY1 has no prices in that time" in ended.err


@pytest.mark.parametrize(
    ("name", "form"), [("a.csv", "csv"), ("a.ndjson", "json"), ("a.txt", "table")]
)
def test_a_file_gets_the_format_of_its_suffix(stored, nemflow, tmp_path, name, form):
    words = ("prices", "--start", "2014-03-05")
    printed = nemflow(*words, "--format", form).out
    ended = nemflow(*words, "-o", str(tmp_path / name))
    assert (ended.code, ended.out) == (DONE, "")
    assert f"written: {tmp_path / name}, 240 rows, " in ended.err
    assert (tmp_path / name).read_text() == printed


def test_a_month_is_printed_before_the_next_is_read(stored, nemflow, put_clean_days):
    [broken] = put_clean_days(stored, date(2014, 4, 1))
    broken.write_bytes(b"no Parquet")
    put_clean_days(stored, date(2014, 5, 1))
    ended = nemflow("prices", "--start", "2014-03", "--end", "2014-05")
    assert ended.code == FAILED
    assert len(ended.out.splitlines()) == 1 + 3 * 240
    assert "nem_prices_2014-04-01.parquet cannot be read" in ended.err


def test_a_parquet_file_has_units_and_says_whose_data_they_are(nemflow, tmp_path, put_clean_days):
    put_clean_days(tmp_path / "data", DAY, attribution="Source: AEMO")
    target = tmp_path / "a.parquet"
    assert nemflow("prices", "--start", "2014-03-05", "-o", str(target)).code == DONE
    schema = pq.read_schema(target)
    assert schema.field("rrp").metadata[b"unit"] == b"AUD/MWh"
    assert schema.metadata[b"nemflow.attribution"] == b"Source: AEMO"
    assert pq.read_metadata(target).num_rows == 240


def test_a_file_that_cannot_be_finished_does_not_get_its_name(stored, nemflow, tmp_path):
    (stored / "clean/nem_prices/year=2014/month=03/nem_prices_2014-03-06.parquet").write_bytes(b"x")
    ended = nemflow("prices", "--start", "2014-03", "-o", str(tmp_path / "a.csv"))
    assert ended.code == FAILED
    assert "nem_prices_2014-03-06.parquet cannot be read as Parquet" in ended.err
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--start", "March"), "start 'March' is no date"),
        (("--start", "2014-03-05", "--region", "SAA1"), "did you mean 'SA1'?"),
        (("--start", "2014-03-05", "--columns", "rpp"), "did you mean 'rrp'?"),
        (("--start", "2014-03-05", "--dataset", "nem_price"), "did you mean nem_prices?"),
        (("--start", "2014-03-05", "--resample", "7min"), "is no width to resample to"),
        (("--start", "2014-03-05", "--resample", "5min"), "of 30 minutes do not go into 5"),
        (("--start", "2014-03-05", "-o", "a.xls"), "the format is not known by its suffix"),
        ((), "Missing option '--start'"),
    ],
)
def test_wrong_words_are_refused_with_what_is_right(stored, nemflow, words, told):
    ended = nemflow("prices", *words)
    assert ended.code == WRONG_USE
    assert told in ended.err


def test_synthetic_prices_are_said_to_be(nemflow, tmp_path, put_clean_days):
    put_clean_days(tmp_path / "data/SYNTHETIC", DAY, synthetic="true")
    ended = nemflow("prices", "--sandbox", "--start", "2014-03-05")
    assert ended.err == "SYNTHETIC: made-up prices, nothing of AEMO's\n"
    assert nemflow("prices", "--sandbox", "--start", "2014-03-05", "-q").err == ""


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path, put_clean_days, start):
    put_clean_days(tmp_path / "data", DAY, date(2014, 3, 31), minutes=5)
    process = start("prices", "--start", "2014-03-05", "--end", "2014-03-31")
    assert process.stdout.readline().startswith("interval_start")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == DONE
    process.stdout = None
