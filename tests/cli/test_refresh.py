import json
from datetime import UTC, datetime, timedelta

import pytest

from nemflow.flows.nem.standing import read_standing, write_standing
from nemflow.tasks.nem.market_time import today
from nemflow.tasks.nem.sandbox import Fault, FaultKind, Revision, SandboxServer

CLOSED = "http://127.0.0.1:9"  # nothing answers at the discard port


@pytest.fixture(scope="module")
def running_server():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def server(running_server):
    """The synthetic market; what a test does to it ends with the test, however that ends."""
    yield running_server
    running_server.faults = ()
    running_server.revisions = ()


@pytest.fixture
def day():
    return today(datetime.now(UTC)) - timedelta(days=3)


@pytest.fixture
def market(server):
    return "--sandbox", "--nemweb-url", server.url, "--aemo-url", server.url


@pytest.fixture
def refresh(nemflow, market):
    return lambda *words, **variables: nemflow(
        "refresh", *market, *words, "--quiet", NEMFLOW_TRIES="1", **variables
    )


@pytest.fixture
def loud(nemflow, market):
    return lambda *words: nemflow("refresh", *market, *words, NEMFLOW_TRIES="1")


@pytest.fixture
def stored(nemflow, market, tmp_path, day):
    """A day of cents that is due."""
    words = ("--date", str(day), "--source", "price-and-demand", "--quiet")
    ended = nemflow("run", *market, *words)
    assert ended.code == 0, ended.err
    paths = list((tmp_path / "data").rglob(".*.standing.json"))
    assert sorted(path.name for path in paths) == [
        f".nem_prices_{day}.parquet.standing.json",
        f".nem_prices_raw_{day}.parquet.standing.json",
    ]
    for path in paths:
        standing = read_standing(path)
        write_standing(path, type(standing)(*_fields(standing)))
    return paths


def _fields(standing):
    return (standing.quality, standing.source, standing.made_at, standing.made_at, standing.forced)


def test_nothing_stored_is_nothing_due(nemflow):
    ended = nemflow("refresh", "--nemweb-url", CLOSED, "--aemo-url", CLOSED)
    assert ended == (0, "nothing is due\n", "")


def test_a_due_day_is_replaced_and_what_changed_is_told(loud, stored, day):
    ended = loud()
    assert ended.code == 0
    first, second, *_, last = ended.out.splitlines()
    assert first.startswith(
        f"SYNTHETIC nem_prices {day}  replaced: preliminary from SYNTHETIC price-and-demand, "
        "now preliminary from SYNTHETIC public-prices; "
    )
    assert second.startswith(f"SYNTHETIC   {day} 00:05 NSW1 r")
    assert last.startswith("SYNTHETIC 1 day: 1 replaced; ")
    assert "--json lists every one" in ended.out


def test_json_has_every_changed_value(refresh, stored, day):
    ended = refresh("--json")
    (told,) = [json.loads(line) for line in ended.out.splitlines()]
    assert (told["schema"], told["dataset"], told["date"]) == (1, "nem_prices", str(day))
    assert (told["outcome"], told["source"]) == ("written", "SYNTHETIC public-prices")
    prices = [change for change in told["changes"] if change["column"] == "rrp"]
    assert len(prices) > 100
    assert set(prices[0]) == {"interval_end", "region", "column", "old", "new"}


def test_a_dry_run_touches_nothing(nemflow, stored, day, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    ended = nemflow("refresh", "--sandbox", "--dry-run", "--reissued", "--quiet", "--json")
    (told,) = [json.loads(line) for line in ended.out.splitlines()]
    assert (told["outcome"], told["why"]) == ("planned", "something better is due")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_day_that_is_not_due_is_looked_at_if_prices_were_revised_since(
    nemflow, loud, market, server
):
    yesterday = today(datetime.now(UTC)) - timedelta(days=1)
    words = ("--date", str(yesterday), "--source", "price-and-demand", "--quiet")
    assert nemflow("run", *market, *words).code == 0
    assert loud("--revised").out == "SYNTHETIC nothing is due\n"
    server.revisions = (Revision(day=yesterday, at=datetime.now(UTC)),)
    plan = loud("--revised", "--dry-run").out
    ended = loud("--revised")
    assert "(whether AEMO has revised prices since it was made)" in plan
    assert ended.code == 0
    assert f"nem_prices {yesterday}  replaced: preliminary from SYNTHETIC price" in ended.out


def test_days_outside_the_span_are_left_alone(refresh, stored, day):
    earlier = str(day - timedelta(days=1))
    assert refresh("--end", earlier, "--json").out == ""
    assert refresh("--start", str(day), "--end", str(day), "--json").out != ""


def test_a_data_set_can_be_chosen(refresh, stored):
    assert refresh("--dataset", "nem_demand", "--json").out == ""


def test_a_day_that_fails_is_told_with_what_to_do(refresh, stored, server, day, tmp_path):
    server.faults = [Fault(kind=FaultKind.UNAVAILABLE, path_contains="Public_Prices")]
    ended = refresh(NEMFLOW_ON_FAILURE=f"cat > {tmp_path}/mail.txt")
    assert ended.code == 1
    assert f"error: nem_prices {day}: " in ended.err
    assert "answered 503" in ended.err
    assert "hint: the next nemflow refresh looks at what failed again" in ended.err
    command, failed = (tmp_path / "mail.txt").read_text().splitlines()
    assert command.startswith("nemflow refresh --nemweb-url ")
    assert command.endswith(" --sandbox: exit code 1")
    assert failed.startswith(f"nem_prices {day}: ")


def test_a_span_that_ends_before_it_starts_is_wrong_use(nemflow):
    ended = nemflow("refresh", "--start", "2024", "--end", "2023")
    assert ended.code == 2
    assert "--start 2024 lies after --end" in ended.err


def test_what_is_not_published_though_overdue_fails(nemflow, market, server, day):
    server.faults = [
        Fault(kind=FaultKind.NOT_FOUND, path_contains=text)
        for text in ("/Reports/", "PRICE_AND_DEMAND")
    ]
    ended = nemflow("run", *market, "--date", str(day), NEMFLOW_TRIES="1")
    assert ended.code == 1
    assert f"nem_prices_raw_{day}    not published though overdue: " in ended.out
    assert "it is overdue" in ended.out


def test_what_is_not_published_yet_does_not_fail_and_says_when_it_comes(nemflow, market):
    current = today(datetime.now(UTC))
    ended = nemflow("run", *market, "--date", str(current), "--quiet", "--json")
    assert ended.code == 0
    told = [json.loads(line) for line in ended.out.splitlines()]
    assert [record["outcome"] for record in told] == ["not_published", "not_published"]
    tomorrow = current + timedelta(days=1)
    assert told[0]["reason"].endswith(f"usually there by {tomorrow} 00:00 market time")


def test_a_word_that_is_no_date_is_named_with_its_option(nemflow):
    ended = nemflow("refresh", "--end", "tomorow")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: --end tomorow: not a date")
