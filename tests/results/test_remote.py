import json
import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from nemflow.errors import DefinitionError, LocationError, ResultError, UnreadableTarget
from nemflow.results import JSONSerializer, LocalResult, RemoteResult

pytest.importorskip("fsspec", reason="object stores need fsspec")

STORES = ["remote-s3", "remote-gs", "remote-abfs", "remote-memory", "remote-file"]

RACER = """
import json, sys
from nemflow.errors import ResultError
from nemflow.results import JSONSerializer, RemoteResult
url, options, me = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
result = RemoteResult(url, "a.json", JSONSerializer(), options, overwrite=False)
result.exists("a.json")
print("ready", flush=True)
sys.stdin.readline()
try:
    result.write(me)
    print("won")
except FileExistsError:
    print("taken")
"""


@pytest.fixture
def bucket(s3):
    """The name of an empty bucket."""
    return s3.new_bucket()


@pytest.fixture
def at_s3(s3, bucket):
    """Make results in JSON in that bucket."""

    def make(location=None, **kwargs):
        return RemoteResult(f"s3://{bucket}", location, JSONSerializer(), s3.options, **kwargs)

    return make


def run_without(package, code):
    """Run *code* where *package* is not installed; return what it printed."""
    block = f"import sys; sys.modules[{package!r}] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", block + code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_location_is_the_url_after_writing_and_after_reading(at_s3, bucket):
    result = at_s3("{year}/a.json")
    url = f"s3://{bucket}/2014/a.json"
    assert result.write(1, year=2014).location == url
    assert result.read("2014/a.json").location == url
    assert result.read(url).value == 1


def test_another_program_sees_the_object_as_the_serializer_made_it(at_s3, s3, bucket):
    at_s3("2014/a.json").write({"a": None})
    body = s3.client().get_object(Bucket=bucket, Key="2014/a.json")["Body"]
    assert body.read() == b'{"a": null}'


def test_what_other_programs_put_change_and_remove_is_seen_at_once(at_s3, s3, bucket):
    result, client = at_s3(), s3.client()
    assert not result.exists("a")
    client.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert result.read("a").value == 1
    client.put_object(Bucket=bucket, Key="a", Body=b"22")
    assert result.read("a").value == 22
    client.delete_object(Bucket=bucket, Key="a")
    assert not result.exists("a")


def test_a_listing_that_the_process_remembers_hides_nothing(at_s3, s3, bucket):
    import fsspec

    at_s3("old").write(1)
    assert len(fsspec.filesystem("s3", **s3.options).ls(bucket)) == 1
    s3.client().put_object(Bucket=bucket, Key="new", Body=b"1")
    assert at_s3().exists("new")


def test_a_value_is_put_whole_in_one_request(at_s3, s3, bucket):
    before = len(s3.asked)
    at_s3("a.json").write("x" * 1_000_000)
    changes = [ask for ask in s3.asked[before:] if ask[0] not in ("GET", "HEAD")]
    assert [(method, path) for method, path, _ in changes] == [("PUT", f"/{bucket}/a.json")]


def test_a_prefix_of_other_objects_is_no_object(at_s3):
    at_s3("a/b").write(1)
    assert not at_s3().exists("a")
    with pytest.raises(UnreadableTarget, match="no object at"):
        at_s3().read("a")


def test_a_write_replaces_what_lies_there(at_s3):
    at_s3("a").write(1)
    at_s3("a").write(2)
    assert at_s3().read("a").value == 2


def test_a_put_only_if_absent_leaves_the_condition_to_the_store(at_s3, s3):
    at_s3("a", overwrite=False).write(1)
    method, _, headers = s3.asked[-1]
    assert (method, headers["IF_NONE_MATCH"]) == ("PUT", "*")


@pytest.mark.parametrize("kind", STORES, indirect=True)
def test_only_if_absent_keeps_what_lies_there_and_says_so(kind):
    first = kind.result.copy()
    first.location, first.overwrite = "a", False
    assert first.write("mine").value == "mine"
    with pytest.raises(FileExistsError, match="something else lies there") as caught:
        first.write("other")
    assert isinstance(caught.value, ResultError)
    assert kind.result.read("a").value == "mine"


