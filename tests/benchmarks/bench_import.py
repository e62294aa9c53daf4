"""What importing nemflow adds to the start of a bare interpreter."""

import sys
from pathlib import Path

from measure import run_once
from timing import Row, print_rows

REPOSITORY = Path(__file__).parents[2]
ROUNDS = 15
BAR_MS = 40.0
STATEMENTS = (
    "import nemflow",
    "from nemflow import Flow, task",
    "from nemflow import Flow, task\n@task\ndef f(x): ...\nwith Flow('f') as flow: f(1)",
)
# Nothing but the standard library is on the path: no site-packages, whose .pth files may import half
# of what is measured here before the bare interpreter is up.
BARE = [sys.executable, "-I", "-S", "-c"]
FIND = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"


def main() -> None:
    """Start each in turn, over and over; the best of each is what it takes by itself.

    CPU time is beside the wall's since it says the same on a machine that is busy.
    """
    scripts = [FIND, *(FIND + statement for statement in STATEMENTS)]
    runs = [[run_once([*BARE, script]) for script in scripts] for _ in range(ROUNDS)]
    names = [*STATEMENTS[:2], "the same, and a first flow defined"]
    rows = []
    for clock in ("wall_s", "cpu_s"):
        bare, *each = (
            min(getattr(run, clock) for run in column) * 1e3 for column in zip(*runs, strict=True)
        )
        rows += [
            Row(f"{name}, {clock[:-2]}", bare, taken, taken - bare, BAR_MS)
            for name, taken in zip(names, each, strict=True)
        ]
    print_rows("Start-up", "ms", "bare python", "more", rows)


if __name__ == "__main__":
    main()
