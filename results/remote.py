"""RemoteResult: values in an object store, each there whole or not at all.

An object store puts a whole object under its name in one step, so no temporary name is needed: a
writer that is killed leaves nothing that can be read. Where the store can, a put may be conditional
("only if nothing lies there"), which holds between machines, as no lock of ours does.

The stores are reached through fsspec and its packages for each kind; they are imported when a store
is first asked. Credentials are best left where the store's own tools look for them: what is given
in *storage_options* travels with the result to worker processes.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from nemflow.errors import DefinitionError, LocationError, ResultError, UnreadableTarget
from nemflow.results.atomic import atomic_path
from nemflow.results.base import Location, Result
from nemflow.results.local import LocalResult
from nemflow.results.location import aside_names, fill, safe_location
from nemflow.results.serializers import Serializer

# Only stores that put an object in one step, by the name that is kept in locations, and what has to
# be installed for them. Others that fsspec knows (sftp, hdfs) would leave half a file.
_INSTALL = {
    "s3": 'pip install "nemflow[remote]"',
    "gs": 'pip install "nemflow[gs]"',
    "abfs": 'pip install "nemflow[abfs]"',
    "memory": 'pip install "nemflow[remote]"',
    "file": 'pip install "nemflow[remote]"',
}
_ALIASES = {"s3a": "s3", "gcs": "gs", "abfss": "abfs", "az": "abfs", "local": "file"}


class TargetTaken(ResultError, FileExistsError):
    """Something else lies already where a result that does not overwrite was to be written."""


class RemoteResult(Result):
    """Values in an object store below *url*, such as ``s3://bucket/prefix``.

    The schemes are s3, gs, abfs, memory (this process) and file. The location of what was written
    or read is its URL; every method takes that as well as the path below *url*.

    *storage_options* go to the fsspec file system of the store as they are: credentials, endpoint,
    timeouts. With *overwrite* False a write never replaces what lies there: it is a conditional put
    (on S3 ``If-None-Match: *``), and of several machines that make one target the first one wins.

    Raises:
        DefinitionError: *url* has no scheme, one of another kind of store, or nothing behind it.
    """

    __slots__ = ("_storage_options", "overwrite", "url")

    keeps: ClassVar[bool] = True

    def __init__(
        self,
        url: str,
        location: Location | None = None,
        serializer: Serializer | None = None,
        storage_options: Mapping[str, Any] | None = None,
        *,
        overwrite: bool = True,
    ) -> None:
        super().__init__(location=location, serializer=serializer)
        self.url = _canonical(url)
        self.overwrite = overwrite
        self._storage_options = dict(storage_options or {})

    def exists(self, location: str, /, **fmt: Any) -> bool:
        """Tell whether an object lies at *location*; a mere prefix of others is none.

        Raises:
            ResultError: the store cannot be asked.
        """
        url = self._url_of(fill(location, **fmt) if fmt else location)
        with _explained(url, "looked for"):
            try:
                file_system, path = self._reach(url)
                return bool(file_system.info(path)["type"] == "file")
            except (FileNotFoundError, NotADirectoryError):
                return False

    def read(self, location: str, /) -> Self:
        """Return a new result with the value of the object at *location*.

        Raises:
            UnreadableTarget: there is none, or it cannot be turned back into a value.
            ResultError: the store cannot be asked, which says nothing about the object.
        """
        url = self._url_of(location)
        data = self._get(url)
        try:
            value = self.serializer.deserialize(data)
        except MemoryError:
            raise  # says nothing about the object
        except Exception as error:  # a broken pickle may raise anything
            raise UnreadableTarget(
                f"{url} cannot be read back ({type(error).__name__}: {error}); "
                "move it away or delete it to have it made again."
            ) from error
        return self._at(url, value)

    def write(self, value_: Any, /, **fmt: Any) -> Self:
        """Put *value_* into the store, as one object in one step.

        Raises:
            TargetTaken: something else lies there and *overwrite* is False.
            ResultError: the value cannot be serialized, or the store does not take it.
        """
        url = self._url_of(self._final_location(fmt))
        self._put(url, self.serializer.serialize(value_), overwrite=self.overwrite)
        return self._at(url, value_)

    def lock_name(self, location: str, real_folders: Mapping[str, str] | None = None) -> str | None:
        """Return the URL of *location*, or for a file the path that `LocalResult` would lock."""
        url = self._url_of(location)
        local = self._local()
        return url if local is None else local.lock_name(_path_of_file(url), real_folders)

    def for_travel(self) -> Self:
        """Return a result without its value; the store in memory is this process's alone."""
        return self if self.url.startswith("memory:") else self._left_in_place()

    def set_aside(self, location: str) -> str:
        """Move the object at *location* to a name of its own with the same prefix."""
        url = self._url_of(location)
        if (local := self._local()) is not None:
            return f"file://{local.set_aside(_path_of_file(url))}"
        # Read and put, not copied by the store: some copy later than they answer, and no copy has
        # the condition that keeps it from going over what another machine has set aside.
        aside = f"{next(aside_names(url))}-{os.urandom(4).hex()}"
        self._put(aside, self._get(url), overwrite=False)
        with _explained(url, "moved away"):
            file_system, path = self._reach(url)
            file_system.rm_file(path)
        return aside

    def sweep(self, location: str) -> list[str]:
        """Remove what killed writers left beside a file; in a store they leave nothing."""
        url = self._url_of(location)
        local = self._local()
        if local is None:
            return []
        return [f"file://{path}" for path in local.sweep(_path_of_file(url))]

    def _url_of(self, location: str) -> str:
        root = f"{self.url}/"
        key = safe_location(location.removeprefix(root))
        if re.match(r"[A-Za-z0-9+.-]+:/", key):
            raise LocationError(
                f"The location {location!r} names a store of its own; "
                f"give the path below {self.url}."
            )
        return root + key

    def _local(self) -> LocalResult | None:
        """Return what keeps the same files, where the store is a folder of this machine."""
        if not self.url.startswith("file://"):
            return None
        return LocalResult(_path_of_file(self.url), serializer=self._serializer)

    def _reach(self, url: str) -> tuple[Any, str]:
        """Return the file system of the store, which fsspec makes once, and the path in it."""
        try:
            # Heavy, and needed only where a store is asked.
            from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it ships no types

            # A listing that is remembered would hide what other processes write and remove.
            options = {"use_listings_cache": False, **self._storage_options}
            file_system, root = url_to_fs(self.url, **options)
        except ImportError as error:
            install = _INSTALL[self.url.partition("://")[0]]
            raise ResultError(f"{self.url} needs a package that is not here: {install}.") from error
        return file_system, root + url.removeprefix(self.url)

    def _get(self, url: str) -> bytes:
        with _explained(url, "read"):
            try:
                file_system, path = self._reach(url)
                data: bytes = file_system.cat_file(path)
            except (FileNotFoundError, IsADirectoryError) as error:
                raise UnreadableTarget(
                    f"There is no object at {url}; run its task first."
                ) from error
        return data

    def _put(self, url: str, data: bytes, *, overwrite: bool) -> None:
        with _explained(url, "written"):
            try:
                self._put_once(url, data, overwrite=overwrite)
            except FileExistsError as error:
                if overwrite:
                    raise  # a file where a folder of its path should be
                # A put whose answer was lost is tried again by the store's client, and then finds
                # its own object there.
                if self._get(url) != data:
                    raise TargetTaken(
                        f"{url} was not written: something else lies there already."
                    ) from error
            except FileNotFoundError as error:
                raise ResultError(
                    f"{url} cannot be written: there is no {self.url}; "
                    "make the bucket or container first, or correct its name."
                ) from error

    def _put_once(self, url: str, data: bytes, *, overwrite: bool) -> None:
        if self.url.startswith("file://"):
            with atomic_path(_path_of_file(url), overwrite=overwrite) as temporary:
                temporary.write_bytes(data)
            return
        file_system, path = self._reach(url)
        file_system.pipe_file(path, data, mode="overwrite" if overwrite else "create")

    def _public_fields(self) -> tuple[Any, ...]:
        return (*super()._public_fields(), self.url, self.overwrite, self._storage_options)


