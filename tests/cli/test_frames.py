"""``nemflow.read_prices``: stored prices as a frame, found where the command line finds them."""

import subprocess
import sys
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

import nemflow as face
from nemflow.errors import MissingDays, MissingDaysWarning, ParameterError

DAY = date(2014, 3, 5)


@pytest.fixture
def stored(tmp_path, put_clean_days):
    """Three days in a data directory."""
    put_clean_days(tmp_path / "data", DAY, date(2014, 3, 7))
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def at_home(environment, monkeypatch, tmp_path):
    """The environment of a user without settings, whose data directory is named by a variable."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NEMFLOW_CONFIG", raising=False)


def test_a_day_is_a_frame_with_aware_times(stored, price_of):
    frame = face.read_prices(DAY, DAY)
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 48 * 5
    first, last = frame.iloc[0], frame.iloc[-1]
    assert first["interval_start"] == pd.Timestamp("2014-03-05T00:00+10:00")
    assert last["interval_end"] == pd.Timestamp("2014-03-06T00:00+10:00")
    assert last["interval_end"].utcoffset() == timedelta(hours=10)
    assert (last["region"], last["rrp"]) == ("VIC1", price_of(DAY, "VIC1", 47))


def test_as_arrow_gives_a_table_with_the_columns_in_their_order(stored):
    table = face.read_prices("2014-03-05", "2014-03-07", "SA", ["rrp", "region"], as_arrow=True)
    assert isinstance(table, pa.Table)
    assert table.column_names == ["rrp", "region"]
    assert table.num_rows == 3 * 48


def test_the_folder_is_the_argument_else_the_variable_else_the_settings_file(
    stored, tmp_path, monkeypatch
):
    assert len(face.read_prices(DAY, DAY, data_dir=str(stored))) == 240
    monkeypatch.setenv("NEMFLOW_DATA_DIR", str(tmp_path / "elsewhere"))
    assert len(face.read_prices(DAY, DAY, data_dir=stored)) == 240
    with pytest.raises(MissingDays, match="elsewhere"):
        face.read_prices(DAY, DAY)
    monkeypatch.delenv("NEMFLOW_DATA_DIR")
    (tmp_path / "nemflow.toml").write_text('data_dir = "data"')
    monkeypatch.setenv("NEMFLOW_CONFIG", str(tmp_path / "nemflow.toml"))
    assert len(face.read_prices(DAY, DAY)) == 240


def test_a_hole_is_warned_about_with_its_days_and_the_command(stored):
    with pytest.warns(MissingDaysWarning) as told:
        frame = face.read_prices("2014-03-04", DAY)
    assert len(frame) == 240
    [warning] = told
    assert str(warning.message) == (
        f"1 of 2 days of nem_prices is not in {stored}: 2014-03-04; "
        "to fetch them: nemflow backfill --start 2014-03-04 --end 2014-03-04"
    )
    assert warning.filename == __file__


def test_a_hole_may_be_an_error_or_ignored(stored):
    with pytest.raises(MissingDays, match=r"2014-03-04; to fetch them: .* --data-dir"):
        face.read_prices("2014-03-04", DAY, data_dir=stored, missing="raise")
    assert len(face.read_prices("2014-03-04", DAY, missing="ignore")) == 240


def test_nothing_at_all_is_an_error_unless_it_is_ignored(stored):
    with pytest.raises(MissingDays, match="28 of 28 days of nem_prices are not in"):
        face.read_prices("2014-02", "2014-02")
    frame = face.read_prices("2014-02", "2014-02", missing="ignore")
    assert len(frame) == 0
    assert "rrp" in frame.columns


def test_another_word_for_missing_is_refused(stored):
    with pytest.raises(ParameterError, match="missing must be 'warn', 'raise' or 'ignore'"):
        face.read_prices(DAY, DAY, missing="drop")


def test_another_data_set_has_its_own_columns(tmp_path, put_clean_days):
    put_clean_days(tmp_path / "data", DAY, dataset="nem_demand")
    frame = face.read_prices(DAY, DAY, dataset="nem_demand", columns=["demand_mw"])
    assert list(frame.columns) == ["demand_mw"]


def test_asking_for_the_function_loads_nothing_heavy():
    code = (
        "import sys, nemflow; nemflow.read_prices;"
        "print([m for m in ('pandas', 'pyarrow', 'requests', 'rich', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
