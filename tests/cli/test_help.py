"""The topics of ``nemflow help`` say what the code does."""

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nemflow.cli import exit_codes
from nemflow.cli.dates import read_days, read_since
from nemflow.cli.help import EXIT_CODES, OTHER_VARIABLES, TOPICS
from nemflow.cli.settings import DESCRIPTIONS, load_settings, variable

CLI = Path(inspect.getfile(exit_codes)).parent


def test_every_exit_code_is_explained_and_no_other(nemflow):
    codes = {v for name, v in vars(exit_codes).items() if name.isupper()}
    assert set(EXIT_CODES) == codes == {0, 1, 2, 3, 4, 130, 143}
    lines = nemflow("help", "exit-codes").out.splitlines()
    assert {int(found[1]) for line in lines if (found := re.match(r"(\d+)  ", line))} == codes


def test_every_setting_has_its_variable_in_the_help(nemflow, tmp_path):
    settings = load_settings({}, {"NEMFLOW_DATA_DIR": "x", "NEMFLOW_STATE_DIR": "y"}, tmp_path)
    assert list(DESCRIPTIONS) == list(settings.origins)
    out = nemflow("help", "environment").out
    for name in settings.origins:
        assert re.search(rf"^{variable(name)} +\w", out, re.MULTILINE)


def test_the_other_variables_are_those_that_the_command_line_reads():
    text = "\n".join(path.read_text() for path in CLI.glob("*.py"))
    read = set(re.findall(r'environment\.get\("(\w+)"\)', text))
    assert read <= set(OTHER_VARIABLES) | {"NEMFLOW_CONFIG"}
    assert read >= {"NO_COLOR", "FORCE_COLOR", "TERM"}


@pytest.mark.parametrize("word", ["2014-01-31", "2014-01", "today", "yesterday"])
def test_the_dates_of_the_help_are_read(word, nemflow):
    assert word in nemflow("help", "dates").out
    assert read_days([word], datetime(2026, 11, 25, tzinfo=UTC))


@pytest.mark.parametrize("word", ["30m", "12h", "7d", "4w"])
def test_the_durations_of_the_help_are_read(word, nemflow):
    assert word in nemflow("help", "dates").out
    now = datetime(2026, 11, 25, tzinfo=UTC)
    assert read_since(word, now) < now


def test_the_options_of_the_targets_page_are_options_of_run(nemflow):
    helped = nemflow("run", "--help").out
    options = re.findall(r"^(--[\w-]+)", nemflow("help", "targets").out, re.MULTILINE)
    assert options
    assert [option for option in options if option not in helped] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_a_terminal(topic, nemflow):
    lines = nemflow("help", topic).out.splitlines()
    assert max(map(len, lines)) <= 96


def test_without_a_topic_the_topics_are_listed(nemflow):
    ended = nemflow("help")
    assert ended.code == 0
    assert all(topic in ended.out for topic in TOPICS)


def test_a_mistyped_topic_is_told_the_nearest(nemflow):
    ended = nemflow("help", "exit-code")
    assert ended.code == 2
    assert "there is no topic 'exit-code'; did you mean 'exit-codes'?" in ended.err


def test_since_may_be_a_day_of_the_market():
    assert read_since("2014-01-01").isoformat() == "2014-01-01T00:00:00+10:00"