def _canonical(url: str) -> str:
    """Return *url* without a slash at its end, with one name for each kind of store."""
    scheme, separator, rest = url.partition("://")
    scheme = _ALIASES.get(scheme, scheme)
    if not separator or scheme not in _INSTALL:
        raise DefinitionError(
            f"{url!r} is no URL of an object store: it must begin with "
            f"{', '.join(f'{name}://' for name in _INSTALL)}; for a folder take LocalResult."
        )
    if not rest.strip("/"):
        raise DefinitionError(f"{url!r} names no place: put a bucket or folder behind it.")
    if scheme == "file":
        rest = os.path.abspath(rest)
    return f"{scheme}://{rest.rstrip('/')}"


def _path_of_file(url: str) -> str:
    return url.removeprefix("file://")


@contextlib.contextmanager
def _explained(url: str, what: str) -> Iterator[None]:
    """Turn whatever a store's client raises into one sentence that names *url*."""
    try:
        yield
    except (ResultError, MemoryError):
        raise
    except PermissionError as error:
        raise ResultError(
            f"{url} cannot be {what}: access was refused ({_sentence(error)}); "
            "check the credentials, and what they may do there."
        ) from error
    except Exception as error:  # every store's client has errors of its own
        raise ResultError(
            f"{url} cannot be {what} ({type(error).__name__}: {_sentence(error)}); "
            "check the URL, the network, the credentials and the storage options."
        ) from error


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
