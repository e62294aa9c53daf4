"""The archive keeps whole files only, says where each is from, and heals itself."""

import hashlib
import json
import logging
import os
import platform
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from nemflow import TargetLock
from nemflow.errors import BrokenFile, DownloadError, NotThere
from nemflow.tasks.nem.archive import Archive, Arrival, Supply
from nemflow.tasks.nem.market_time import NEM_TIME, Month, day_bounds
from nemflow.tasks.nem.sandbox.files import price_and_demand_csv
from nemflow.tasks.nem.slots import region_slot
from nemflow.tasks.nem.sources import Source
from nemflow.tasks.nem.verify import verify_region_file

MONTH = Month(2015, 1)
SLOT = region_slot("NSW1", MONTH)
NAME = "PRICE_AND_DEMAND_201501_NSW1.csv"
WHOLE = datetime(2015, 2, 1, tzinfo=NEM_TIME)


def csv_up_to(instant):
    return price_and_demand_csv(MONTH, "NSW1", instant)


class Shop:
    """A supply of one region's month that counts its customers; `body` may be changed."""

    def __init__(self, body):
        self.body = body
        self.customers = []

    def fetch(self, folder, known):
        self.customers.append(known)
        if isinstance(self.body, Exception):
            raise self.body
        if self.body is None:
            return None
        path = folder / NAME
        path.write_bytes(self.body)
        return Arrival(
            path=path,
            source=Source.PRICE_AND_DEMAND,
            url="https://aemo.com.au/x.csv",
            sha256=hashlib.sha256(self.body).hexdigest(),
            size=len(self.body),
            last_modified="Sun, 01 Feb 2015 00:10:00 GMT",
            etag='"1"',
            synthetic=False,
        )

    def supply(self, day=date(2015, 1, 1)):
        _, end = day_bounds(day)
        return Supply(
            is_enough=lambda known: known.last_stamp >= end,
            fetch=self.fetch,
            verify=lambda path: verify_region_file(path, "NSW1", MONTH),
        )


@pytest.fixture
def shop():
    return Shop(csv_up_to(WHOLE))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def archive(root, tmp_path):
    return Archive(root, tmp_path / "locks")


@pytest.fixture
def obtain(archive, shop):
    clock = iter(datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=n) for n in range(99))
    return lambda day=date(2015, 1, 1): archive.obtain(SLOT, shop.supply(day), lambda: next(clock))


@pytest.fixture
def names(root):
    return lambda: sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_file_lies_at_its_place_with_its_sidecar(obtain, names, root, shop):
    held = obtain()
    assert names() == [f"priceanddemand/2015/{NAME}", f"priceanddemand/2015/{NAME}.json"]
    assert held.file.path == root / "priceanddemand/2015" / NAME
    assert held.file.path.read_bytes() == shop.body
    told = json.loads((root / f"priceanddemand/2015/{NAME}.json").read_text())
    expected = {
        "url": "https://aemo.com.au/x.csv",
        "sha256": held.file.sha256,
        "size": len(shop.body),
        "fetched_at": "2026-11-23T00:00:00+00:00",
        "created": "Sun, 01 Feb 2015 00:10:00 GMT",
        "source": "price-and-demand",
        "complete": True,
        "synthetic": False,
        "etag": '"1"',
        "last_stamp": "2015-02-01T00:00:00+10:00",
        "doubt": "",
    }
    assert expected.items() <= told.items()


def test_a_file_that_is_there_is_not_fetched(obtain, shop, archive):
    first = obtain()
    assert obtain(date(2015, 1, 31)) == first
    assert archive.find(SLOT) == first
    assert len(shop.customers) == 1


def test_a_broken_file_leaves_nothing_behind(obtain, shop, names, archive):
    shop.body = shop.body.replace(b"TRADE", b"TRASH", 1)
    with pytest.raises(BrokenFile, match=rf"{NAME}.*\(from https://aemo.com.au/x.csv\)$"):
        obtain()
    assert names() == []
    assert archive.find(SLOT) is None
    shop.body = csv_up_to(WHOLE)
    assert obtain().file.complete


