"""Readers count right while compactions are killed; ``make crash`` does it at length."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("compact_and_read.py")


def test_readers_count_right_while_compactions_are_killed_and_the_next_call_heals():
    command = [sys.executable, str(SCRIPT), "--kills", "2", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "every one healed" in done.stdout
    assert done.stdout.count("counted right") == 4
