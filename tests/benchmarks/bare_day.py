"""The floor of a cold run: the same bytes with zipfile, pyarrow.csv and pyarrow.parquet, nothing else.

Downloads the month file, keeps it, reads it, and writes one day raw (text) and clean (typed). No checks,
no retries, no locks, no provenance.

    python bare_day.py URL FOLDER YYYY-MM-DD
"""

import io
import sys
import urllib.request
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

url, folder, day = sys.argv[1], Path(sys.argv[2]), date.fromisoformat(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
published = folder / "month.zip"
with urllib.request.urlopen(url) as answer:
    published.write_bytes(answer.read())
with zipfile.ZipFile(published) as archive:
    data = archive.read(archive.namelist()[0])

header_end = data.index(b"\n", data.index(b"\nI,") + 1)
names = data[data.index(b"\nI,") + 1 : header_end].decode().strip().split(",")
names[:4] = ["row", "type", "subtype", "version"]
footer = data.rindex(b"\nC,")
month = pcsv.read_csv(
    io.BytesIO(memoryview(data)[header_end + 1 : footer + 1]),
    read_options=pcsv.ReadOptions(column_names=names, block_size=1 << 20, use_threads=False),
    convert_options=pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), include_columns=names[4:]
    ),
)
first, last = f"{day:%Y/%m/%d} 00:00:00", f"{day + timedelta(days=1):%Y/%m/%d} 00:00:00"
stamps = month["SETTLEMENTDATE"]
raw = month.filter(pc.and_(pc.greater(stamps, first), pc.less_equal(stamps, last)))
pq.write_table(raw, folder / "raw.parquet", compression="zstd", use_dictionary=False)

pricing = raw.filter(pc.equal(raw["INTERVENTION"], "0"))
clean = {
    "interval_end": pc.strptime(pricing["SETTLEMENTDATE"], "%Y/%m/%d %H:%M:%S", "us"),
    "region": pricing["REGIONID"],
}
for name in ["RRP", "ROP", *(n for n in names if n.endswith(("SECRRP", "MINRRP", "REGRRP")))]:
    clean[name.lower()] = pc.cast(pricing[name], pa.float64())
table = pa.table(clean).sort_by([("interval_end", "ascending"), ("region", "ascending")])
pq.write_table(table, folder / "clean.parquet", compression="zstd", use_dictionary=["region"])
