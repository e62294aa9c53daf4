import re
import shlex
import signal
from urllib.request import urlopen

import pytest


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_sandbox_serves_until_it_is_stopped(start, number, code):
    process = start("sandbox", "serve")
    url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
    with urlopen(f"{url}/Data_Archive/Wholesale_Electricity/MMSDM/2014/") as page:
        assert page.headers["X-Nemflow-Synthetic"] == "1"
    process.send_signal(number)
    _, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert len(err.splitlines()) == 1


def test_the_command_that_it_prints_works(start, tmp_path):
    process = start("sandbox", "serve")
    process.stdout.readline()
    words = shlex.split(process.stdout.readline().removeprefix("use it: "))
    run = start(*words[1:])
    out, _ = run.communicate(timeout=60)
    assert (words[0], run.returncode) == ("nemflow", 0)
    assert "SYNTHETIC nem_prices_clean_2014-01-01  written, 1,440 rows" in out


def test_a_taken_port_is_told(start):
    first = start("sandbox", "serve")
    port = re.search(r":(\d+)", first.stdout.readline())[1]
    second = start("sandbox", "serve", "--port", port)
    out, err = second.communicate(timeout=20)
    assert (second.returncode, out) == (1, "")
    assert err.startswith("error: ")
    assert "in use" in err


def test_a_port_that_cannot_be_is_wrong_use(nemflow):
    ended = nemflow("sandbox", "serve", "--port", "70000")
    assert ended.code == 2
    assert "70000" in ended.err
