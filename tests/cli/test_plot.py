"""``nemflow plot``: in the terminal, in a pipe, and as a picture."""

import subprocess
import sys
from datetime import date

import pytest
from lxml import etree
from matplotlib.image import imread

from nemflow.cli.exit_codes import DONE, FAILED, WRONG_USE

DAY = date(2014, 3, 5)
ONE_DAY = ("plot", "--start", "2014-03-05")


@pytest.fixture
def stored(tmp_path, put_clean_days):
    """Three days in the data directory of the command."""
    put_clean_days(tmp_path / "data", DAY, date(2014, 3, 7), attribution="Source: AEMO")
    return tmp_path / "data"


def texts_of(path):
    return [text.strip() for text in etree.parse(path).getroot().itertext() if text.strip()]


def test_a_pipe_gets_a_panel_for_each_region(stored, nemflow):
    ended = nemflow(*ONE_DAY, "--region", "SA", "--region", "NSW1")
    assert (ended.code, ended.err) == (DONE, "")
    lines = ended.out.splitlines()
    assert lines[0] == "nem_prices rrp, 2014-03-05, 30 minutes, AUD/MWh"
    assert [line.split()[0] for line in lines if "lowest" in line] == ["NSW1", "SA1"]
    assert lines[-1] == "Source: AEMO"
    assert "\x1b" not in ended.out


def test_an_ascii_pipe_gets_letters(stored, environment):
    command = [sys.executable, "-m", "nemflow", *ONE_DAY, "--region", "SA"]
    done = subprocess.run(
        command, env={**environment, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True
    )
    assert done.stdout.decode("ascii").count("\n") > 20


def test_means_are_said_to_be_means(stored, nemflow):
    ended = nemflow(*ONE_DAY, "--region", "SA", "--resample", "1h")
    assert "means over 1 h" in ended.out


def test_a_png_is_a_picture(stored, nemflow, tmp_path):
    ended = nemflow(*ONE_DAY, "--region", "SA", "-o", str(tmp_path / "a.png"))
    assert (ended.code, ended.out) == (DONE, "")
    assert ended.err == f"written: {tmp_path / 'a.png'}\n"
    pixels = imread(tmp_path / "a.png")
    assert pixels.shape[1] > 1000
    assert pixels[..., :3].std() > 0.01


def test_an_svg_says_units_zone_scale_and_whose_data_they_are(stored, nemflow, tmp_path):
    nemflow(*ONE_DAY, "--region", "SA", "--region", "NSW", "-o", str(tmp_path / "a.svg"))
    texts = texts_of(tmp_path / "a.svg")
    for text in ("nem_prices rrp, 2014-03-05", "market time (UTC+10)", "AUD/MWh", "Source: AEMO"):
        assert text in texts
    assert "30 minutes, AUD/MWh" in texts
    assert "SYNTHETIC" not in texts


def test_the_same_is_drawn_the_same_each_time(stored, nemflow, tmp_path):
    for name in ("a.svg", "b.svg"):
        nemflow(*ONE_DAY, "--region", "SA", "-o", str(tmp_path / name))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_synthetic_data_are_said_to_be_in_the_picture(nemflow, tmp_path, put_clean_days):
    put_clean_days(tmp_path / "data/SYNTHETIC", DAY, synthetic="true")
    nemflow(*ONE_DAY, "--sandbox", "-o", str(tmp_path / "a.svg"))
    texts = texts_of(tmp_path / "a.svg")
    assert texts.count("SYNTHETIC") == 5  # one a panel
    assert "SYNTHETIC nem_prices rrp, 2014-03-05" in texts


def test_the_cap_is_named_where_prices_come_near_it(tmp_path, put_clean_days, nemflow):
    put_clean_days(tmp_path / "data", date(2001, 3, 5))  # VIC1 is near 4,000, the cap was 5,000
    nemflow("plot", "--start", "2001-03-05", "-o", str(tmp_path / "a.svg"))
    assert "cap 5,000" in texts_of(tmp_path / "a.svg")


def test_a_missing_day_is_told_and_left_open(stored, nemflow):
    ended = nemflow("plot", "--start", "2014-03-04", "--end", "2014-03-06", "--region", "SA")
    assert ended.code == DONE
    assert "2014-03-04 to 2014-03-06" in ended.out
    assert ended.err.startswith("warning: 1 of 3 days of nem_prices is not in")


def test_nothing_at_all_is_a_failure(nemflow):
    assert nemflow("plot", "--start", "2014-03").code == FAILED


def test_a_column_without_values_is_said_to_have_none(stored, nemflow):
    ended = nemflow(*ONE_DAY, "--column", "rop")
    assert (ended.code, ended.out) == (DONE, "")
    assert ended.err == "no rop in that time to draw\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--column", "source"), "--column source holds no numbers to draw"),
        (("--column", "rpp"), "did you mean 'rrp'?"),
        (("-o", "a.jpg"), "a.jpg must end in .png, .svg, .pdf"),
        (("--dataset", "nem_price"), "did you mean nem_prices?"),
    ],
)
def test_wrong_words_are_refused(stored, nemflow, words, told):
    ended = nemflow(*ONE_DAY, *words)
    assert ended.code == WRONG_USE
    assert told in ended.err


def test_without_matplotlib_it_says_what_to_install(stored, environment, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "none/matplotlib.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-m", "nemflow", *ONE_DAY, "-o", str(tmp_path / "a.png")],
        env={**environment, "PYTHONPATH": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == WRONG_USE
    assert "needs matplotlib: pip install 'nemflow[plot]'" in done.stderr
    assert not (tmp_path / "a.png").exists()
