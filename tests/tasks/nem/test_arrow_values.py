"""Arrow values of Python ones."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from nemflow.tasks.nem.arrow_values import (
    flags,
    instant,
    integer,
    integers,
    least_and_greatest,
    length,
    number,
    text,
    texts,
)

ZONED = pa.timestamp("us", tz="Australia/Brisbane")


def test_values_are_those_that_arrow_makes() -> None:
    moment = datetime(2014, 1, 1, 12, 34, 56, 789, tzinfo=UTC)
    assert texts(["a", "", "ä"]).equals(pa.array(["a", "", "ä"]))
    assert text("") == pa.scalar("")
    assert integers([1, -1]).equals(pa.array([1, -1], pa.int64()))
    assert integer(-1, pa.int32()) == pa.scalar(-1, pa.int32())
    assert number(0.1) == pa.scalar(0.1)
    assert length(timedelta(hours=10)) == pa.scalar(timedelta(hours=10), pa.duration("us"))
    assert instant(moment, ZONED) == pa.scalar(moment, ZONED)
    assert flags([True, False]).equals(pa.array([True, False]))


def test_least_and_greatest_are_python_values() -> None:
    assert least_and_greatest(pa.chunked_array([[3.0, None], [1.0]])) == (1.0, 3.0)
    assert least_and_greatest(pa.chunked_array([[]], pa.float64())) == (None, None)


def test_a_day_is_made_without_loading_pandas() -> None:
    code = (
        "import sys\n"
        "from nemflow.tasks.nem.arrow_values import integers, text, texts\n"
        "import nemflow.tasks.nem.tidy, nemflow.tasks.nem.whole_day, pyarrow.compute as pc\n"
        "pc.equal(texts(['a']), text('a'))\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
