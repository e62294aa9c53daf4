"""Small report files made for tests, in AEMO's forms, laid out as they lie on the server."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from nemflow.tasks.nem.feeds import (
    DISPATCH_REPORTS,
    DISPATCHIS,
    PUBLIC_PRICES,
    TRADINGIS,
    Feed,
    Folder,
    Span,
)
from nemflow.tasks.nem.market_time import format_stamp, interval_ends
from nemflow.tasks.nem.regions import REGIONS

_DREGION = ("DREGION", "", "SETTLEMENTDATE,RUNNO,REGIONID,INTERVENTION,RRP,TOTALDEMAND")
HEADERS = {
    "Public_Prices": _DREGION,
    "Dispatch_Reports": _DREGION,
    "DispatchIS_Reports": ("DISPATCH", "PRICE", "SETTLEMENTDATE,RUNNO,REGIONID,INTERVENTION,RRP"),
    "TradingIS_Reports": ("TRADING", "PRICE", "SETTLEMENTDATE,RUNNO,REGIONID,PERIODID,RRP"),
}


def report_csv(feed: Feed, ends: Iterable[datetime], price: str = "10.5") -> bytes:
    """Return the csv of a report of some intervals, every region at the same price."""
    kind, subtype, columns = HEADERS[feed.name]
    lines = [f"C,NEMP.WORLD,{feed.name},AEMO,PUBLIC,2026/04/18,04:05:02,1"]
    lines.append(f"I,{kind},{subtype},3,{columns}")
    for end in ends:
        for region in REGIONS:
            rest = f",{price},7000" if kind == "DREGION" else f",{price}"
            fourth = "0" if feed is not TRADINGIS else str(end.hour * 12 + end.minute // 5 or 288)
            stamp = format_stamp(end)
            lines.append(f'D,{kind},{subtype},3,"{stamp}",1,{region},{fourth}{rest}')
    lines.append(f'C,"END OF REPORT",{len(lines) + 1}')
    return "".join(line + "\r\n" for line in lines).encode()


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip of these members."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return sink.getvalue()


def zipped_report(stem: str, csv: bytes) -> bytes:
    """Return the zip of one report."""
    return zipped({f"{stem}.CSV": csv})


def ends_of(span: Span) -> list[datetime]:
    """Return the 5-minute interval ends of a span."""
    count = int((span.end - span.start) / timedelta(minutes=5))
    return [span.start + timedelta(minutes=5 * (n + 1)) for n in range(count)]


def trading_day_stem(day: date, issue: str = "040502") -> str:
    """Return the stem of the file of a trading day of Public_Prices."""
    return f"PUBLIC_PRICES_{day:%Y%m%d}0000_{day + timedelta(days=1):%Y%m%d}{issue}"


def interval_stem(feed: Feed, end: datetime, number: int | None = None) -> str:
    """Return the stem of the report of one interval."""
    if feed is DISPATCH_REPORTS:
        return (
            f"PUBLIC_DISPATCH_{end:%Y%m%d%H%M}_{end - timedelta(seconds=288):%Y%m%d%H%M%S}_LEGACY"
        )
    word = {"DispatchIS_Reports": "DISPATCHIS", "TradingIS_Reports": "TRADINGIS"}[feed.name]
    sequence = 500_000_000 + (number or int(end.timestamp()) // 300)
    return f"PUBLIC_{word}_{end:%Y%m%d%H%M}_{sequence:016}"


def interval_zips(feed: Feed, ends: Iterable[datetime], price: str = "10.5") -> dict[str, bytes]:
    """Return the files of single intervals by name."""
    stems = {end: interval_stem(feed, end) for end in ends}
    return {
        f"{stem}.zip": zipped_report(stem, report_csv(feed, [end], price))
        for end, stem in stems.items()
    }


def publish(root: Path, folder: Folder, files: dict[str, bytes]) -> None:
    """Put files into a folder of the tree, and write the folder's page anew."""
    place = root / folder.path
    place.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (place / name).write_bytes(data)
    write_listing(root, folder)


def write_listing(root: Path, folder: Folder, hidden: Sequence[str] = ()) -> None:
    """Write the page of a folder as AEMO writes it."""
    place = root / folder.path
    parent = f"/{folder.path}".rstrip("/").rpartition("/")[0]
    lines = [f'<A HREF="{parent}/">[To Parent Directory]</A><br><br>']
    for file in sorted(place.iterdir()):
        if file.name != "index.html" and file.name not in hidden:
            size = file.stat().st_size
            link = f'<A HREF="/{folder.path}{file.name}">{file.name}</A>'
            lines.append(f"   Saturday, April 18, 2026  4:05 AM  {size:>10} {link}<br>")
    (place / "index.html").write_text(f"<html><body><pre>{''.join(lines)}</pre></body></html>")


def publish_trading_days(root: Path, *days: date, price: str = "10.5") -> None:
    """Publish trading days of Public_Prices in CURRENT."""
    folder = PUBLIC_PRICES.current
    for day in days:
        stem = trading_day_stem(day)
        csv = report_csv(PUBLIC_PRICES, ends_of(folder.spans_of(day)[1]), price)
        publish(root, folder, {f"{stem}.zip": zipped_report(stem, csv)})


def publish_intervals(root: Path, feed: Feed, day: date, price: str = "10.5") -> None:
    """Publish all intervals of a calendar day in CURRENT."""
    publish(root, feed.current, interval_zips(feed, interval_ends(day, 5), price))


def publish_dispatchis_day(root: Path, day: date, ends: Sequence[datetime]) -> None:
    """Publish an archive day of DispatchIS that holds these intervals."""
    nested = zipped(interval_zips(DISPATCHIS, ends))
    publish(root, DISPATCHIS.archive, {f"PUBLIC_DISPATCHIS_{day:%Y%m%d}.zip": nested})
