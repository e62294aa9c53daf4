"""DateTimeParameter: a parameter that is a moment."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from nemflow.errors import ParameterError
from nemflow.flows.base import Flow
from nemflow.flows.parameters import DateTimeParameter

SYDNEY = timezone(timedelta(hours=10))


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2014-01-01T00:05:00+10:00", datetime(2014, 1, 1, 0, 5, tzinfo=SYDNEY)),
        ("2014-01-01 00:05", datetime(2014, 1, 1, 0, 5, tzinfo=UTC)),
        ("2014-01-01", datetime(2014, 1, 1, tzinfo=UTC)),
        ("2014-01-01T00:05:00Z", datetime(2014, 1, 1, 0, 5, tzinfo=UTC)),
        (datetime(2014, 1, 1), datetime(2014, 1, 1, tzinfo=UTC)),
        (datetime(2014, 1, 1, tzinfo=SYDNEY), datetime(2014, 1, 1, tzinfo=SYDNEY)),
        (date(2014, 1, 1), datetime(2014, 1, 1, tzinfo=UTC)),
        (None, None),
    ],
    ids=str,
)
@pytest.mark.usefixtures("machine_in_sydney")
def test_text_is_read_and_what_is_naive_is_utc(given: Any, moment: datetime | None) -> None:
    with Flow("f") as flow:
        when = DateTimeParameter("when")
    found = flow.run(when=given).result[when].result
    assert found == moment
    assert found is None or found.utcoffset() == moment.utcoffset()


def test_trap_19_it_stays_required_with_a_default() -> None:
    with Flow("f") as flow:
        DateTimeParameter("when", default="2014-01-01")
    with pytest.raises(ParameterError, match="needs a value for when"):
        flow.run()


def test_with_required_false_the_default_is_read_too() -> None:
    with Flow("f") as flow:
        when = DateTimeParameter("when", default="2014-01-01", required=False)
        never = DateTimeParameter("never", required=False)
    result = flow.run().result
    assert result[when].result == datetime(2014, 1, 1, tzinfo=UTC)
    assert result[never].result is None


def test_text_that_is_no_moment_fails_the_parameter() -> None:
    with Flow("f") as flow:
        when = DateTimeParameter("when")
    assert isinstance(flow.run(when="soon").result[when].result, ValueError)
