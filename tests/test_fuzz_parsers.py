"""No bytes make a reader crash; ``make fuzz`` looks for some for as long as you like."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("fuzz_parsers.py")


@pytest.fixture(scope="module")
def fuzzing():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("fuzz_parsers_under_test", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


NAMES = ["archive", "listing", "month", "region", "report", "sidecar", "standing", "zip"]


def test_every_reader_of_foreign_bytes_is_a_target(fuzzing):
    assert sorted(fuzzing.targets()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_target_takes_its_first_seed(fuzzing, tmp_path, name):
    target = fuzzing.targets()[name]
    target.read(target.seeds[0], tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_files_are_refused_or_taken_but_crash_nothing(fuzzing, tmp_path, name):
    luck = random.Random(name)
    target = fuzzing.targets()[name]
    for _ in range(60):
        data = fuzzing.change(luck.choice(target.seeds), luck.choice(target.seeds), luck)
        assert fuzzing.crash_of(target, data, tmp_path) is None, data


def test_a_crash_is_found_and_kept(fuzzing, tmp_path):
    def read(data, folder):
        if b'"' in data:
            raise ZeroDivisionError("a quote")

    target = fuzzing.Target("toy", (b"a,b\n",), read)
    *crashes, last = fuzzing.fuzz_at_random([target], 1.0, 1, tmp_path / "found")
    assert len(crashes) == 1
    assert crashes[0].endswith("ZeroDivisionError: a quote")
    [kept] = (tmp_path / "found").iterdir()
    assert b'"' in kept.read_bytes()
    assert last.endswith("places of crashes: 1")
