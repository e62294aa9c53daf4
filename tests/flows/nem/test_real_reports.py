"""Both stages on AEMO's own interval reports, served from loopback as its archives nest them."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nemflow.tasks.nem.aemo_csv import read_table
from nemflow.tasks.nem.datasets import NEM_DEMAND, NEM_PRICES, Dataset
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import SandboxServer
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.unzip import open_published

DAY = date(2019, 5, 16)
NOW = datetime(2019, 5, 20, 9, tzinfo=NEM_TIME)
FOLDER = "Reports/ARCHIVE/DispatchIS_Reports"


def _next_report(path: Path) -> tuple[str, bytes]:
    """Return name and zip of the report after the last of the date, which is not at hand.

    It is the last one under the stamp of five minutes later.
    """
    with zipfile.ZipFile(path) as archive:
        [member] = archive.namelist()
        text = archive.read(member).replace(b"2019/05/16 23:55:00", b"2019/05/17 00:00:00")
    buffer = io.BytesIO()
    name = "PUBLIC_DISPATCHIS_201905170000_0000000307972200"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.CSV", text)
    return f"{name}.zip", buffer.getvalue()


@pytest.fixture(scope="module")
def reports(aemo_files: Path) -> list[Path]:
    """The 288 reports of the date, 00:00 to 23:55."""
    paths = sorted((aemo_files / "dispatchis" / str(DAY)).glob("*.zip"))
    assert len(paths) == 288
    return paths


@pytest.fixture(scope="module")
def server(tmp_path_factory, reports: list[Path]) -> Iterator[SandboxServer]:
    """A server with the archives of the date and of the next, and their listing."""
    root = tmp_path_factory.mktemp("published")
    folder = root / FOLDER
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "PUBLIC_DISPATCHIS_20190516.zip", "w") as archive:
        for path in reports:
            archive.write(path, path.name)
    with zipfile.ZipFile(folder / "PUBLIC_DISPATCHIS_20190517.zip", "w") as archive:
        archive.writestr(*_next_report(reports[-1]))
    names = sorted(path.name for path in folder.iterdir())
    links = "".join(f'<A HREF="/{FOLDER}/{name}">{name}</A><br>' for name in names)
    (folder / "index.html").write_text(f"<pre>{links}</pre>")
    with SandboxServer(now=lambda: NOW, root=root) as server:
        yield server
    shutil.rmtree(root)


@pytest.mark.parametrize("dataset", [NEM_PRICES, NEM_DEMAND], ids=["prices", "demand"])
def test_a_date_of_nested_reports_makes_one_complete_clean_day(
    server, reports, make_job, tmp_path, dataset: Dataset
) -> None:
    job = make_job(tmp_path, server.url, synthetic=False, now=lambda: NOW)
    job = replace(job, dataset=dataset.name)
    state = job.run(DAY, source=Source.DISPATCHIS)
    assert state.is_successful(), (state, job.states)
    clean = job.clean(DAY)
    ends = interval_ends(DAY, 5)
    assert list(
        zip(clean["interval_end"].to_pylist(), clean["region"].to_pylist(), strict=True)
    ) == [(end, region) for end in ends for region in REGIONS]
    table = dataset.tables[Source.DISPATCHIS]
    text = {}
    for path, end in zip(reports[1:], ends, strict=False):
        for row in read_table(open_published(path), table).to_pylist():
            text[end, row["REGIONID"]] = float(row[dataset.value_in(table)])
    found = {
        (row["interval_end"], row["region"]): row[dataset.value]
        for row in clean.to_pylist()
        if row["interval_end"] < ends[-1] - timedelta(minutes=1)
    }
    assert found == text
    assert set(clean["source"].to_pylist()) == {"dispatchis"}
    assert job.facts(DAY)["nemflow.table"] == table.name
