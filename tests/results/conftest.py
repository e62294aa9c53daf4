"""What the tests of results share: the kinds of results, real child processes, a real S3 server."""

import subprocess
import sys
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
    "remote-memory": in_memory_store,
    "remote-file": in_file_store,
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """Every kind of result that keeps values, where nothing is kept yet."""
    return KINDS[request.param](tmp_path, request)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code in a process of its own, with pipes; ended when the test is over."""
    children: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *map(str, arguments)]
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield run
    for child in children:
        child.kill()
        child.communicate()
