"""Feed the readers of foreign bytes with spoilt files for a while: ``make fuzz``.

Whatever bytes arrive, a reader may refuse them with an error of nemflow's own and nothing else. Each
input that makes one crash is kept, and the run ends with exit code 1. With atheris installed
(``pip install atheris``; not a dependency) inputs are led by coverage; without, they are random changes
of good files, many more a second.

    python tests/fuzz_parsers.py --minutes 20 --found found
    python tests/fuzz_parsers.py --replay found/listing-1f3a…      one input again, with its traceback
"""

import argparse
import contextlib
import hashlib
import importlib.util
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import FunctionType

from nemflow.errors import NemflowError
from nemflow.flows.nem.standing import (
    Standing,
    is_due,
    read_standing,
    standing_path,
    write_standing,
)
from nemflow.tasks.nem.aemo_csv import check_footer, creation_stamp, read_day, read_table
from nemflow.tasks.nem.check import check_clean_day, check_raw_day, price_warnings
from nemflow.tasks.nem.datasets import DATASETS, Dataset
from nemflow.tasks.nem.feeds import DISPATCHIS
from nemflow.tasks.nem.listing import find_table, parse_listing
from nemflow.tasks.nem.market_time import NEM_TIME, Month
from nemflow.tasks.nem.price_demand import find_region_rows, read_region_day
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox.files import price_and_demand_csv
from nemflow.tasks.nem.sandbox.listings import Entry, listing_html
from nemflow.tasks.nem.sandbox.table_csv import dispatchprice_csv, tradingprice_csv
from nemflow.tasks.nem.sidecar import Sidecar, read_sidecar, sidecar_path, write_sidecar
from nemflow.tasks.nem.sources import Quality, Source
from nemflow.tasks.nem.tables import DISPATCHPRICE, PRICE_AND_DEMAND, TABLES, Table
from nemflow.tasks.nem.tidy import tidy
from nemflow.tasks.nem.unzip import open_published
from nemflow.tasks.nem.verify import verify_region_file, verify_table_file
from nemflow.tasks.nem.verify_reports import verify_report

DAY = date(2024, 9, 1)
MONTH = Month.of(DAY)
BASE_URL = "https://www.nemweb.com.au/Reports/CURRENT/"
MOST_BYTES = 20_000
STEM = "PUBLIC_DVD_DISPATCHPRICE_202409010000"

# The modules that read, and those of the standard library that read for them.
READERS = (
    *("nemflow.flows.nem.standing", "nemflow.tasks.nem."),
    *("html.parser", "_markupbase", "zipfile"),
)

# What the formats are made of; put anywhere by the changes.
WORDS = (
    *(b'"', b'""', b",", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"'", b" ", b";"),
    *(b"\nI,", b"\nD,", b"\nC,", b'C,"END OF REPORT",3', b"DISPATCH,PRICE,5,", b"DREGION,,3,"),
    *(b"I,DREGION,Unnamed: 2,2,", b"INTERVENTION", b"REGIONID", b"SETTLEMENTDATE", b"TYPE", b"RRP"),
    *(b"nan", b"inf", b"-0", b"1e999", b"1_0", b"0x1", b"9" * 40, b"2024/02/30 00:05:00"),
    *(b"2024/09/01 24:00:00", b"0000/00/00 00:00:00", b"9999/12/31 23:59:59", b"2024/09/01 00:05"),
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"\xff" * 8, b"\0" * 8, b"../"),
    *(b"<A HREF=", b"</A>", b"<br>", b"&lt;dir&gt;", b"&#x110000;", b"//[", b"http://[::1", b"%23"),
    *(b"%zz", b"<!--", b"<![CDATA[", b"<?", b"{", b"}", b"[", b"]", b"null", b"true", b"1e400"),
    *(b"[" * 3000, b'{"a":' * 3000, b"2024-09-02T00:00:00", b"<![", b"<!x", b"&#", b"<" * 500),
)


@dataclass(frozen=True)
class Target:
    """One reader, or a chain of them.

    Attributes:
        name: of the files that crash it.
        seeds: good files.
        read: reads bytes; may raise a ``NemflowError``.
    """

    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[bytes, Path], None]


def read_report(data: bytes, folder: Path) -> None:
    """Read bytes as every table of AEMO's C/I/D format, and tidy what comes out."""
    for check in (creation_stamp, check_footer):
        with contextlib.suppress(NemflowError):
            check(data)
    for table in TABLES.values():
        if not table.is_plain:
            with contextlib.suppress(NemflowError):
                read_day(data, table, DAY)
            with contextlib.suppress(NemflowError):
                _tidy_all(read_table(data, table), table)