@pytest.mark.parametrize("kind", STORES, indirect=True)
def test_only_if_absent_is_content_with_the_same_bytes(kind):
    result = kind.result.copy()
    result.location, result.overwrite = "a", False
    result.write("mine")
    assert result.write("mine").value == "mine"


def test_of_processes_that_race_for_a_target_exactly_one_puts_it(s3, at_s3, bucket, start):
    racers = [start(RACER, f"s3://{bucket}", json.dumps(s3.options), me) for me in "abc"]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    ends = {me: racer.communicate("\n")[0].strip() for me, racer in zip("abc", racers, strict=True)}
    assert sorted(ends.values()) == ["taken", "taken", "won"]
    assert ends[at_s3().read("a.json").value] == "won"


def test_an_object_that_cannot_be_read_back_is_named_and_keeps_its_content_aside(at_s3, s3, bucket):
    s3.client().put_object(Bucket=bucket, Key="x/a", Body=b"{broken")
    with pytest.raises(UnreadableTarget, match=f"s3://{bucket}/x/a cannot be read back"):
        at_s3().read("x/a")
    aside = at_s3().set_aside("x/a")
    key = aside.removeprefix(f"s3://{bucket}/")
    assert key.startswith("x/.a.unreadable-")
    assert s3.client().get_object(Bucket=bucket, Key=key)["Body"].read() == b"{broken"


def test_what_has_vanished_cannot_be_set_aside_and_leaves_no_trace(at_s3, s3, bucket):
    with pytest.raises(ResultError, match="no object at"):
        at_s3().set_aside("a")
    assert s3.client().list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_bucket_that_is_not_there_holds_nothing_and_takes_nothing(s3):
    result = RemoteResult("s3://no-such-bucket", "a", storage_options=s3.options)
    assert not result.exists("a")
    told = r"s3://no-such-bucket/a cannot be written: there is no s3://no-such-bucket; make"
    with pytest.raises(ResultError, match=told):
        result.write(1)


@pytest.fixture
def locked_s3(s3):
    """The server as it is while it believes nobody."""

    def believe(number):
        plain = {"Content-Type": "text/plain"}
        order = urllib.request.Request(f"{s3.endpoint}/moto-api/reset-auth", number, plain)
        urllib.request.urlopen(order).close()

    believe(b"0")
    yield s3
    believe(b"inf")


@pytest.mark.parametrize("ask", ["exists", "read", "write", "set_aside"])
def test_refused_credentials_are_told_as_such_and_never_as_an_unreadable_target(
    at_s3, locked_s3, ask
):
    with pytest.raises(ResultError, match=r"access was refused \(.*check the cred") as caught:
        getattr(at_s3("a"), ask)("a")
    assert not isinstance(caught.value, UnreadableTarget)


@pytest.mark.parametrize("ask", ["exists", "read", "write", "set_aside"])
def test_a_store_that_does_not_answer_is_told_and_never_as_an_unreadable_target(
    at_s3, free_port, ask
):
    there = {"endpoint_url": f"http://127.0.0.1:{free_port}", "region_name": "us-east-1"}
    options = {"key": "k", "secret": "s", "client_kwargs": there}
    options["config_kwargs"] = {"retries": {"max_attempts": 0}}
    result = RemoteResult("s3://bucket", "a", storage_options=options)
    with pytest.raises(ResultError, match=r"s3://bucket/a cannot be .*check the URL") as caught:
        getattr(result, ask)("a")
    assert not isinstance(caught.value, UnreadableTarget)


