"""A run whose targets are all there, beside ``python -c "import click"``: the floor of any click tool."""

import os
import sys
import tempfile

from measure import compare, print_table, run_once


def main() -> None:
    """Make the targets once, then measure runs that find them."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NEMFLOW_STATE_DIR": f"{folder}/state"}
        command = [sys.executable, "-m", "nemflow", "run", "--sandbox", "--date", "2014-01-01"]
        command += ["--data-dir", folder]
        run_once(command, environment)
        # Without --sandbox: finding everything must not depend on a server being started.
        os.rename(f"{folder}/SYNTHETIC", f"{folder}/data")
        command = [sys.executable, "-m", "nemflow", "run", "--date", "2014-01-01"]
        command += ["--data-dir", f"{folder}/data"]
        floor = [sys.executable, "-c", "import click"]
        compared = compare(15, lambda: run_once(floor), lambda: run_once(command, environment))
    print_table("All targets there", 'python -c "import click"', *compared, "wall at most 3")


if __name__ == "__main__":
    main()
