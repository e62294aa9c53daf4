import json
import os
from pathlib import Path

import pytest

import nemflow
from nemflow.cli import flow_versions
from nemflow.cli.flow_versions import versions_now
from nemflow.cli.market import market_settings
from nemflow.cli.settings import load_settings
from nemflow.flows.nem.catalog import CATALOG


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "state").mkdir()
    return load_settings({}, {"NEMFLOW_STATE_DIR": str(tmp_path / "state")}, tmp_path)


@pytest.fixture
def kept(settings):
    return settings.state_dir / "flow-versions.json"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A file of source that the marks are taken of, in place of nemflow's own."""
    for folder in ("flows", "results", "tasks/nem"):
        (tmp_path / "code" / folder).mkdir(parents=True)
    monkeypatch.setattr(nemflow, "__path__", [str(tmp_path / "code")])
    path = tmp_path / "code" / "tasks" / "nem" / "tidy.py"
    path.write_text("x = 1\n")
    return path


def true_versions(settings, dataset):
    market = market_settings(settings)
    return {e.stage: e.build(market).version for e in CATALOG.dataset(dataset)}


def spoil(kept: Path) -> None:
    """Write other versions in, by which it shows whether they are taken from there."""
    known = json.loads(kept.read_text())
    known["versions"] = {"nem_prices": {"raw": "kept", "clean": "kept"}}
    kept.write_text(json.dumps(known))


def test_they_are_those_of_the_flows_and_kept_for_the_next_time(settings, kept):
    assert versions_now(settings, "nem_prices") == true_versions(settings, "nem_prices")
    spoil(kept)
    assert versions_now(settings, "nem_prices") == {"raw": "kept", "clean": "kept"}


def test_other_data_sets_are_kept_beside(settings, kept):
    versions_now(settings, "nem_prices")
    spoil(kept)
    assert versions_now(settings, "nem_demand") == true_versions(settings, "nem_demand")
    assert list(json.loads(kept.read_text())["versions"]) == ["nem_prices", "nem_demand"]


@pytest.mark.parametrize("change", ["time", "size", "new file", "gone"])
def test_a_change_of_any_file_makes_them_be_found_again(settings, kept, source, change):
    versions_now(settings, "nem_prices")
    spoil(kept)
    assert versions_now(settings, "nem_prices")["raw"] == "kept"
    stat = source.stat()
    if change == "time":
        os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    elif change == "size":
        source.write_text("x = 10\n")
        os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    elif change == "new file":
        source.with_name("other.py").touch()
    else:
        source.unlink()
    assert versions_now(settings, "nem_prices")["raw"] != "kept"


def test_another_python_finds_them_again(settings, kept, monkeypatch):
    versions_now(settings, "nem_prices")
    spoil(kept)
    monkeypatch.setattr(flow_versions.sys, "version", "another")
    assert versions_now(settings, "nem_prices")["raw"] != "kept"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"code": 1}', "\x00", '{"code": "c", "versions": 3}']
)
def test_what_is_kept_may_be_spoilt(settings, kept, text):
    kept.write_text(text)
    assert versions_now(settings, "nem_prices") == true_versions(settings, "nem_prices")


def test_nothing_is_written_where_that_is_not_wanted_or_there_is_no_folder(settings, kept):
    versions_now(settings, "nem_prices", keep=False)
    assert not kept.exists()
    settings.state_dir.rmdir()
    assert versions_now(settings, "nem_prices") == true_versions(settings, "nem_prices")
    assert not settings.state_dir.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--date", "2014-01-01"),
        ("backfill", "--start", "2014-01-01", "--end", "2014-01-01"),
    ],
)
def test_a_command_that_makes_files_keeps_them(nemflow, tmp_path, words):
    kept = tmp_path / "state" / "flow-versions.json"
    words = (*words, "--sandbox", "--source", "price-and-demand", "--quiet")
    assert nemflow(*words).code == 0
    told = json.loads(kept.read_text())["versions"]["nem_prices"]
    why = json.loads(nemflow("why", "nem_prices", "2014-01-01", "--sandbox", "--json").out)
    assert [told[stage["stage"]] for stage in why["stages"]] == [
        stage["flow_version"] for stage in why["stages"]
    ]
    kept.unlink()
    assert nemflow(*words).code == 0  # finds all there
    assert not kept.exists()