def read_month_file(data: bytes, folder: Path) -> None:
    """Verify bytes as a month's file, zipped or bare."""
    path = folder / f"{STEM}.zip"
    path.write_bytes(data)
    verify_table_file(path, DISPATCHPRICE, MONTH)


def read_region_file(data: bytes, folder: Path) -> None:
    """Verify and read bytes as PRICE_AND_DEMAND."""
    path = folder / "PRICE_AND_DEMAND_202409_SA1.csv"
    path.write_bytes(data)
    with contextlib.suppress(NemflowError):
        verify_region_file(path, "SA1", MONTH)
    find_region_rows(data)
    _tidy_all(read_region_day(data, "SA1", DAY), PRICE_AND_DEMAND)


def read_zip(data: bytes, folder: Path) -> None:
    """Open bytes as a published zip of at most a megabyte."""
    path = folder / f"{STEM}.zip"
    path.write_bytes(data)
    open_published(path, limit=1 << 20)


def read_page(data: bytes, folder: Path) -> None:
    """Read bytes as a listing, which never fails."""
    entries = parse_listing(data.decode("utf-8", "replace"), BASE_URL)
    find_table(entries, DISPATCHPRICE, MONTH)
    assert all(entry.modified_at is None or entry.modified for entry in entries)


def read_archive(data: bytes, folder: Path) -> None:
    """Verify bytes as an archive of reports: a zip of zips."""
    path = folder / "PUBLIC_DISPATCHIS_20240901.zip"
    path.write_bytes(data)
    [span, *_] = DISPATCHIS.archive.spans_of(DAY)
    verify_report(path, DISPATCHIS, DISPATCHIS.archive, DISPATCHPRICE, span)


def read_beside(data: bytes, folder: Path) -> None:
    """Read bytes as what lies beside a file of the archive, which never fails."""
    path = folder / "file.zip"
    sidecar_path(path).write_bytes(data)
    known = read_sidecar(path)
    if known is not None:
        write_sidecar(path, known)
        assert read_sidecar(path) == known, "a sidecar reads back as it was written"


def read_standing_of_day(data: bytes, folder: Path) -> None:
    """Read bytes as the standing of a day, and ask whether the day is due, which never fails."""
    target = folder / "nem_prices_2024-09-01.parquet"
    path = standing_path(target, DAY)
    path.write_bytes(data)
    is_due(str(target), DAY, datetime(2024, 9, 3, tzinfo=UTC))
    known = read_standing(path)
    assert known is not None, "what is there is a standing"
    write_standing(path, known)
    assert read_standing(path) == known, "a standing reads back as it was written"


def _tidy_all(rows, table: Table) -> None:
    for dataset in DATASETS.values():
        if table in dataset.tables.values():
            with contextlib.suppress(NemflowError):
                _tidy(rows, dataset, table)


def _tidy(rows, dataset: Dataset, table: Table) -> None:
    with contextlib.suppress(NemflowError):
        check_raw_day(rows, dataset, table, DAY, regions=REGIONS)
    clean = tidy(rows, dataset, table, source="fuzz")
    price_warnings(clean, dataset, DAY)
    check_clean_day(clean, dataset, DAY)


def _few(report: bytes, rows: int = 8) -> bytes:
    """Return a report with its first rows alone, counted right."""
    lines = report.splitlines()[: rows + 2]
    return b"\r\n".join([*lines, b'C,"END OF REPORT",%d' % (len(lines) + 1), b""])


def _report(*tables: Table) -> bytes:
    """Return a report of several tables, two rows each, one of them directed."""
    lines = [b"C,NEMP.WORLD,X,AEMO,PUBLIC,2024/09/02,04:05:04,1,,1"]
    for table in tables:
        names = list(
            dict.fromkeys((*table.required, *(c.aemo for c in table.clean), "LASTCHANGED"))
        )
        lines.append(f"I,{table.row_type},{table.row_subtype},3,{','.join(names)}".encode())
        for run in ("1", "0"):
            known = {table.stamp: '"2024/09/01 00:30:00"', table.region_column: "SA1"}
            known |= {"INTERVENTION": run, table.grade_column: "DAILY", "LASTCHANGED": ""}
            row = ",".join(known.get(name, "1.5") for name in names)
            lines.append(f"D,{table.row_type},{table.row_subtype},3,{row}".encode())
    return b"\r\n".join([*lines, b'C,"END OF REPORT",%d' % (len(lines) + 1), b""])


