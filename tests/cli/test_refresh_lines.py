from datetime import datetime, timedelta

from nemflow.cli.refresh_lines import describe_changes
from nemflow.flows.nem.changes import Change
from nemflow.tasks.nem.market_time import NEM_TIME


def test_few_changes_get_a_line_each_and_many_are_counted():
    end = datetime(2026, 11, 2, 0, 5, tzinfo=NEM_TIME)
    changes = [Change(end + timedelta(minutes=5 * n), "SA1", "rrp", 1.0, None) for n in range(11)]
    assert next(describe_changes(changes[:10])) == "2026-11-02 00:05 SA1 rrp: 1.0 -> none"
    assert len(list(describe_changes(changes[:10]))) == 10
    assert len(list(describe_changes(changes))) == 4
    assert list(describe_changes(changes))[-1] == "... in all rrp 11; --json lists every one"
