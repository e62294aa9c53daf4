import json


def test_each_setting_is_shown_with_its_value_and_origin(nemflow, tmp_path):
    (tmp_path / "my.toml").write_text("tries = 7\ncheckpointing = false\n")
    ended = nemflow("config", "--config", "my.toml", "--nemweb-url", "http://mirror/")
    rows = [line.split(maxsplit=2) for line in ended.out.splitlines()[:14]]
    assert (ended.code, ended.err) == (0, "")
    assert rows == [
        ["setting", "value", "origin"],
        ["data_dir", str(tmp_path / "data"), "environment NEMFLOW_DATA_DIR"],
        ["state_dir", str(tmp_path / "state"), "environment NEMFLOW_STATE_DIR"],
        ["nemweb_url", "http://mirror", "flag --nemweb-url"],
        ["aemo_url", "https://aemo.com.au", "default"],
        ["source", "auto", "default"],
        ["connections", "4", "default"],
        ["timeout_s", "60.0", "default"],
        ["tries", "7", f"file {tmp_path / 'my.toml'}"],
        ["workers", "1", "default"],
        ["checkpointing", "false", f"file {tmp_path / 'my.toml'}"],
        ["history_days", "730", "default"],
        ["log_days", "90", "default"],
        ["log_megabytes", "500", "default"],
    ]
    history = tmp_path / "state" / "history.sqlite"
    assert ended.out.splitlines()[-2] == f"history: {history} (not there)"
    assert ended.out.splitlines()[-1] == f"settings file: {tmp_path / 'my.toml'}"


def test_settings_as_json_keep_their_types(nemflow, tmp_path):
    settings = json.loads(nemflow("config", "--json", NEMFLOW_WORKERS="2").out)["settings"]
    assert settings["workers"] == {"value": 2, "origin": "environment", "name": "NEMFLOW_WORKERS"}
    assert settings["data_dir"]["value"] == str(tmp_path / "data")
    assert settings["checkpointing"] == {"value": True, "origin": "default", "name": ""}


def test_a_setting_of_the_environment_that_is_wrong_is_wrong_use(nemflow):
    ended = nemflow("config", NEMFLOW_WORKERS="two")
    assert ended == (
        2,
        "",
        "error: NEMFLOW_WORKERS must be a whole number from 1 to 64, not 'two'\n",
    )


def test_the_paths_are_those_in_use(nemflow, tmp_path):
    (tmp_path / "state").mkdir()
    rows = [line.split(maxsplit=1) for line in nemflow("config", "paths").out.splitlines()]
    assert dict(rows) == {
        "data": f"{tmp_path}/data (not there)",
        "archive": f"{tmp_path}/data/archive (not there)",
        "raw": f"{tmp_path}/data/raw (not there)",
        "clean": f"{tmp_path}/data/clean (not there)",
        "sandbox": f"{tmp_path}/data/SYNTHETIC (not there)",
        "state": f"{tmp_path}/state",
        "locks": f"{tmp_path}/state/locks (not there)",
        "history": f"{tmp_path}/state/history.sqlite (not there)",
        "logs": f"{tmp_path}/state/logs (not there)",
        "settings": dict(rows)["settings"],
    }


def test_the_paths_as_json_are_the_same(nemflow, tmp_path):
    paths = json.loads(nemflow("config", "--data-dir", "here", "paths", "--json").out)["paths"]
    assert paths["data"] == str(tmp_path / "here")
    assert paths["locks"] == str(tmp_path / "state" / "locks")
