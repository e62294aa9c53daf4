"""The floor of a month's backfill: zipfile, pyarrow.csv and pyarrow.parquet on the same bytes, no more.

Inflates a month file, reads all columns as text and those of the clean table as numbers, and writes a
raw and a clean Parquet file for each day, cut by row number. No checks, no retries, no locks, no
provenance, no sorting by time, no selection of runs.

    python bare_month.py FOLDER ZIP_OR_URL...
"""

import sys
import urllib.request
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

ROWS_A_DAY = 288 * 5
NUMBERS = (
    *("RRP", "ROP", "APCFLAG", "MARKETSUSPENDEDFLAG", "INTERVENTION"),
    *(f"{way}{service}RRP" for way in ("RAISE", "LOWER") for service in ("6SEC", "60SEC", "5MIN")),
    *("RAISEREGRRP", "LOWERREGRRP"),
)
TEXTS = ("REGIONID", "PRICE_STATUS")


def month(source: str, folder: Path) -> None:
    """Make the days of one month."""
    if source.startswith("http"):
        with urllib.request.urlopen(source) as answer:
            body = answer.read()
        source = str(folder / "month.zip")
        Path(source).write_bytes(body)
        del body
    with zipfile.ZipFile(source) as archive:
        data = archive.read(archive.namelist()[0])
    header_end = data.index(b"\n", data.index(b"\nI,") + 1)
    names = data[data.index(b"\nI,") + 1 : header_end].decode().strip().split(",")
    names[:4] = ["row", "type", "subtype", "version"]
    rows = memoryview(data)[header_end + 1 : data.rindex(b"\nC,") + 1]
    raw = read(rows, names, dict.fromkeys(names[4:], pa.string()))
    typed = {"SETTLEMENTDATE": pa.timestamp("us")}
    typed |= dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(NUMBERS, pa.float64())
    clean = read(rows, names, typed)
    clean = clean.append_column("start", clean["SETTLEMENTDATE"])  # as many columns as ours has
    for start in range(0, raw.num_rows, ROWS_A_DAY):
        day = start // ROWS_A_DAY
        write(raw.slice(start, ROWS_A_DAY), folder / f"raw-{day:02}.parquet", False, False)
        write(clean.slice(start, ROWS_A_DAY), folder / f"clean-{day:02}.parquet", list(TEXTS), True)


def read(body: memoryview, names: list[str], types: dict[str, pa.DataType]) -> pa.Table:
    """Read columns of these types, by the quickest settings."""
    return pcsv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        read_options=pcsv.ReadOptions(column_names=names, block_size=1 << 20, use_threads=False),
        convert_options=pcsv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            timestamp_parsers=["%Y/%m/%d %H:%M:%S"],
        ),
    )


def write(table: pa.Table, path: Path, dictionary: list[str] | bool, statistics: bool) -> None:
    """Write one day."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        use_dictionary=dictionary,
        write_statistics=statistics,
        version="2.6",
    )


for number, source in enumerate(sys.argv[2:]):
    folder = Path(sys.argv[1]) / f"{number:02}"
    folder.mkdir(parents=True)
    month(source, folder)
