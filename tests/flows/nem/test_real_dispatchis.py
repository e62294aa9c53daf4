"""The single files of a real day, as CURRENT holds them, and an archive of them with a hole."""

import io
import zipfile
from datetime import date, datetime

import pytest

from nemflow.tasks.nem.feeds import DISPATCHIS
from nemflow.tasks.nem.market_time import NEM_TIME, interval_ends, parse_stamp
from nemflow.tasks.nem.regions import REGIONS
from nemflow.tasks.nem.sandbox import SandboxServer
from nemflow.tasks.nem.sources import Source

DAY, NEXT_DAY = date(2019, 5, 16), date(2019, 5, 17)
NOW = datetime(2019, 5, 18, 9, tzinfo=NEM_TIME)
LAST_KEPT = "PUBLIC_DISPATCHIS_201905162355_0000000307972043"
FIRST_OF_NEXT = "PUBLIC_DISPATCHIS_201905170000_0000000307972230"


def nested(files):
    """Return an archive of files, stored as they are."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def moved_on(path):
    """Return the zip of the interval to 23:55 as one of that to 00:00, the 288th.

    The real files run from 00:00 to 23:55; the last interval of the calendar day is not among them.
    """
    with zipfile.ZipFile(path) as archive:
        csv = archive.read(archive.namelist()[0])
    csv = csv.replace(b'"2019/05/16 23:55:00"', b'"2019/05/17 00:00:00"')
    csv = csv.replace(b"2019/05/16 23:55:00", b"2019/05/17 00:00:00")
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{FIRST_OF_NEXT}.CSV", csv)
    return sink.getvalue()


@pytest.fixture(scope="module")
def real_day(aemo_files):
    """The 288 real files of a day by name, and the one after them."""
    folder = aemo_files / "dispatchis/2019-05-16"
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    assert len(files) == 288
    return files, {f"{FIRST_OF_NEXT}.zip": moved_on(folder / f"{LAST_KEPT}.zip")}


@pytest.fixture
def root(tmp_path):
    return tmp_path / "published"


@pytest.fixture
def real_job(tmp_path, root, make_job):
    with SandboxServer(now=lambda: NOW, root=root) as server:
        job = make_job(
            *(tmp_path, server.url), synthetic=False, now=lambda: NOW, source=Source.DISPATCHIS
        )
        job.server = server
        yield job


def prices_in(files):
    """Return the pricing run's RRP text of every region and interval, read line by line."""
    prices = {}
    for data in files.values():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            lines = archive.read(archive.namelist()[0]).decode().splitlines()
        header = next(line.split(",") for line in lines if line.startswith("I,DISPATCH,PRICE,"))
        for line in lines:
            if line.startswith("D,DISPATCH,PRICE,"):
                row = dict(zip(header, line.split(","), strict=True))
                if row["INTERVENTION"] == "0":
                    end = parse_stamp(row["SETTLEMENTDATE"].strip('"'))
                    prices[row["REGIONID"], end] = float(row["RRP"])
    return prices


def assert_whole(job, files):
    clean = job.clean(DAY)
    assert clean.num_rows == 288 * 5
    keys = list(zip(clean["region"].to_pylist(), clean["interval_end"].to_pylist(), strict=True))
    assert keys == [(region, end) for end in interval_ends(DAY, 5) for region in REGIONS]
    expected = prices_in(files)
    assert clean["rrp"].to_pylist() == [expected[key] for key in keys]


def test_288_real_files_fetched_one_by_one_make_one_complete_clean_day(
    real_job, real_day, root, made
):
    files, following = real_day
    made.publish(root, DISPATCHIS.current, {**files, **following})
    early = datetime(2019, 5, 17, 0, 30, tzinfo=NEM_TIME)
    assert real_job.run(DAY, now=lambda: early).is_successful(), real_job.states
    assert_whole(real_job, {**files, **following})
    assert real_job.facts(DAY)["nemflow.quality"] == "live"
    assert len(real_job.facts(DAY)["nemflow.files"]) == 1
    assert real_job.server.max_concurrent <= 4


def test_an_archive_that_lacks_an_interval_lists_it_and_is_doubted(real_job, real_day, root, made):
    files, following = real_day
    lacking = {name: data for name, data in files.items() if "_201905161200_" not in name}
    archives = {
        "PUBLIC_DISPATCHIS_20190516.zip": nested(lacking),
        "PUBLIC_DISPATCHIS_20190517.zip": nested(following),
    }
    made.publish(root, DISPATCHIS.archive, archives)
    state = real_job.run(DAY)
    assert state.is_failed()
    assert "NSW1 lacks 1 of 288 intervals: 12:00" in state.message
    made.publish(root, DISPATCHIS.archive, {"PUBLIC_DISPATCHIS_20190516.zip": nested(files)})
    assert real_job.run(DAY).is_successful()
