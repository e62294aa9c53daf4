"""A killed run leaves nothing that the next run does not heal; ``make crash`` does it 200 times."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("kill_and_heal.py")


def test_runs_killed_at_random_moments_are_healed_by_the_next_run():
    command = [sys.executable, str(SCRIPT), "--kills", "5", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "every run healed" in done.stdout
