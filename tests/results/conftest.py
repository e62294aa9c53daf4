"""What the tests of results share: the kinds of results, real servers of object stores."""

import os
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nemflow.results import (
    CompressedSerializer,
    FileResult,
    JSONSerializer,
    LocalResult,
    MemoryResult,
    PickleSerializer,
    RemoteResult,
    Result,
)


@dataclass(frozen=True)
class Kind:
    """A result that keeps values, how a value gets into it, and what reading then gives."""

    result: Result
    keep: Callable[[str, str], None]
    back: Callable[[str, str], Any]


def of_values(result: Result) -> Kind:
    def keep(location: str, text: str) -> None:
        located = result.copy()
        located.location = location
        located.write(text)

    return Kind(result, keep, lambda location, text: text)


def of_files(folder: Path) -> Kind:
    result = FileResult(folder)

    def keep(location: str, text: str) -> None:
        with result.writing(location) as path:
            path.write_text(text, encoding="utf-8")

    return Kind(result, keep, lambda location, text: folder / location)


@dataclass(frozen=True)
class S3:
    """A real S3-compatible server on loopback, and what it was asked."""

    endpoint: str
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, path and headers of each request, since the server started."""

    @property
    def options(self) -> dict[str, Any]:
        """What RemoteResult has to be told to reach the server."""
        where = {"endpoint_url": self.endpoint, "region_name": "us-east-1"}
        return {"key": "test", "secret": "test", "client_kwargs": where}

    def client(self) -> Any:
        """Another program's view of the server."""
        import boto3

        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client("s3", **self.options["client_kwargs"], **keys)

    def new_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"bucket-{uuid.uuid4()}"
        self.client().create_bucket(Bucket=name)
        return name


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A server of the S3 protocol, in this process, on a free port of loopback."""
    why = "the S3 tests need s3fs and moto[server]"
    pytest.importorskip("s3fs", reason=why)
    moto = pytest.importorskip("moto.server", reason=why)
    serving = pytest.importorskip("werkzeug.serving", reason=why)

    class Quiet(serving.WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    asked: list[tuple[str, str, dict[str, str]]] = []
    moto_app = moto.DomainDispatcherApplication(moto.create_backend_app)
    one_put_at_a_time = (
        threading.Lock()
    )  # S3 decides a conditional put at once; moto looks, then puts

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        headers = {name[5:]: text for name, text in environ.items() if name.startswith("HTTP_")}
        asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], headers))
        with one_put_at_a_time:
            return list(moto_app(environ, start_response))

    server = serving.make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield S3(f"http://127.0.0.1:{server.server_port}", asked)
    server.shutdown()
    thread.join()
    server.server_close()


def in_s3(folder: Path, request: pytest.FixtureRequest) -> Kind:
    server: S3 = request.getfixturevalue("s3")
    url = f"s3://{server.new_bucket()}/some/prefix"
    return of_values(RemoteResult(url, storage_options=server.options))


@pytest.fixture(scope="session")
def gcs() -> Iterator[dict[str, Any]]:
    """The storage options for a server of Google Cloud Storage's protocol on loopback."""
    why = "the GCS tests need gcsfs and gcp-storage-emulator (pip install --group stores)"
    # Read when gcsfs is imported: its gRPC client knows no other server than Google's.
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"
    pytest.importorskip("gcsfs", reason=why)
    emulator = pytest.importorskip("gcp_storage_emulator.server", reason=why)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = emulator.create_server("127.0.0.1", port, in_memory=True)
    server.start()
    yield {"endpoint_url": f"http://127.0.0.1:{port}", "token": "anon", "project": "test"}
    server.stop()


@pytest.fixture(scope="session")
def abfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The storage options for Azurite, Microsoft's server of Azure's protocol, on loopback."""
    pytest.importorskip("adlfs", reason="the Azure tests need adlfs (pip install --group stores)")
    program = shutil.which("azurite-blob")
    if program is None:
        pytest.skip("the Azure tests need azurite-blob on the PATH (npm install azurite)")
    folder = tmp_path_factory.mktemp("azurite")
    words = [
        "--blobPort",
        "0",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--location",
        str(folder),
    ]
    server = subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    ready = next(line for line in server.stdout if "successfully" in line)
    address = ready.split()[-1]  # http://127.0.0.1:PORT
    account = f"{address}/devstoreaccount1"
    yield {
        "connection_string": f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        f"AccountKey={AZURITE_KEY};BlobEndpoint={account};"
    }
    server.kill()
    server.communicate()


AZURITE_KEY = (  # published by Microsoft: the same in every Azurite
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


def in_gcs(folder: Path, request: pytest.FixtureRequest) -> Kind:
    options = request.getfixturevalue("gcs")
    return in_new_bucket("gs", options)


def in_azure(folder: Path, request: pytest.FixtureRequest) -> Kind:
    options = request.getfixturevalue("abfs")
    return in_new_bucket("abfs", options)


def in_new_bucket(scheme: str, options: dict[str, Any]) -> Kind:
    import fsspec

    name = f"bucket-{uuid.uuid4()}"
    fsspec.filesystem(scheme, **options).mkdir(name)
    return of_values(RemoteResult(f"{scheme}://{name}/some/prefix", storage_options=options))


def in_memory_store(folder: Path, request: pytest.FixtureRequest) -> Kind:
    pytest.importorskip("fsspec", reason="the memory store needs fsspec")
    return of_values(RemoteResult(f"memory://{uuid.uuid4()}"))


def in_file_store(folder: Path, request: pytest.FixtureRequest) -> Kind:
    pytest.importorskip("fsspec", reason="the file store needs fsspec")
    return of_values(RemoteResult(f"file://{folder}"))


COMPRESSED = CompressedSerializer(PickleSerializer(), "gzip")
KINDS: dict[str, Callable[[Path, pytest.FixtureRequest], Kind]] = {
    "local": lambda folder, request: of_values(LocalResult(folder)),
    "local-json": lambda folder, request: of_values(LocalResult(folder, None, JSONSerializer())),
    "local-compressed": lambda folder, request: of_values(LocalResult(folder, None, COMPRESSED)),
    "memory": lambda folder, request: of_values(MemoryResult()),
    "file": lambda folder, request: of_files(folder),
    "remote-s3": in_s3,
    "remote-gs": in_gcs,
    "remote-abfs": in_azure,
    "remote-memory": in_memory_store,
    "remote-file": in_file_store,
}


NOT_BY_THE_GCS_EMULATOR = {
    "test_a_name_may_hold_what_means_something_in_urls_and_patterns": "decodes %20 in names twice",
    "test_only_if_absent_keeps_what_lies_there_and_says_so": "ignores ifGenerationMatch=0",
    "test_only_if_absent_is_content_with_the_same_bytes": "ignores ifGenerationMatch=0",
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Every kind of result that keeps values, where nothing is kept yet."""
    test = getattr(request.node, "originalname", "")
    if request.param == "remote-gs" and test in NOT_BY_THE_GCS_EMULATOR:
        pytest.skip(f"gcp-storage-emulator {NOT_BY_THE_GCS_EMULATOR[test]}")
    return KINDS[request.param](tmp_path, request)
