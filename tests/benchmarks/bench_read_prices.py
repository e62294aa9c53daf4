"""``read_prices`` of a year and region from compacted months, beside a bare ``pyarrow.dataset`` read."""

import tempfile
from pathlib import Path

import pyarrow.dataset as ds
from clean_months import write_days, write_months
from timing import Row, best_in_turns, print_rows

from nemflow import read_prices

BAR = 1.5
COLUMNS = ["interval_end", "region", "rrp"]


def compare(name: str, data_dir: Path, columns: list[str] | None, bar: float) -> list[Row]:
    """Return a row for Arrow tables and one for pandas frames."""

    def bare() -> ds.Dataset:
        dataset = ds.dataset(data_dir / "clean" / "nem_prices", partitioning=None)
        return dataset.to_table(columns=columns, filter=ds.field("region") == "SA1")

    def ours(*, as_arrow: bool) -> object:
        return read_prices("2014", "2014", "SA1", columns, data_dir=data_dir, as_arrow=as_arrow)

    assert ours(as_arrow=True) == bare()
    times = best_in_turns(
        15,
        bare,
        lambda: ours(as_arrow=True),
        lambda: bare().to_pandas(),
        lambda: ours(as_arrow=False),
    )
    bare_table, our_table, bare_frame, our_frame = (1000 * seconds for seconds in times)
    return [
        Row(f"{name}, as Arrow", bare_table, our_table, our_table / bare_table, bar),
        Row(f"{name}, as pandas", bare_frame, our_frame, our_frame / bare_frame, bar),
    ]


def main() -> None:
    """Write a year, compacted and as days, and read it in turns."""
    with tempfile.TemporaryDirectory() as folder:
        months, days = Path(folder) / "months", Path(folder) / "days"
        write_months(months, 2014, 1)
        write_days(days, 2014, 1)
        rows = [
            *compare("months, 3 columns", months, COLUMNS, BAR),
            *compare("months, all columns", months, None, BAR),
            *compare("365 day files, 3 columns", days, COLUMNS, 3.0),
        ]
    title = "A year of one region from compacted months (the bar), and from day files (for scale)"
    print_rows(title, "ms", "bare dataset", "ratio", rows)


if __name__ == "__main__":
    main()
