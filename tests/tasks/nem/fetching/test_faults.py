"""What a broken connection is called, for those that loopback cannot make happen."""

import io
import socket

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError

from nemflow.errors import DownloadError
from nemflow.tasks.nem.answers import read_chunks
from nemflow.tasks.nem.faults import Fault, fault_of_transfer

URL = "https://nemweb.com.au/x"


def test_a_body_of_another_length_than_promised_is_a_fault():
    response = requests.Response()
    response.headers["Content-Length"] = "10"
    response.raw = io.BytesIO(b"four")  # as an older urllib3 would let it pass
    with pytest.raises(Fault, match="sent 4 of 10 bytes"):
        list(read_chunks(response, None))


def test_an_unknown_host_is_called_so():
    unknown = socket.gaierror(-2, "Name or service not known")
    cause = NameResolutionError("nemweb.com.au", None, unknown)
    cause.__cause__ = unknown
    error = requests.ConnectionError(MaxRetryError(None, URL, cause))
    fault = fault_of_transfer(error, URL, (10, 60))
    assert fault.what == "could not be reached: no such host, or no network"


def test_a_host_that_does_not_take_the_call_is_called_so():
    fault = fault_of_transfer(requests.ConnectTimeout(), URL, (10, 60))
    assert fault.what == "gave no connection within 10 s"


def test_an_address_that_is_none_is_not_tried_again():
    with pytest.raises(DownloadError, match="cannot be fetched"):
        fault_of_transfer(requests.exceptions.InvalidURL("no host"), URL, (10, 60))


def test_what_does_not_unpack_is_tried_again(serve, make_client, answer, tmp_path):
    wrong = answer(headers={"Content-Encoding": "gzip"}, body=b"no gzip")
    server = serve([wrong, answer(body=b"REGION,x")])
    make_client(server.url).download(f"{server.url}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"REGION,x"


def test_a_status_that_nobody_knows_is_a_fault_of_the_server(serve, make_client, answer, tmp_path):
    server = serve([answer(599), answer(body=b"REGION,x")])
    make_client(server.url).download(f"{server.url}/x", tmp_path / "x")
    assert len(server.lines) == 2
