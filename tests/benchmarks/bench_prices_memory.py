"""Peak memory of ``nemflow prices`` over ten years, beside one year: it must not grow with the years."""

import sys
import tempfile
from pathlib import Path

from clean_months import write_months
from measure import Measured, run_once
from timing import Row, print_rows

BAR = 1.25


def prices(data_dir: Path, end: int, *words: str) -> Measured:
    """Print all columns of all regions from 2010 to the end of a year."""
    span = ("--start", "2010", "--end", str(end), "--data-dir", str(data_dir))
    return run_once([sys.executable, "-m", "nemflow", "prices", *span, *words])


def main() -> None:
    """Write ten years of months, and print them in each format."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        write_months(data_dir, 2010, 10)
        target = data_dir / "prices.parquet"
        for name, words in (
            ("csv", ()),
            ("json", ("--format", "json")),
            ("csv, means of a day", ("--resample", "1d")),
            ("parquet", ("-o", str(target))),
        ):
            year, decade = (prices(data_dir, end, *words).peak_mb for end in (2010, 2019))
            rows.append(Row(name, year, decade, decade / year, BAR))
    print_rows("Peak memory of nemflow prices, five regions", "MB", "1 year", "ratio", rows)
    print("\nThe column nemflow is ten years.")


if __name__ == "__main__":
    main()