@pytest.mark.parametrize("error", [DownloadError("down"), NotThere("gone"), KeyboardInterrupt()])
def test_a_failed_transfer_leaves_nothing_behind(archive, shop, names, error):
    def fetch(folder, known):
        (folder / NAME).write_bytes(b"half")
        raise error

    supply = Supply(lambda known: True, fetch, shop.supply().verify)
    with pytest.raises(type(error)):
        archive.obtain(SLOT, supply, lambda: datetime.now(UTC))
    assert names() == []


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short])
def test_a_damaged_file_is_set_aside_and_fetched_again(
    obtain, archive, shop, names, caplog, damage
):
    path = obtain().file.path
    damage(path)
    assert archive.find(SLOT) is None
    with caplog.at_level(logging.WARNING):
        obtain()
    assert path.read_bytes() == shop.body
    assert f"priceanddemand/2015/{NAME}.damaged" in names()
    assert "set aside as" in caplog.text


@pytest.mark.parametrize("content", [None, "", "{}", '{"url": 1}', "[]", "no json", b"\xff"])
def test_a_file_without_a_readable_sidecar_counts_as_not_there(obtain, archive, shop, content):
    path = obtain().file.path
    sidecar = path.with_name(path.name + ".json")
    if content is None:
        sidecar.unlink()
    else:
        sidecar.write_bytes(content.encode() if isinstance(content, str) else content)
    assert archive.find(SLOT) is None
    assert obtain().file.path == path
    assert archive.find(SLOT) is not None
    assert len(shop.customers) == 2


def test_a_sidecar_without_file_counts_as_nothing(obtain, archive, shop):
    obtain().file.path.unlink()
    assert archive.find(SLOT) is None
    assert obtain().file.path.read_bytes() == shop.body


def test_the_sidecar_of_a_file_that_never_came_heals(obtain, archive, shop):
    # A kill between writing the new sidecar and moving the new file into place.
    path = obtain().file.path
    sidecar = path.with_name(path.name + ".json")
    told = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**told, "sha256": "0" * 64}))
    assert archive.find(SLOT) is None
    assert obtain().file.path.read_bytes() == shop.body


def test_leftovers_of_killed_runs_are_swept_when_the_file_is_next_fetched(
    obtain, root, names, monkeypatch
):
    def killed(folder, *args, **kwargs):
        return None

    with monkeypatch.context() as patch:
        patch.setattr("nemflow.tasks.nem.archive.shutil.rmtree", killed)  # as if no code ran
        obtain()
    leftovers = list(root.glob(".incoming-*"))
    assert len(leftovers) == 1
    (leftovers[0] / "half").write_bytes(b"half")
    obtain().file.path.unlink()
    obtain()
    assert list(root.glob(".*")) == []
    assert len(names()) == 2


def test_what_a_run_left_that_was_killed_with_its_file_in_place_is_swept_too(
    obtain, root, tmp_path
):
    obtain()
    leftover = root / f".incoming-{SLOT.key}@{platform.node()}"
    leftover.mkdir()
    lock = TargetLock(tmp_path / "locks", str(root.resolve() / SLOT.key))
    lock.acquire()  # somebody is at work there
    obtain()
    assert leftover.exists()
    lock.release()
    obtain()
    assert not leftover.exists()


@pytest.mark.parametrize(("age_s", "is_swept"), [(3600, False), (25 * 3600, True)])
def test_leftovers_of_other_machines_are_swept_when_a_day_old(obtain, root, age_s, is_swept):
    obtain().file.path.unlink()
    leftover = root / f".incoming-{SLOT.key}@elsewhere"
    leftover.mkdir()
    then = time.time() - age_s
    os.utime(leftover, (then, then))
    obtain()
    assert leftover.exists() is not is_swept


def test_a_month_that_is_not_over_lies_apart(obtain, shop, names):
    shop.body = csv_up_to(datetime(2015, 1, 18, 9, tzinfo=NEM_TIME))
    held = obtain(date(2015, 1, 17))
    assert not held.file.complete
    assert names()[0] == f"priceanddemand/partial/{NAME}"