def _zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(f"{STEM}.CSV", data)
    return buffer.getvalue()


def _archive(report: bytes) -> bytes:
    """Return a day's archive of one report."""
    name = "PUBLIC_DISPATCHIS_202409010005_0000000000000001"
    inner, outer = io.BytesIO(), io.BytesIO()
    for buffer, member, data in (
        (inner, f"{name}.CSV", lambda: report),
        (outer, f"{name}.zip", inner.getvalue),
    ):
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, data())
    return outer.getvalue()


def _sidecar() -> bytes:
    now = datetime(2024, 9, 2, tzinfo=UTC)
    known = Sidecar("S", Source.MMSDM, "https://x", "0" * 64, 1, now, "", now, True, False, "", "")
    with tempfile.TemporaryDirectory() as folder:
        write_sidecar(Path(folder, "file.zip"), known)
        return sidecar_path(Path(folder, "file.zip")).read_bytes()


def _standing() -> bytes:
    now = datetime(2024, 9, 2, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "standing.json")
        write_standing(path, Standing(Quality.LIVE, "dispatchis", now, now))
        return path.read_bytes()


def targets() -> dict[str, Target]:
    """Return every target by name, with its seeds."""
    prices = _few(dispatchprice_csv(MONTH))
    trading = _few(tradingprice_csv(Month(2021, 9)))
    every = _report(*(table for table in TABLES.values() if not table.is_plain))
    now = datetime(2024, 10, 2, tzinfo=NEM_TIME)
    regions = [
        b"\r\n".join(price_and_demand_csv(month, "SA1", now).splitlines()[:9])
        for month in (MONTH, Month(2015, 1))
    ]
    entries = [Entry("CURRENT", None, now), Entry(f"{STEM}.zip", 1234, now)]
    page = listing_html("/Reports/CURRENT/", entries)
    zips = (_zipped(prices), _zipped(prices, zipfile.ZIP_STORED))
    found = (
        Target("report", (prices, trading, every), read_report),
        Target("month", (*zips, prices), read_month_file),
        Target("region", tuple(regions), read_region_file),
        Target("zip", zips, read_zip),
        Target(
            "archive",
            (_archive(prices.replace(b" 00:10:", b" 00:05:")), _archive(every)),
            read_archive,
        ),
        Target("listing", (page,), read_page),
        Target("sidecar", (_sidecar(),), read_beside),
        Target("standing", (_standing(),), read_standing_of_day),
    )
    return {target.name: target for target in found}


def change(data: bytes, other: bytes, luck: random.Random) -> bytes:
    """Return the bytes with one to six random changes."""
    spoilt = bytearray(data)
    for _ in range(luck.randint(1, 6)):
        start = luck.randint(0, len(spoilt))
        stop = min(len(spoilt), start + luck.choice((0, 1, 1, 2, 8, 40, 400)))
        kind = luck.randrange(7)
        if kind == 0:
            spoilt[start:stop] = luck.choice(WORDS)
        elif kind == 1:
            spoilt[start:start] = luck.choice(WORDS)
        elif kind == 2:
            del spoilt[start:stop]
        elif kind == 3:
            spoilt[start:start] = spoilt[start:stop] * luck.randint(1, 3)
        elif kind == 4:
            at = luck.randint(0, len(other))
            spoilt[start:stop] = other[at : at + luck.choice((1, 8, 60, 300))]
        elif kind == 5:
            spoilt[start:stop] = luck.randbytes(stop - start)
        elif start < len(spoilt):
            spoilt[start] ^= 1 << luck.randrange(8)
    return bytes(spoilt[:MOST_BYTES])


def crash_of(target: Target, data: bytes, folder: Path) -> str | None:
    """Return the traceback of a crash; None where the reader took or refused the bytes."""
    try:
        target.read(data, folder)
    except NemflowError:
        return None
    except Exception:  # a crash is what is looked for
        return traceback.format_exc()
    return None


def keep(target: str, data: bytes, found: Path) -> Path:
    """Write an input that crashes a target."""
    found.mkdir(parents=True, exist_ok=True)
    path = found / f"{target}-{hashlib.sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return path


