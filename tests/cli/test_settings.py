import re
from dataclasses import fields
from pathlib import Path

import pytest

from nemflow.cli.settings import SOURCES, Layer, Origin, Settings, load_settings
from nemflow.errors import SettingsError


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Make settings in an empty folder, with no settings file but a given one."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)

    def load(*, file: str | None = None, environment=(), **flags: str) -> Settings:
        if file is not None:
            path = tmp_path / "conf" / "nemflow.toml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(file, encoding="utf-8")
            flags["config"] = str(path)
        return load_settings(flags, dict(environment), tmp_path)

    return load


def test_every_setting_has_its_origin(load):
    names = {field.name for field in fields(Settings)} - {"file", "origins"}
    assert load().origins == dict.fromkeys(names, Origin(Layer.DEFAULT))


def test_defaults_are_those_of_a_polite_client(load):
    settings = load()
    assert (settings.connections, settings.workers, settings.source) == (4, 1, "auto")
    assert (settings.nemweb_url, settings.aemo_url) == (
        "https://www.nemweb.com.au",
        "https://aemo.com.au",
    )
    assert settings.checkpointing is True


def test_locks_lie_in_the_state_folder_not_in_the_data_folder(load):
    settings = load(environment={"NEMFLOW_STATE_DIR": "/some/state"})
    assert settings.lock_dir == Path("/some/state/locks")
    assert settings.data_dir not in settings.lock_dir.parents


def test_a_flag_wins_over_environment_file_and_default(load):
    settings = load(
        file='data_dir = "/file"', environment={"NEMFLOW_DATA_DIR": "/env"}, data_dir="/flag"
    )
    assert settings.data_dir == Path("/flag")
    assert str(settings.origins["data_dir"]) == "flag --data-dir"


def test_the_environment_wins_over_file_and_default(load):
    settings = load(file='data_dir = "/file"', environment={"NEMFLOW_DATA_DIR": "/env"})
    assert settings.data_dir == Path("/env")
    assert str(settings.origins["data_dir"]) == "environment NEMFLOW_DATA_DIR"


def test_the_file_wins_over_the_default(load):
    settings = load(file="connections = 2\ntimeout_s = 5\ncheckpointing = false")
    assert (settings.connections, settings.timeout_s, settings.checkpointing) == (2, 5.0, False)
    assert str(settings.origins["connections"]) == f"file {settings.file}"


def test_an_empty_variable_counts_as_not_there(load):
    settings = load(environment={"NEMFLOW_TRIES": "", "NEMFLOW_CONFIG": ""})
    assert settings.origins["tries"] == Origin(Layer.DEFAULT)


def test_the_file_is_found_in_the_platforms_folder(load, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    (tmp_path / "nemflow").mkdir()
    (tmp_path / "nemflow" / "nemflow.toml").write_text("tries = 9")
    settings = load()
    assert settings.tries == 9
    assert settings.file == tmp_path / "nemflow" / "nemflow.toml"


def test_the_environment_may_name_the_file(load, tmp_path):
    (tmp_path / "other.toml").write_text("tries = 8")
    assert load(environment={"NEMFLOW_CONFIG": "other.toml"}).tries == 8


def test_a_relative_path_of_a_flag_starts_from_the_current_folder(load, tmp_path):
    assert load(data_dir="prices").data_dir == tmp_path / "prices"


def test_a_relative_path_of_the_file_starts_from_the_files_folder(load, tmp_path):
    assert load(file='data_dir = "prices"').data_dir == tmp_path / "conf" / "prices"


def test_a_tilde_is_the_home_folder(load, tmp_path):
    assert load(data_dir="~/prices").data_dir == tmp_path / "home" / "prices"


def test_a_url_loses_the_slash_at_its_end(load):
    assert load(nemweb_url="http://mirror/nem/").nemweb_url == "http://mirror/nem"


@pytest.mark.parametrize("text", ["1", "true", "YES", "on"])
def test_a_switch_of_the_environment_is_on(load, text):
    assert load(environment={"NEMFLOW_CHECKPOINTING": text}).checkpointing is True


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_a_switch_of_the_environment_is_off(load, text):
    assert load(environment={"NEMFLOW_CHECKPOINTING": text}).checkpointing is False


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("NEMFLOW_CONNECTIONS", "many", "a whole number from 1 to 8, not 'many'"),
        ("NEMFLOW_CONNECTIONS", "0", "a whole number from 1 to 8, not 0"),
        ("NEMFLOW_CONNECTIONS", "2.5", "a whole number from 1 to 8, not '2.5'"),
        ("NEMFLOW_TIMEOUT_S", "nan", "a number of seconds above 0 and up to 3600, not nan"),
        ("NEMFLOW_TIMEOUT_S", "-1", "a number of seconds above 0 and up to 3600, not -1.0"),
        ("NEMFLOW_CHECKPOINTING", "perhaps", "true or false, not 'perhaps'"),
        ("NEMFLOW_SOURCE", "best", f"one of {', '.join(SOURCES)}, not 'best'"),
        ("NEMFLOW_NEMWEB_URL", "ftp://mirror", "an http or https address"),
        ("NEMFLOW_NEMWEB_URL", "http://mirror/?key=1", "without a query"),
        ("NEMFLOW_NEMWEB_URL", "mirror", "an http or https address"),
        ("NEMFLOW_NEMWEB_URL", "http://[mirror", "an http or https address"),
        ("NEMFLOW_AEMO_URL", "http:///path", "an http or https address"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable_and_what_it_must_be(
    load, variable, text, expected
):
    with pytest.raises(SettingsError, match=f"^{variable} must be .*{re.escape(expected)}"):
        load(environment={variable: text})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('connections = "4"', "'4'"),
        ("connections = true", "True"),
        ("timeout_s = true", "True"),
        ("checkpointing = 1", "1"),
        ("data_dir = 7", "7"),
        ('data_dir = ""', "''"),
        ("nemweb_url = 7", "7"),
        ("source = []", "[]"),
    ],
)
def test_a_wrong_type_in_the_file_is_named_with_file_and_key(load, tmp_path, line, value):
    name = line.split()[0]
    file = tmp_path / "conf" / "nemflow.toml"
    with pytest.raises(SettingsError) as error:
        load(file=line)
    assert str(error.value).startswith(f"{name} in {file} must be ")
    assert str(error.value).endswith(f", not {value}")


def test_an_unknown_key_is_named_with_the_nearest_one(load):
    with pytest.raises(SettingsError, match=r"nemflow.toml has no setting .* 'data_dri'; did you"):
        load(file='data_dri = "/x"')


def test_an_unknown_key_like_no_other_is_named_with_all(load):
    with pytest.raises(SettingsError, match="key 'zzz'; there are data_dir, state_dir, "):
        load(file="zzz = 1")


def test_a_broken_file_is_named_with_the_line(load):
    with pytest.raises(SettingsError, match=r"nemflow.toml cannot be read as TOML: .*line 2"):
        load(file="tries = 1\n= 2")


def test_a_file_that_is_no_text_is_named(load, tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"bytes\.toml cannot be read as TOML"):
        load(config="bytes.toml")


def test_a_named_file_that_is_not_there_is_an_error(load, tmp_path):
    with pytest.raises(SettingsError) as error:
        load(config="none.toml")
    assert str(error.value) == f"--config: there is no file {tmp_path / 'none.toml'}"


def test_the_sandbox_has_a_data_folder_of_its_own(load):
    assert load(data_dir="/prices").for_sandbox().data_dir == Path("/prices/SYNTHETIC")