def test_a_partial_file_is_used_for_the_days_that_it_holds_wholly(obtain, shop):
    shop.body = csv_up_to(datetime(2015, 1, 18, 9, tzinfo=NEM_TIME))
    obtain(date(2015, 1, 17))
    obtain(date(2015, 1, 3))
    assert len(shop.customers) == 1
    shop.body = csv_up_to(datetime(2015, 1, 19, 9, tzinfo=NEM_TIME))
    assert obtain(date(2015, 1, 18)).sidecar.last_stamp.day == 19
    assert len(shop.customers) == 2


def test_the_whole_month_replaces_the_partial_one(obtain, shop, names):
    shop.body = csv_up_to(datetime(2015, 1, 18, 9, tzinfo=NEM_TIME))
    obtain(date(2015, 1, 17))
    shop.body = csv_up_to(WHOLE)
    assert obtain(date(2015, 1, 31)).file.complete
    assert names() == [f"priceanddemand/2015/{NAME}", f"priceanddemand/2015/{NAME}.json"]


def test_a_server_that_has_no_more_than_before_gives_what_it_has(obtain, shop):
    shop.body = csv_up_to(datetime(2015, 1, 18, 9, tzinfo=NEM_TIME))
    first = obtain(date(2015, 1, 17))
    shop.body = None
    assert obtain(date(2015, 1, 18)).file.sha256 == first.file.sha256


def test_a_doubted_file_is_asked_for_once_more_and_kept_if_the_same(obtain, archive, shop):
    first = obtain()
    archive.doubt(first.file, "2015-01-03 has 47 intervals")
    second = obtain()
    assert shop.customers[1].doubt == "2015-01-03 has 47 intervals"
    assert second.file.sha256 == first.file.sha256
    assert second.file.fetched_at > first.file.fetched_at
    obtain()
    assert len(shop.customers) == 2


def test_a_doubted_file_that_the_server_calls_unchanged_is_kept(obtain, archive, shop):
    archive.doubt(obtain().file, "odd")
    shop.body = None
    assert obtain().sidecar.doubt == ""


def test_a_doubted_file_is_replaced_by_what_the_server_has_now(obtain, archive, shop, names):
    good, shop.body = shop.body, shop.body.replace(b"0,", b"1,", 1)
    archive.doubt(obtain().file, "odd")
    shop.body = good
    held = obtain()
    assert held.file.path.read_bytes() == good
    assert held.sidecar.doubt == ""
    assert len(names()) == 2


@pytest.mark.parametrize(
    "body",
    [
        DownloadError("AEMO is down"),
        csv_up_to(WHOLE).replace(b"TRADE", b"TRASH", 1),
        csv_up_to(datetime(2015, 1, 18, 9, tzinfo=NEM_TIME)),
    ],
)
def test_a_doubted_file_stays_in_doubt_while_nothing_better_comes(
    obtain, archive, shop, caplog, names, body
):
    first = obtain()
    archive.doubt(first.file, "2015-01-03 has 47 intervals")
    shop.body = body
    with caplog.at_level(logging.WARNING):
        assert obtain().file == first.file
    assert "is in doubt (2015-01-03 has 47 intervals)" in caplog.text
    assert archive.find(SLOT).sidecar.doubt
    assert len(names()) == 2


def test_a_file_replaced_meanwhile_is_not_doubted(obtain, archive, shop):
    first = obtain().file
    archive.doubt(first, "odd")
    shop.body = shop.body.replace(b"0,", b"1,", 1)
    obtain()
    archive.doubt(first, "odd again")
    assert archive.find(SLOT).sidecar.doubt == ""


def test_a_file_of_the_other_market_is_neither_used_nor_replaced(obtain, root, tmp_path, shop):
    path = obtain().file.path
    sandbox_archive = Archive(root, tmp_path / "locks", synthetic=True)
    with pytest.raises(DownloadError, match=r"is of the real market; keep the two in different"):
        sandbox_archive.obtain(SLOT, shop.supply(), lambda: datetime.now(UTC))
    assert path.read_bytes() == shop.body