def fuzz_at_random(
    chosen: Sequence[Target], seconds: float, seed: int, found: Path
) -> Iterator[str]:
    """Read changed seeds until the time is up; yield a line for each new crash and at the end."""
    luck = random.Random(seed)
    counts = dict.fromkeys((target.name for target in chosen), 0)
    seen: set[str] = set()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name:
        while time.monotonic() < end:
            target = luck.choice(chosen)
            data = change(luck.choice(target.seeds), luck.choice(target.seeds), luck)
            counts[target.name] += 1
            crash = crash_of(target, data, Path(name))
            where = crash and "".join(
                line for line in crash.splitlines() if line.startswith("  File")
            )
            if crash and where not in seen:
                seen.add(where or "")
                yield f"CRASH {keep(target.name, data, found)}: {crash.splitlines()[-1]}"
    yield f"inputs: {json.dumps(counts)}; places of crashes: {len(seen)}"


def fuzz_led_by_coverage(
    chosen: Sequence[Target], seconds: float, seed: int, found: Path
) -> Iterator[str]:
    """Run atheris on one target after the other, each in a process of its own."""
    found.mkdir(parents=True, exist_ok=True)
    share = max(1, int(seconds / len(chosen)))
    for target in chosen:
        with tempfile.TemporaryDirectory() as folder:
            corpus, log = Path(folder, "corpus"), Path(folder, "log")
            corpus.mkdir()
            for number, data in enumerate(target.seeds):
                (corpus / str(number)).write_bytes(data)
            command = [
                *(sys.executable, __file__, "--atheris", target.name, str(corpus)),
                *(f"-max_total_time={share}", f"-artifact_prefix={found}/{target.name}-"),
                *(f"-seed={seed}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=2048", "-timeout=60"),
            ]
            # Having said its last word it may wait for ever: Arrow's threads for Python's lock, and
            # the exit of the process, which holds that, for Arrow's threads.
            with log.open("wb") as said, contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, stderr=said, timeout=share + 120, check=False)
            lines = log.read_text(errors="replace").strip().splitlines()
        done = [line for line in lines if line.startswith("Done ")]
        if done:
            yield f"no crash in {target.name}: {done[-1]}"
        else:
            yield "\n".join([f"CRASH or hang in {target.name}:", *lines[-40:]])


def _functions() -> Iterator[FunctionType]:
    """Yield the functions and methods whose coverage leads: ours, and what reads pages and zips."""
    for name, module in sorted(sys.modules.items()):
        if name.startswith(
            (
                "nemflow.flows.nem.standing",
                "nemflow.tasks.nem.",
                "html.parser",
                "_markupbase",
                "zipfile",
            )
        ):
            for thing in list(vars(module).values()):
                parts = vars(thing).values() if isinstance(thing, type) else [thing]
                for part in parts:
                    if isinstance(part, FunctionType) and part.__module__ == name:
                        yield part


def run_atheris(name: str, arguments: Sequence[str]) -> None:
    """Hand one target over to atheris, which ends the process."""
    import atheris  # no dependency: only where somebody installed it

    target = targets()[name]
    for function in _functions():  # all that is imported would take minutes
        atheris.instrument_func(function)
    folder = Path(tempfile.mkdtemp())

    def once(data: bytes) -> None:
        with contextlib.suppress(NemflowError):
            target.read(data, folder)

    atheris.Setup([sys.argv[0], *arguments], once)
    atheris.Fuzz()


def main() -> int:
    """Run; return the exit code."""
    if sys.argv[1:2] == ["--atheris"]:
        run_atheris(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", action="append", choices=sorted(targets()))
    parser.add_argument("--found", type=Path, default=Path("found"))
    parser.add_argument("--random", action="store_true", help="not led by coverage")
    parser.add_argument("--replay", type=Path)
    chosen = parser.parse_args()
    if chosen.replay:
        with tempfile.TemporaryDirectory() as folder:
            target = targets()[chosen.replay.name.partition("-")[0]]
            crash = crash_of(target, chosen.replay.read_bytes(), Path(folder))
        print(crash or "no crash")
        return int(crash is not None)
    names = chosen.target or sorted(targets())
    led = importlib.util.find_spec("atheris") is not None and not chosen.random
    fuzz = fuzz_led_by_coverage if led else fuzz_at_random
    crashes = 0
    lines = fuzz(
        [targets()[name] for name in names], chosen.minutes * 60, chosen.seed, chosen.found
    )
    for line in lines:
        crashes += line.startswith("CRASH")
        print(line, flush=True)
    return int(crashes > 0)


if __name__ == "__main__":
    raise SystemExit(main())
