import os
import subprocess
import sys

import click
import pytest

from nemflow import __version__
from nemflow.cli.app import COMMANDS, explain, group
from nemflow.cli.interrupts import Terminated
from nemflow.errors import DefinitionError, DownloadError, ParameterError, SettingsError

HEAVY = ("pandas", "pyarrow", "requests", "rich", "tomllib", "difflib")


def all_commands(command=group, path="nemflow"):
    """Give every command there is with the words that call it, but for hidden ones."""
    if command.hidden:
        return
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from all_commands(command.get_command(context, name), f"{path} {name}")


def test_the_version_is_that_of_the_package(nemflow):
    assert nemflow("--version") == (0, f"nemflow {__version__}\n", "")


def test_the_help_lists_examples_commands_and_exit_codes(nemflow):
    ended = nemflow("--help")
    assert ended.code == 0
    assert "nemflow run --date 2014-01-01" in ended.out
    for name, text in COMMANDS.items():
        assert f"{name} {text}" in " ".join(ended.out.split())
    for code in (
        "0    done",
        "1    work failed",
        "2    wrong use",
        "3    --check",
        "4    held",
        "130  ",
        "143  ",
    ):
        assert code in ended.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_agrees_with_the_command(name):
    command = group.get_command(click.Context(group), name)
    assert command.name == name
    assert command.help.splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize(("path", "command"), list(all_commands()))
def test_the_help_of_every_command_has_an_example_of_it(path, command, nemflow):
    ended = nemflow(*path.split()[1:], "--help")
    assert ended.code == 0
    assert "\n  Example" in ended.out
    assert f"\n    {path}" in ended.out


@pytest.mark.parametrize(("path", "command"), list(all_commands()))
def test_every_command_takes_debug(path, command):
    assert "--debug" in {name for option in command.params for name in option.opts}


@pytest.mark.parametrize("words", [(), ("sandbox",)])
def test_a_group_without_a_command_is_wrong_use_and_shows_its_help(words, nemflow):
    ended = nemflow(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Usage: nemflow")


def test_a_mistyped_command_is_told_the_nearest(nemflow):
    assert nemflow("rum") == (
        2,
        "",
        "error: There is no command 'rum'; did you mean 'run'?\n"
        "hint: `nemflow --help` shows how it is used\n",
    )


def test_a_mistyped_option_is_told_the_nearest(nemflow):
    ended = nemflow("run", "--data-dri", "x")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: No such option")
    assert "--data-dir" in ended.err
    assert ended.err.endswith("hint: `nemflow run --help` shows how it is used\n")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (DownloadError("it broke"), 1, "error: it broke\n"),
        (DownloadError("it\n  broke"), 1, "error: it broke\n"),
        (SettingsError("it is wrong"), 2, "error: it is wrong\n"),
        (DefinitionError("it is wrong"), 2, "error: it is wrong\n"),
        (ParameterError("it is wrong"), 2, "error: it is wrong\n"),
        (PermissionError(13, "Permission denied", "/data"), 1, "error: /data: Permission denied\n"),
        (OSError(28, "No space left on device"), 1, "error: No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted (Ctrl-C): what was under way is cancelled\n"),
        (click.Abort(), 130, "interrupted (Ctrl-C): what was under way is cancelled\n"),
        (Terminated(), 143, "terminated (SIGTERM): what was under way is cancelled\n"),
        (
            ZeroDivisionError("division by zero"),
            1,
            "internal error: ZeroDivisionError: division by zero; "
            "run again with --debug for the traceback\n",
        ),
    ],
)
def test_an_error_becomes_one_sentence_and_an_exit_code(error, code, text, capsys):
    assert explain(error) == code
    assert capsys.readouterr().err == text


def test_a_note_of_an_error_becomes_a_hint(capsys):
    error = DownloadError("it broke")
    error.add_note("try again")
    explain(error)
    assert capsys.readouterr().err == "error: it broke\nhint: try again\n"


@pytest.mark.parametrize(
    "words", [("--debug", "flows", "show", "x"), ("flows", "show", "x", "--debug")]
)
def test_debug_before_or_after_the_command_shows_the_traceback(words, nemflow):
    ended = nemflow(*words)
    assert ended.code == 2
    assert ended.err.startswith("Traceback")
    assert ended.err.splitlines()[-1].startswith("error: there is no flow 'x'")


def test_without_debug_there_is_no_traceback(nemflow):
    assert len(nemflow("flows", "show", "x").err.splitlines()) == 1


def test_a_shell_gets_its_completions(nemflow):
    ended = nemflow(_NEMFLOW_COMPLETE="bash_complete", COMP_WORDS="nemflow ", COMP_CWORD="1")
    assert [line.split(",")[1] for line in ended.out.splitlines()] == list(COMMANDS)


def modules_after(words, environment, tmp_path):
    """Return the modules that a command loads in a fresh interpreter."""
    code = (
        "import sys, nemflow.cli.app as app\n"
        f"code = app.run_command({list(words)!r})\n"
        "print(*sys.modules, file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("words", [("--version",), ("--help",)])
def test_version_and_help_load_no_command_and_nothing_heavy(words, environment, tmp_path):
    loaded = modules_after(words, environment, tmp_path)
    assert loaded & {*HEAVY, "platformdirs", "importlib.metadata"} == set()
    assert set() == loaded & {f"nemflow.cli.{name}" for name in COMMANDS}


def test_a_run_that_finds_everything_loads_nothing_heavy(environment, tmp_path, put_targets):
    put_targets("2014-01-01")
    loaded = modules_after(("run", "--date", "2014-01-01"), environment, tmp_path)
    display = {f"nemflow.cli.{name}" for name in ("plain", "console", "task_lines")}
    assert loaded & {*HEAVY, *display, "nemflow.tasks.nem.sandbox", "sqlite3"} == set()


@pytest.mark.parametrize("words", [("history",), ("history", "--json"), ("show", "x"), ("help",)])
def test_a_command_that_only_reads_loads_nothing_heavy(words, environment, tmp_path):
    words = ("help", "dates") if words == ("show", "x") else words
    loaded = modules_after(words, environment, tmp_path)
    assert loaded & {*HEAVY, "nemflow.cli.run", "nemflow.flows.runner"} == set()


@pytest.mark.parametrize(
    "words", [("flows",), ("--help",), ("config",), ("history", "--json"), ("help", "dates")]
)
def test_a_reader_that_goes_early_is_no_error(words, environment):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "nemflow", *words]
    done = subprocess.run(command, env=environment, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