@pytest.fixture
def free_port():
    """The number of a port where nobody answers."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield unheard.getsockname()[1]


def test_an_option_the_store_does_not_know_is_told():
    result = RemoteResult("s3://bucket", storage_options={"client_kwargs": {"nonsense": 1}})
    with pytest.raises(ResultError, match="nonsense"):
        result.exists("a")


@pytest.mark.parametrize(
    ("package", "url", "install"),
    [
        ("fsspec", "memory://x", 'pip install "nemflow[remote]"'),
        ("s3fs", "s3://bucket", 'pip install "nemflow[remote]"'),
        ("gcsfs", "gs://bucket", 'pip install "nemflow[gs]"'),
        ("adlfs", "abfs://container", 'pip install "nemflow[abfs]"'),
    ],
)
def test_a_missing_package_is_told_with_what_to_install(package, url, install):
    code = (
        "from nemflow.results import RemoteResult\n"
        "from nemflow.errors import ResultError\n"
        f"try: RemoteResult({url!r}).exists('a')\n"
        "except ResultError as error: print(error)"
    )
    assert run_without(package, code) == f"{url} needs a package that is not here: {install}."


def test_making_a_result_asks_no_store_and_loads_no_package():
    code = "from nemflow.results import RemoteResult; RemoteResult('s3://x').lock_name('a')\n"
    assert run_without("fsspec", code + "print('s3fs' in sys.modules)") == "False"


@pytest.mark.parametrize("url", ["data/results", "/data", "s3:/x", "sftp://host/x", "http://x/y"])
def test_a_url_of_another_kind_is_refused_with_the_kinds_there_are(url):
    with pytest.raises(DefinitionError, match=r"must begin with s3://, gs://, abfs://"):
        RemoteResult(url)


@pytest.mark.parametrize("url", ["s3://", "s3:///", "memory://", "file://"])
def test_a_url_that_names_no_place_is_refused(url):
    with pytest.raises(ValueError, match="names no place"):
        RemoteResult(url)


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("s3a://bucket/x/", "s3://bucket/x"),
        ("gcs://bucket", "gs://bucket"),
        ("az://container/x", "abfs://container/x"),
        ("abfss://c@account.dfs.core.windows.net/x", "abfs://c@account.dfs.core.windows.net/x"),
        ("local:///data/../x", "file:///x"),
    ],
)
def test_spellings_of_one_place_are_one_place_with_one_lock(url, same):
    assert RemoteResult(url).url == same
    assert RemoteResult(url) == RemoteResult(same)
    if not same.startswith("file"):
        assert RemoteResult(url).lock_name("a") == f"{same}/a"


def test_a_file_store_shares_lock_and_files_with_a_local_result(tmp_path):
    remote, local = RemoteResult(f"file://{tmp_path}", "x/a"), LocalResult(tmp_path)
    assert remote.lock_name("x/a") == local.lock_name("x/a")
    remote.write(1)
    assert local.read("x/a").value == 1


def test_a_file_store_sweeps_what_a_killed_writer_left(tmp_path, start):
    code = (
        "import os, signal, sys\n"
        "from nemflow.results import RemoteResult\n"
        "def stop(handle): print('half', flush=True); signal.pause()\n"
        "os.fsync = stop\n"
        "RemoteResult('file://' + sys.argv[1], 'a').write(1)"
    )
    child = start(code, tmp_path)
    assert child.stdout.readline() == "half\n"
    child.kill()
    child.wait()
    (half,) = os.listdir(tmp_path)
    result = RemoteResult(f"file://{tmp_path}")
    assert not result.exists("a")
    assert result.sweep("a") == [f"file://{tmp_path}/{half}"]


def test_a_folder_in_place_of_a_file_is_no_value_of_a_file_store(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "file").write_text("")
    result = RemoteResult(f"file://{tmp_path}")
    assert not result.exists("a")
    assert not result.exists("file/a")
    with pytest.raises(UnreadableTarget):
        result.read("a")


def test_a_file_in_place_of_a_folder_is_told_as_what_keeps_from_writing(tmp_path):
    (tmp_path / "file").write_text("")
    told = r"file://\S+/file/a cannot be written \(FileExistsError"
    with pytest.raises(ResultError, match=told):
        RemoteResult(f"file://{tmp_path}", "file/a").write(1)


@pytest.mark.parametrize("location", ["s3://other/a", "{scheme}://other/a"])
def test_a_location_that_names_another_store_is_refused(location):
    with pytest.raises(LocationError, match="names a store of its own"):
        RemoteResult("memory://x", location).write(1, scheme="gs")


def test_what_a_result_shows_of_itself_has_no_secrets():
    result = RemoteResult("s3://bucket", "a", storage_options={"secret": "hush"})
    assert "hush" not in repr(result)


def test_results_of_other_places_options_or_manners_are_not_equal():
    one = RemoteResult("memory://x", "a")
    assert one == RemoteResult("memory://x", "a")
    assert one != RemoteResult("memory://y", "a")
    assert one != RemoteResult("memory://x", "a", overwrite=False)
    assert one != RemoteResult("memory://x", "a", storage_options={"k": 1})


def test_objects_outlive_the_process():
    assert RemoteResult.keeps
