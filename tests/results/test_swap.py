"""Two folders change places in one step, or not at all."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nemflow.results.swap import CannotSwap, swap_folders


@pytest.fixture
def folders(tmp_path):
    """A folder with one file, and another with two, elsewhere."""
    one, other = tmp_path / "one", tmp_path / "deeper" / "other"
    for folder, names in ((one, "a"), (other, "bc")):
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).touch()
    return one, other


def test_each_lies_where_the_other_lay(folders):
    one, other = folders
    swap_folders(one, other)
    assert sorted(os.listdir(one)) == ["b", "c"]
    assert os.listdir(other) == ["a"]


def test_who_lists_meanwhile_sees_the_one_or_the_other_never_neither(folders):
    one, other = folders
    # In a process of its own, which does not wait for this one's interpreter.
    code = (
        "import os, sys\n"
        "seen = set()\n"
        "print('ready', flush=True)\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    try: seen.add(' '.join(sorted(os.listdir(sys.argv[1]))))\n"
        "    except FileNotFoundError: seen.add('gone')\n"
        "print(sorted(seen), flush=True)\n"
    )
    stop = other.parent / "stop"
    command = [sys.executable, "-S", "-c", code, str(one), str(stop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looker:
        assert looker.stdout.readline() == "ready\n"
        for _ in range(20_000):
            swap_folders(one, other)
        stop.touch()
        assert set(ast.literal_eval(looker.stdout.read())) <= {"a", "b c"}


def test_one_that_is_not_there_is_an_error_that_names_both(folders):
    one, other = folders
    with pytest.raises(FileNotFoundError) as told:
        swap_folders(one, other / "gone")
    assert (told.value.filename, told.value.filename2) == (str(one), str(other / "gone"))
    assert os.listdir(one) == ["a"]


def test_folders_of_two_file_systems_cannot_be_swapped_and_it_is_said(folders):
    one, _ = folders
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == one.stat().st_dev:
        pytest.skip("there is no second file system here")
    away = memory / f"nemflow-test-{os.getpid()}"
    away.mkdir()
    try:
        with pytest.raises(CannotSwap, match="cannot swap two folders in one step"):
            swap_folders(one, away)
    finally:
        away.rmdir()
    assert os.listdir(one) == ["a"]
