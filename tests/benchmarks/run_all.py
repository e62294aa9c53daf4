"""Run every benchmark of this folder in turn: ``make bench``."""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    for script in sorted(HERE.glob("bench_*.py")):
        runpy.run_path(str(script), run_name="__main__")
