from datetime import date, timedelta

from nemflow.cli.summary import failed_days, failures, retry_command, summarize
from nemflow.flows.nem.outcome import FlowRunRecord, Outcome

DAY = date(2014, 1, 1)
TODAY = date(2026, 11, 24)


def record(number: int, outcome: Outcome, flow: str = "raw", **facts: object) -> FlowRunRecord:
    day = DAY + timedelta(days=number)
    name = f"{flow}_{day}"
    target = f"/data/{flow}/{day:%Y}/{day}.parquet"
    known = {"flow_run": name, "flow": flow, "date": day, "target": target, **facts}
    return FlowRunRecord(outcome=outcome, **known)


def test_few_flow_runs_get_a_line_each():
    records = [
        record(0, Outcome.WRITTEN, rows=1440, source="mmsdm"),
        record(0, Outcome.PRESENT, "clean"),
        record(1, Outcome.FAILED, error="extract: the network is down, and for long"),
        record(1, Outcome.NOT_RUN, "clean", reason="raw_2014-01-02 failed"),
    ]
    assert summarize(records) == [
        "raw_2014-01-01    written, 1,440 rows from mmsdm  /data/raw/2014/2014-01-01.parquet",
        "clean_2014-01-01  already there                   /data/clean/2014/2014-01-01.parquet",
        "raw_2014-01-02    failed: extract: the network is down, and for long",
        "clean_2014-01-02  not run (raw_2014-01-02 failed)",
    ]


def test_the_reason_for_a_lesser_source_is_told_once():
    why = "DISPATCHPRICE is not there; using PRICE_AND_DEMAND"
    records = [
        record(0, Outcome.WRITTEN, rows=48, source="price-and-demand", reason=why),
        record(0, Outcome.WRITTEN, "clean", rows=48, source="price-and-demand", reason=why),
    ]
    assert summarize(records)[2:] == [f"note: {why}"]


def test_what_is_not_published_yet_has_no_path_and_tells_why():
    records = [record(0, Outcome.NOT_PUBLISHED, reason="the day is not over")]
    assert summarize(records) == [
        "raw_2014-01-01  not published yet",
        "note: the day is not over",
    ]


def test_a_dry_run_tells_why():
    assert summarize([record(0, Outcome.PLANNED, reason="the target is missing")]) == [
        "raw_2014-01-01  would run (the target is missing)  /data/raw/2014/2014-01-01.parquet"
    ]


def test_every_line_of_the_sandbox_is_marked():
    records = [record(n, Outcome.WRITTEN, rows=2) for n in range(20)]
    assert {line.split()[0] for line in summarize(records, "SYNTHETIC")} == {"SYNTHETIC"}
    assert {line.split()[0] for line in summarize(records[:2], "SYNTHETIC")} == {"SYNTHETIC"}


def test_many_flow_runs_are_counted_and_failures_told():
    records = []
    for number in range(20):
        failed = number == 7
        records += [
            record(number, Outcome.FAILED, error="extract: reset")
            if failed
            else record(number, Outcome.WRITTEN, rows=1440, source="mmsdm"),
            record(number, Outcome.NOT_RUN, "clean", reason="raw_2014-01-08 failed")
            if failed
            else record(number, Outcome.PRESENT, "clean"),
        ]
    assert summarize(records) == [
        "raw, 20 dates from 2014-01-01 to 2014-01-20: 19 written, 1 failed",
        "  27,360 rows from mmsdm",
        "  in /data/raw/2014",
        "clean, 20 dates from 2014-01-01 to 2014-01-20: 19 already there, 1 not run",
        "  in /data/clean/2014",
        "raw_2014-01-08 failed: extract: reset",
        "clean_2014-01-08 not run (raw_2014-01-08 failed)",
    ]


def test_many_reasons_are_counted_and_the_rest_is_numbered():
    records = [
        record(n, Outcome.WRITTEN, rows=1, source="x", reason=f"reason {min(n, 4)}")
        for n in range(12)
    ]
    assert summarize(records)[2:-1] == [
        "  8 dates: reason 4",
        "  1 date: reason 0",
        "  1 date: reason 1",
        "  and 2 reasons more; --json tells all",
    ]


def test_failures_are_what_failed_and_what_waited_for_it():
    records = [
        record(0, Outcome.WRITTEN),
        record(1, Outcome.FAILED, error="e"),
        record(1, Outcome.NOT_RUN, "clean", reason="r"),
        record(2, Outcome.NOT_PUBLISHED),
    ]
    assert failures(records) == ["raw_2014-01-02 failed: e", "clean_2014-01-02 not run (r)"]
    assert failed_days(records) == [date(2014, 1, 2)]


def test_what_skipped_itself_is_no_failure():
    records = [record(0, Outcome.NOT_RUN, reason="nothing to do on Sundays")]
    assert (failures(records), failed_days(records)) == ([], [])


def test_the_retry_names_exactly_the_failed_days():
    days = [date(2014, 1, 3), date(2014, 1, 7)]
    words = ["nemflow", "run", "--data-dir", "my prices"]
    assert retry_command(words, days, TODAY) == (
        "nemflow run --data-dir 'my prices' --date 2014-01-03 --date 2014-01-07"
    )


def test_the_retry_writes_a_whole_failed_month_as_a_month():
    february = [date(2014, 2, day) for day in range(1, 29)]
    days = [date(2014, 1, 31), *february]
    assert retry_command(["x"], days, TODAY) == "x --date 2014-01-31 --date 2014-02"


def test_the_retry_writes_the_current_month_as_days():
    days = [date(2014, 2, day) for day in range(1, 29)]
    assert "2014-02-28" in retry_command(["x"], days, date(2014, 2, 28))
