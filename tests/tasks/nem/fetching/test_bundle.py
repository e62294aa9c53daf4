"""One table's month out of a month's zip: found under any name, little transferred."""

import hashlib
import io
import random
import zipfile

import pytest

from nemflow.errors import BrokenFile, NotThere, RangeNotSupported
from nemflow.tasks.nem.addresses import bundle_url
from nemflow.tasks.nem.bundle import extract_member, fetch_member, find_member, open_bundle
from nemflow.tasks.nem.market_time import Month
from nemflow.tasks.nem.sandbox.faults import Fault, FaultKind
from nemflow.tasks.nem.sandbox.files import dispatchprice_zip
from nemflow.tasks.nem.sandbox.server import SandboxServer
from nemflow.tasks.nem.tables import DISPATCHPRICE

MONTH = Month(2014, 1)
NAME = "PUBLIC_DVD_DISPATCHPRICE_201401010000"
INSIDE = "MMSDM_2014_01/MMSDM_Historical_Data_SQLLoader/DATA/"


def zip_of(*names, data=b"x"):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(name, data)
    return zipfile.ZipFile(sink)


@pytest.mark.parametrize(
    "name",
    [
        f"{INSIDE}{NAME}.zip",
        f"{NAME}.zip",
        f"{NAME}.CSV",
        f"some/other/folder/{NAME.lower()}.ZIP",
        "data/public_dvd_dispatchprice_201401010000.csv",
        "DATA/PUBLIC_ARCHIVE#DISPATCHPRICE#FILE01#201401010000.zip",
    ],
)
def test_the_member_is_found_in_any_folder_case_and_form(name):
    with zip_of("DATA/PUBLIC_DVD_PREDISPATCHPRICE_201401010000.zip", name) as bundle:
        assert find_member(bundle, DISPATCHPRICE, MONTH).filename == name


def test_no_similar_name_is_taken():
    names = [
        "DATA/PUBLIC_DVD_PREDISPATCHPRICE_201401010000.zip",
        "DATA/PUBLIC_DVD_DISPATCHPRICE_201402010000.zip",
        "CTL/PUBLIC_DVD_DISPATCHPRICE_201401010000.ctl",
        "DATA/PUBLIC_DVD_DISPATCHPRICE_201401010000.zip/readme.txt",
    ]
    with zip_of(*names) as bundle:
        assert find_member(bundle, DISPATCHPRICE, MONTH) is None


def test_of_several_the_zip_in_the_data_folder_is_taken():
    names = [f"BCP_DATA/{NAME}.zip", f"DATA/{NAME}.csv", f"DATA/{NAME}.zip"]
    with zip_of(*names) as bundle:
        assert find_member(bundle, DISPATCHPRICE, MONTH).filename == f"DATA/{NAME}.zip"


@pytest.fixture
def take(sandbox, make_client, tmp_path):
    def take(url=sandbox.url, month=MONTH, **options):
        client = make_client(url, synthetic=True)
        return fetch_member(
            client, bundle_url(url, month), DISPATCHPRICE, month, tmp_path, **options
        )

    return take


def test_the_nested_zip_comes_out_as_it_is(take, tmp_path):
    member = take()
    _, expected = dispatchprice_zip(MONTH)
    assert member.path == tmp_path / f"{NAME}.zip"
    assert member.path.read_bytes() == expected
    assert (member.size, member.sha256) == (len(expected), hashlib.sha256(expected).hexdigest())
    assert (member.name, member.synthetic) == (f"{INSIDE}{NAME}.zip", True)


def test_only_the_directory_and_the_member_are_transferred(take, sandbox):
    member = take()
    assert all(request.range for request in sandbox.requests)
    transferred = sum(request.bytes_sent for request in sandbox.requests)
    assert transferred < member.size + 70_000
    assert len(sandbox.requests) == 3


def test_a_member_larger_than_its_limit_is_refused_before_it_is_fetched(take, sandbox):
    with pytest.raises(BrokenFile, match="bytes, more than the 999,999 expected at most"):
        take(limit=999_999)
    assert len(sandbox.requests) == 2


def test_a_bundle_with_zip64_directories_is_read(take):
    with SandboxServer(zip64=True) as server:
        assert take(server.url).size > 1_000_000


def test_progress_tells_of_the_member(take):
    told = []
    member = take(progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert told[-1][0] >= member.size


def test_a_server_without_ranges_is_not_made_to_send_gigabytes(take, sandbox, tmp_path):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE))
    with pytest.raises(RangeNotSupported, match="--allow-large-download fetches it whole"):
        take()
    assert sandbox.requests[-1].bytes_sent < 8_000_000
    assert list(tmp_path.iterdir()) == []


def test_the_whole_bundle_is_fetched_if_allowed_and_removed(take, sandbox, tmp_path):
    sandbox.commit(Fault(kind=FaultKind.NO_RANGE))
    member = take(allow_large_download=True)
    assert member.path.read_bytes() == dispatchprice_zip(MONTH)[1]
    assert list(tmp_path.iterdir()) == [member.path]


def test_a_month_without_bundle_is_not_there(take):
    with pytest.raises(NotThere):
        take(month=Month(2009, 6))


def test_a_bundle_without_the_table_is_not_it(serve, answer, make_client, tmp_path):
    with zip_of("DATA/OTHER.zip") as bundle:
        body = bundle.fp.getvalue()
    server = serve(lambda line, headers: answer(body=body))
    client = make_client(server.url)
    with pytest.raises(NotThere, match="holds no DISPATCHPRICE of 2014-01"):
        fetch_member(
            client,
            bundle_url(server.url, MONTH),
            DISPATCHPRICE,
            MONTH,
            tmp_path,
            allow_large_download=True,
        )
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_zip_is_broken(serve, answer, make_client, tmp_path):
    server = serve(lambda line, headers: answer(body=b"no zip" * 100))
    client, url = make_client(server.url), bundle_url(server.url, MONTH)
    with pytest.raises(BrokenFile, match="cannot be unpacked"):
        fetch_member(client, url, DISPATCHPRICE, MONTH, tmp_path, allow_large_download=True)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_bundle_is_broken_and_nothing_worse(tmp_path):
    rng, harmless = random.Random(11), 0
    with zip_of("DATA/OTHER.zip", f"DATA/{NAME}.zip", data=b"PK" * 50) as whole:
        content = whole.fp.getvalue()
    for _ in range(400):
        damaged = bytearray(content)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            with open_bundle(io.BytesIO(damaged), "x") as bundle:
                member = find_member(bundle, DISPATCHPRICE, MONTH)
                if member is not None:
                    extract_member(bundle, "x", member, tmp_path / "out")
                    harmless += (tmp_path / "out").read_bytes() == b"PK" * 50
        except BrokenFile:
            continue
    assert harmless > 0
