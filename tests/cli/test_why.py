"""``nemflow why``: the account of a day that is there, and of one that is not."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow.flows.nem.standing import Standing, standing_path, write_standing
from nemflow.tasks.nem.sources import Quality

DAY = date(2014, 1, 1)
SHA256 = hashlib.sha256(b"a month").hexdigest()


@pytest.fixture
def archived(tmp_path, stored_days):
    """Put a published file into the archive."""
    return stored_days.put_archived(tmp_path / "data", b"a month")


@pytest.fixture
def stored(tmp_path, archived, stored_days):
    """Put both stages of the day."""
    put_day = stored_days.put_day
    return [put_day(tmp_path / "data", DAY, stage, archived) for stage in ("raw", "clean")]


def test_a_stored_day_tells_all_that_is_known_of_it(nemflow, stored, archived):
    raw, clean = stored
    ended = nemflow("why", "nem_prices", "2014-01-01")
    assert (ended.code, ended.err) == (0, "")
    size = clean.stat().st_size
    assert ended.out.splitlines() == [
        "nem_prices_raw 2014-01-01: final",
        f"  file       {raw}",
        f"             3 rows, {raw.stat().st_size / 1000:.2f} kB",
        "  made       2014-02-12 13:00+10:00 by nemflow 0.1.0",
        "  source     bundle, final",
        "  published  https://nemweb.example/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip",
        f"             sha256 {SHA256}",
        "             7 B, fetched 2014-02-12 13:00+10:00, created 2014/02/11 00:30:02",
        f"             {archived}",
        "",
        "nem_prices_clean 2014-01-01: final",
        f"  file       {clean}",
        f"             3 rows, {size / 1000:.2f} kB",
        "  made       2014-02-12 13:00+10:00 by nemflow 0.1.0",
        "  source     bundle, final",
        "  published  the same as the raw file's",
        f"  input      {raw}",
    ]


@pytest.mark.parametrize(
    "words", [("nem_prices_clean", "2014-01-01"), ("nem_prices_clean_2014-01-01",)]
)
def test_one_stage_is_named_by_its_flow_or_by_its_run(nemflow, stored, words):
    told = nemflow("why", *words).out
    assert told.startswith("nem_prices_clean 2014-01-01: final\n")
    assert f"sha256 {SHA256}" in told


def test_json_has_all_that_the_lines_have(nemflow, stored, archived):
    told = json.loads(nemflow("why", "nem_prices_raw", "2014-01-01", "--json").out)
    [stage] = told.pop("stages")
    assert told == {"schema": 1, "dataset": "nem_prices", "date": "2014-01-01"}
    assert stage["published"] == [
        {
            "url": "https://nemweb.example/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip",
            "sha256": SHA256,
            "bytes": 7,
            "fetched_at": "2014-02-12T03:00:00+00:00",
            "created": "2014/02/11 00:30:02",
            "archived": str(archived),
            "archived_sha256": SHA256,
        }
    ]
    assert (stage["status"], stage["rows"], stage["quality"]) == ("final", 3, "final")
    assert (stage["command"], stage["run"]) == (None, None)


def test_a_day_of_a_file_that_was_issued_again_is_stale(nemflow, stored, tmp_path, stored_days):
    stored_days.put_archived(tmp_path / "data", b"issued again")
    lines = nemflow("why", "nem_prices_raw", "2014-01-01").out.splitlines()
    assert lines[0] == (
        "nem_prices_raw 2014-01-01: stale, "
        "the archive has another PUBLIC_DVD_DISPATCHPRICE_201401010000.zip by now"
    )
    assert f"which by now has the sha256 {hashlib.sha256(b'issued again').hexdigest()}" in lines[-2]
    assert lines[-1].split() == [
        *("do", "nemflow", "backfill", "--start", "2014-01-01", "--end", "2014-01-01", "--stale")
    ]


def test_a_day_that_is_not_final_says_when_something_better_is_due(nemflow, stored):
    past = datetime.now(UTC) - timedelta(hours=1)
    standing = Standing(Quality.PRELIMINARY, "public-prices", past, past)
    write_standing(standing_path(stored[0], DAY), standing)
    lines = nemflow("why", "nem_prices_raw", "2014-01-01").out.splitlines()
    assert lines[0] == "nem_prices_raw 2014-01-01: preliminary, from public-prices"
    assert lines[-2].startswith("  better     was due ")
    assert lines[-1].split()[:3] == ["do", "nemflow", "refresh"]


def test_a_damaged_file_says_so_and_what_to_do(nemflow, stored):
    raw, _ = stored
    raw.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    lines = nemflow("why", "nem_prices_raw", "2014-01-01").out.splitlines()
    assert lines[0].startswith(
        f"nem_prices_raw 2014-01-01: damaged, {raw} cannot be read as Parquet"
    )
    assert lines[-1].endswith(
        "nemflow backfill --start 2014-01-01 --end 2014-01-01 --force --stage raw"
    )


def test_a_day_that_nobody_has_made_says_where_it_can_be_had(nemflow, tmp_path):
    ended = nemflow("why", "nem_prices_raw", "2014-01-01")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "nem_prices_raw 2014-01-01: missing",
        f"  target   {tmp_path}/data/raw/nem_prices/2014/nem_prices_raw_2014-01-01.parquet",
        "  run      none is known",
        "  sources  bundle (month), final, usually there by 2014-02-12 00:00+10:00",
        "           price-and-demand (month), preliminary, usually there by 2014-01-02 06:00+10:00",
        "  do       nemflow backfill --start 2014-01-01 --end 2014-01-01",
    ]
    assert not (tmp_path / "state").exists()


def test_of_a_day_before_the_data_set_it_says_what_to_take_if_anything(nemflow):
    told = nemflow("why", "nem_average_prices_raw", "2024-07-31").out
    assert "  sources  none is known for this day" in told
    assert told.splitlines()[-1] == (
        "  do       take the half-hour means of nem_trading_prices: "
        "nemflow prices --dataset nem_trading_prices --resample 30min"
    )
    told = nemflow("why", "nem_rooftop_pv_raw", "2009-06-30").out
    assert told.splitlines()[-1] == "  sources  none is known for this day"


def test_a_day_whose_last_run_failed_tells_its_error_and_run(nemflow):
    closed = "http://127.0.0.1:9"  # nothing answers at the discard port
    nemflow(
        *("run", "--date", "2014-01-01", "--nemweb-url", closed, "--aemo-url", closed),
        NEMFLOW_TRIES="1",
    )
    lines = nemflow("why", "nem_prices_raw_2014-01-01").out.splitlines()
    assert lines[0].startswith("nem_prices_raw 2014-01-01: failed, extract: ")
    assert any(line.startswith("  run ") and ": nemflow show " in line for line in lines)
    told = json.loads(nemflow("why", "nem_prices_raw_2014-01-01", "--json").out)
    assert told["stages"][0]["run"]["state"] == "Failed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nem_price", "2014-01-01"), "there is no flow or data set of that name; did you mean"),
        (("nem_prices",), "error: nem_prices: which day? write it behind"),
        (("nem_prices", "2014-01"), "error: 2014-01 is 31 days: name one"),
        (("nem_prices_raw_2014-13-01",), "no such date"),
    ],
)
def test_wrong_use_is_one_sentence(nemflow, words, message):
    ended = nemflow("why", *words)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_it_loads_neither_pyarrow_nor_the_engine(nemflow, environment, tmp_path, stored_days):
    for stage in ("raw", "clean"):
        stored_days.put_day(tmp_path / "data", date(2014, 1, 1), stage)
    (tmp_path / "state").mkdir()
    assert nemflow("why", "nem_prices", "2014-01-01").code == 0  # keeps the flows' versions
    script = (
        "import sys\n"
        "from nemflow.cli.app import run_command\n"
        "assert run_command(['why', 'nem_prices', '2014-01-01']) == 0\n"
        "heavy = {'pyarrow', 'numpy', 'nemflow.flows.base', 'nemflow.flows.version'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_day_that_cannot_be_is_named_as_it_was_written(nemflow):
    ended = nemflow("why", "nem_prices", "1990-01-01")
    assert ended.code == 2
    assert ended.err.startswith("error: 1990-01-01: lies before the market's first day")
